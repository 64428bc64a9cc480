"""Nothing secret is logged: names that stand for secrets, things that look like one, and the secrets we know."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

REDACTED = "•••"
SECRET_NAMES = re.compile(r"authorization|cookie|password|pepper|secret|token|api_?key$|^key$", re.IGNORECASE)
_PATTERNS = (
    re.compile(r"\b(suanli_[a-z]+_)[A-Za-z0-9_-]{8,}"),  # our own keys
    re.compile(r"\b(whsec_)[A-Za-z0-9+/=_-]{8,}"),  # secrets of webhooks
    re.compile(r"\b((?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE),
    re.compile(r"(://[^\s:/@\"']*:)[^\s/@\"']+(?=@)"),  # passwords of databases
)
_MARKS = re.compile(r"suanli_|whsec_|bearer|basic|://", re.IGNORECASE)
"""Without one of these none of the patterns finds anything; most of what is logged has none."""
SHORTEST_LITERAL = 4
"""A secret shorter than this is none, and would redact half the log."""


class Redaction:
    """Takes secrets out of log records: by name while they have names, and out of the finished line whatever is left."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = [secret for secret in secrets if len(secret) >= SHORTEST_LITERAL]
        spellings = {*known, *(json.dumps(one, ensure_ascii=False)[1:-1] for one in known)}
        literals = "|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True))
        self._literals = re.compile(literals) if literals else None

    def by_name(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record without the values of what is called a secret, however deep."""
        return {
            name: REDACTED if SECRET_NAMES.search(name) and value else self._inside(value)
            for name, value in record.items()
        }

    def line(self, text: str) -> str:
        """A line without what looks like a secret, or is one of ours."""
        for pattern in _PATTERNS if _MARKS.search(text) else ():
            text = pattern.sub(rf"\g<1>{REDACTED}", text)
        return text if self._literals is None else self._literals.sub(REDACTED, text)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.by_name({str(name): one for name, one in value.items()})
        if isinstance(value, str):
            return self.line(value)
        return [self._inside(one) for one in value] if isinstance(value, list | tuple) else value
