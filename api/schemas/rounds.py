"""Rounds as they are asked for and as they end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from api.schemas.fields import CnyText, Moment, PageQuery, Schema, Words, example
from api.schemas.policies import BALANCED, ChosenRule, PolicyAnswer, PolicyWeights
from market.clearing.request import MOST_SLOTS, RoundRequest
from market.domain.money import format_cny
from market.domain.policy import PricingRule, preset
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.persistence.filters import Filters, Span
from solver import Limits


def _way_of_saying(sent: object) -> str:
    return "by name" if isinstance(sent, str) else "in full"


PolicyChoice = Annotated[
    Annotated[Words, Tag("by name")] | Annotated[PolicyWeights, Tag("in full")],
    Discriminator(_way_of_saying),
]


class ClearingRequest(Schema):
    """How to clear. Everything may be left out, the body too."""

    model_config = example(
        policy="green",
        pricing="marginal",
        starts_at=None,
        slots=48,
        seconds_limit=60,
        gap=0.001,
        workers=2,
        seed=0,
    )

    policy: PolicyChoice | None = Field(
        None,
        description="A preset by name (its weights, on the terms of trade in force), or a policy in full; null for the "
        "policy in force.",
    )
    pricing: ChosenRule | None = Field(
        None, description="The pricing rule of this round; null for the policy's."
    )
    starts_at: Moment | None = Field(None, description="A full hour; null for the next one.")
    slots: Annotated[int, Field(ge=1, le=MOST_SLOTS)] | None = Field(
        None, description="Hours to clear; null for as many as the book needs."
    )
    seconds_limit: Annotated[float, Field(gt=0, le=3600)] | None = None
    gap: Annotated[float, Field(ge=0, le=1)] | None = None
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None

    def round_request(self, defaults: Limits) -> RoundRequest:
        """The market's noun."""
        policy = self.policy
        limits = Limits(
            seconds=defaults.seconds if self.seconds_limit is None else float(self.seconds_limit),
            gap=defaults.gap if self.gap is None else float(self.gap),
            workers=defaults.workers if self.workers is None else self.workers,
            seed=defaults.seed if self.seed is None else self.seed,
            shards=defaults.shards,
        )
        in_full = policy.policy() if isinstance(policy, PolicyWeights) else None
        return RoundRequest(
            policy=preset(policy) if isinstance(policy, str) else in_full,
            keep_terms=isinstance(policy, str),
            pricing=self.pricing,
            starts_at=self.starts_at,
            slots=self.slots,
            limits=limits,
        )


GAP_PARTS = {
    "regret_of_accepted": "3120.08",
    "regret_of_rejected": "6204.11",
    "idle_units": "4720.26",
    "idle_power": "245.00",
}
SETTLEMENT = {
    "pricing": "posted",
    "buyers_pay": "612044.20",
    "providers_earn": "612044.20",
    "make_whole": "0.00",
    "capped_orders": 0,
    "gap_parts": GAP_PARTS,
}


class GapParts(Schema):
    """What the gap is made of, at the round's prices: the four add up to bound less value, exactly."""

    model_config = example(**GAP_PARTS)

    regret_of_accepted: CnyText = Field(
        description="What placed orders could gain elsewhere at these prices."
    )
    regret_of_rejected: CnyText = Field(description="What orders that were not placed could gain at them.")
    idle_units: CnyText = Field(description="Free units of offerings, at their congestion prices.")
    idle_power: CnyText = Field(description="Free power of nodes, at its congestion prices.")


class SettlementAnswer(Schema):
    """What a round comes to in money, under the rule that it was priced at."""

    model_config = example(**SETTLEMENT)

    pricing: PricingRule
    buyers_pay: CnyText
    providers_earn: CnyText = Field(description="Before the exchange's fee.")
    make_whole: CnyText = Field(
        description="What providers earn and buyers do not cover: the exchange pays it. Never more than the regret of "
        "the accepted, rounding apart."
    )
    capped_orders: int = Field(description="Orders whose limit keeps them below the marginal price.")
    gap_parts: GapParts


class RoundAnswer(Schema):
    """One batch clearing: value, bound and gap as certified, and all its figures once it has landed."""

    model_config = example(
        id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        state="landed",
        policy=BALANCED,
        starts_at="2025-07-16T16:00:00Z",
        slots=48,
        opened_at="2025-07-16T15:58:21Z",
        closed_at="2025-07-16T15:58:33Z",
        orders=2000,
        placed=1700,
        left_out=0,
        status="FEASIBLE",
        value="734512.10",
        bound="748801.55",
        value_micros=734512100000,
        bound_micros=748801550000,
        gap=0.01908,
        pricing="posted",
        settlement=SETTLEMENT,
        seconds=11.4,
        failure=None,
        figures={"solver": {"orders": 2000, "placed": 1700}, "baselines": {}, "flows": [], "history": []},
    )

    id: str
    state: RoundState
    policy: PolicyAnswer
    starts_at: datetime
    slots: int
    opened_at: datetime
    closed_at: datetime | None
    orders: int
    placed: int = Field(description="Orders that were granted what they asked for.")
    left_out: int = Field(
        description="Placements that were cleared but not granted: the order or the offering left the market, or "
        "changed its terms, meanwhile. Value, gap and the figures are of what was granted."
    )
    status: str | None = Field(description="OPTIMAL, FEASIBLE or NO_SOLUTION.")
    value: CnyText | None
    bound: CnyText | None = Field(description="No clearing of these orders can be worth more.")
    value_micros: int | None
    bound_micros: int | None
    gap: float | None = Field(description="(bound - value) / bound, certified.")
    pricing: PricingRule = Field(description="What buyers pay for what it grants.")
    settlement: SettlementAnswer | None = Field(description="Null until it has landed.")
    seconds: float | None
    failure: str | None = Field(
        description="Why it did not land, in codes: `clearing_refused: ENDS_TOO_LATE` (the judge of the solver), "
        "`outcome_refused: OVER_CAPACITY` (the last check of what would be granted), `exchange_stopped`; the "
        "operator's log has the words."
    )
    figures: dict[str, Any] = Field(
        description="`solver` and `baselines` (the same figures, side by side; spend is at asks), `flows`, `history` "
        "(of the solver's search: seconds, value, bound), `settlement`."
    )

    @classmethod
    def of(cls, round_: Round, *, with_figures: bool = True) -> "RoundAnswer":
        """What a round looks like from outside; lists leave the figures out."""
        figures: Mapping[str, Any] = round_.figures if with_figures else {}
        return cls(
            id=round_.id,
            state=round_.state,
            policy=PolicyAnswer.of(round_.policy),
            starts_at=round_.starts_at,
            slots=round_.slots,
            opened_at=round_.opened_at,
            closed_at=round_.closed_at,
            orders=round_.orders,
            placed=round_.placed,
            left_out=round_.left_out,
            status=round_.status,
            value=_amount(round_.value_micros),
            bound=_amount(round_.bound_micros),
            value_micros=round_.value_micros,
            bound_micros=round_.bound_micros,
            gap=round_.gap,
            pricing=round_.policy.pricing,
            settlement=_settlement(round_.figures),
            seconds=round_.seconds,
            failure=round_.failure,
            figures=dict(figures),
        )


def _settlement(figures: Mapping[str, Any]) -> SettlementAnswer | None:
    found = figures.get("settlement")
    return None if found is None else SettlementAnswer.model_validate(found, strict=False)


def _amount(micros: int | None) -> str | None:
    return None if micros is None else format_cny(micros)


class RoundsQuery(PageQuery):
    """Which rounds."""

    state: list[RoundState] = Field([], description="Only those in this state; several: any of them.")
    opened_after: Moment | None = Field(None, description="Only those opened then or later.")
    opened_before: Moment | None = Field(None, description="Only those opened before.")
    sort: Literal["opened_at", "-opened_at"] = Field(
        "-opened_at", description="Oldest first, or newest first."
    )

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {"state": tuple(self.state), "opened_at": Span(self.opened_after, self.opened_before)}
