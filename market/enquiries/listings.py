"""What can be asked of one listing: how it is taken hour by hour, and which terms it had when. Public."""

from dataclasses import replace
from datetime import datetime

from market.domain.clock import Clock
from market.domain.errors import NotFound
from market.domain.offerings import LOADED, Offering, OfferingVersion
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.domain.states import NodeState
from market.enquiries.calendars import CalendarHour, build_calendar, calendar_hours
from market.persistence.database import Database
from market.persistence.paging import Page, PageRequest
from market.persistence.store import Store

NOT_TOLD = ""


class ListingEnquiries:
    """Read-only desk for listings. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def offering(self, offering_id: str) -> Offering:
        """One offering."""
        with self._database.reading() as session:
            return _listed(Store(session), offering_id)

    def offering_calendar(
        self, offering_id: str, start: datetime | None, hours: int
    ) -> tuple[CalendarHour, ...]:
        """Listed, usable, allocated, held and free units, hour by hour: sums only, nobody's orders."""
        now = self._clock.now()
        shown = calendar_hours(start, hours, now)
        with self._database.reading() as session:
            work = Store(session)
            offering = _listed(work, offering_id)
            held = [q for q in work.promises.held_quotes(now) if q.offering_id == offering_id]
            running = work.listings.running_on(offering_id, shown[0])
            down = {node.id for node in work.nodes() if node.state is NodeState.DOWN}
        return build_calendar(offering, running, held, shown, node_down=offering.node_id in down)

    def offering_versions(
        self, offering_id: str, request: PageRequest, actor: Actor | None = None
    ) -> Page[OfferingVersion]:
        """An offering's terms as they were, paged; whose key set them is for its provider and the operator."""
        with self._database.reading() as session:
            work = Store(session)
            offering = _listed(work, offering_id)
            page = work.listings.page_versions(offering_id, request)
            if not page.items and offering.version == 1 and request.cursor is None:
                page = Page((OfferingVersion(offering, offering.listed_at, LOADED),), None)
        if actor is not None and _may_know(actor, offering):
            return page
        return Page(tuple(replace(v, changed_by=NOT_TOLD) for v in page.items), page.next_cursor)


def _listed(work: Store, offering_id: str) -> Offering:
    found = work.offering(offering_id)
    if found is None:
        raise NotFound("not_found", f"no offering {offering_id}")
    return found


def _may_know(actor: Actor, offering: Offering) -> bool:
    own = actor.role is Role.PROVIDER and actor.organisation_id == offering.provider_id
    return (own and Scope.READ in actor.scopes) or actor.sees_everything
