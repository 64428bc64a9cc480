"""Entity tags and conditions (RFC 9110, sections 8.8 and 13): nobody overwrites what they have not seen.

A tag is a hash of a thing as the API shows it, so it changes when anything changes that a client can see. `If-Match` is
judged inside the transaction of the change: the market asks the question while it holds the row.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from api.wire.content_coding import PACKED_TAG
from market.domain.errors import InvalidInput

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_BETWEEN = re.compile(r"[ \t,]*")
EXAMPLE = '"6a3b5c0d9e8f7a1b2c3d4e5f60718293"'
REVALIDATED = "private, no-cache"
"""May be kept by whoever asked, if they ask again before using it."""


class NotModified(Exception):
    """The client has it already: `length` bytes under this tag, before they are packed."""

    def __init__(self, tag: str, length: int) -> None:
        super().__init__(tag)
        self.tag = tag
        self.length = length


@dataclass(frozen=True, slots=True)
class Tags:
    """What a condition names: `*` (`anything`), or tags, those marked weak apart from the others."""

    anything: bool = False
    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()

    def has_exactly(self, tag: str) -> bool:
        """Strong comparison: a weak tag equals nothing."""
        return self.anything or tag in self.strong

    def has_alike(self, tag: str) -> bool:
        """Weak comparison."""
        return self.anything or tag in self.strong or tag in self.weak


@dataclass(frozen=True, slots=True)
class Expected:
    """What the client expects of a thing that it changes; nothing at all where it sent no condition."""

    response: Response
    match: Tags | None
    none_match: Tags | None

    def as_shown(self, tell: Callable[[T], BaseModel]) -> Callable[[T], bool] | None:
        """The question for the market to ask of the thing as it is when it is held; None: no question."""
        if self.match is None and self.none_match is None:
            return None
        return lambda thing: self._holds(tag_of(tell(thing)))

    def tagged(self, answer: A) -> A:
        """What it is after the change, under its tag."""
        return _tagged(answer, self.response)

    def _holds(self, tag: str) -> bool:
        missed = self.match is not None and not self.match.has_exactly(tag)
        return not missed and not (self.none_match is not None and self.none_match.has_alike(tag))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client has of a thing that it reads."""

    response: Response
    tags: Tags | None

    def tagged(self, answer: A) -> A:
        """The answer under its tag; `NotModified` where the client has it."""
        shown = answer.model_dump_json().encode()
        tag = tag_of_json(shown)
        if self.tags is not None and self.tags.has_alike(tag):
            raise NotModified(tag, len(shown))
        return _tagged(answer, self.response, tag)


def tag_of(answer: BaseModel) -> str:
    """The strong tag of an answer: equal answers have equal tags."""
    return tag_of_json(answer.model_dump_json().encode())


def tag_of_json(answer: bytes) -> str:
    """The same for an answer that is JSON already."""
    return f'"{hashlib.blake2b(answer, digest_size=16).hexdigest()}"'


def _tagged(answer: A, response: Response, tag: str | None = None) -> A:
    response.headers["ETag"] = tag or tag_of(answer)
    response.headers["Cache-Control"] = REVALIDATED
    return answer


def read_tags(lines: list[str], name: str) -> Tags | None:
    """The tags of a header's lines; `InvalidInput` (`invalid_condition`) for what is no list of tags."""
    text = ",".join(lines).strip()
    if not lines:
        return None
    if text == "*":
        return Tags(anything=True)
    strong: set[str] = set()
    weak: set[str] = set()
    at = _end(_BETWEEN, text, 0)
    while at < len(text):
        found = _TAG.match(text, at)
        after = _end(_BETWEEN, text, found.end()) if found else at
        if found is None or (after < len(text) and "," not in text[found.end() : after]):
            break
        (weak if found[1] else strong).add(found[2].replace(PACKED_TAG, '"'))
        at = after
    if at < len(text) or not (strong or weak):
        raise InvalidInput(
            "invalid_condition", f'{name} is * or a list of tags in quotes, as ETag gives them: "…"'
        )
    return Tags(strong=frozenset(strong), weak=frozenset(weak))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


async def _expected(
    request: Request,
    response: Response,
    if_match: Annotated[
        str | None,
        Header(
            description="Change it only if it is still what this `ETag` names, else 412 `precondition_failed`. `*`: "
            "whatever it is.",
            examples=[EXAMPLE],
        ),
    ] = None,
) -> Expected:
    """`If-None-Match` is honoured too; it makes little sense on a change."""
    del if_match  # there for the documentation; a header may come in several lines
    return Expected(response, _condition(request, "If-Match"), _condition(request, "If-None-Match"))


IfUnchanged = Annotated[Expected, Depends(_expected)]
"""For what changes something."""


async def _seen(
    request: Request,
    response: Response,
    if_none_match: Annotated[
        str | None,
        Header(
            description="Answer 304 without a body if it is still what one of these tags names.",
            examples=[EXAMPLE],
        ),
    ] = None,
) -> Seen:
    del if_none_match  # as above
    return Seen(response, _condition(request, "If-None-Match"))


IfChanged = Annotated[Seen, Depends(_seen)]
"""For what is read."""


def _condition(request: Request, name: str) -> Tags | None:
    return read_tags(request.headers.getlist(name), name)
