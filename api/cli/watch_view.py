"""What one sees of orders that are followed: a live table, plain lines, or a line of JSON for each step."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from api.cli.output import print_json, shown

if TYPE_CHECKING:
    from api.client.answers import OrderDetail


class View(ABC):
    """Shows steps as they come."""

    @abstractmethod
    def show(self, order: "OrderDetail") -> None:
        """An order has another state than before."""

    def open(self) -> AbstractContextManager[object]:
        """While steps come."""
        return nullcontext()


class JsonView(View):
    """One JSON object a line."""

    def show(self, order: "OrderDetail") -> None:
        """The step, with what was granted where something was."""
        last = order.history[-1] if order.history else None
        granted = order.allocation
        told: dict[str, Any] = {
            "id": order.id,
            "state": order.state,
            "at": None if last is None else shown(last.at),
            "cause": None if last is None else last.cause,
            "node_id": None if granted is None else granted.node_id,
            "price": None if granted is None else str(granted.price),
        }
        print_json(told)


class LineView(View):
    """One line a step, for logs and pipes."""

    def show(self, order: "OrderDetail") -> None:
        """When, which, and what it is now."""
        at, what = _step(order)
        typer.echo(f"{at}  {order.id}  {what}")


class TableView(View):
    """A table that changes in place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._orders: dict[str, OrderDetail] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """The table stays on the screen when all is over."""
        with self._live:
            yield

    def show(self, order: "OrderDetail") -> None:
        """The whole table, with what is new."""
        self._orders[order.id] = order
        table = Table()
        table.add_column("id", no_wrap=True)
        for column in ("since", "what"):
            table.add_column(column)
        for one in self._orders.values():
            table.add_row(one.id, *_step(one))
        self._live.update(table, refresh=True)


def choose_view(*, as_json: bool) -> View:
    """JSON where it is asked for, a table on a terminal, lines elsewhere."""
    if as_json:
        return JsonView()
    console = Console()
    return TableView(console) if console.is_terminal else LineView()


def _step(order: "OrderDetail") -> tuple[str, str]:
    last = order.history[-1] if order.history else None
    at = shown(order.submitted_at if last is None else last.at)
    granted = order.allocation
    if granted is None or order.state not in {"allocated", "active", "completed"}:
        return at, str(order.state)
    return at, f"{order.state} at {granted.node_id} from {shown(granted.starts_at)}, CNY {granted.price}"
