"""Orders come in: checked, covered, stored; a single one, as most are, in one way to the database and back."""

from collections.abc import Sequence
from datetime import datetime

from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.clock import Clock
from market.domain.errors import MarketError, NotCovered
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.states import OrderState
from market.idempotency import Once
from market.ordering.credit import TrustedCredit
from market.ordering.spot import PlacingAtOnce
from market.ordering.submission import Submission, accept_orders, remembered_answer
from market.persistence.database import Database
from market.persistence.directory import KeptDirectory
from market.persistence.ledger_store import enough_funds
from market.persistence.store import Store
from market.persistence.together import sent_together
from market.settlement.books import Books

Sent = Sequence[Submission | MarketError]
Answers = list[Order | MarketError]


class IntakeDesk(Desk):
    """Puts orders in the book, or says why not."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self._directory = KeptDirectory()
        self._credit = TrustedCredit()

    def _take_in(self, actor: Actor, sent: Sent, once: Once | None) -> Answers:
        if self._credit.covers(sent):
            try:
                return self._take_one(actor, sent, once)
            except NotCovered:
                self._credit.doubt(sent)  # nothing was stored: once more, and this time somebody looks
        return self._take_any(actor, sent, once)

    @repeatable
    def _take_one(self, actor: Actor, sent: Sent, once: Once | None) -> Answers:
        """One order that waits for a round, its hold left to the rule of the accounts."""
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            answers = self._checked(work, sent, now)
            accepted, books = _orders(answers), Books(work, self._ids, now)

            def store() -> None:
                work.orders.add(accepted, actor.key_id)
                books.accept_unasked(_open(accepted))

            if accepted:
                work.write_last(store)
            _remember(work, once, answers)
        return answers

    @repeatable
    def _take_any(self, actor: Actor, sent: Sent, once: Once | None) -> Answers:
        """Orders of any kind: the accounts of those who have a limit are held before anything is stored."""
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            placing: PlacingAtOnce | None = None
            if any(isinstance(one, Submission) and one.looks_for_place for one in sent):
                work.promises.hold_capacity()
                placing = PlacingAtOnce(work, work.catalogue(), self._ids, now)
            books = Books(work, self._ids, now)
            answers = books.admit(self._checked(work, sent, now))
            if placing is not None:
                answers = placing.find(answers, sent)
            accepted = _orders(answers)
            with enough_funds(), sent_together(work.session, len(accepted)):
                work.orders.add(accepted, actor.key_id)
                books.accept(_open(accepted))
            if placing is not None:
                answers = placing.grant(answers, actor.key_id)
            _remember(work, once, answers)
        return answers

    def _checked(self, work: Store, sent: Sent, now: datetime) -> Answers:
        directory = self._directory.read(work.session)
        buyers = {one.buyer_id for one in sent if isinstance(one, Submission)}
        work.orders.note_buyers(buyers, self._directory.buyers_among(work.session, buyers))
        return accept_orders(work, directory, sent, self._ids, now)


def _orders(answers: Sequence[Order | MarketError]) -> list[Order]:
    return [answer for answer in answers if isinstance(answer, Order)]


def _open(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if order.state is OrderState.OPEN]


def _remember(work: UnitOfWork, once: Once | None, answers: Answers) -> None:
    if once is not None:
        work.answer = {"orders": [remembered_answer(answer) for answer in answers]}
