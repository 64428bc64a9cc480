"""Who has most to show: for demonstrations."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from market.persistence.models import AllocationRow, BuyerRow, OfferingRow, OrderRow, ProviderRow


def busiest_buyer(session: Session) -> str | None:
    """The buyer with most orders; where there are no orders the first one, and None where there is no buyer."""
    count = func.count()
    most = select(OrderRow.buyer_id).group_by(OrderRow.buyer_id).order_by(count.desc(), OrderRow.buyer_id)
    return _first(session, most, select(BuyerRow.id).order_by(BuyerRow.id))


def busiest_provider(session: Session) -> str | None:
    """The provider with most allocations; where there are none the one with most offerings, or the first one."""
    count = func.count()
    allocated = (
        select(AllocationRow.provider_id)
        .group_by(AllocationRow.provider_id)
        .order_by(count.desc(), AllocationRow.provider_id)
    )
    listed = (
        select(OfferingRow.provider_id)
        .group_by(OfferingRow.provider_id)
        .order_by(count.desc(), OfferingRow.provider_id)
    )
    return _first(session, allocated, listed, select(ProviderRow.id).order_by(ProviderRow.id))


def _first(session: Session, *queries: Select[str]) -> str | None:
    """The first row of the first query that finds any."""
    for query in queries:
        found = session.scalar(query.limit(1))
        if found is not None:
            return found
    return None
