"""`suanli buyers` and `suanli providers`: who takes part."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_table
from api.cli.reporting import ReportingGroup
from api.cli.shown_once import keep_secret, require_keepable, require_secret

if TYPE_CHECKING:
    from api.client.answers import OrganisationAnswer, Registration
    from api.client.exchange import Exchange

buyers = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Buyers: who submits orders.")
providers = typer.Typer(cls=ReportingGroup, no_args_is_help=True, help="Providers: who lists offerings.")

Name = Annotated[str, typer.Argument(help="what it is called")]
Id = Annotated[str | None, typer.Option("--id", help="an id of your choice [one is made]")]
Kind = Annotated[str | None, typer.Option("--kind", help="lab, enterprise, cloud, …")]
Region = Annotated[str | None, typer.Option("--region", help="where it is at home: a region's id")]
Save = Annotated[
    str | None, typer.Option("--save", help="keep the new key as a profile of this name, and do not show it")
]


@buyers.command("register")
@connected
def register_buyer(
    exchange: "Exchange",
    name: Name,
    *,
    id_: Id = None,
    kind: Kind = None,
    region: Region = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Register a buyer; this needs an operator's key. Its own key is shown this once.

    Examples:

      suanli buyers register "Shanghai AI Lab" --kind lab --region shanghai

      suanli buyers register "Shanghai AI Lab" --save lab
    """
    require_keepable(save)
    body = _body(name=name, id=id_, kind=kind, home_region_id=region)
    _tell_registered(exchange, exchange.buyers.register(body), save, as_json=as_json)


@providers.command("register")
@connected
def register_provider(
    exchange: "Exchange",
    name: Name,
    *,
    id_: Id = None,
    kind: Kind = None,
    region: Region = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Register a provider; this needs an operator's key. Its own key is shown this once.

    Example: suanli providers register "Zhongwei Cloud Base" --kind cloud --save zhongwei
    """
    require_keepable(save)
    body = _body(name=name, id=id_, kind=kind, home_region_id=region)
    _tell_registered(exchange, exchange.providers.register(body), save, as_json=as_json)


@buyers.command("list")
@connected
def list_buyers(exchange: "Exchange", *, limit: Most = 200, as_json: AsJson = False) -> None:
    """List buyers: an operator's key sees all, a buyer's itself.

    Example: suanli buyers list
    """
    _tell_all(exchange.buyers.list(at_most=limit), as_json=as_json)


@providers.command("list")
@connected
def list_providers(exchange: "Exchange", *, limit: Most = 200, as_json: AsJson = False) -> None:
    """List providers.

    Example: suanli providers list
    """
    _tell_all(exchange.providers.list(at_most=limit), as_json=as_json)


def _body(**given: str | None) -> Any:
    return {name: value for name, value in given.items() if value is not None}


def _tell_registered(exchange: "Exchange", found: "Registration", save: str | None, *, as_json: bool) -> None:
    hint = f"suanli keys list --organisation {found.id}, then: suanli keys rotate KEY_ID"
    key = require_secret(found.api_key, f"{found.id} is registered and has a key", hint)

    def show() -> None:
        if as_json:
            print_json(found)
        else:
            typer.echo(f"{found.id} is registered\nits key: {key}\nKeep it: it is shown this once.")

    if save is None:
        show()
        return
    keep_secret(save, exchange.server, key, show)
    if as_json:
        print_json({**found.plain(), "api_key": None})
    else:
        typer.echo(
            f"{found.id} is registered\n"
            f"its key is kept as profile {save}: suanli --profile {save} orders list"
        )


def _tell_all(found: "Iterable[OrganisationAnswer]", *, as_json: bool) -> None:
    listed = list(found)
    if as_json:
        print_json(listed)
    else:
        print_table(
            ("id", "name", "名称", "kind", "region"),
            cells(listed, ("id", "name_en", "name_zh", "kind", "home_region_id")),
        )
