"""`suanli webhooks`: events sent to an address, signed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_record, print_table
from api.cli.reporting import ReportingGroup
from api.cli.shown_once import require_secret

if TYPE_CHECKING:
    from api.client.answers import DeliveryAnswer, WebhookAnswer, WebhookWithSecret
    from api.client.exchange import Exchange

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="Webhooks: events sent to an address, signed."
)

WebhookId = Annotated[str, typer.Argument(help="whk_…")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="order.submitted, order.*, …; repeat for several [all]")
]
Description = Annotated[str | None, typer.Option("--description", help="what it is for")]


@app.command("list")
@connected
def list_webhooks(exchange: "Exchange", *, limit: Most = 200, as_json: AsJson = False) -> None:
    """List webhooks: your own, or all with an operator's key.

    Example: suanli webhooks list
    """
    found = list(exchange.webhooks.list(at_most=limit))
    if as_json:
        print_json(found)
        return
    names = ("id", "state", "url", "kinds", "failing_since", "description")
    print_table(("id", "state", "url", "kinds", "failing since", "description"), cells(found, names))


@app.command()
@connected
def show(exchange: "Exchange", webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Show one webhook, without its secret.

    Example: suanli webhooks show whk_…
    """
    print_record(exchange.webhooks.read(webhook_id), as_json=as_json)


@app.command()
@connected
def create(
    exchange: "Exchange",
    url: Annotated[str, typer.Argument(help="https://…, at a public address")],
    *,
    kind: Kinds = None,
    description: Description = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="operators: whose, buy_… or prv_…")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have events sent to an address; the secret that signatures are verified with is shown this once.

    Example: suanli webhooks create https://hooks.example.com/suanli --kind 'order.*'
    """
    asked = {"url": url, "kinds": kind, "description": description, "organisation_id": organisation}
    _tell_secret(exchange.webhooks.create(_given(asked)), "is created", as_json=as_json)


@app.command()
@connected
def change(
    exchange: "Exchange",
    webhook_id: WebhookId,
    *,
    url: Annotated[str | None, typer.Option("--url", help="https://…")] = None,
    kind: Kinds = None,
    description: Description = None,
    state: Annotated[str | None, typer.Option("--state", help="paused, or active again")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a webhook, pause it, or let it go on where it was.

    Examples:

      suanli webhooks change whk_… --state paused

      suanli webhooks change whk_… --kind order.submitted --kind round.landed
    """
    asked = {"url": url, "kinds": kind, "description": description, "state": state}
    _tell(exchange.webhooks.change(webhook_id, _given(asked)), as_json=as_json)


@app.command()
@connected
def remove(exchange: "Exchange", webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Send nothing there any more.

    Example: suanli webhooks remove whk_…
    """
    _tell(exchange.webhooks.remove(webhook_id), as_json=as_json)


@app.command("rotate-secret")
@connected
def rotate_secret(exchange: "Exchange", webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Give a webhook a new secret, shown this once.

    Example: suanli webhooks rotate-secret whk_…
    """
    _tell_secret(exchange.webhooks.rotate_secret(webhook_id), "has a new secret", as_json=as_json)


@app.command("test")
@connected
def send_test(exchange: "Exchange", webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Send a `webhook.tested` event to this webhook alone; `deliveries` shows what came of it.

    Example: suanli webhooks test whk_…
    """
    _tell(exchange.webhooks.test(webhook_id), as_json=as_json)


@app.command()
@connected
def deliveries(
    exchange: "Exchange",
    webhook_id: WebhookId,
    *,
    state: Annotated[str | None, typer.Option("--state", help="only those in this state")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """What was delivered, newest first, and how the last try went.

    Example: suanli webhooks deliveries whk_… --limit 10
    """
    wanted: Any = state  # the exchange says which there are
    found = list(exchange.webhooks.deliveries(webhook_id, state=wanted, at_most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("id", "state", "event", "kind", "what", "tries", "delivered", "next try")
    print_table(columns, (_row(one) for one in found))


@app.command()
@connected
def retry(
    exchange: "Exchange",
    webhook_id: WebhookId,
    delivery_id: Annotated[str, typer.Argument(help="which delivery, see `deliveries`")],
    *,
    as_json: AsJson = False,
) -> None:
    """Try one delivery again now.

    Example: suanli webhooks retry whk_… dlv_…
    """
    print_record(exchange.webhooks.retry(webhook_id, delivery_id), as_json=as_json)


@app.command()
@connected
def replay(
    exchange: "Exchange",
    webhook_id: WebhookId,
    *,
    after: Annotated[str, typer.Option("--after", help="evt_…: the last one that is not sent again")],
    until: Annotated[
        str | None, typer.Option("--until", help="evt_…: the last one that is [all so far]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send events once more, after one and up to another.

    Example: suanli webhooks replay whk_… --after evt_0000000000000041
    """
    found = exchange.webhooks.replay(webhook_id, _given({"after": after, "until": until}))
    print_record(found, as_json=as_json)


def _given(asked: Mapping[str, object]) -> Any:
    return {name: value for name, value in asked.items() if value is not None}


def _tell(found: "WebhookAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} ({found.url}) is {found.state}")


def _tell_secret(found: "WebhookWithSecret", done: str, *, as_json: bool) -> None:
    secret = require_secret(
        found.secret, f"{found.id} ({found.url}) {done}", f"suanli webhooks rotate-secret {found.id}"
    )
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} ({found.url}): {secret}\nKeep it: it is shown this once.")


def _row(one: "DeliveryAnswer") -> tuple[object, ...]:
    return (
        one.id,
        one.state,
        one.event_id,
        one.kind,
        one.resource_id,
        len(one.attempts),
        one.delivered_at,
        one.next_attempt_at,
    )
