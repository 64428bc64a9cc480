"""Webhooks, and what was delivered to them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.fields import PRINTABLE, Moment, PageQuery, Reference, Schema, example
from market.desks.webhooks import NewWebhook
from market.domain.parties import Actor
from market.domain.scopes import Scope
from market.domain.webhooks import Attempt, Delivery, DeliveryState, Webhook, WebhookState

ID = "01k0a1b2c3d4e5f6g7h8j9kmnp"
URL = "https://receiver.example/suanli"
SECRET = "whsec_RXhhbXBsZUV4YW1wbGVFeGFtcGxlRXhhbXBsZUV4YW0="  # noqa: S105 - an example
WEBHOOK: dict[str, Any] = {
    "id": f"whk_{ID}",
    "organisation_id": "buy_0001",
    "url": URL,
    "kinds": ["allocation.*", "order.*"],
    "description": "Scheduler",
    "state": "active",
    "created_at": "2025-07-16T07:00:00Z",
    "created_by": f"key_{ID}",
    "failing_since": None,
    "disabled_reason": None,
}
ATTEMPT = {"at": "2025-07-16T07:00:01Z", "milliseconds": 41, "status": 204, "error": None}


Url = Annotated[str, Field(min_length=1, max_length=2000, examples=[URL])]
Kinds = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]],
    Field(min_length=1, max_length=100, examples=[["allocation.*", "order.*"]]),
]
Description = Annotated[str, Field(max_length=200), PRINTABLE]


class WebhookRequest(Schema):
    """Where to send which events."""

    model_config = example(url=URL, kinds=["allocation.*", "order.*"], description="Scheduler")

    url: Url = Field(description="https, and at a public address.")
    kinds: Kinds = Field(
        default=["*"], description="Kinds such as `order.submitted`, families such as `order.*`, or `*`."
    )
    description: Description = ""
    organisation_id: Reference | None = Field(
        None, description="For operators: whose it is; left out, the operator's own."
    )

    def webhook(self) -> NewWebhook:
        """The market's noun."""
        return NewWebhook(self.url, tuple(self.kinds), self.description, self.organisation_id)


class WebhookChanges(Schema):
    """What is to be different; what is left out stays."""

    model_config = example(state="paused")

    url: Url | None = Field(None, json_schema_extra={"default": None})
    kinds: Kinds | None = None
    description: Description | None = None
    state: Literal["active", "paused", "disabled"] | None = Field(
        None,
        description="`paused`: nothing is sent, nothing is lost. `active`: it goes on where it was. `disabled`: for "
        "operators; what they disabled, only they set to active again.",
    )

    def changes(self) -> dict[str, Any]:
        """Those that were named."""
        found = {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}
        if "kinds" in found:
            found["kinds"] = tuple(found["kinds"])
        if "state" in found:
            found["state"] = WebhookState(found["state"])
        return found


class WebhookAnswer(Schema):
    """A webhook, without its secret."""

    model_config = example(**WEBHOOK)

    id: str
    organisation_id: str | None = Field(description="Whose it is; null: the operator's.")
    url: str = Field(description="Whole for keys with `webhooks:write`; to others only its host is shown.")
    kinds: list[str]
    description: str
    state: WebhookState
    created_at: Moment
    created_by: str = Field(description="The key it was made with; the webhook stays when that key ends.")
    failing_since: Moment | None = Field(description="Nothing has arrived since; null: the last one did.")
    disabled_reason: str | None = Field(
        description="Why it is disabled: `gone` (it answered 410), `failing` (for too long), `unknown_kinds` (it asks for "
        "what this version does not know) or `operator`."
    )

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookAnswer":
        """What its owner sees."""
        fields = {name: getattr(webhook, name) for name in WebhookAnswer.model_fields if name != "kinds"}
        return WebhookAnswer(**fields, kinds=list(webhook.kinds))

    @classmethod
    def shown_to(cls, actor: Actor, webhook: Webhook) -> "WebhookAnswer":
        """What somebody sees who may not do anything with it."""
        whole = cls.of(webhook)
        return (
            whole
            if Scope.WEBHOOKS in actor.scopes
            else whole.model_copy(update={"url": webhook.redacted_url})
        )


class WebhookWithSecret(WebhookAnswer):
    """A webhook, and the secret its signatures are verified with, which is shown this once."""

    model_config = example(**WEBHOOK, secret=SECRET)

    secret: str | None = Field(
        description="Shown this once. Null where the request is a repetition under its idempotency key."
    )

    @classmethod
    def with_secret(cls, webhook: Webhook, secret: str | None) -> "WebhookWithSecret":
        """What its owner sees once."""
        return cls(**dict(WebhookAnswer.of(webhook)), secret=secret)


class ReplayRequest(Schema):
    """Which events to deliver once more."""

    model_config = example(after="evt_0000000000000042", until="evt_0000000000000099")

    after: str = Field(max_length=64, description="The last event that is not to be sent again.")
    until: str | None = Field(None, max_length=64, description="The last one that is; left out: all so far.")


class WebhookReplayAnswer(Schema):
    """How much is delivered once more."""

    model_config = example(webhook_id=f"whk_{ID}", deliveries=57)

    webhook_id: str
    deliveries: int


class AttemptAnswer(Schema):
    """One try."""

    model_config = example(**ATTEMPT)

    at: Moment
    milliseconds: int
    status: int | None = Field(description="What was answered; null where nothing was.")
    error: str | None = Field(
        description="`timeout`, `address_refused`, `tls_failed`, `connection_failed`, `redirected`, `bad_answer`."
    )

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptAnswer":
        """As its owner sees it."""
        return cls(
            at=attempt.at, milliseconds=attempt.milliseconds, status=attempt.status, error=attempt.error
        )


class DeliveryAnswer(Schema):
    """One event to one webhook, and every try."""

    model_config = example(
        id="dlv_0000000000000007",
        event_id="evt_0000000000000042",
        kind="order.submitted",
        resource="order",
        resource_id=f"ord_{ID}",
        replay=0,
        state="delivered",
        created_at="2025-07-16T07:00:00Z",
        next_attempt_at=None,
        delivered_at="2025-07-16T07:00:01Z",
        attempts=[ATTEMPT],
    )

    id: str
    event_id: str
    kind: str
    resource: str
    resource_id: str
    replay: int = Field(description="0: the first time; 1: the first replay that was asked for, and so on.")
    state: DeliveryState
    created_at: Moment
    next_attempt_at: Moment | None
    delivered_at: Moment | None
    attempts: list[AttemptAnswer] = Field(description="The newest 20.")

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryAnswer":
        """As its owner sees it."""
        fields = {name: getattr(delivery, name) for name in cls.model_fields if name != "attempts"}
        return cls(**fields, attempts=[AttemptAnswer.of(one) for one in delivery.attempts])


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state: DeliveryState | None = Field(None, description="Only those in this state.")
