"""A few figures that tell how the market is, read from the database in a few cheap questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.domain.rounds import Round
from market.domain.states import IN_BOOK
from market.persistence.database import Database
from market.persistence.models import EventRow, OrderRow, RoundRow
from market.persistence.money_models import AccountRow
from market.persistence.store import Store
from market.persistence.webhook_models import DeliveryRow, WebhookRow


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """As of one moment. `imbalance_micros` is what the accounts' sums are out by: zero, or the ledger is broken."""

    orders_in_book: int
    rounds_by_state: Mapping[str, int]
    last_landed: Round | None
    imbalance_micros: int
    newest_event: int
    webhooks: "WebhookSigns"


@dataclass(frozen=True, slots=True)
class WebhookSigns:
    """What waits to be delivered, since when, and how many events the webhook that is furthest behind has not been told."""

    by_state: Mapping[str, int]
    pending: int
    oldest_pending: datetime | None
    events_behind: int


def read_vital_signs(database: Database) -> VitalSigns:
    """The figures now. Sums of transfers are left to `GET /v1/ledger/balance`: there are many of them."""
    with database.reading() as session:
        in_book = select(func.count()).select_from(OrderRow).where(OrderRow.state.in_(sorted(IN_BOOK)))
        by_state = select(RoundRow.state, func.count().label("rounds")).group_by(RoundRow.state)
        out_by = select(func.sum(AccountRow.credits_micros) - func.sum(AccountRow.debits_micros))
        return VitalSigns(
            orders_in_book=session.scalar(in_book) or 0,
            rounds_by_state={row.state: row.rounds for row in session.execute(by_state)},
            last_landed=Store(session).rounds.newest_landed(),
            imbalance_micros=abs(int(session.scalar(out_by) or 0)),
            newest_event=session.scalar(_NEWEST_EVENT) or 0,
            webhooks=_read_webhook_signs(session),
        )


_NEWEST_EVENT = select(func.max(EventRow.sequence))


def _read_webhook_signs(session: Session) -> WebhookSigns:
    by_state = select(WebhookRow.state, func.count().label("webhooks")).group_by(WebhookRow.state)
    waiting = select(func.count(), func.min(DeliveryRow.created_at)).where(DeliveryRow.state == "pending")
    told = select(func.min(WebhookRow.told_up_to)).where(WebhookRow.state == "active")
    pending, oldest = session.execute(waiting).one()
    newest, least = session.scalar(_NEWEST_EVENT) or 0, session.scalar(told)
    return WebhookSigns(
        by_state={row.state: row.webhooks for row in session.execute(by_state)},
        pending=pending,
        oldest_pending=oldest,
        events_behind=0 if least is None else max(0, newest - least),
    )
