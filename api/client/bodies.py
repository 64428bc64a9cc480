"""What an exchange is sent: plain dictionaries, whose members a type checker knows.

Generated from the OpenAPI document by `python -m api.generator`: change that, not this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NotRequired, TypedDict

from api.client import words

Cny = Decimal | str
"""An amount in CNY: `"1200.00"`, or a decimal; never a float."""

Moment = datetime | str
"""A time with its offset: RFC 3339, or an aware `datetime`."""


class AmountRequest(TypedDict):
    """Money that came in or goes out."""

    amount: Cny
    """CNY as a decimal string, at most 6 places"""


class ClearingRequest(TypedDict):
    """How to clear. Everything may be left out, the body too."""

    policy: NotRequired[str | PolicyWeights | None]
    """A preset by name (its weights, on the terms of trade in force), or a policy in full; null for the
    policy in force.
    """
    pricing: NotRequired[words.PricingRule | None]
    """The pricing rule of this round; null for the policy's."""
    starts_at: NotRequired[Moment | None]
    """A full hour; null for the next one."""
    slots: NotRequired[int | None]
    """Hours to clear; null for as many as the book needs."""
    seconds_limit: NotRequired[float | None]
    gap: NotRequired[float | None]
    workers: NotRequired[int | None]
    seed: NotRequired[int | None]


class CreditLimitRequest(TypedDict):
    """How far a buyer's account may fall below zero; null: without limit."""

    credit_limit: Cny | None


class DemoSessionRequest(TypedDict):
    """As whom to look around."""

    role: words.Role


class DrainRequest(TypedDict):
    """From when on nothing runs here any more."""

    at: Moment | None
    """Now or later; null takes the drain back, before it begins."""


class FailureReport(TypedDict):
    """What went wrong with an allocation."""

    cause: words.FailureCause
    """`job`: it failed by itself, its order has failed and used time is paid. `provider`: what it ran on
    failed, its order is matched again, with refund and credit.
    """
    note: NotRequired[str | None]
    """For the buyer: it becomes part of the order's history."""


class JobChanges(TypedDict):
    """Fields of a job that are to be different; the rest stays."""

    compute_class: NotRequired[words.ComputeClass]
    devices: NotRequired[Sequence[str] | None]
    min_memory_gb: NotRequired[float | None]
    precision: NotRequired[words.Precision | None]
    units: NotRequired[int | float]
    hours: NotRequired[float | Mapping[str, float]]
    origin_region: NotRequired[str]
    max_rtt_ms: NotRequired[float | None]
    data_gb: NotRequired[float]
    allowed_regions: NotRequired[Sequence[str] | None]
    max_pue: NotRequired[float | None]
    min_green_share: NotRequired[float | None]
    job_class: NotRequired[words.JobClass]


class JobNeeds(TypedDict):
    """The technical part of an order: what runs, how long, and where it may."""

    compute_class: words.ComputeClass
    devices: NotRequired[Sequence[str] | None]
    """Any of these devices; null for any that fits. GET /v1/devices lists them."""
    min_memory_gb: NotRequired[float | None]
    precision: NotRequired[words.Precision | None]
    """Arithmetic the job is bound by; null if it runs equally fast everywhere."""
    units: int | float
    """Cards or cores, all at once: one gang in one interconnect domain (an offering's `max_gang_units`).
    0.1 to 0.9: tenths of one card, where tenths are sold (`slices_per_unit` 10).
    """
    hours: float | Mapping[str, float]
    """Run time on the first listed device (or the class's reference device), scaled by device speed
    elsewhere; or hours for each device by id.
    """
    origin_region: str
    """Where the user and the data are."""
    max_rtt_ms: NotRequired[float | None]
    data_gb: NotRequired[float]
    """Data to move if it runs outside its origin."""
    allowed_regions: NotRequired[Sequence[str] | None]
    max_pue: NotRequired[float | None]
    min_green_share: NotRequired[float | None]
    job_class: NotRequired[words.JobClass]
    """A label for reports and maps; it decides nothing."""


class MaintenanceRequest(TypedDict):
    """A window to announce."""

    starts_at: Moment
    ends_at: Moment
    units_left: NotRequired[int]
    """Units that still run."""
    force: NotRequired[bool]
    """Interrupt now what does not fit (who was granted earlier stays): matched again, and credited."""


class MaintenanceWindow(TypedDict):
    """A window in which an offering has at most so many units; an hour that it touches is in it."""

    starts_at: Moment
    ends_at: Moment
    units_left: NotRequired[int]
    """Units that still run."""


class MemberChanges(TypedDict):
    """What is to be different. What is left out stays."""

    name: NotRequired[str]
    email: NotRequired[str]
    """Where the person can be reached; nothing is sent there by the exchange."""
    role: NotRequired[words.MemberRole]
    """`owner`: everything of the organisation's role. `editor`: all but members and keys. `viewer`: reads.
    It bounds what the member's keys may have.
    """


class MemberRequest(TypedDict):
    """Who is to act for an organisation."""

    name: str
    email: str
    """Where the person can be reached; nothing is sent there by the exchange."""
    role: words.MemberRole
    """`owner`: everything of the organisation's role. `editor`: all but members and keys. `viewer`: reads.
    It bounds what the member's keys may have.
    """
    organisation_id: NotRequired[str | None]
    """Operators: whose member; null for their own staff. Others: their own, or left out."""


class NewKeyRequest(TypedDict):
    """A key for a service, or for a member."""

    name: str
    """What it is for: so that somebody dares to revoke it later."""
    scopes: Sequence[words.Scope | Literal["*"]]
    """Areas it may be used for, of those that the issuing key has; `*` for all of its role, and of its
    member's.
    """
    member_id: NotRequired[str | None]
    """Whose; null: a service's, which is nobody's."""
    expires_at: NotRequired[Moment | None]
    """Good until then; null: until it is revoked. No later than the issuing key."""
    organisation_id: NotRequired[str | None]
    """Operators: for whom; null for an operator's key. Others: their own, or left out."""


class NodeRequest(TypedDict):
    """One computing centre."""

    source: NotRequired[str]
    confidence: NotRequired[Literal["stated", "derived", "assumption"]]
    name: NotRequired[str]
    """Stands for each of the two that is left out."""
    name_zh: NotRequired[str]
    """Left out: `name`, else `name_en`."""
    name_en: NotRequired[str]
    """Left out: `name`, else `name_zh`."""
    id: str
    region_id: str
    pue: float
    cooling: NotRequired[str]
    power_cap_kw: NotRequired[int | None]
    """Facility power that new work may draw; null: no cap."""
    tariff_per_kwh: Sequence[str]
    """CNY per kWh in each hour of the local day."""
    green_share: float
    """Share of contracted green power."""


class OfferingChanges(TypedDict):
    """What is to be different; the rest stays. What may be null in a listing may be set to null here.

    `maintenance` replaces all windows. Fewer `units` lower a larger `max_gang_units` with them, and the
    hours that had all units free.
    """

    ask_price: NotRequired[Cny]
    """CNY as a decimal string, at most 6 places"""
    units: NotRequired[int]
    max_gang_units: NotRequired[int]
    free_units_by_hour: NotRequired[Sequence[int]]
    available_from: NotRequired[Moment | None]
    available_until: NotRequired[Moment | None]
    min_units_per_order: NotRequired[int]
    max_units_per_order: NotRequired[int | None]
    maintenance: NotRequired[Sequence[MaintenanceWindow]]
    heartbeat_minutes: NotRequired[int | None]
    sla: NotRequired[words.SlaGrade]


class OfferingRequest(TypedDict):
    """So many units of one device at one node, hour by hour, at an ask price."""

    node_id: str
    device_id: str
    units: int
    max_gang_units: NotRequired[int | None]
    """Largest gang: the units that share one interconnect domain. No order above it runs here. Left out:
    all units.
    """
    ask_price: Cny
    """CNY per unit-hour."""
    free_units_by_hour: NotRequired[Sequence[int] | None]
    """What each hour of the local day has free; left out: all units, every hour."""
    available_from: NotRequired[Moment | None]
    available_until: NotRequired[Moment | None]
    min_units_per_order: NotRequired[int]
    """Orders below it do not run here; above 1 it rules out tenths of a card as well."""
    max_units_per_order: NotRequired[int | None]
    """Null: no other limit than the largest gang."""
    slices_per_unit: NotRequired[int]
    """10: tenths of a card are sold as well."""
    maintenance: NotRequired[Sequence[MaintenanceWindow]]
    heartbeat_minutes: NotRequired[int | None]
    """How often the provider reports on what runs; null: it does not."""
    sla: NotRequired[words.SlaGrade]
    provider_id: NotRequired[str | None]
    """Operators only: on whose behalf."""


class OrderBatch(TypedDict):
    """Many orders at once; each is validated, taken or refused on its own."""

    orders: Sequence[OrderRequest]


class OrderChanges(TypedDict):
    """What is to be different; the rest stays. Fields of the job may be given flat or inside `job`.

    What may be null in an order may be set to null here.
    """

    compute_class: NotRequired[words.ComputeClass]
    devices: NotRequired[Sequence[str] | None]
    min_memory_gb: NotRequired[float | None]
    precision: NotRequired[words.Precision | None]
    units: NotRequired[int | float]
    hours: NotRequired[float | Mapping[str, float]]
    origin_region: NotRequired[str]
    max_rtt_ms: NotRequired[float | None]
    data_gb: NotRequired[float]
    allowed_regions: NotRequired[Sequence[str] | None]
    max_pue: NotRequired[float | None]
    min_green_share: NotRequired[float | None]
    job_class: NotRequired[words.JobClass]
    limit_price: NotRequired[Cny]
    """CNY as a decimal string, at most 6 places"""
    latency_cost_per_ms_hour: NotRequired[Cny]
    """CNY as a decimal string, at most 6 places"""
    earliest_start: NotRequired[Moment | None]
    deadline: NotRequired[Moment]
    interruptible: NotRequired[bool]
    time_in_force: NotRequired[words.TimeInForce]
    job: NotRequired[JobChanges | None]


class OrderRequest(TypedDict):
    """A job and its commercial terms."""

    job: JobNeeds
    limit_price: Cny
    """Most the buyer pays for the whole job, in CNY."""
    latency_cost_per_ms_hour: NotRequired[Cny]
    """What a millisecond of RTT costs the buyer, in CNY per unit-hour."""
    earliest_start: NotRequired[Moment | None]
    deadline: Moment
    """When the job must be over."""
    interruptible: NotRequired[bool]
    """May be interrupted and go on elsewhere: finished hours are kept, and stay paid."""
    divisible: NotRequired[bool | None]
    """Only null or false for now."""
    time_in_force: NotRequired[words.TimeInForce]
    """How long it waits: `immediate` (placed at once or refused), `next_round`, or `until_deadline`."""
    voucher_pool_id: NotRequired[str | None]
    """The voucher pool that pays its share of every hour, if any."""
    draft: NotRequired[bool]
    """Keep it as a draft: no round sees it and nothing is held until it is submitted."""
    quote_id: NotRequired[str | None]
    """A held quote: the order is placed at once, at exactly its price and place, or refused (409
    `quote_expired`, `quote_mismatch`).
    """
    buyer_id: NotRequired[str | None]
    """Operators only: on whose behalf. A quote may leave it open."""


class OrganisationRequest(TypedDict):
    """Who is to take part. One name is enough."""

    name: NotRequired[str]
    """Stands for each of the two that is left out."""
    name_zh: NotRequired[str]
    """Left out: `name`, else `name_en`."""
    name_en: NotRequired[str]
    """Left out: `name`, else `name_zh`."""
    id: NotRequired[str | None]
    """Left out: one is made."""
    kind: NotRequired[str]
    home_region_id: NotRequired[str | None]


class PolicyPreset(TypedDict):
    """A policy by name: balanced, price, green or latency; terms of trade that are left out are the
    preset's.

    Every preset trades at posted prices, without a fee, and moves nothing.
    """

    preset: str
    pricing: NotRequired[words.PricingRule | None]
    """What buyers pay: `posted` is the ask; `marginal` is the ask and what scarcity adds hour by hour,
    never above the order's limit. Providers earn the ask, or the marginal price in full; the exchange
    makes up the difference.
    """
    fee_rate: NotRequired[float | None]
    """The exchange's share of what providers earn."""
    may_move: NotRequired[bool | None]
    """Whether a round may move interruptible orders that have not started."""
    move_cost: NotRequired[Cny | None]
    """CNY that a move costs in the objective; nobody pays it."""


class PolicyWeights(TypedDict):
    """A policy in full: weights, which steer the allocation and move no money; and the terms of trade,
    which do.
    """

    name: str
    ask_weight: NotRequired[float]
    """Above 1 an order must be worth so many times what it spends."""
    energy_weight: float
    """Multiplies the electricity bill."""
    carbon_price_per_kg: Cny
    """CNY per kg CO2."""
    carbon_basis: words.CarbonBasis
    latency_weight: float
    """Multiplies what buyers say a millisecond costs them."""
    transfer_price_per_gb: Cny
    """CNY per GB that leaves its origin region."""
    pricing: NotRequired[words.PricingRule]
    """What buyers pay: `posted` is the ask; `marginal` is the ask and what scarcity adds hour by hour,
    never above the order's limit. Providers earn the ask, or the marginal price in full; the exchange
    makes up the difference.
    """
    fee_rate: NotRequired[float]
    """The exchange's share of what providers earn."""
    may_move: NotRequired[bool]
    """Whether a round may move interruptible orders that have not started."""
    move_cost: NotRequired[Cny]
    """CNY that a move costs in the objective; nobody pays it."""


class QuoteRequest(TypedDict):
    """An order to be quoted, and whether its cheapest place is to be held."""

    job: JobNeeds
    limit_price: Cny
    """Most the buyer pays for the whole job, in CNY."""
    latency_cost_per_ms_hour: NotRequired[Cny]
    """What a millisecond of RTT costs the buyer, in CNY per unit-hour."""
    earliest_start: NotRequired[Moment | None]
    deadline: Moment
    """When the job must be over."""
    interruptible: NotRequired[bool]
    """May be interrupted and go on elsewhere: finished hours are kept, and stay paid."""
    divisible: NotRequired[bool | None]
    """Only null or false for now."""
    time_in_force: NotRequired[words.TimeInForce]
    """How long it waits: `immediate` (placed at once or refused), `next_round`, or `until_deadline`."""
    voucher_pool_id: NotRequired[str | None]
    """The voucher pool that pays its share of every hour, if any."""
    draft: NotRequired[bool]
    """Keep it as a draft: no round sees it and nothing is held until it is submitted."""
    quote_id: NotRequired[str | None]
    """A held quote: the order is placed at once, at exactly its price and place, or refused (409
    `quote_expired`, `quote_mismatch`).
    """
    buyer_id: NotRequired[str | None]
    """Operators only: on whose behalf. A quote may leave it open."""
    hold_minutes: NotRequired[int | None]
    """Buyers only: set the cheapest place aside for so long, at its price. An order with its `quote_id`
    gets exactly that.
    """


class RegionRequest(TypedDict):
    """A place with a grid. Its distances to all other regions are modelled from coordinates."""

    source: NotRequired[str]
    confidence: NotRequired[Literal["stated", "derived", "assumption"]]
    name: NotRequired[str]
    """Stands for each of the two that is left out."""
    name_zh: NotRequired[str]
    """Left out: `name`, else `name_en`."""
    name_en: NotRequired[str]
    """Left out: `name`, else `name_zh`."""
    id: str
    province_zh: str
    province_en: str
    hub_zh: NotRequired[str | None]
    side: words.Side
    lat: float
    lon: float
    carbon_location_kg_per_kwh: float
    """The grid's average."""
    carbon_residual_kg_per_kwh: float
    """The residual mix."""


class RelatedParties(TypedDict):
    """A buyer and a provider between whom a pool pays nothing."""

    buyer_id: str
    provider_id: str


class ReplayRequest(TypedDict):
    """Which events to deliver once more."""

    after: str
    """The last event that is not to be sent again."""
    until: NotRequired[str | None]
    """The last one that is; left out: all so far."""


class RotationRequest(TypedDict):
    """How the old secret ends."""

    overlap_minutes: NotRequired[int]
    """Minutes in which the old secret is good as well; 0 ends it at once."""


class ScenarioRequest(TypedDict):
    """What is different. Left out: as it is."""

    name: str
    policy: NotRequired[str | PolicyWeights | None]
    """A preset by name, or weights in full."""
    carbon_price_per_kg: NotRequired[Cny | None]
    energy_weight: NotRequired[float | None]
    latency_weight: NotRequired[float | None]
    latency_price_per_ms_unit_hour: NotRequired[Cny | None]
    """CNY that a millisecond of RTT counts per unit-hour for every order, in place of what its buyer says;
    times `latency_weight`, which is 1 then unless it is given. As in a sweep.
    """
    demand_scale: NotRequired[float | None]
    """So many times the orders: ranked by a hash of `demand_seed` and their id, the last are left out, or
    the first stand in the book once more. Of two scales the larger holds all orders of the smaller.
    """
    demand_seed: NotRequired[int]
    """Other seeds leave out and repeat other orders."""
    nodes_down: NotRequired[Sequence[str]]
    """Nodes that take nothing."""
    growth: NotRequired[Mapping[str, float]]
    """Units and power cap of a node, or of all nodes of a region, times this."""
    max_rtt_ms: NotRequired[float | None]
    """Holds for every order that does not ask for less."""


class ScenariosRequest(TypedDict):
    """Which book to clear again, and how it is different each time."""

    round_id: NotRequired[str | None]
    """A landed round's book; null for the open one."""
    scenarios: Sequence[ScenarioRequest]
    seconds_limit: NotRequired[float]
    """For each scenario."""
    gap: NotRequired[float]


class SweepRequest(TypedDict):
    """How finely to draw the front."""

    round_id: NotRequired[str | None]
    """A landed round's book; null for the open one."""
    points: NotRequired[int]
    seconds_limit: NotRequired[float]
    """For each point."""


class VoucherPoolRequest(TypedDict):
    """A public pool and its rules."""

    issuer: str
    rate_by_class: Mapping[str, float]
    """The share of an hour's charge that the pool pays, by compute class."""
    cap_per_year: Cny
    """Most that one buyer gets for hours of a calendar year."""
    valid_from: Moment
    valid_until: Moment
    eligible_providers: NotRequired[Sequence[str] | None]
    """Null: all."""
    related_parties: NotRequired[Sequence[RelatedParties]]
    funds: NotRequired[Cny]
    """Money to begin with; deposits add to it."""


class WebhookChanges(TypedDict):
    """What is to be different; what is left out stays."""

    url: NotRequired[str | None]
    kinds: NotRequired[Sequence[str] | None]
    description: NotRequired[str | None]
    state: NotRequired[Literal["active", "paused", "disabled"] | None]
    """`paused`: nothing is sent, nothing is lost. `active`: it goes on where it was. `disabled`: for
    operators; what they disabled, only they set to active again.
    """


class WebhookRequest(TypedDict):
    """Where to send which events."""

    url: str
    """https, and at a public address."""
    kinds: NotRequired[Sequence[str]]
    """Kinds such as `order.submitted`, families such as `order.*`, or `*`."""
    description: NotRequired[str]
    organisation_id: NotRequired[str | None]
    """For operators: whose it is; left out, the operator's own."""
