"""What can be asked of the log of events: what is new, what was, and who did it."""

from market.domain.audience import Audience, Wanted
from market.domain.events import Event
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.persistence.database import Database
from market.persistence.event_reader import AuditFilter, AuditLine, EventReader
from market.persistence.paging import Page, PageRequest


class EventEnquiries:
    """Read-only desk for events. Safe between threads: each call has a session of its own."""

    _database: Database

    def newest_event(self) -> int:
        """The last sequence there is."""
        with self._database.reading() as session:
            return EventReader(session).newest()

    def events_after(
        self, sequence: int, most: int, audience: Audience, wanted: Wanted | None = None
    ) -> tuple[Event, ...]:
        """The next events for an audience, oldest first."""
        with self._database.reading() as session:
            return EventReader(session).after(sequence, most, audience, wanted)

    def events(self, audience: Audience, wanted: Wanted, request: PageRequest, after: int = 0) -> Page[Event]:
        """Events for an audience, paged, after a sequence."""
        with self._database.reading() as session:
            return EventReader(session).page(audience, wanted, request, after)

    def audit(self, actor: Actor, asked: AuditFilter, request: PageRequest) -> Page[AuditLine]:
        """Who did what, paged; for operators."""
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            return EventReader(session).audit(asked, request)
