"""`suanli offerings amend|drain|maintenance|withdraw|calendar|versions`: the life of a listing.

`api.cli.offerings` puts them on the command line.
"""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from api.cli.options import HERE, AsJson, Key, Most, Server
from api.cli.output import print_json, print_record, print_table
from api.client.errors import Refusal

OfferingId = Annotated[str, typer.Argument(help="off_…")]
Time = "RFC 3339, such as 2025-07-16T08:00:00Z"


def amend(
    offering_id: OfferingId,
    changes: Annotated[list[str], typer.Argument(help="field=value …; null for none", metavar="FIELD=VALUE")],
    *,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Change terms of an offering; what is granted keeps the ask it was matched at.

    Fields: ask_price, units, max_gang_units, min_units_per_order, max_units_per_order, available_from,
    available_until, heartbeat_minutes, sla; free_units_by_hour and maintenance as JSON.

    Examples:

      suanli offerings amend off_0001 ask_price=8.50

      suanli offerings amend off_0001 min_units_per_order=4 max_units_per_order=null
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415 - quick `--help`

    body = dict(_read_change(change) for change in changes)
    with ExchangeClient(server, key) as client:
        found = client.patch(f"/v1/offerings/{offering_id}", body)
    print_record(found, as_json=as_json)


def drain(
    offering_id: OfferingId,
    *,
    at: Annotated[str | None, typer.Option("--at", help=Time)] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="do not drain after all")] = False,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Have an offering empty from a moment on, or take that back before it begins.

    Examples:

      suanli offerings drain off_0001 --at 2025-07-18T16:00:00Z

      suanli offerings drain off_0001 --take-back
    """
    if (at is None) is not take_back:
        raise Refusal("drain_unclear", "give either --at or --take-back", "suanli offerings drain --help")
    found = _post(server, key, f"/v1/offerings/{offering_id}/drain", {"at": at})
    print_record(found, as_json=as_json)


def maintenance(
    offering_id: OfferingId,
    window: Annotated[str, typer.Argument(metavar="FROM/UNTIL", help=f"two times, {Time}")],
    *,
    units_left: Annotated[int, typer.Option("--units-left", min=0, help="units that still run")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="interrupt what does not fit; it is credited")
    ] = False,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Announce a maintenance window; refused where what is granted would not fit into it.

    Example: suanli offerings maintenance off_0001 2025-07-20T16:00:00Z/2025-07-20T22:00:00Z --units-left 4
    """
    start, _, end = window.partition("/")
    body = {"starts_at": start, "ends_at": end, "units_left": units_left, "force": force}
    found = _post(server, key, f"/v1/offerings/{offering_id}/maintenance", body)
    print_record(found, as_json=as_json)


def withdraw(
    offering_id: OfferingId, *, server: Server = HERE, key: Key = None, as_json: AsJson = False
) -> None:
    """Take an offering off the market; what is running finishes.

    Example: suanli offerings withdraw off_0001
    """
    print_record(_post(server, key, f"/v1/offerings/{offering_id}/withdraw", None), as_json=as_json)


def calendar(
    offering_id: OfferingId,
    *,
    start: Annotated[str | None, typer.Option("--from", help=f"first hour, {Time}")] = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=744, help="how many hours")] = 24,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show what an offering has listed, granted and free, hour by hour; this needs no key.

    Example: suanli offerings calendar off_0001 --hours 48
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        path = f"/v1/offerings/{offering_id}/calendar"
        found = client.get(path, hours=hours, **({} if start is None else {"from": start}))
    if as_json:
        print_json(found)
        return
    names = ("hour", "listed_units", "usable_units", "allocated_units", "held_units", "free_units")
    columns = ("hour", "listed", "usable", "allocated", "held", "free")
    print_table(columns, _cells(found["hours"], names))


def versions(
    offering_id: OfferingId,
    *,
    limit: Most = 50,
    server: Server = HERE,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show which terms an offering had since when; this needs no key.

    Example: suanli offerings versions off_0001
    """
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        found = list(client.pages(f"/v1/offerings/{offering_id}/versions", limit))
    if as_json:
        print_json(found)
        return
    names = ("version", "since", "ask_price", "units", "max_gang_units", "drain_at", "state", "changed_by")
    columns = ("version", "since", "CNY per unit-hour", "units", "gang", "drain at", "state", "changed by")
    print_table(columns, _cells([{**version["terms"], **version} for version in found], names))


def _post(server: str, key: str | None, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    from api.client.exchange_client import ExchangeClient  # noqa: PLC0415

    with ExchangeClient(server, key) as client:
        return client.post(path, body)


def _cells(rows: Iterable[dict[str, Any]], names: tuple[str, ...]) -> Iterable[list[object]]:
    return ([row.get(name) for name in names] for row in rows)


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
