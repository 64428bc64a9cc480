"""How a round lands: everything is made ready before the transaction that writes it, which only looks whether it still fits.

Whoever holds SQLite's only writer keeps everybody else waiting, so what takes long is done without it: the market is
read, what is left out of the round is found, the last check is made, and every row is bound to the database's types.
`land_round` then asks the log whether anything has happened since to what the round depends on. If not, what was checked
is what is written. If so, what changed is read again, the same rules and the last check are applied to it, and the rows
that do not fit any more are dropped.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from market.clearing.builder import BuiltProblem
from market.clearing.landing import RoundOutcome, leave_out
from market.clearing.snapshot import Movable
from market.domain.errors import Conflict
from market.domain.ids import IdSource
from market.domain.orders import Order
from market.domain.rounds import Round
from market.domain.states import Cause, OfferingState, RoundState
from market.persistence.bulk import BoundRows
from market.persistence.order_store import same_work
from market.persistence.staging import Stage
from market.persistence.store import Store
from market.rounds.landing_checks import without_room
from market.rounds.landing_rows import Fit, LandingRows, bind_landing
from market.rounds.steps import OpenedRound, closed, refuse_outcome
from market.running.lives import Lives
from market.settlement.invariants import check_outcome

SUPPLY = frozenset({"allocation", "quote", "offering", "node", "region"})
"""What decides whether there is room for what a round grants."""
DEPENDS_ON = SUPPLY | {"order"}
EXPLAINED_AT_ONCE = 500
"""Explanations that are stored in one transaction where others wait for it."""


@dataclass(frozen=True, slots=True)
class FittedLanding:
    """What of a round can land, and up to where in the log the market was read for it."""

    opened: OpenedRound
    built: BuiltProblem
    seen: int
    now: datetime
    fit: Fit
    explanations: BoundRows

    def beforehand(self, at_once: int = EXPLAINED_AT_ONCE) -> Iterator[Callable[[Store], None]]:
        """What may be stored before it lands, each in a transaction of its own: it is no state of the market.

        Nobody sees it before the round has landed, and where it does not, it is removed as the round is closed.
        """
        if self.fit.broken:
            return
        outcome, limits = self.fit.outcome, asdict(self.opened.limits)
        record = outcome.problem_npz, outcome.clearing_npz, outcome.names, limits
        yield partial(
            self._while_clearing, lambda work: work.rounds.add_record(self.opened.round.id, *record)
        )
        for some in self.explanations.parts(at_once):
            yield partial(self._while_clearing, partial(_explain, some))

    def _while_clearing(self, store: Callable[[Store], None], work: Store) -> None:
        """A round that was taken over leaves nothing behind: whoever did has cleaned up already."""
        work.rounds.require_clearing(self.opened.round.id)
        store(work)


@dataclass(frozen=True, slots=True)
class PreparedLanding(FittedLanding):
    """A round that is ready to land."""

    rows: LandingRows
    late: frozenset[str] = frozenset()
    """Orders whose rows were dropped again, because something happened to them or to their place."""

    def laid_ready(self, on: Stage | None) -> "PreparedLanding":
        """To be landed on the connection of that stage, if there is one."""
        return self if on is None else replace(self, rows=self.rows.laid_ready(on))


def fit_landing(
    market: Store, opened: OpenedRound, built: BuiltProblem, outcome: RoundOutcome, now: datetime
) -> FittedLanding:
    """What of an outcome can land, from a market that is only read; the last check is made here."""
    seen = market.events.newest()
    cleared = {order.id: order for order in opened.snapshot.orders}
    touched = market.events.touched_since(opened.seen, {"order"}).get("order", set())
    still_open = cleared.keys() - _changed(cleared, market.orders.named(sorted(touched & cleared.keys())))
    movable = _still_movable(market, opened.snapshot.movable)
    fit = _fitted(market, opened, built, outcome, (still_open, movable), now)
    unplaced = [e for e in fit.outcome.explanations if e.order_id in still_open]
    return FittedLanding(opened, built, seen, now, fit, market.orders.bind_explanations(unplaced))


def prepare_landing(market: Store, fitted: FittedLanding, ids: IdSource) -> PreparedLanding:
    """Everything that is to be written, from the same market."""
    opened, fit, now = fitted.opened, fitted.fit, fitted.now
    rows = bind_landing(market, opened, fit, ids, now)
    return PreparedLanding(opened, fitted.built, fitted.seen, now, fit, fitted.explanations, rows)


def _explain(explanations: BoundRows, work: Store) -> None:
    explanations.write(work.session)


def land_round(work: Store, prepared: PreparedLanding, ids: IdSource) -> tuple[Round, PreparedLanding]:
    """Store everything at once; what left the market or changed its terms while it cleared is left out.

    The round as it ended, and the landing as the market was then.
    """
    opened, now = prepared.opened, prepared.now
    # 1. Nobody takes capacity, changes listings or touches the book until the end of this unit of work.
    work.promises.hold_capacity()
    work.hold_listings()
    work.orders.hold_book(and_also=prepared.fit.movable)
    # 2. What has changed since it was made ready is left out; what would break a promise lands not at all.
    prepared = catch_up(work, prepared)
    fit, late = prepared.fit, prepared.late
    if fit.broken:
        return refuse_outcome(work, opened.round, fit.broken, now), prepared
    # 3. The round, what it grants, and what becomes of the rest of its book.
    landed = _close_landed(work, opened, fit, now)
    _write(work, fit, prepared.rows, Lives(work, ids, now))
    work.orders.drop_explanations(landed.id, late)
    missed = [order for order in fit.missed(opened) if order.id in late]
    if missed:
        Lives(work, ids, now).expire(missed, Cause.ROUND_MISSED, f"not placed in {landed.id}")
    return landed, prepared


def _fitted(
    market: Store,
    opened: OpenedRound,
    built: BuiltProblem,
    outcome: RoundOutcome,
    there: tuple[Collection[str], Mapping[str, Movable]],
    now: datetime,
) -> Fit:
    """What of an outcome can land: its orders, their offerings and their places are what they were."""
    still_open, movable = there
    gone = _gone(market, opened, outcome, {*still_open, *movable}, now)
    landing = leave_out(built, outcome, gone) if gone else outcome
    in_book = {order.id: order for order in opened.snapshot.orders}
    running = market.rounds.live_allocations(opened.snapshot.horizon.starts_at)
    broken = check_outcome(market.catalogue(), in_book, landing.allocations, running)
    return Fit(landing, frozenset(gone), frozenset(still_open), movable, tuple(broken))


def catch_up(market: Store, prepared: PreparedLanding) -> PreparedLanding:
    """The landing as the market is now: the same one unless something has happened to what it depends on.

    One that would break a promise is refused, whatever happens to its orders: nothing was drawn up for it.
    """
    if prepared.fit.broken:
        return prepared
    opened, before = prepared.opened, prepared.fit
    concerned = {order.id for order in opened.snapshot.orders} | before.movable.keys()
    seen = market.events.newest()
    touched = market.events.touched_since(prepared.seen, DEPENDS_ON)
    orders = touched.get("order", set()) & concerned
    if not orders and not SUPPLY & touched.keys():
        return prepared
    stored = market.orders.named(sorted(orders))
    changed = before.still_open & _changed({order.id: order for order in opened.snapshot.orders}, stored)
    live = market.rounds.live_allocations_of(before.movable.keys())
    movable = {
        id_: one
        for id_, one in before.movable.items()
        if live.get(id_) == one.allocation and stored.get(id_, one.order) == one.order
    }
    there = before.still_open - changed, movable
    fit = _fitted(market, opened, prepared.built, before.outcome, there, prepared.now)
    late = {*changed, *fit.gone, *(before.movable.keys() - movable.keys())}
    return replace(
        prepared,
        seen=seen,
        fit=replace(fit, gone=before.gone | fit.gone),
        rows=prepared.rows.without(late),
        late=prepared.late | late,
    )


def _changed(cleared: Mapping[str, Order], stored: Mapping[str, Order]) -> set[str]:
    """Which of the stored orders are not the work that was cleared any more."""
    return {id_ for id_, now in stored.items() if id_ in cleared and not same_work(cleared[id_], now)}


def _gone(
    market: Store, opened: OpenedRound, outcome: RoundOutcome, still_there: Collection[str], now: datetime
) -> set[str]:
    """Orders whose placement cannot land: they, their offering or their place are not what they were."""
    cleared = {offering.id: offering for offering in opened.snapshot.catalogue.offerings}
    as_listed = {o.id for o in market.offerings() if o.state is OfferingState.OPEN and o == cleared.get(o.id)}
    gone = {
        a.order_id
        for a in outcome.allocations
        if a.order_id not in still_there or a.offering_id not in as_listed
    }
    rest = [a for a in outcome.allocations if a.order_id not in gone]
    return gone | without_room(market, opened.snapshot, rest, now)


def _still_movable(market: Store, movable: Sequence[Movable]) -> dict[str, Movable]:
    """What can be moved now, by order id: nothing has become of it."""
    ids = [one.order.id for one in movable]
    orders, live = market.orders.named(ids), market.rounds.live_allocations_of(ids)
    return {
        one.order.id: one
        for one in movable
        if live.get(one.order.id) == one.allocation and orders.get(one.order.id) == one.order
    }


def _close_landed(work: Store, opened: OpenedRound, fit: Fit, now: datetime) -> Round:
    """The round as it landed."""
    landing = fit.outcome
    moved = sum(a.order_id in fit.movable for a in landing.allocations)
    landed = closed(
        opened.round,
        RoundState.LANDED,
        now,
        placed=len(landing.allocations) - moved,
        left_out=len(fit.gone),
        status=landing.clearing.status.value,
        value_micros=int(landing.clearing.value_micros),
        bound_micros=int(landing.clearing.bound_micros),
        gap=float(landing.clearing.gap),
        seconds=float(landing.clearing.seconds),
        figures={**landing.figures, "movable": len(fit.movable), "moved": moved},
    )
    work.rounds.close(landed)
    return landed


def _write(work: Store, fit: Fit, rows: LandingRows, lives: Lives) -> None:
    """Allocations are stored, holds fall to prices, orders take their step; what moved gives up its old place."""
    moves = [a for a in fit.outcome.allocations if a.order_id in fit.movable]
    for allocation in moves:
        lives.give_up(fit.movable[allocation.order_id].allocation)
    rows.allocations.write(work.session)
    if not rows.orders.write(work.session):
        raise Conflict("order_changed", "an order changed state meanwhile; read it again")
    work.ledger.open_accounts(rows.accounts)
    work.ledger.post_bound(rows.transfers, rows.moved_money)
    work.events.take_over(rows.events)
    for allocation in moves:
        lives.note_move(allocation)
