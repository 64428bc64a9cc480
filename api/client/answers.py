"""What an exchange answers.

Generated from the OpenAPI document by `python -m api.generator`: change that, not this.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from api.client import words
from api.client.answer import Answer, Cny, Number


class AccountAnswer(Answer):
    """An account. `balance` is what was credited less what was debited."""

    id: str
    kind: words.AccountKind | str
    owner_id: str | None
    balance: Cny
    debits: Cny
    credits: Cny
    credit_limit: Cny | None
    """How far the balance may fall below zero; null: without limit."""


class AllocationAnswer(Answer):
    """Units of an offering granted to an order for a window, at a price."""

    id: str
    round_id: str | None
    """Null where the order was placed at once."""
    order_id: str
    buyer_id: str
    offering_id: str
    provider_id: str
    node_id: str
    units: Number
    starts_at: datetime
    ends_at: datetime
    ask_price: Cny
    """Ask per unit-hour when it was granted."""
    price: Cny
    """What the buyer pays for the whole window; shown to its provider: what that earns, before fees."""
    rtt_ms: Number
    facility_kwh: Number
    carbon_kg_location: Number
    carbon_kg_market: Number
    state: words.AllocationState | str
    paid: Cny
    """Captured of it so far."""
    settled_hours: int
    """Hours that are over and settled, from the first one on."""
    offering_version: int
    """Terms of the offering that were matched."""
    started_at: datetime | None
    heartbeat_at: datetime | None
    """When its provider last said that it runs."""
    ended_at: datetime | None


class AllocationPricesAnswer(Answer):
    """What one allocation costs under each rule."""

    allocation_id: str
    order_id: str
    offering_id: str
    posted_price: Cny
    """What the buyer pays under `posted`, and the provider earns."""
    marginal_price: Cny
    """What the buyer pays under `marginal`."""
    marginal_earned: Cny
    """What the provider earns under `marginal`."""
    capped: bool
    """Whether the order's limit is below the marginal price."""


class AlternativeAnswer(Answer):
    """A node where the order could run, or could have run. Differences are to what was granted: less, if
    negative.
    """

    node_id: str
    offering_id: str
    device_id: str
    starts_at: datetime
    ends_at: datetime
    price: Cny
    """What the buyer would pay."""
    cost: Cny
    """Price plus what the policy prices: energy, carbon, latency, transfer."""
    rtt_ms: Number
    facility_kwh: Number
    carbon_kg_location: Number
    carbon_kg_market: Number
    code: words.ReasonCode | str | Literal["DEARER"] | str | None
    """What kept a placed order away: DEARER by the policy's objective, or the reason. Null while it waits."""
    facts: dict[str, Any]
    """The facts that decided."""
    price_difference: Cny | None
    cost_difference: Cny | None
    rtt_ms_difference: Number | None
    facility_kwh_difference: Number | None
    carbon_kg_location_difference: Number | None
    carbon_kg_market_difference: Number | None


class AttemptAnswer(Answer):
    """One try."""

    at: datetime
    milliseconds: int
    status: int | None
    """What was answered; null where nothing was."""
    error: str | None
    """`timeout`, `address_refused`, `tls_failed`, `connection_failed`, `redirected`, `bad_answer`."""


class AuditAnswer(Answer):
    """One line of the audit: who did what to what, and with which request."""

    id: str
    kind: str
    resource: str
    resource_id: str
    at: datetime
    actor: str
    """The id of the key; `exchange` where nobody asked for it."""
    role: str | None
    """Of the key."""
    organisation_id: str | None
    """Whose key it is; null for the operator's."""
    member: str | None
    """The name of the member whose key it is, if it is one's."""
    request_id: str | None
    """`X-Request-ID` of the request that did it."""
    buyer_id: str | None
    """The buyer that was told."""
    provider_id: str | None
    """The provider that was told."""
    data: dict[str, Any]


class BalanceAnswer(Answer):
    """Whether the ledger balances: `imbalance` is how far accounts and transfers are apart, zero always."""

    balances: bool
    imbalance: Cny


class CalendarAnswer(Answer):
    """A listing hour by hour: sums, nobody's orders."""

    offering_id: str
    hours: list[CalendarHourAnswer]


class CalendarHourAnswer(Answer):
    """One hour of a listing. A node's power limit may leave less than what is free here."""

    hour: datetime
    listed_units: Number
    usable_units: Number
    """Listed, less maintenance, drain and outage of the node."""
    allocated_units: Number
    held_units: Number
    """Set aside for quotes that are held."""
    free_units: Number


class ChangeAnswer(Answer):
    """The smallest change of one field that places the order now: `PATCH` the order with `{field: to}`."""

    field: str
    """limit_price, deadline, max_rtt_ms, allowed_regions, devices, units, max_pue or min_green_share."""
    to: str | int | Number | list[str]
    """What the field would have to be, as an order writes it."""
    by: Number
    """How large the change is, relative to what it was: 0.1 is a tenth more, or less; a deadline against
    the order's window, a list against its length. 0: the order fits as it is.
    """
    node_id: str
    """Where the order would run then."""


class ClientLimits(Answer):
    """What one request may carry at most."""

    orders_per_batch: int
    body_bytes: int
    """Of a batch of orders."""
    single_body_bytes: int
    """Of any other request."""
    items_per_page: int
    hours_per_round: int


class DecisionAnswer(Answer):
    """What decided where a placed order runs; beside the code stand the facts, each under its name."""

    code: words.ReasonCode | str | Literal["CHEAPEST"] | str
    """CHEAPEST by the policy's objective, or what kept it from the cheapest offering that costs less."""
    node: str
    """The node it runs at, or that of the cheaper offering."""


class DeliveryAnswer(Answer):
    """One event to one webhook, and every try."""

    id: str
    event_id: str
    kind: str
    resource: str
    resource_id: str
    replay: int
    """0: the first time; 1: the first replay that was asked for, and so on."""
    state: words.DeliveryState | str
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    attempts: list[AttemptAnswer]
    """The newest 20."""


class DemoSessionAnswer(Answer):
    """A key that ends by itself."""

    api_key: str
    """Send it as `Authorization: Bearer …`; it is shown this once."""
    key_id: str
    role: words.Role | str
    organisation_id: str | None
    """Whose market it shows; null for the operator's."""
    scopes: list[words.Scope | str]
    expires_at: datetime


class DeviceAnswer(Answer):
    """One kind of card or core. `peak` is TFLOPS (TOPS for int8); `speed` is relative to the class's
    reference.
    """

    id: str
    compute_class: words.ComputeClass | str
    name_zh: str
    name_en: str
    vendor: str
    domestic: bool
    memory_gb: Number
    watts_per_unit: int
    peak: dict[str, Number]
    speed: dict[str, Number]
    source: str
    confidence: str


class EventAnswer(Answer):
    """One thing that happened to one resource."""

    id: str
    """Ids sort as text in the order in which things happened."""
    kind: str
    """`<resource>.<what>`."""
    resource: str
    resource_id: str
    at: datetime
    actor: str
    """The id of the key that did it, where it is one's own (the operator sees all of them); else the role
    of who did it: `operator`, `provider`, `buyer`; `exchange` where time or a round did, `somebody`
    where it is not known.
    """
    data: dict[str, Any]
    """What belongs to the kind; more members may come."""


class ExchangeAnswer(Answer):
    """What a client asks first."""

    name: str
    version: str
    api_version: str
    time_zone: str
    """IANA name of the zone of local hours: tariffs, free units by hour, bills."""
    demo_sessions: bool
    """Whether `POST /v1/demo-sessions` gives out keys."""
    round_every_seconds: Number | None
    """How often rounds clear by themselves; null: when the operator asks for one."""
    next_round_at: datetime | None
    """When the next one is due; null while one is clearing, and where none is."""
    policy: str
    """Name of the policy in force."""
    pricing: words.PricingRule | str
    """The pricing rule in force."""
    newest_round_id: str | None
    """The round opened last, whatever its state."""
    newest_landed_round_id: str | None
    """The round whose prices are in force."""
    limits: ClientLimits


class FieldProblem(Answer):
    """What is wrong with one field."""

    loc: list[str | int]
    """Where: body, query, path or header, then the way to the field."""
    msg: str
    """What was expected."""


class FlowHoursAnswer(Answer):
    """Demand of one job class from one region, served in another."""

    from_region: str
    to_region: str
    job_class: str | None
    """Null: of several classes with fewer than 3 orders each, told together."""
    orders: int
    it_kwh: Number
    """IT energy over all hours."""
    first_hour: int | None
    """Which of `hours` (0: the first) `it_kw` begins with. Null where there are fewer than 3 orders
    between the two regions that could be told together: an operator's key is told all of it.
    """
    it_kw: list[Number]
    """IT power (kW) from `first_hour` on, until the flow is over."""


class ForecastScoreAnswer(Answer):
    """How forecasts fared: each order that a round left in the book was forecast, whether anybody asked or
    not.
    """

    count: int
    """Forecasts of orders that were matched or ended since; the newest 10,000 at most."""
    hits: int
    """Of these, matched within the range, or rightly said to perhaps never be."""
    hit_share: Number | None
    """hits / count; null before the first."""
    open_ended: int
    """Of these, without a latest moment."""
    mean_width_hours: Number | None
    """From earliest to latest, where there is a latest."""


class GapParts(Answer):
    """What the gap is made of, at the round's prices: the four add up to bound less value, exactly."""

    regret_of_accepted: Cny
    """What placed orders could gain elsewhere at these prices."""
    regret_of_rejected: Cny
    """What orders that were not placed could gain at them."""
    idle_units: Cny
    """Free units of offerings, at their congestion prices."""
    idle_power: Cny
    """Free power of nodes, at its congestion prices."""


class Health(Answer):
    """The exchange says how it is."""

    status: str
    version: str


class HeldQuoteAnswer(Answer):
    """Units set aside for one buyer, at a price, until a stated time."""

    id: str
    state: words.HeldQuoteState | str
    offering_id: str
    node_id: str
    units: Number
    starts_at: datetime
    ends_at: datetime
    price: Cny
    """What the order pays, whatever the offering asks by then."""
    expires_at: datetime
    """When it lapses: at the latest when its window begins."""
    order_id: str | None
    """The order that was placed on it."""


class HourPriceAnswer(Answer):
    """What a unit cost in one hour, CNY, in parts."""

    hour: datetime
    ask: Cny
    energy: Cny
    carbon: Cny
    congestion: Cny
    effective: Cny
    free_units: int
    """Units that were free when the round began."""


class InvoiceAnswer(Answer):
    """A buyer's month. Its balances (account and escrow) changed by `deposits` less `due`."""

    buyer_id: str
    month: str
    """Calendar month in Asia/Shanghai, YYYY-MM."""
    lines: list[InvoiceLine]
    totals: InvoiceTotals
    deposits: Cny


class InvoiceLine(Answer):
    """One allocation in one month."""

    charge: Cny
    voucher: Cny
    """What a voucher pool paid of it, less what went back."""
    refund: Cny
    """For work that was lost."""
    credit: Cny
    """From the provider, for interruptions."""
    due: Cny
    order_id: str
    allocation_id: str
    offering_id: str
    units: Number
    hours: Number
    unit_hours: Number


class InvoiceTotals(Answer):
    """`due` = charge - voucher - refund - credit."""

    charge: Cny
    voucher: Cny
    """What a voucher pool paid of it, less what went back."""
    refund: Cny
    """For work that was lost."""
    credit: Cny
    """From the provider, for interruptions."""
    due: Cny


class IssuedKeyAnswer(Answer):
    """A key with its secret, which is shown this once."""

    id: str
    name: str
    prefix: str
    """How the secret begins, to tell keys apart by; empty for keys older than this."""
    role: words.Role | str
    organisation_id: str | None
    """Null: the operator's."""
    member_id: str | None
    """Null: a service's."""
    scopes: list[str]
    """As given; `*`: all of its role, and of its member's."""
    effective_scopes: list[words.Scope | str]
    """What it may be used for now, as its member's role is now."""
    state: words.KeyState | str
    created_at: datetime
    created_by: str
    """The key that issued it, or `exchange`."""
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """Null: never. Several servers of one exchange know each other's uses within a minute."""
    previous_secret_until: datetime | None
    """The secret before is good until then; null: there is none any more."""
    secret: str | None
    """Shown this once. Null where the request is a repetition under its idempotency key."""
    note: str | None
    """Why there is no secret, where there is none."""


class JobNeeds(Answer):
    """The technical part of an order: what runs, how long, and where it may."""

    compute_class: words.ComputeClass | str
    devices: list[str] | None = None
    """Any of these devices; null for any that fits. GET /v1/devices lists them."""
    min_memory_gb: Number | None = None
    precision: words.Precision | str | None = None
    """Arithmetic the job is bound by; null if it runs equally fast everywhere."""
    units: int | Number
    """Cards or cores, all at once: one gang in one interconnect domain (an offering's `max_gang_units`).
    0.1 to 0.9: tenths of one card, where tenths are sold (`slices_per_unit` 10).
    """
    hours: Number | dict[str, Number]
    """Run time on the first listed device (or the class's reference device), scaled by device speed
    elsewhere; or hours for each device by id.
    """
    origin_region: str
    """Where the user and the data are."""
    max_rtt_ms: Number | None = None
    data_gb: Number | None = None
    """Data to move if it runs outside its origin."""
    allowed_regions: list[str] | None = None
    max_pue: Number | None = None
    min_green_share: Number | None = None
    job_class: words.JobClass | str | None = None
    """A label for reports and maps; it decides nothing."""


class KeyAnswer(Answer):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    """How the secret begins, to tell keys apart by; empty for keys older than this."""
    role: words.Role | str
    organisation_id: str | None
    """Null: the operator's."""
    member_id: str | None
    """Null: a service's."""
    scopes: list[str]
    """As given; `*`: all of its role, and of its member's."""
    effective_scopes: list[words.Scope | str]
    """What it may be used for now, as its member's role is now."""
    state: words.KeyState | str
    created_at: datetime
    created_by: str
    """The key that issued it, or `exchange`."""
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """Null: never. Several servers of one exchange know each other's uses within a minute."""
    previous_secret_until: datetime | None
    """The secret before is good until then; null: there is none any more."""


class MaintenanceWindow(Answer):
    """A window in which an offering has at most so many units; an hour that it touches is in it."""

    starts_at: datetime
    ends_at: datetime
    units_left: int | None = None
    """Units that still run."""


class MemberAnswer(Answer):
    """A member. `organisation_id` null: one of the operator's staff."""

    id: str
    organisation_id: str | None
    name: str
    email: str
    role: words.MemberRole | str
    """`owner`: everything of the organisation's role. `editor`: all but members and keys. `viewer`: reads.
    It bounds what the member's keys may have.
    """
    state: words.MemberState | str
    created_at: datetime


class NodeAnswer(Answer):
    """One computing centre."""

    id: str
    region_id: str
    name_zh: str
    name_en: str
    pue: Number
    cooling: str
    power_cap_kw: int | None
    tariff_per_kwh: list[Cny]
    green_share: Number
    source: str
    confidence: str
    state: words.NodeState | str
    """A node that is `down` takes nothing."""


class NodeHoursAnswer(Answer):
    """Facility power of one node, hour by hour (kW)."""

    node_id: str
    listed_kw: Number
    """If every unit listed there ran, as the catalogue is now."""
    outside_kw: list[Number]
    """Of listed units that are not offered: their providers use or sell them elsewhere."""
    before_kw: list[Number]
    """Of what was allocated already, for each of `hours`."""
    granted_kw: list[Number]
    """Of what was granted, for each of `hours`."""


class OfferingAnswer(Answer):
    """A listing."""

    id: str
    provider_id: str
    node_id: str
    device_id: str
    units: int
    max_gang_units: int
    """Largest gang: the units that share one interconnect domain. No order above it runs here."""
    ask_price: Cny
    free_units_by_hour: list[int]
    available_from: datetime | None
    available_until: datetime | None
    min_units_per_order: int
    """Orders below it do not run here; above 1 it rules out tenths of a card as well."""
    max_units_per_order: int | None
    slices_per_unit: int
    """10 where tenths of a card are sold."""
    maintenance: list[MaintenanceWindow]
    drain_at: datetime | None
    """From then on nothing runs here."""
    heartbeat_minutes: int | None
    sla: words.SlaGrade | str
    version: int
    """Counts changes of terms; an allocation keeps the one it was matched at."""
    state: words.OfferingState | str
    listed_at: datetime
    source: str
    confidence: str


class OfferingHours(Answer):
    """One offering of a table of prices; every list has one entry for each hour of the round."""

    offering_id: str
    node_id: str
    ask: Cny
    congestion: list[Cny]
    """What scarcity adds to a unit-hour."""
    effective: list[Cny]
    """Ask, energy, carbon and congestion of a unit-hour."""
    free_units: list[int]
    """Units that were free when the round began."""


class OfferingPrices(Answer):
    """What a unit-hour of one offering cost over the round, in parts."""

    offering_id: str
    node_id: str
    ask: Cny
    """Least the provider took then."""
    energy: PriceSpan
    """Electricity as the policy weighs it."""
    carbon: PriceSpan
    """Carbon as the policy prices it."""
    congestion: PriceSpan
    """What scarcity adds: the duals of the offering's units and of its node's power."""
    effective: PriceSpan
    """The sum of these parts."""


class OptionAnswer(Answer):
    """One way to run an order."""

    node_id: str
    offering_id: str
    device_id: str
    starts_at: datetime
    ends_at: datetime
    price: Cny
    """What the buyer would pay."""
    cost: Cny
    """Price plus what the policy prices: energy, carbon, latency, transfer."""
    rtt_ms: Number
    facility_kwh: Number
    carbon_kg_location: Number
    carbon_kg_market: Number


class OrderAccepted(Answer):
    """An order of a batch that is in the book."""

    status: int | None = None
    order: OrderAnswer
    line: int | None = None
    """Number of the line it came on, for orders sent one a line; else left out."""


class OrderAnswer(Answer):
    """An order in the book."""

    id: str
    buyer_id: str
    state: words.OrderState | str
    submitted_at: datetime
    job: JobNeeds
    limit_price: Cny
    latency_cost_per_ms_hour: Cny
    earliest_start: datetime | None
    deadline: datetime
    interruptible: bool
    divisible: bool | None = None
    time_in_force: words.TimeInForce | str
    voucher_pool_id: str | None
    held: Cny
    """Lies in escrow for it."""
    paid: Cny
    """Was captured for it so far."""
    remaining_share: Number
    """Of its run time: below 1 after an interruption that kept work."""


class OrderBatchAnswer(Answer):
    """One answer for each order of a batch, in the same sequence."""

    items: list[OrderAccepted | OrderRefused]


class OrderCountsAnswer(Answer):
    """How many orders there are, by state."""

    total: int
    by_state: dict[str, int]
    """Every state, those that no order is in as well."""


class OrderDetail(Answer):
    """An order with what was granted to it, and its history."""

    id: str
    buyer_id: str
    state: words.OrderState | str
    submitted_at: datetime
    job: JobNeeds
    limit_price: Cny
    latency_cost_per_ms_hour: Cny
    earliest_start: datetime | None
    deadline: datetime
    interruptible: bool
    divisible: bool | None = None
    time_in_force: words.TimeInForce | str
    voucher_pool_id: str | None
    held: Cny
    """Lies in escrow for it."""
    paid: Cny
    """Was captured for it so far."""
    remaining_share: Number
    """Of its run time: below 1 after an interruption that kept work."""
    allocation: AllocationAnswer | None
    history: list[OrderEvent]


class OrderEvent(Answer):
    """One step of an order's life."""

    at: datetime
    state: words.OrderState | str
    cause: words.Cause | str
    """Why, for programs."""
    actor: str
    """The key that acted, or `exchange`."""
    reason: str
    """Why, for people."""


class OrderExplanationAnswer(Answer):
    """Why an order is where it is, what would place it, and what else there is."""

    order_id: str
    status: words.OrderState | str
    round_id: str | None
    """The round that decided on the order as it is now; null if none has."""
    code: words.ReasonCode | str | None
    """The reason that came closest; null if it was placed."""
    reasons: list[ReasonAnswer]
    """Node by node, as that round found them, or as the market is now if none has decided. Of a placed
    order: the nodes that could never do the work.
    """
    price_to_place: Cny | None
    """The limit price that would place it now."""
    smallest_change: ChangeAnswer | None
    """Found in the market as it is now, and proven by asking it again; null if no single change does."""
    allocation: AllocationAnswer | None
    decided_by: DecisionAnswer | None
    alternatives: list[AlternativeAnswer]
    """While it waits: what is free now, whatever its limit price, cheapest first. Of a placed order: the
    other nodes, what they would have cost, and what kept it away.
    """
    forecast: StandingAnswer | None
    """While it waits in the book."""


class OrderRefused(Answer):
    """An order of a batch that was refused, and why."""

    status: int
    error: Problem
    line: int | None = None
    """Number of the line it came on, for orders sent one a line; else left out."""


class OrganisationAnswer(Answer):
    """An organisation that takes part."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None


class PointAnswer(Answer):
    """The least cost of the whole work at these prices of carbon and latency."""

    path: str
    carbon_price_per_kg: Cny
    latency_price_per_ms_unit_hour: Cny
    spend: Cny
    rtt_ms_mean: Number
    latency_ms_unit_hours: Number
    carbon_kg_location: Number
    carbon_kg_market: Number
    facility_kwh: Number
    on_front: bool
    cost: Cny
    """What the point minimises: spend, and carbon and latency at its prices."""
    least_cost: Cny
    """No placement of the whole work costs less: proven."""
    gap: Number
    """(cost - least_cost) / cost."""
    policy: PolicyAnswer
    """A scenario with this policy and this price of latency minimises what the point does."""


class PolicyAnswer(Answer):
    """The policy in force, or the one a round was cleared under; PUT /v1/policy takes it back as it is."""

    name: str
    ask_weight: Number
    energy_weight: Number
    carbon_price_per_kg: Cny
    carbon_basis: words.CarbonBasis | str
    latency_weight: Number
    transfer_price_per_gb: Cny
    pricing: words.PricingRule | str
    """What buyers pay: `posted` is the ask; `marginal` is the ask and what scarcity adds hour by hour,
    never above the order's limit. Providers earn the ask, or the marginal price in full; the exchange
    makes up the difference.
    """
    fee_rate: Number
    """The exchange's share of what providers earn."""
    may_move: bool
    """Whether a round may move interruptible orders that have not started."""
    move_cost: Cny
    """CNY that a move costs in the objective; nobody pays it."""


class PolicyPresetsAnswer(Answer):
    """The policies that have a name, with their weights and terms of trade."""

    items: list[PolicyAnswer]


class PriceHours(Answer):
    """One offering of a round, hour by hour."""

    round_id: str
    starts_at: datetime
    slots: int
    offering_id: str
    hours: list[HourPriceAnswer]


class PriceSpan(Answer):
    """Mean, least and most over the hours of the round, CNY per unit-hour."""

    mean: Cny
    min: Cny
    max: Cny


class PriceSummary(Answer):
    """Every offering of a round in one line each."""

    round_id: str
    starts_at: datetime
    slots: int
    items: list[OfferingPrices]


class PriceTable(Answer):
    """Every offering of a round, hour by hour."""

    round_id: str
    starts_at: datetime
    slots: int
    items: list[OfferingHours]


class Problem(Answer):
    """Why a request was refused. `code` is stable; further members are facts that a program can read."""

    type: str
    """Page that explains the code, relative to the exchange: `/problems/<code>`."""
    title: str
    """The kind of problem in words."""
    status: int
    """HTTP status."""
    detail: str
    """What happened here, and what to do next."""
    code: str
    """Stable code in snake_case."""
    errors: list[FieldProblem] | None = None
    """Field by field, for malformed requests: the first 20; `errors_not_listed` counts the others."""


class ProgressAnswer(Answer):
    """How far a round is."""

    round_id: str
    state: words.RoundState | str
    failure: str | None
    steps: list[StepAnswer]
    """Those that are done; empty for a round that is over, and on SQLite for one that clears in another
    server process.
    """
    search: list[SearchAnswer]
    """Oldest first; of a round that clears in another server process, the newest of each stretch that was
    heard here, and on SQLite empty until it is over.
    """


class QuoteAnswer(Answer):
    """What an order would cost now: the best option of each node, cheapest first; and why not elsewhere."""

    options: list[OptionAnswer]
    reasons: list[ReasonAnswer]
    price_to_place: Cny | None
    """The least limit price that places it now; null if none does."""
    smallest_change: ChangeAnswer | None
    """Of one field, proven by asking again; `by` is 0 where it fits as it is."""
    held: HeldQuoteAnswer | None
    """The quote that is held, if that was asked for."""


class Readiness(Answer):
    """Everything that was checked."""

    status: str
    version: str
    checks: list[ReadinessCheck]


class ReadinessCheck(Answer):
    """One thing that must be well; `code` says what is not."""

    name: str
    code: str | None
    milliseconds: Number


class ReasonAnswer(Answer):
    """Why one node did not take an order; beside the code stand the facts that decided, each under its
    name.
    """

    node: str
    code: words.ReasonCode | str


class RegionAnswer(Answer):
    """A place with a grid."""

    id: str
    name_zh: str
    name_en: str
    province_zh: str
    province_en: str
    hub_zh: str | None
    side: words.Side | str
    lat: Number
    lon: Number
    carbon_location_kg_per_kwh: Number
    carbon_residual_kg_per_kwh: Number
    source: str
    confidence: str


class Registration(Answer):
    """A registered organisation and its key, which is shown this once."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None
    api_key: str | None
    """Shown this once. Null where the request is a repetition under its idempotency key."""
    note: str | None
    """Why there is no key, where there is none."""


class RelatedParties(Answer):
    """A buyer and a provider between whom a pool pays nothing."""

    buyer_id: str
    provider_id: str


class ReplayAnswer(Answer):
    """A past round cleared again from its record."""

    round_id: str
    exact: bool
    """Every placement, every price, value and bound are the same."""
    ended_by_time: bool
    """The round used up its seconds; it may replay differently."""
    verified: bool
    """The judge finds nothing wrong with what was recorded."""
    recorded_value: Cny
    value: Cny
    recorded_bound: Cny
    bound: Cny


class RoundAnswer(Answer):
    """One batch clearing: value, bound and gap as certified, and all its figures once it has landed."""

    id: str
    state: words.RoundState | str
    policy: PolicyAnswer
    starts_at: datetime
    slots: int
    opened_at: datetime
    closed_at: datetime | None
    orders: int
    placed: int
    """Orders that were granted what they asked for."""
    left_out: int
    """Placements that were cleared but not granted: the order or the offering left the market, or changed
    its terms, meanwhile. Value, gap and the figures are of what was granted.
    """
    status: str | None
    """OPTIMAL, FEASIBLE or NO_SOLUTION."""
    value: Cny | None
    bound: Cny | None
    """No clearing of these orders can be worth more."""
    value_micros: int | None
    bound_micros: int | None
    gap: Number | None
    """(bound - value) / bound, certified."""
    pricing: words.PricingRule | str
    """What buyers pay for what it grants."""
    settlement: SettlementAnswer | None
    """Null until it has landed."""
    seconds: Number | None
    failure: str | None
    """Why it did not land, in codes: `clearing_refused: ENDS_TOO_LATE` (the judge of the solver),
    `outcome_refused: OVER_CAPACITY` (the last check of what would be granted), `exchange_stopped`; the
    operator's log has the words.
    """
    figures: dict[str, Any]
    """`solver` and `baselines` (the same figures, side by side; spend is at asks), `flows`, `history` (of
    the solver's search: seconds, value, bound), `settlement`.
    """


class RoundPricingAnswer(Answer):
    """One round under every pricing rule, from what it recorded."""

    round_id: str
    pricing: words.PricingRule | str
    """The rule that its allocations were granted at."""
    fee_rate: Number
    rules: list[RulePricesAnswer]
    allocations: list[AllocationPricesAnswer]
    """For an operator's key only; else empty."""


class RoundScheduleAnswer(Answer):
    """A landed round, hour by hour."""

    hours: list[datetime]
    nodes: list[NodeHoursAnswer]
    flows: list[FlowHoursAnswer]
    round_id: str


class RoundTripTimeAnswer(Answer):
    """Round-trip time between two regions; the same in both directions, and each is listed."""

    from_region_id: str
    to_region_id: str
    rtt_ms: Number
    source: str
    confidence: str
    """How far to trust it: stated, derived or assumption."""


class RulePricesAnswer(Answer):
    """What a round comes to under one rule."""

    pricing: words.PricingRule | str
    buyers_pay: Cny
    providers_earn: Cny
    """Before the fee."""
    make_whole: Cny
    """What providers earn and buyers do not cover: the exchange pays it."""
    fee: Cny
    """Of what providers earn, hour by hour, at the round's fee rate."""
    capped_orders: int
    """Orders whose limit keeps them below the marginal price."""


class ScenarioAnswer(Answer):
    """One scenario: value, bound and gap in its own policy, and the figures that compare."""

    name: str
    policy: str | None
    """The policy that was asked for by name; null for the book's own."""
    cleared_under: PolicyAnswer
    """All that was priced, with the scenario's own prices in it."""
    status: str
    value: Cny
    bound: Cny
    gap: Number
    seconds: Number
    figures: dict[str, Any]
    flows: list[dict[str, Any]]
    schedule: ScheduleAnswer
    """What each node would run hour by hour, and which demand would flow where: as of a round."""


class ScenariosAnswer(Answer):
    """The book as it is (`as_is`, first), and each scenario."""

    items: list[ScenarioAnswer]


class ScheduleAnswer(Answer):
    """What nodes run hour by hour, and the flows that make them run it, the largest first."""

    hours: list[datetime]
    nodes: list[NodeHoursAnswer]
    flows: list[FlowHoursAnswer]


class SearchAnswer(Answer):
    """Where the search was at a moment."""

    seconds: Number
    """Since it began."""
    value: Cny
    """Of the best clearing so far."""
    bound: Cny
    """What no clearing can exceed, as far as is proven."""
    gap: Number
    """(bound - value) / bound."""
    step: str | None
    """What the solver has just done; null where it is not on record."""


class SettlementAnswer(Answer):
    """What a round comes to in money, under the rule that it was priced at."""

    pricing: words.PricingRule | str
    buyers_pay: Cny
    providers_earn: Cny
    """Before the exchange's fee."""
    make_whole: Cny
    """What providers earn and buyers do not cover: the exchange pays it. Never more than the regret of the
    accepted, rounding apart.
    """
    capped_orders: int
    """Orders whose limit keeps them below the marginal price."""
    gap_parts: GapParts


class StandingAnswer(Answer):
    """Where an order stands in the book, and when it is expected to be matched."""

    orders_ahead: int
    """Orders that come before it in the queue: ties go to them."""
    rank: int
    """Among the orders for the same compute class, by limit price per unit-hour; 1 is the best."""
    of_orders: int
    earliest: datetime
    latest: datetime | None
    """Null: it may well not be matched at all."""
    basis: words.ForecastBasis | str
    """`history`: how long orders of a similar rank waited; `prior`: a guess, for too few have."""


class StatementAnswer(Answer):
    """A provider's month. Its balance changed by `net` less `payouts`."""

    provider_id: str
    month: str
    """Calendar month in Asia/Shanghai, YYYY-MM."""
    lines: list[StatementLine]
    days: list[StatementDay]
    """Those on which something was booked; they add up to `totals`."""
    totals: StatementTotals
    payouts: Cny


class StatementDay(Answer):
    """What was booked on one day."""

    charge: Cny
    """What buyers paid; in a provider's own statement with what was made whole."""
    make_whole: Cny
    """What the exchange added to reach the provider's price; in a provider's own statement it is part of
    `charge`, and zero here.
    """
    fee: Cny
    refund: Cny
    credit: Cny
    net: Cny
    day: str
    """Calendar day in Asia/Shanghai, YYYY-MM-DD."""


class StatementLine(Answer):
    """One allocation in one month."""

    charge: Cny
    """What buyers paid; in a provider's own statement with what was made whole."""
    make_whole: Cny
    """What the exchange added to reach the provider's price; in a provider's own statement it is part of
    `charge`, and zero here.
    """
    fee: Cny
    refund: Cny
    credit: Cny
    net: Cny
    order_id: str
    allocation_id: str
    offering_id: str
    units: Number
    hours: Number
    unit_hours: Number


class StatementTotals(Answer):
    """`net` = charge + make_whole - fee - refund - credit."""

    charge: Cny
    """What buyers paid; in a provider's own statement with what was made whole."""
    make_whole: Cny
    """What the exchange added to reach the provider's price; in a provider's own statement it is part of
    `charge`, and zero here.
    """
    fee: Cny
    refund: Cny
    credit: Cny
    net: Cny


class StepAnswer(Answer):
    """A step of a round that is done."""

    number: int
    """1 to 6."""
    step: str
    """freeze, build, solve, verify, read, land."""
    seconds: Number
    """How long it took."""
    failed: bool
    """Whether the round ended with it."""


class SweepAnswer(Answer):
    """Every point places the same `orders`; clearings that left one out (`left_out`) are no points."""

    orders: int
    left_out: int
    points: list[PointAnswer]


class TransferAnswer(Answer):
    """One row of the ledger: an amount that left the debit account for the credit account."""

    id: str
    kind: words.TransferKind | str
    debit_account_id: str
    credit_account_id: str
    amount: Cny
    at: datetime
    order_id: str | None
    allocation_id: str | None
    round_id: str | None
    hour: datetime | None
    """Start of the hour that was metered, where one was."""


class UpkeepAnswer(Answer):
    """What was due: twice at one moment, and the second answer is all zeros."""

    started: int
    """Allocations that started without a report."""
    captured_hours: int
    """Hours that were over and paid."""
    completed: int
    interrupted: int
    """For a node, a drain or a missed heartbeat."""
    expired: int
    """Orders past their deadline."""
    quotes_lapsed: int


class VersionAnswer(Answer):
    """An offering's terms as they were from `since` on, until the next version."""

    version: int
    since: datetime
    changed_by: str | None
    """Key that set them; only its provider and the operator are told. `scenario`: loaded."""
    terms: OfferingAnswer


class VoucherPoolAnswer(Answer):
    """A pool, its rules, and what is left in it."""

    id: str
    account_id: str
    issuer: str
    rate_by_class: dict[str, Number]
    cap_per_year: Cny
    valid_from: datetime
    valid_until: datetime
    eligible_providers: list[str] | None
    related_parties: list[RelatedParties]
    """All for the operator; for others the pairs that they are part of."""
    left: Cny


class WebhookAnswer(Answer):
    """A webhook, without its secret."""

    id: str
    organisation_id: str | None
    """Whose it is; null: the operator's."""
    url: str
    """Whole for keys with `webhooks:write`; to others only its host is shown."""
    kinds: list[str]
    description: str
    state: words.WebhookState | str
    created_at: datetime
    created_by: str
    """The key it was made with; the webhook stays when that key ends."""
    failing_since: datetime | None
    """Nothing has arrived since; null: the last one did."""
    disabled_reason: str | None
    """Why it is disabled: `gone` (it answered 410), `failing` (for too long), `unknown_kinds` (it asks for
    what this version does not know) or `operator`.
    """


class WebhookReplayAnswer(Answer):
    """How much is delivered once more."""

    webhook_id: str
    deliveries: int


class WebhookWithSecret(Answer):
    """A webhook, and the secret its signatures are verified with, which is shown this once."""

    id: str
    organisation_id: str | None
    """Whose it is; null: the operator's."""
    url: str
    """Whole for keys with `webhooks:write`; to others only its host is shown."""
    kinds: list[str]
    description: str
    state: words.WebhookState | str
    created_at: datetime
    created_by: str
    """The key it was made with; the webhook stays when that key ends."""
    failing_since: datetime | None
    """Nothing has arrived since; null: the last one did."""
    disabled_reason: str | None
    """Why it is disabled: `gone` (it answered 410), `failing` (for too long), `unknown_kinds` (it asks for
    what this version does not know) or `operator`.
    """
    secret: str | None
    """Shown this once. Null where the request is a repetition under its idempotency key."""
