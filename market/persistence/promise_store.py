"""Promises: quotes that are held, and forecasts of when orders will be matched."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from market.domain.clock import HOUR
from market.domain.devices import ComputeClass
from market.domain.errors import Conflict
from market.domain.quotes import Forecast, ForecastScore, HeldQuote, HeldQuoteState
from market.domain.states import IN_BOOK, OrderState, RoundState
from market.persistence import mapping
from market.persistence.bulk import insert_rows
from market.persistence.event_log import EventLog
from market.persistence.models import OrderRow, RoundRow
from market.persistence.money_models import ForecastRow, HeldQuoteRow

CAPACITY_LOCK = 0x4B41
"""Any number besides that of the round lock: whoever takes free capacity takes this first."""


class PromiseStore:
    """Reads and writes promises in one session."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def hold_capacity(self) -> None:
        """Nobody else takes free capacity before the end of this unit of work (SQLite has one writer anyway).

        To be asked for before any row is locked: whoever holds rows and waits here could be waited for.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": CAPACITY_LOCK})

    # Held quotes

    def add_quote(self, quote: HeldQuote) -> None:
        """Insert a held quote."""
        self._session.execute(insert(HeldQuoteRow), [mapping.held_quote_columns(quote)])
        self._events.record("quote", quote.state.value, quote.id, buyer_id=quote.buyer_id)

    def quote(self, quote_id: str) -> HeldQuote | None:
        """One held quote, as it is in the database now."""
        query = select(HeldQuoteRow).where(HeldQuoteRow.id == quote_id)
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else mapping.read_held_quote(row)

    def held_quotes(self, now: datetime) -> tuple[HeldQuote, ...]:
        """Quotes that hold capacity now."""
        query = select(HeldQuoteRow).where(
            HeldQuoteRow.state == HeldQuoteState.HELD, HeldQuoteRow.expires_at > now
        )
        return tuple(
            mapping.read_held_quote(r) for r in self._session.scalars(query.order_by(HeldQuoteRow.id))
        )

    def count_held_quotes(self, buyer_id: str, now: datetime) -> int:
        """How many quotes a buyer holds now."""
        query = select(func.count()).where(
            HeldQuoteRow.buyer_id == buyer_id,
            HeldQuoteRow.state == HeldQuoteState.HELD,
            HeldQuoteRow.expires_at > now,
        )
        return self._session.scalar(query) or 0

    def end_quote(self, quote: HeldQuote, state: HeldQuoteState, order_id: str | None = None) -> HeldQuote:
        """A held quote is used or given back; `Conflict` where it is not held any more."""
        statement = update(HeldQuoteRow).where(
            HeldQuoteRow.id == quote.id, HeldQuoteRow.state == HeldQuoteState.HELD
        )
        ended = self._session.execute(statement.values(state=state, order_id=order_id))
        if ended.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("quote_expired", f"quote {quote.id} is not held any more; ask for a new one")
        how = "used" if state is HeldQuoteState.USED else "released"
        self._events.record("quote", how, quote.id, buyer_id=quote.buyer_id, order_id=order_id)
        return replace(quote, state=state, order_id=order_id)

    def lapse_quotes(self, now: datetime) -> int:
        """Let go of quotes whose time is over; how many. They hold nothing since, whether this was asked for or not."""
        statement = update(HeldQuoteRow).where(
            HeldQuoteRow.state == HeldQuoteState.HELD, HeldQuoteRow.expires_at <= now
        )
        lapsing = statement.values(state=HeldQuoteState.LAPSED)
        lapsed = self._session.execute(lapsing.returning(HeldQuoteRow.id, HeldQuoteRow.buyer_id)).all()
        for quote_id, buyer_id in sorted(tuple(row) for row in lapsed):
            self._events.record("quote", HeldQuoteState.LAPSED.value, quote_id, buyer_id=buyer_id)
        return len(lapsed)

    # Forecasts

    def add_forecasts(self, forecasts: Sequence[Forecast]) -> None:
        """Insert what was forecast."""
        insert_rows(self._session, ForecastRow, [mapping.forecast_columns(f) for f in forecasts])

    def forecast_since(self, moment: datetime) -> set[str]:
        """Orders with a forecast made after a moment."""
        query = select(ForecastRow.order_id).where(ForecastRow.hit.is_(None), ForecastRow.made_at > moment)
        return set(self._session.scalars(query))

    def pending_forecasts(self) -> tuple[Forecast, ...]:
        """Forecasts still to be scored, of orders that have left the book."""
        query = (
            select(ForecastRow)
            .join(OrderRow, OrderRow.id == ForecastRow.order_id)
            .where(ForecastRow.hit.is_(None), OrderRow.state.not_in(IN_BOOK))
        )
        return tuple(mapping.read_forecast(row) for row in self._session.scalars(query))

    def scored_forecasts(self, most: int) -> tuple[Forecast, ...]:
        """The newest forecasts of which it is known how they fared."""
        query = select(ForecastRow).where(ForecastRow.hit.is_not(None))
        newest = query.order_by(ForecastRow.made_at.desc(), ForecastRow.order_id).limit(most)
        return tuple(mapping.read_forecast(row) for row in self._session.scalars(newest))

    def write_scores(self, forecasts: Sequence[Forecast]) -> None:
        """Write how forecasts fared."""
        names = ("order_id", "made_at", "matched_at", "hit", "waited_rounds")
        rows = [{name: getattr(forecast, name) for name in names} for forecast in forecasts]
        if rows:
            self._session.execute(update(ForecastRow), rows)

    def forget_forecasts(self, order_ids: Collection[str]) -> None:
        """Drop what can never be scored."""
        ids = sorted(order_ids)
        for start in range(0, len(ids), 500):
            gone = delete(ForecastRow).where(
                ForecastRow.hit.is_(None), ForecastRow.order_id.in_(ids[start : start + 500])
            )
            self._session.execute(gone, execution_options={"synchronize_session": False})

    def forecast_score(self, most: int) -> ForecastScore:
        """How the newest forecasts fared that could be scored."""
        scored = self.scored_forecasts(most)
        widths = [(f.latest - f.earliest) / HOUR for f in scored if f.latest is not None]
        return ForecastScore(
            count=len(scored),
            hits=sum(f.hit is True for f in scored),
            open_ended=len(scored) - len(widths),
            mean_width_hours=sum(widths) / len(widths) if widths else None,
        )

    # What forecasts are made of

    def landed_rounds(self, since: datetime) -> tuple[datetime, ...]:
        """When rounds landed, from a moment on, oldest first."""
        query = select(RoundRow.closed_at).where(
            RoundRow.state == RoundState.LANDED, RoundRow.closed_at >= since
        )
        return tuple(at for at in self._session.scalars(query.order_by(RoundRow.id)) if at is not None)

    def newest_landings(self, most: int) -> tuple[datetime, ...]:
        """When the newest rounds landed, newest first."""
        query = select(RoundRow.closed_at).where(RoundRow.state == RoundState.LANDED)
        newest = query.order_by(RoundRow.id.desc()).limit(most)
        return tuple(at for at in self._session.scalars(newest) if at is not None)

    def steps_of(self, order_ids: Sequence[str]) -> dict[str, list[tuple[datetime, OrderState]]]:
        """When orders came into which state, oldest first."""
        steps = self._events.histories("order", order_ids)
        return {id_: [(at, OrderState(data["state"])) for at, data in told] for id_, told in steps.items()}

    def book(self, compute_class: ComputeClass) -> tuple[tuple[Mapping[str, Any], int, float], ...]:
        """Of each order in the book for a compute class: its job as stored, what its buyer still pays, the share to do."""
        query = select(
            OrderRow.job,
            OrderRow.limit_price_micros - OrderRow.paid_micros,
            OrderRow.remaining_share,
        ).where(OrderRow.state.in_(IN_BOOK), OrderRow.job["compute_class"].as_string() == compute_class.value)
        rows = self._session.execute(query)
        return tuple((job, int(limit), share) for job, limit, share in rows)

    def orders_ahead(self, queue_key: str) -> int:
        """How many orders in the book come before this place in the queue."""
        query = select(func.count()).where(OrderRow.state.in_(IN_BOOK), OrderRow.queue_key < queue_key)
        return self._session.scalar(query) or 0
