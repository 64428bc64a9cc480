"""`suanli offerings amend|drain|maintenance|withdraw|calendar|versions`: the life of a listing.

`api.cli.offerings` puts them on the command line.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_record, print_table
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.answers import VersionAnswer
    from api.client.exchange import Exchange

OfferingId = Annotated[str, typer.Argument(help="off_…")]
Time = "RFC 3339, such as 2025-07-16T08:00:00Z"


@connected
def amend(
    exchange: "Exchange",
    offering_id: OfferingId,
    changes: Annotated[list[str], typer.Argument(help="field=value …; null for none", metavar="FIELD=VALUE")],
    *,
    as_json: AsJson = False,
) -> None:
    """Change terms of an offering; what is granted keeps the ask it was matched at.

    Fields: ask_price, units, max_gang_units, min_units_per_order, max_units_per_order, available_from,
    available_until, heartbeat_minutes, sla; free_units_by_hour and maintenance as JSON.

    Examples:

      suanli offerings amend off_0001 ask_price=8.50

      suanli offerings amend off_0001 min_units_per_order=4 max_units_per_order=null
    """
    body: Any = dict(_read_change(change) for change in changes)
    print_record(exchange.offerings.amend(offering_id, body), as_json=as_json)


@connected
def drain(
    exchange: "Exchange",
    offering_id: OfferingId,
    *,
    at: Annotated[str | None, typer.Option("--at", help=Time)] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="do not drain after all")] = False,
    as_json: AsJson = False,
) -> None:
    """Have an offering empty from a moment on, or take that back before it begins.

    Examples:

      suanli offerings drain off_0001 --at 2025-07-18T16:00:00Z

      suanli offerings drain off_0001 --take-back
    """
    if (at is None) is not take_back:
        raise Refusal("drain_unclear", "give either --at or --take-back", "suanli offerings drain --help")
    print_record(exchange.offerings.drain(offering_id, {"at": at}), as_json=as_json)


@connected
def maintenance(
    exchange: "Exchange",
    offering_id: OfferingId,
    window: Annotated[str, typer.Argument(metavar="FROM/UNTIL", help=f"two times, {Time}")],
    *,
    units_left: Annotated[int, typer.Option("--units-left", min=0, help="units that still run")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="interrupt what does not fit; it is credited")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Announce a maintenance window; refused where what is granted would not fit into it.

    Example: suanli offerings maintenance off_0001 2025-07-20T16:00:00Z/2025-07-20T22:00:00Z --units-left 4
    """
    start, _, end = window.partition("/")
    found = exchange.offerings.add_maintenance(
        offering_id, {"starts_at": start, "ends_at": end, "units_left": units_left, "force": force}
    )
    print_record(found, as_json=as_json)


@connected
def withdraw(exchange: "Exchange", offering_id: OfferingId, *, as_json: AsJson = False) -> None:
    """Take an offering off the market; what is running finishes.

    Example: suanli offerings withdraw off_0001
    """
    print_record(exchange.offerings.withdraw(offering_id), as_json=as_json)


@connected
def calendar(
    exchange: "Exchange",
    offering_id: OfferingId,
    *,
    start: Annotated[str | None, typer.Option("--from", help=f"first hour, {Time}")] = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=744, help="how many hours")] = 24,
    as_json: AsJson = False,
) -> None:
    """Show what an offering has listed, granted and free, hour by hour; this needs no key.

    Example: suanli offerings calendar off_0001 --hours 48
    """
    found = exchange.offerings.calendar(offering_id, from_=start, hours=hours)
    if as_json:
        print_json(found)
        return
    names = ("hour", "listed_units", "usable_units", "allocated_units", "held_units", "free_units")
    columns = ("hour", "listed", "usable", "allocated", "held", "free")
    print_table(columns, cells(found.hours, names))


@connected
def versions(
    exchange: "Exchange",
    offering_id: OfferingId,
    *,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """Show which terms an offering had since when; this needs no key.

    Example: suanli offerings versions off_0001
    """
    found = list(exchange.offerings.versions(offering_id, at_most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("version", "since", "CNY per unit-hour", "units", "gang", "drain at", "state", "changed by")
    print_table(columns, (_version_row(one) for one in found))


def _version_row(one: "VersionAnswer") -> tuple[object, ...]:
    terms = one.terms
    return (
        one.version,
        one.since,
        terms.ask_price,
        terms.units,
        terms.max_gang_units,
        terms.drain_at,
        terms.state,
        one.changed_by,
    )


def _read_change(change: str) -> tuple[str, Any]:
    """A field and its value: JSON where it is JSON, else text; an amount is text always."""
    name, equals, value = change.partition("=")
    if not equals or not name:
        raise Refusal("malformed_change", f"{change!r} is not FIELD=VALUE", "suanli offerings amend --help")
    if name == "ask_price":
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
