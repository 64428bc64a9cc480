"""What owners ask of their webhooks, and of what was delivered to them."""

from market.access.tenancy import own_delivery, own_webhook
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.domain.webhooks import Delivery, DeliveryState, Webhook
from market.persistence.database import Database
from market.persistence.paging import Page, PageRequest
from market.persistence.store import Store


class WebhookEnquiries:
    """Read-only desk for webhooks. Safe between threads: each call has a session of its own."""

    _database: Database

    def webhooks(self, actor: Actor, request: PageRequest) -> Page[Webhook]:
        """One's own organisation's; all of them for the operator."""
        actor.require(scope=Scope.READ)
        only = None if actor.role is Role.OPERATOR else actor.organisation_id
        with self._database.reading() as session:
            return Store(session).webhooks.page(request, only)

    def webhook(self, actor: Actor, webhook_id: str, *, removed: bool = False) -> Webhook:
        """One of them; `NotFound` also for another organisation's. `removed`: that one may be, too."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            return own_webhook(Store(session), actor, webhook_id, removed=removed)

    def delivery(self, actor: Actor, webhook_id: str, number: int) -> Delivery:
        """One delivery to one's webhook."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            return own_delivery(work, own_webhook(work, actor, webhook_id), number)

    def deliveries(
        self, actor: Actor, webhook_id: str, request: PageRequest, state: DeliveryState | None = None
    ) -> Page[Delivery]:
        """What was and is to be delivered to one's webhook."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            return work.webhooks.page_deliveries(own_webhook(work, actor, webhook_id).id, request, state)
