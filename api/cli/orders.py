"""`suanli orders`: submit, watch, list, show, amend, cancel, explain."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import order_life, order_submit, order_watch
from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import print_json, print_record, print_table
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.answers import JobNeeds
    from api.client.exchange import Exchange

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Orders: jobs and what they may cost.")

OrderId = Annotated[str, typer.Argument(help="ord_…")]


@app.command("list")
@connected
def list_orders(
    exchange: "Exchange",
    *,
    state: Annotated[str | None, typer.Option("--state", help="open, allocated, cancelled, …")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """List orders: your own, or all with an operator's key.

    Example: suanli orders list --state open --limit 20
    """
    wanted: Any = state  # the exchange says which there are
    found = list(exchange.orders.list(state=wanted, at_most=limit))
    if as_json:
        print_json(found)
        return
    rows = (
        (
            order.id,
            order.state,
            order.job.job_class,
            order.job.origin_region,
            order.job.units,
            _hours(order.job),
            order.limit_price,
        )
        for order in found
    )
    print_table(("id", "state", "job class", "origin", "units", "hours", "limit CNY"), rows)


@app.command()
@connected
def show(exchange: "Exchange", order_id: OrderId, *, as_json: AsJson = False) -> None:
    """Show one order.

    Example: suanli orders show ord_…
    """
    print_record(exchange.orders.read(order_id), as_json=as_json)


@app.command()
@connected
def cancel(exchange: "Exchange", order_id: OrderId, *, as_json: AsJson = False) -> None:
    """Take an order back before it runs.

    Example: suanli orders cancel ord_…
    """
    found = exchange.orders.cancel(order_id)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} is {found.state}")


app.command()(order_life.amend)
app.command("open")(order_life.open_draft)
app.command()(order_life.explain)
app.command()(order_submit.submit)
app.command()(order_watch.watch)


def _hours(job: "JobNeeds") -> object:
    hours = job.hours
    return " ".join(f"{device} {h:g}" for device, h in hours.items()) if isinstance(hours, dict) else hours
