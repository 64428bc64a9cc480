"""Words with a fixed meaning, as the exchange says them.

Generated from the OpenAPI document by `python -m api.generator`: change that, not this.
"""

from typing import Literal

AccountKind = Literal["buyer", "escrow", "provider", "voucher", "fee", "make_whole", "outside"]
"""Whose money, and what for."""
AllocationState = Literal["granted", "active", "completed", "cancelled", "failed", "interrupted", "moved"]
"""What happened to what was granted."""
CarbonBasis = Literal["location", "market"]
"""Which carbon factor is priced: the grid's average, or the residual mix after contracted green power."""
Cause = Literal[
    "drafted",
    "submitted",
    "amended",
    "placed_in_round",
    "placed_at_once",
    "re_matched",
    "moved",
    "started",
    "completed",
    "cancelled",
    "deadline_passed",
    "round_missed",
    "job_failed",
    "provider_failed",
    "node_down",
    "heartbeat_missed",
    "drained",
]
"""Why something changed in an order's life."""
ComputeClass = Literal["gpu", "hpc", "general"]
"""The three kinds of compute; their units never mix."""
DeliveryState = Literal["pending", "delivered", "given_up"]
"""Of one event to one webhook; a delivery that was given up can be tried again by hand."""
FailureCause = Literal["job", "provider"]
"""Who is to blame: the buyer's job, or what the provider runs it on."""
ForecastBasis = Literal["prior", "history"]
"""What a forecast rests on: how long orders like this one waited, or a stated guess where too few have."""
HeldQuoteState = Literal["held", "used", "lapsed"]
"""A held quote waits for its order until it is used or its time is over."""
JobClass = Literal[
    "training_large",
    "training_small",
    "inference_realtime",
    "inference_interactive",
    "inference_batch",
    "hpc",
    "rendering",
    "general",
    "other",
]
"""What the job is for: a label for reports and maps; the solver never reads it."""
KeyState = Literal["live", "expired", "revoked"]
"""A key is good until its time is over or somebody takes it back."""
MemberRole = Literal["owner", "editor", "viewer"]
"""How much of an organisation's business a member does."""
MemberState = Literal["active", "removed"]
"""Whoever is removed stays on record: the log names what they did."""
NodeState = Literal["up", "down"]
"""A computing centre runs, or it is down and takes nothing."""
OfferingState = Literal["open", "withdrawn"]
"""A listing is open for orders until it is withdrawn."""
OrderState = Literal[
    "draft", "open", "allocated", "active", "interrupted", "completed", "cancelled", "expired", "failed"
]
"""An order's life. Open and interrupted orders are in the book: the next round may place them."""
Precision = Literal["fp64", "fp32", "fp16", "int8"]
"""Arithmetic a job needs. FLOPS are measured per precision and never added across."""
PricingRule = Literal["posted", "marginal"]
"""What buyers pay: the ask as posted, or the ask and what scarcity adds to it, hour by hour."""
ReasonCode = Literal[
    "NO_SUCH_DEVICE",
    "TOO_FAR",
    "NOT_ALLOWED_THERE",
    "TOO_LARGE",
    "TOO_LATE",
    "PRICED_OUT",
    "NO_CAPACITY",
    "NO_POWER",
    "NOT_THIS_ROUND",
]
"""Why a node did not take an order, from the most to the least fundamental."""
Role = Literal["provider", "buyer", "operator"]
"""What a key may do."""
RoundState = Literal["clearing", "landed", "refused", "failed"]
"""A round lands whole, is refused by the judge, or fails; never anything between."""
Scope = Literal[
    "read",
    "orders:write",
    "offerings:write",
    "allocations:write",
    "money:write",
    "rounds:write",
    "market:write",
    "webhooks:write",
    "access:write",
]
"""One area. `read` is for what is asked; what is changed needs the scope of its area, and no other.

No scope is part of another: a key that only reports on allocations reads nothing besides.
"""
Side = Literal["east", "centre", "west", "northeast"]
"""Which part of the country a region lies in."""
SlaGrade = Literal["standard", "trusted", "critical"]
"""Service grades (an assumption: no national figure is public): 99.0%, 99.9%, 99.95% monthly availability."""
TimeInForce = Literal["immediate", "next_round", "until_deadline"]
"""How long an order waits: placed at once or refused; for one round; or until it cannot finish in time."""
TransferKind = Literal[
    "deposit",
    "payout",
    "hold",
    "release",
    "capture",
    "fee",
    "make_whole",
    "refund",
    "sla_credit",
    "voucher_fund",
    "voucher",
    "voucher_return",
    "fee_return",
    "make_whole_return",
]
"""What a transfer is for; its way is written beside it."""
WebhookState = Literal["active", "paused", "disabled", "removed"]
"""`paused` by its owner, `disabled` by the exchange or its operator; both go on where they were. `removed`
for good.
"""
