"""`suanli keys`: who may do what with which key, and until when."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import print_json, print_record, print_table
from api.cli.reporting import ReportingGroup
from api.cli.shown_once import keep_secret, require_keepable, require_secret

if TYPE_CHECKING:
    from api.client.answers import IssuedKeyAnswer, KeyAnswer
    from api.client.exchange import Exchange

app = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Keys: who may do what, and until when.")

KeyId = Annotated[str, typer.Argument(help="key_…")]
Organisation = Annotated[str | None, typer.Option("--organisation", help="operators: buy_… or prv_…")]
Save = Annotated[
    str | None, typer.Option("--save", help="keep the secret as a profile of this name, and do not show it")
]


@app.command("list")
@connected
def list_keys(
    exchange: "Exchange",
    *,
    organisation: Organisation = None,
    member: Annotated[str | None, typer.Option("--member", help="only this member's: mem_…")] = None,
    limit: Most = 200,
    as_json: AsJson = False,
) -> None:
    """List keys, those that have ended included; no secrets.

    Example: suanli keys list
    """
    found = list(exchange.keys.list(organisation_id=organisation, member_id=member, at_most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("id", "name", "state", "role", "whose", "scopes", "expires", "last used")
    print_table(columns, (_row(one) for one in found))


@app.command()
@connected
def show(
    exchange: "Exchange",
    key_id: Annotated[str | None, typer.Argument(help="key_… [the key that asks]")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a key without its secret; without an id the one in use: who am I?

    Example: suanli keys show
    """
    found = exchange.keys.current() if key_id is None else exchange.keys.read(key_id)
    print_record(found, as_json=as_json)


@app.command()
@connected
def issue(  # noqa: PLR0913 - one parameter per option
    exchange: "Exchange",
    name: Annotated[str, typer.Argument(help="what it is for, so that somebody dares to revoke it")],
    *,
    scope: Annotated[
        list[str], typer.Option("--scope", help="read, orders:write, …; * for all; repeat for several")
    ],
    member: Annotated[str | None, typer.Option("--member", help="for this member: mem_…")] = None,
    expires_at: Annotated[
        str | None, typer.Option("--expires-at", help="RFC 3339 [until it is revoked]")
    ] = None,
    organisation: Organisation = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key with some scopes; the secret is shown this once.

    Examples:

      suanli keys issue nightly --scope read --scope orders:write --expires-at 2027-01-01T00:00:00Z

      suanli keys issue laptop --scope '*' --save laptop
    """
    require_keepable(save)
    asked = {
        "name": name,
        "scopes": scope,
        "member_id": member,
        "expires_at": expires_at,
        "organisation_id": organisation,
    }
    body: Any = {field: value for field, value in asked.items() if value is not None}
    _tell_secret(exchange, exchange.keys.issue(body), save, "is issued", as_json=as_json)


@app.command()
@connected
def rotate(
    exchange: "Exchange",
    key_id: KeyId,
    *,
    overlap_minutes: Annotated[
        int | None, typer.Option("--overlap-minutes", min=0, help="the old secret is good so long as well")
    ] = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret, shown this once; the old one is good for a while longer.

    Example: suanli keys rotate key_… --overlap-minutes 60 --save home
    """
    require_keepable(save)
    body: Any = {} if overlap_minutes is None else {"overlap_minutes": overlap_minutes}
    _tell_secret(exchange, exchange.keys.rotate(key_id, body), save, "has a new secret", as_json=as_json)


@app.command()
@connected
def revoke(exchange: "Exchange", key_id: KeyId, *, as_json: AsJson = False) -> None:
    """End a key now and for good.

    Example: suanli keys revoke key_…
    """
    found = exchange.keys.revoke(key_id)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} ({found.name}) is {found.state}")


def _tell_secret(
    exchange: "Exchange", found: "IssuedKeyAnswer", save: str | None, done: str, *, as_json: bool
) -> None:
    secret = require_secret(found.secret, f"{found.id} {done}", f"suanli keys rotate {found.id}")

    def show() -> None:
        if as_json:
            print_json(found)
        else:
            typer.echo(f"{found.id}: {secret}\nKeep it: it is shown this once.")

    if save is None:
        show()
        return
    keep_secret(save, exchange.server, secret, show)
    if as_json:
        print_json({**found.plain(), "secret": None})
    else:
        typer.echo(f"{found.id} is kept as profile {save}")


def _row(one: "KeyAnswer") -> tuple[object, ...]:
    whose = one.member_id or one.organisation_id or "operator"
    return (
        one.id,
        one.name,
        one.state,
        one.role,
        whose,
        " ".join(one.scopes),
        one.expires_at,
        one.last_used_at,
    )
