"""`suanli events`: what happens, as it happens; `suanli audit`: who did what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import print_json, shown

if TYPE_CHECKING:
    from api.client.answers import EventAnswer
    from api.client.exchange import Exchange

INTERRUPTED = 130
SORTS = {
    "alo": "allocation",
    "buy": "buyer",
    "key": "key",
    "mem": "member",
    "off": "offering",
    "ord": "order",
    "prv": "provider",
    "quo": "quote",
    "rnd": "round",
    "vpl": "voucher_pool",
    "whk": "webhook",
}
"""What an id is of, by how it begins."""
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="only such: order.submitted, round.*, …; repeat for several"),
]
Resource = Annotated[str | None, typer.Option("--resource", help="only of this sort: order, round, …")]
ResourceId = Annotated[
    str | None, typer.Option("--id", help="only of this one: ord_…, rnd_…; other ids need --resource")
]


@connected
def events(
    exchange: "Exchange",
    *,
    kind: Kinds = None,
    resource: Resource = None,
    resource_id: ResourceId = None,
    after: Annotated[
        str | None, typer.Option("--after", help="go on after this event, evt_… [from now on]")
    ] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="end after so many")] = None,
    as_json: AsJson = False,
) -> None:
    """Follow what happens until Ctrl-C: the market itself, and what is your own. With --json an object a line.

    A lost connection is made again; no event is missed and none comes twice.

    Examples:

      suanli events --kind 'order.*' --kind round.landed

      suanli events --after evt_0000000000000000 --count 20 --json
    """
    sort = resource or _sort_of(resource_id)
    stream = exchange.events.stream(after=after, kinds=kind or (), resource=sort, resource_id=resource_id)
    last = after
    try:
        for number, event in enumerate(stream, start=1):
            _tell(event, as_json=as_json)
            last = event.id
            if number == count:
                return
    except KeyboardInterrupt:
        if last is not None:
            typer.echo(f"\ngo on from here: suanli events --after {last}", err=True)
        raise typer.Exit(INTERRUPTED) from None


@connected
def audit(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    *,
    kind: Kinds = None,
    resource: Resource = None,
    resource_id: ResourceId = None,
    actor: Annotated[str | None, typer.Option("--actor", help="only what was done with key_…")] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="only what keys of buy_… or prv_… did")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="RFC 3339: only from then on")] = None,
    until: Annotated[str | None, typer.Option("--until", help="RFC 3339: only before then")] = None,
    limit: Most = 50,
    as_json: AsJson = False,
) -> None:
    """Who did what, newest first; this needs an operator's key.

    Example: suanli audit --organisation buy_0001 --kind 'order.*'
    """
    told = exchange.audit.list(
        kinds=kind,
        resource=resource or _sort_of(resource_id),
        resource_id=resource_id,
        actor=actor,
        organisation=organisation,
        since=since,
        until=until,
        at_most=limit,
    )
    found = list(told)
    if as_json:
        print_json(found)
        return
    for line in found:
        whose = ", ".join(filter(None, (line.organisation_id, line.member)))
        by = f"{line.actor} ({whose})" if whose else line.actor
        request = f"  request {line.request_id}" if line.request_id else ""
        typer.echo(f"{shown(line.at)}  {line.kind}  {line.resource_id}  by {by}{request}")


def _sort_of(resource_id: str | None) -> str | None:
    return None if resource_id is None else SORTS.get(resource_id.partition("_")[0])


def _tell(event: "EventAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(event)
        return
    facts: dict[str, Any] = event.data
    told = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    typer.echo(f"{shown(event.at)}  {event.kind}  {event.resource_id}  {told}".rstrip())
