"""How a what-if comes along: as a round's progress, and which of its clearings it is."""

from typing import Any

from pydantic import Field

from api.schemas.fields import CnyText, Schema, example
from market.domain.money import format_cny
from market.whatif.watching import PartDone, PartSearched
from solver.outcome import relative_gap

PART: dict[str, Any] = {"number": 2, "of": 13, "step": "carbon 1/12"}


class _PartAnswer(Schema):
    """One clearing of a what-if."""

    number: int = Field(description="Which clearing, from 1 on.")
    of: int = Field(description="How many there are.")
    step: str = Field(description="A scenario's name; of a sweep a path and which of all points.")


class ClearedAnswer(_PartAnswer):
    """A clearing that is over."""

    model_config = example(**PART, seconds=1.021, gap=0.0041, failed=False)

    seconds: float = Field(description="How long it took.")
    gap: float
    failed: bool = Field(description="Always false: what fails ends the stream.")

    @classmethod
    def of_part(cls, done: PartDone) -> "ClearedAnswer":
        """One step."""
        part = done.part
        return cls(
            number=part.number,
            of=part.of,
            step=part.name,
            seconds=round(done.seconds, 3),
            gap=done.gap,
            failed=False,
        )


class ClearingAnswer(_PartAnswer):
    """Where the search of a clearing is."""

    model_config = example(**PART, seconds=0.42, value="734102.66", bound="748801.55", gap=0.01963)

    seconds: float = Field(description="Since it began.")
    value: CnyText = Field(description="Of the best clearing so far.")
    bound: CnyText = Field(description="What no clearing can exceed, as far as is proven.")
    gap: float = Field(description="(bound - value) / bound.")

    @classmethod
    def of_part(cls, found: PartSearched) -> "ClearingAnswer":
        """As it is told."""
        part, row = found.part, found.progress
        return cls(
            number=part.number,
            of=part.of,
            step=part.name,
            seconds=round(row.seconds, 3),
            value=format_cny(row.value_micros),
            bound=format_cny(row.bound_micros),
            gap=relative_gap(row.value_micros, row.bound_micros),
        )
