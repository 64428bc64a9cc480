"""Orders on their way, batch by batch; whoever broke off goes on under the same key, and nothing is submitted twice."""

import re
import shlex
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.connection import refusal_of
from api.client.errors import ExchangeError, Refused
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answers import OrderAccepted, OrderRefused
    from api.client.exchange import Exchange

BATCH = 200
LONGEST_KEY = 200
"""Characters; with the number of a batch's first order behind it, it is still an idempotency key."""
_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
BROKEN = 500
"""From here on a status does not say that nothing was done."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A file of orders, what was chosen for all of them, and the key that its batches' keys are made from."""

    file: Path
    chosen: dict[str, Any]
    key: str

    @classmethod
    def of(cls, file: Path, chosen: dict[str, Any], key: str | None) -> "Submission":
        """Under a fresh key where none is given."""
        if key is not None and _KEY.fullmatch(key) is None:
            raise Refusal(
                "invalid_idempotency_key",
                f"--idempotency-key takes 1 to {LONGEST_KEY} visible ASCII characters, a UUID for example",
            )
        return cls(file, chosen, key or str(uuid.uuid4()))

    @property
    def line(self) -> str:
        """What goes on with it: batches that were taken are answered as before."""
        words = ["suanli", "orders", "submit", str(self.file)]
        for name, value in self.chosen.items():
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
        return shlex.join([*words, "--idempotency-key", self.key])

    def send(
        self, exchange: "Exchange", bodies: Sequence[Any]
    ) -> Iterator[list["OrderAccepted | OrderRefused"]]:
        """Answers, batch by batch. Each goes under a key of its own, which depends on its place in the file."""
        from rich.console import Console  # noqa: PLC0415 - quick `--help`
        from rich.progress import track  # noqa: PLC0415

        console = Console(stderr=True)
        starts = range(0, len(bodies), BATCH)
        for at in track(starts, "submitting", console=console, disable=not console.is_terminal):
            body: Any = {"orders": [one | self.chosen for one in bodies[at : at + BATCH]]}
            yield exchange.orders.submit_many(body, idempotency_key=f"{self.key}-{at + 1}").items

    def broken_off(self, error: ExchangeError, answered: int) -> Refusal:
        """What went wrong, and how to go on where something may have been taken."""
        refusal = refusal_of(error)
        nothing_was_done = isinstance(error, Refused) and error.status < BROKEN
        if nothing_was_done and not answered:
            return refusal
        go_on = f"go on: {self.line}"
        hint = f"{refusal.hint}; then {go_on}" if refusal.hint else go_on
        return Refusal(refusal.code, refusal.message, hint)
