"""What runs: reports of providers, nodes that fail, and the passing of time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from market.access.tenancy import own_allocation
from market.conditions import require
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.clock import rfc3339
from market.domain.errors import Conflict, NotFound
from market.domain.events import EXCHANGE
from market.domain.parties import Actor, Role
from market.domain.places import Node
from market.domain.rounds import Allocation
from market.domain.scopes import Scope
from market.domain.states import ALLOCATION_MOVES, AllocationState, Cause, NodeState, advance
from market.idempotency import Once
from market.persistence.store import Store
from market.running.lives import Lives, Running, held_running
from market.running.retention import MOST_UNITS, USUAL_RETENTION, Retention
from market.running.upkeep import CHUNK, Upkept, Watch

OnlyIfNode = Callable[[Node], bool] | None
"""What must be true of a node for it to be changed; None: nothing."""


class FailureCause(StrEnum):
    """Who is to blame: the buyer's job, or what the provider runs it on."""

    JOB = "job"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's report on one allocation: who says it, when, and what it is on."""

    work: UnitOfWork
    lives: Lives
    running: Running


class RunningDesk(Desk):
    """Follows what was granted to its end."""

    retention: Retention = USUAL_RETENTION
    """How long what may be forgotten is kept; whoever opens the exchange says otherwise."""

    # The passing of time

    def keep_time(self, actor: Actor | None = None, once: Once | None = None) -> Upkept:
        """Do what is due by now: start, capture, complete, interrupt, expire, lapse.

        Many short units of work, each whole; whatever cuts it off, the next call goes on. None: the exchange itself, which
        leaves it to whoever is just at it, in this process or another; else operators only.
        """
        if actor is not None:
            actor.require(Role.OPERATOR, scope=Scope.ROUNDS)
            return self._keep_time(actor, once)
        if not self.database.time_lock.take():
            return Upkept()
        try:
            return self._keep_time(None, None)
        finally:
            self.database.time_lock.release()

    def _keep_time(self, actor: Actor | None, once: Once | None) -> Upkept:
        now = self.clock.now()
        due, late = self._due(now)
        done = Upkept()
        for ids in _chunks(due):
            done += self._take_forward(ids, now)
        for ids in _chunks(late):
            done += self._expire(ids, now)
        done = self._lapse_quotes(actor, once, now, done)
        self._forget(now)
        return done

    @repeatable
    def _lapse_quotes(self, actor: Actor | None, once: Once | None, now: datetime, so_far: Upkept) -> Upkept:
        """The last of what is due; and the answer, which tells all of it."""
        with self._unit_of_work(actor, once) as work:
            done = so_far + Upkept(quotes_lapsed=work.promises.lapse_quotes(now))
            work.answer = asdict(done)
            if actor is not None:
                work.events.record("exchange", "time_kept", "exchange", **work.answer)
        return done

    @repeatable
    def _forget(self, now: datetime) -> None:
        for _ in range(MOST_UNITS):
            with self._unit_of_work() as work:
                more = self.retention.forget_some(work, now)
            if not more:
                return

    def _due(self, now: datetime) -> tuple[list[str], tuple[str, ...]]:
        """Ids of orders with something due on their allocation, and of those in the book past their deadline."""
        with self.database.reading() as session:
            work = Store(session)
            watch = Watch.over(work, now, self.listening_since())
            return [allocation.order_id for allocation in watch.due(work)], work.orders.past_deadline(now)

    @repeatable
    def _take_forward(self, order_ids: Sequence[str], now: datetime, actor: str = EXCHANGE) -> Upkept:
        """Take lives forward that were due a moment ago, and still are when nobody else can touch them."""
        with self._unit_of_work() as work:
            watch = Watch.over(work, now, self.listening_since())
            lives, done = Lives(work, self._ids, now, actor), Upkept()
            with lives.together():
                for running in held_running(work, order_ids):
                    if watch.is_due(running.allocation):
                        done += watch.take_forward(lives, running)
        return done

    @repeatable
    def _expire(self, order_ids: Sequence[str], now: datetime) -> Upkept:
        with self._unit_of_work() as work:
            lives = Lives(work, self._ids, now)
            still = set(work.orders.past_deadline(now))
            late = [order for id_, order in work.orders.held(order_ids).items() if id_ in still]
            lives.expire(late, Cause.DEADLINE_PASSED, "its deadline passed")
        return Upkept(expired=len(late))

    # Reports of providers

    @repeatable
    def report_start(self, actor: Actor, allocation_id: str, once: Once | None = None) -> Allocation:
        """It runs from now on. `Conflict` `too_early` before its window, `too_late` after it."""
        with self._report(actor, allocation_id, once) as report:
            allocation, now = report.running.allocation, report.lives.now
            if now < allocation.starts_at:
                raise Conflict(
                    "too_early",
                    f"allocation {allocation_id} starts at {rfc3339(allocation.starts_at)}: report it then",
                    starts_at=rfc3339(allocation.starts_at),
                )
            if now >= allocation.ends_at:
                raise Conflict(
                    "too_late",
                    f"allocation {allocation_id} ended at {rfc3339(allocation.ends_at)}",
                    ends_at=rfc3339(allocation.ends_at),
                )
            return report.lives.start(report.running, now, beats=True).allocation

    @repeatable
    def report_heartbeat(self, actor: Actor, allocation_id: str, once: Once | None = None) -> Allocation:
        """It still runs. `Conflict` `not_running` unless it is active."""
        with self._report(actor, allocation_id, once) as report:
            allocation = report.running.allocation
            if allocation.state is not AllocationState.ACTIVE:
                raise Conflict(
                    "not_running",
                    f"allocation {allocation_id} is {allocation.state.value}: only what is active beats",
                    current=allocation.state.value,
                )
            heard = max(report.lives.now, allocation.heartbeat_at or report.lives.now)
            report.work.rounds.note_heartbeat(allocation_id, heard)
            return replace(allocation, heartbeat_at=heard)

    @repeatable
    def report_completion(self, actor: Actor, allocation_id: str, once: Once | None = None) -> Allocation:
        """It is done, early or on time: used time is paid, by the second, and the rest released."""
        with self._report(actor, allocation_id, once) as report:
            advance(ALLOCATION_MOVES, report.running.allocation.state, AllocationState.COMPLETED)
            return report.lives.complete(
                report.running, report.lives.now, "its provider reports it done"
            ).allocation

    @repeatable
    def report_failure(
        self, actor: Actor, allocation_id: str, cause: FailureCause, note: str = "", once: Once | None = None
    ) -> Allocation:
        """It failed: the job by itself, which ends its order; or what it ran on, and the order is matched again."""
        with self._report(actor, allocation_id, once) as report:
            by_job = cause is FailureCause.JOB
            to = AllocationState.FAILED if by_job else AllocationState.INTERRUPTED
            advance(ALLOCATION_MOVES, report.running.allocation.state, to)
            now, reason = report.lives.now, note or f"its provider reports a failure of the {cause.value}"
            if by_job:
                return report.lives.fail(report.running, now, reason).allocation
            return report.lives.interrupt(report.running, now, Cause.PROVIDER_FAILED, reason).allocation

    @contextmanager
    def _report(self, actor: Actor, allocation_id: str, once: Once | None) -> Iterator[Report]:
        """One unit of work around a report, what was due before it done first.

        Silence is not held against a provider that speaks: a heartbeat is missed when the exchange notices.
        """
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            order_id = own_allocation(work, actor, allocation_id).order_id
            due, lives = Watch.over(work, now, listening_since=now), Lives(work, self._ids, now)
            for running in held_running(work, [order_id]):
                if running.allocation.id == allocation_id and due.is_due(running.allocation):
                    due.take_forward(lives, running)
            order, allocation = work.orders.held([order_id])[order_id], work.rounds.allocation(allocation_id)
            if allocation is None:
                raise NotFound("not_found", f"no allocation {allocation_id}")
            yield Report(work, Lives(work, self._ids, now, actor.key_id), Running(order, allocation))
            work.answer = {"allocation_id": allocation_id}

    # Nodes

    def node_down(
        self, actor: Actor, node_id: str, once: Once | None = None, *, only_if: OnlyIfNode = None
    ) -> Node:
        """A node is gone: it takes nothing more, and what it holds is interrupted now, to be matched again."""
        actor.require(Role.OPERATOR, scope=Scope.MARKET)
        now = self.clock.now()
        self._follow_node(node_id, now, EXCHANGE)  # what was due before it failed
        node = self._move_node(actor, node_id, NodeState.DOWN, once, only_if)
        self._follow_node(node_id, now, actor.key_id)
        return node

    def node_up(
        self, actor: Actor, node_id: str, once: Once | None = None, *, only_if: OnlyIfNode = None
    ) -> Node:
        """A node is back, and takes part in the next round."""
        actor.require(Role.OPERATOR, scope=Scope.MARKET)
        return self._move_node(actor, node_id, NodeState.UP, once, only_if)

    @repeatable
    def _move_node(
        self, actor: Actor, node_id: str, to: NodeState, once: Once | None, only_if: OnlyIfNode
    ) -> Node:
        with self._unit_of_work(actor, once) as work:
            node = work.held_node(node_id)
            if node is None:
                raise NotFound("not_found", f"no node {node_id}")
            require(only_if, node)
            work.answer = {"node_id": node_id}
            return work.move_node(node, to)

    def _follow_node(self, node_id: str, now: datetime, actor: str) -> None:
        with self.database.reading() as session:
            there = [a.order_id for a in Store(session).rounds.live_allocations_at(node_id)]
        for ids in _chunks(there):
            self._take_forward(ids, now, actor)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
