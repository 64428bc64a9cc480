"""Rows to domain objects and back: one pair of functions for each noun; rounds and allocations are in `round_mapping`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, RowMapping

from market.domain.clock import rfc3339
from market.domain.devices import ComputeClass, Device, Precision
from market.domain.ledger import Account, AccountKind, Transfer, TransferKind
from market.domain.offerings import Maintenance, Offering, OfferingVersion, SlaGrade
from market.domain.orders import Job, JobClass, Order, OrderTerms, TimeInForce
from market.domain.parties import Buyer, Provider
from market.domain.places import Node, Provenance, Region, RoundTripTime, Side
from market.domain.quotes import Forecast, ForecastBasis, HeldQuote, HeldQuoteState
from market.domain.rounds import Change, Explanation, Reason, ReasonCode
from market.domain.states import NodeState, OfferingState, OrderState
from market.domain.vouchers import VoucherPool
from market.persistence import models, money_models

_JOB_FIELDS, _TRANSFER_FIELDS = attrgetter(*Job.__slots__), attrgetter(*Transfer.__slots__)


def columns_of(row: models.Base, *left_out: str) -> dict[str, Any]:
    """What stands in a row, but for these columns and where it is from."""
    skipped = {"source", "confidence", *left_out}
    return {c.key: getattr(row, c.key) for c in row.__mapper__.column_attrs if c.key not in skipped}


def _provenance(row: models.Sourced) -> Provenance:
    return Provenance(row.source, row.confidence)


def sourced_columns(
    thing: Region | Node | RoundTripTime | Device | Provider | Buyer | Offering,
) -> dict[str, Any]:
    """Columns of a catalogue noun: its fields, with the provenance flattened and enums as text."""
    columns = {name: getattr(thing, name) for name in thing.__slots__ if name != "provenance"}
    for name, value in columns.items():
        if name == "maintenance":
            columns[name] = [_maintenance_columns(window) for window in value]
        elif isinstance(value, Mapping):
            columns[name] = dict(value)
        elif isinstance(value, tuple):
            columns[name] = list(value)
    return columns | {"source": thing.provenance.source, "confidence": thing.provenance.confidence}


def read_region(row: models.RegionRow) -> Region:
    """`Region` of a row."""
    return Region(**columns_of(row, "side"), side=Side(row.side), provenance=_provenance(row))


def read_node(row: models.NodeRow) -> Node:
    """`Node` of a row."""
    return Node(
        **columns_of(row, "tariff_micros_per_kwh", "state"),
        tariff_micros_per_kwh=tuple(row.tariff_micros_per_kwh),
        state=NodeState(row.state),
        provenance=_provenance(row),
    )


def rtt_of(origin: str, to: str, rtt_ms: float, source: str, confidence: str) -> RoundTripTime:
    """`RoundTripTime` of its columns: there are thousands."""
    return RoundTripTime(origin, to, rtt_ms, Provenance(source, confidence))


def read_device(row: models.DeviceRow) -> Device:
    """`Device` of a row."""
    return Device(
        **columns_of(row, "compute_class", "peak", "speed"),
        compute_class=ComputeClass(row.compute_class),
        peak={Precision(p): v for p, v in row.peak.items()},
        speed={Precision(p): v for p, v in row.speed.items()},
        provenance=_provenance(row),
    )


def read_provider(row: models.ProviderRow) -> Provider:
    """`Provider` of a row."""
    return Provider(**columns_of(row), provenance=_provenance(row))


def read_buyer(row: models.BuyerRow) -> Buyer:
    """`Buyer` of a row."""
    return Buyer(**columns_of(row), provenance=_provenance(row))


def read_offering(row: models.OfferingRow) -> Offering:
    """`Offering` of a row."""
    return Offering(
        **columns_of(row, "free_units_by_hour", "state", "maintenance", "sla"),
        free_units_by_hour=tuple(row.free_units_by_hour),
        maintenance=tuple(_read_maintenance(window) for window in row.maintenance),
        sla=SlaGrade(row.sla),
        state=OfferingState(row.state),
        provenance=_provenance(row),
    )


def offering_terms(offering: Offering) -> dict[str, Any]:
    """An offering's columns as JSON, for the record of its versions."""
    columns = sourced_columns(offering)
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in columns.items()}


def read_offering_version(row: models.OfferingVersionRow) -> OfferingVersion:
    """`OfferingVersion` of a row."""
    terms = dict(row.terms)
    for name in ("available_from", "available_until", "drain_at", "listed_at"):
        terms[name] = None if terms[name] is None else datetime.fromisoformat(terms[name])
    offering = read_offering(models.OfferingRow(**terms))
    return OfferingVersion(offering, row.since, row.changed_by)


def _maintenance_columns(window: Maintenance) -> list[Any]:
    return [rfc3339(window.starts_at), rfc3339(window.ends_at), window.units_left]


def _read_maintenance(columns: list[Any]) -> Maintenance:
    starts_at, ends_at, units_left = columns
    return Maintenance(datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at), units_left)


def job_columns(job: Job) -> dict[str, Any]:
    """A job as JSON. Enums as their words, here and below: everybody who writes them takes longer over an enum."""
    columns = dict(zip(Job.__slots__, _JOB_FIELDS(job), strict=True))
    columns["hours"] = dict(job.hours) if isinstance(job.hours, Mapping) else job.hours
    columns["compute_class"], columns["job_class"] = str(job.compute_class), str(job.job_class)
    columns["precision"] = None if job.precision is None else str(job.precision)
    columns["devices"] = None if job.devices is None else list(job.devices)
    columns["allowed_regions"] = None if job.allowed_regions is None else list(job.allowed_regions)
    return columns


def read_job(columns: Mapping[str, Any]) -> Job:
    """A job from its JSON."""
    return Job(
        **{
            **columns,
            "compute_class": ComputeClass(columns["compute_class"]),
            "devices": None if columns["devices"] is None else tuple(columns["devices"]),
            "precision": None if columns["precision"] is None else Precision(columns["precision"]),
            "allowed_regions": None
            if columns["allowed_regions"] is None
            else tuple(columns["allowed_regions"]),
            "job_class": JobClass(columns["job_class"]),
        }
    )


def order_columns(order: Order) -> dict[str, Any]:
    """An order's row."""
    terms = order.terms
    return {
        "id": order.id,
        "buyer_id": order.buyer_id,
        "job": job_columns(terms.job),
        "limit_price_micros": terms.limit_price_micros,
        "latency_cost_micros_per_ms_unit_hour": terms.latency_cost_micros_per_ms_unit_hour,
        "earliest_start": terms.earliest_start,
        "deadline": terms.deadline,
        "interruptible": terms.interruptible,
        "time_in_force": str(terms.time_in_force),
        "voucher_pool_id": terms.voucher_pool_id,
        "state": str(order.state),
        "submitted_at": order.submitted_at,
        "queue_key": order.queue_key,
        "remaining_share": order.remaining_share,
        "held_micros": order.held_micros,
        "paid_micros": order.paid_micros,
    }


def read_order(row: models.OrderRow | Row[Any]) -> Order:
    """`Order` of a row, or of its plain columns."""
    terms = OrderTerms(
        job=read_job(row.job),
        limit_price_micros=row.limit_price_micros,
        latency_cost_micros_per_ms_unit_hour=row.latency_cost_micros_per_ms_unit_hour,
        earliest_start=row.earliest_start,
        deadline=row.deadline,
        interruptible=row.interruptible,
        time_in_force=TimeInForce(row.time_in_force),
        voucher_pool_id=row.voucher_pool_id,
    )
    return Order(
        id=row.id,
        buyer_id=row.buyer_id,
        terms=terms,
        state=OrderState(row.state),
        submitted_at=row.submitted_at,
        queue_key=row.queue_key,
        remaining_share=row.remaining_share,
        held_micros=row.held_micros,
        paid_micros=row.paid_micros,
    )


def explanation_columns(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Explanations' rows; a reason that many of them share is written out once."""
    told: dict[int, list[Any]] = {}  # all of them are held here: an address stands for one reason
    return [_explanation_columns(explanation, told) for explanation in explanations]


def _explanation_columns(explanation: Explanation, told: dict[int, list[Any]]) -> dict[str, Any]:
    change, reasons = explanation.smallest_change, explanation.reasons
    for reason in reasons:
        if id(reason) not in told:
            told[id(reason)] = [reason.node_id, str(reason.code), dict(reason.facts)]
    return {
        "order_id": explanation.order_id,
        "round_id": explanation.round_id,
        "code": str(explanation.code),
        "detail": {
            "reasons": [told[id(reason)] for reason in reasons],
            "price_to_place_micros": explanation.price_to_place_micros,
            "smallest_change": None if change is None else asdict(change),
        },
    }


def read_explanation(row: models.ExplanationRow) -> Explanation:
    """`Explanation` of a row."""
    change = row.detail["smallest_change"]
    return Explanation(
        order_id=row.order_id,
        round_id=row.round_id,
        code=ReasonCode(row.code),
        reasons=tuple(Reason(node, ReasonCode(code), facts) for node, code, facts in row.detail["reasons"]),
        price_to_place_micros=row.detail["price_to_place_micros"],
        smallest_change=None if change is None else Change(**change),
    )


def account_columns(account: Account) -> dict[str, Any]:
    """An account's row."""
    return {name: getattr(account, name) for name in account.__slots__}


def read_account(row: money_models.AccountRow) -> Account:
    """`Account` of a row."""
    return Account(**columns_of(row, "kind"), kind=AccountKind(row.kind))


def account_of(columns: RowMapping) -> Account:
    """`Account` of plain columns."""
    return Account(**{**columns, "kind": AccountKind(columns["kind"])})


def transfers_by_column(transfers: Sequence[Transfer]) -> dict[str, Sequence[Any]]:
    """The rows of transfers, column by column."""
    columns = by_column(Transfer.__slots__, map(_TRANSFER_FIELDS, transfers))
    columns["kind"] = [str(kind) for kind in columns["kind"]]
    return columns


def by_column(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Rows that all have these columns, column by column."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return dict(zip(names, columns, strict=True))


def read_transfer(row: money_models.TransferRow) -> Transfer:
    """`Transfer` of a row."""
    return Transfer(**columns_of(row, "kind"), kind=TransferKind(row.kind))


def voucher_pool_columns(pool: VoucherPool) -> dict[str, Any]:
    """A voucher pool's row."""
    columns = {name: getattr(pool, name) for name in pool.__slots__}
    eligible = pool.eligible_providers
    return columns | {
        "rate_by_class": dict(pool.rate_by_class),
        "eligible_providers": None if eligible is None else list(eligible),
        "related_parties": [list(pair) for pair in pool.related_parties],
    }


def read_voucher_pool(row: money_models.VoucherPoolRow) -> VoucherPool:
    """`VoucherPool` of a row."""
    eligible = row.eligible_providers
    return VoucherPool(
        **columns_of(row, "rate_by_class", "eligible_providers", "related_parties"),
        rate_by_class={ComputeClass(name): rate for name, rate in row.rate_by_class.items()},
        eligible_providers=None if eligible is None else tuple(eligible),
        related_parties=tuple((buyer, provider) for buyer, provider in row.related_parties),
    )


def held_quote_columns(quote: HeldQuote) -> dict[str, Any]:
    """A held quote's row."""
    return {name: getattr(quote, name) for name in quote.__slots__}


def read_held_quote(row: money_models.HeldQuoteRow) -> HeldQuote:
    """`HeldQuote` of a row."""
    return HeldQuote(**columns_of(row, "state"), state=HeldQuoteState(row.state))


def forecast_columns(forecast: Forecast) -> dict[str, Any]:
    """A forecast's row."""
    return {name: getattr(forecast, name) for name in forecast.__slots__}


def read_forecast(row: money_models.ForecastRow) -> Forecast:
    """`Forecast` of a row."""
    return Forecast(**columns_of(row, "basis"), basis=ForecastBasis(row.basis))
