"""How a round comes along: its steps, and where the search for its clearing is."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from api.schemas.fields import CnyText, Schema, example
from market.domain.money import format_cny
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.watching import Searching, StepDone
from solver.outcome import relative_gap

STEPS = ("freeze", "build", "solve", "verify", "read", "land")
"""As they follow each other; with moves, `build` and `solve` may come twice."""
STEP: dict[str, Any] = {"number": 3, "step": "solve", "seconds": 11.402, "failed": False}
SEARCH: dict[str, Any] = {
    "seconds": 4.21,
    "value": "734102.66",
    "bound": "748801.55",
    "gap": 0.01963,
    "step": "improve",
}


class StepAnswer(Schema):
    """A step of a round that is done."""

    model_config = example(**STEP)

    number: int = Field(description="1 to 6.")
    step: str = Field(description=f"{', '.join(STEPS)}.")
    seconds: float = Field(description="How long it took.")
    failed: bool = Field(description="Whether the round ended with it.")

    @classmethod
    def of(cls, done: StepDone) -> "StepAnswer":
        """One step."""
        return cls(
            number=STEPS.index(done.step) + 1,
            step=done.step,
            seconds=round(done.seconds, 3),
            failed=done.failed,
        )


class SearchAnswer(Schema):
    """Where the search was at a moment."""

    model_config = example(**SEARCH)

    seconds: float = Field(description="Since it began.")
    value: CnyText = Field(description="Of the best clearing so far.")
    bound: CnyText = Field(description="What no clearing can exceed, as far as is proven.")
    gap: float = Field(description="(bound - value) / bound.")
    step: str | None = Field(description="What the solver has just done; null where it is not on record.")

    @classmethod
    def of(cls, found: Searching) -> "SearchAnswer":
        """As it is told while the round clears."""
        return cls._at(found.seconds, found.value_micros, found.bound_micros, found.step)

    @classmethod
    def of_record(cls, row: Sequence[float]) -> "SearchAnswer":
        """As it is kept with a round that is over."""
        seconds, value, bound = row
        return cls._at(seconds, int(value), int(bound), None)

    @classmethod
    def _at(cls, seconds: float, value: int, bound: int, step: str | None) -> "SearchAnswer":
        return cls(
            seconds=round(seconds, 3),
            value=format_cny(value),
            bound=format_cny(bound),
            gap=relative_gap(value, bound),
            step=step,
        )


class EndAnswer(Schema):
    """How a round ended."""

    model_config = example(round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp", state="landed", failure=None)

    round_id: str
    state: RoundState
    failure: str | None

    @classmethod
    def of(cls, ended: Round) -> "EndAnswer":
        """Its state, and why where it did not land."""
        return cls(round_id=ended.id, state=ended.state, failure=ended.failure)


class ProgressAnswer(EndAnswer):
    """How far a round is."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        state="clearing",
        failure=None,
        steps=[STEP],
        search=[SEARCH],
    )

    steps: list[StepAnswer] = Field(
        description="Those that are done; empty for a round that is over, and on SQLite for one that clears in another "
        "server process."
    )
    search: list[SearchAnswer] = Field(
        description="Oldest first; of a round that clears in another server process, the newest of each stretch that was "
        "heard here, and on SQLite empty until it is over."
    )
