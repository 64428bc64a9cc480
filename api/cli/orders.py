"""`suanli orders`: submit, list, show, amend, cancel, explain."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import order_life
from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_record, print_table
from api.cli.reporting import ReportingGroup
from api.client.errors import Refusal

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Orders: jobs and what they may cost.")

BATCH = 200
OrderId = Annotated[str, typer.Argument(help="ord_…")]


@app.command("list")
def list_orders(
    *,
    state: Annotated[str | None, typer.Option("--state", help="open, allocated, cancelled, …")] = None,
    limit: Most = 50,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List orders: your own, or all with an operator's key.

    Example: suanli orders list --state open --limit 20
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    with ExchangeClient(server, key) as client:
        found = list(client.pages("/v1/orders", limit, state=state))
    if as_json:
        print_json(found)
        return
    rows = (
        (
            o["id"],
            o["state"],
            job["job_class"],
            job["origin_region"],
            job["units"],
            _hours(job),
            o["limit_price"],
        )
        for o in found
        for job in (o["job"],)
    )
    print_table(("id", "state", "job class", "origin", "units", "hours", "limit CNY"), rows)


@app.command()
def show(order_id: OrderId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """Show one order.

    Example: suanli orders show ord_…
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = client.get(f"/v1/orders/{order_id}")
    print_record(found, as_json=as_json)


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="a JSON object, a JSON array, or one JSON object a line")],
    *,
    time_in_force: Annotated[
        str | None,
        typer.Option("--time-in-force", help="of all of them: immediate, next_round or until_deadline"),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="as drafts; `suanli orders open` submits them")
    ] = False,
    quote_id: Annotated[
        str | None, typer.Option("--quote-id", help="quo_…: place the one order as this held quote says")
    ] = None,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Submit orders from a file; each is accepted or refused on its own.

    Exit status 1 if any was refused. An immediate order is placed at once, or refused with the reasons.

    Example: suanli orders submit day.ndjson --time-in-force immediate
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import track  # noqa: PLC0415

    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    bodies = read_bodies(file)
    if quote_id is not None and len(bodies) != 1:
        raise Refusal("one_order_only", f"{file} holds {len(bodies)} orders; a held quote is for one")
    chosen = {"time_in_force": time_in_force, "quote_id": quote_id, "draft": draft or None}
    bodies = [body | {name: value for name, value in chosen.items() if value is not None} for body in bodies]
    batches = [bodies[at : at + BATCH] for at in range(0, len(bodies), BATCH)]
    answers: list[dict[str, Any]] = []
    with ExchangeClient(server, key) as client:
        console = Console(stderr=True)
        for batch in track(batches, "submitting", console=console, disable=not console.is_terminal):
            answers += client.post("/v1/orders/batch", {"orders": batch})["items"]
    refused = [
        (at, answer["error"])
        for at, answer in enumerate(answers, start=1)
        if "order" not in answer or answer["order"] is None
    ]
    accepted = [answer["order"]["id"] for answer in answers if answer.get("order")]
    if as_json:
        listed = [{"line": at, "code": e["code"], "message": e.get("detail")} for at, e in refused]
        print_json({"accepted": accepted, "refused": listed})
    else:
        typer.echo(f"{len(accepted)} orders accepted, {len(refused)} refused")
        if len(accepted) == 1:
            typer.echo(accepted[0])
        for at, error in refused[:20]:
            typer.echo(f"order {at} [{error['code']}]: {error.get('detail')}", err=True)
    if refused:
        raise typer.Exit(1)


@app.command()
def cancel(order_id: OrderId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False) -> None:
    """Take an order back before it runs.

    Example: suanli orders cancel ord_…
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = client.post(f"/v1/orders/{order_id}/cancel")
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['id']} is {found['state']}")


app.command()(order_life.amend)
app.command("open")(order_life.open_draft)
app.command()(order_life.explain)


def read_bodies(file: Path) -> list[dict[str, Any]]:
    """Orders from a JSON object, a JSON array, or NDJSON; refused with the line that is wrong."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("not_json", f"{file} is not UTF-8 text") from error
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = [
            _read_line(file, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()
        ]
    bodies = whole if isinstance(whole, list) else [whole]
    if not bodies:
        raise Refusal("no_orders", f"{file} holds no orders")
    for number, body in enumerate(bodies, start=1):
        if not isinstance(body, dict):
            raise Refusal("not_an_order", f"{file}: order {number} is no JSON object")
    return bodies


def _read_line(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refusal("not_json", f"{file}, line {number}: {error}") from error


def _hours(job: dict[str, Any]) -> object:
    hours = job["hours"]
    return " ".join(f"{device} {h:g}" for device, h in hours.items()) if isinstance(hours, dict) else hours
