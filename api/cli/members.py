"""`suanli members`: the people who act for an organisation."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.connection import connected
from api.cli.options import AsJson, Most
from api.cli.output import cells, print_json, print_table
from api.cli.reporting import ReportingGroup

if TYPE_CHECKING:
    from api.client.answers import MemberAnswer
    from api.client.exchange import Exchange

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="Members: the people who act for an organisation."
)

MemberId = Annotated[str, typer.Argument(help="mem_…")]
Role = Annotated[str, typer.Option("--role", help="owner, editor or viewer")]
Organisation = Annotated[str | None, typer.Option("--organisation", help="operators: buy_… or prv_…")]


@app.command("list")
@connected
def list_members(
    exchange: "Exchange", *, organisation: Organisation = None, limit: Most = 200, as_json: AsJson = False
) -> None:
    """List members, those included that were removed.

    Example: suanli members list
    """
    found = list(exchange.members.list(organisation_id=organisation, at_most=limit))
    if as_json:
        print_json(found)
        return
    names = ("id", "name", "email", "role", "state", "organisation_id")
    print_table(("id", "name", "email", "role", "state", "organisation"), cells(found, names))


@app.command()
@connected
def add(
    exchange: "Exchange",
    name: Annotated[str, typer.Argument(help="the person's name")],
    email: Annotated[str, typer.Argument(help="where the person can be reached")],
    *,
    role: Role = "viewer",
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Add a member; a key for it: suanli keys issue … --member mem_….

    Example: suanli members add "Li Lei" li.lei@example.com --role editor
    """
    body: Any = {"name": name, "email": email, "role": role}
    _tell(
        exchange.members.add(body | ({"organisation_id": organisation} if organisation else {})),
        as_json=as_json,
    )


@app.command()
@connected
def change(
    exchange: "Exchange",
    member_id: MemberId,
    *,
    name: Annotated[str | None, typer.Option("--name")] = None,
    email: Annotated[str | None, typer.Option("--email")] = None,
    role: Annotated[str | None, typer.Option("--role", help="owner, editor or viewer")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a member's name, email or role.

    Example: suanli members change mem_… --role owner
    """
    asked = {"name": name, "email": email, "role": role}
    body: Any = {field: value for field, value in asked.items() if value is not None}
    _tell(exchange.members.change(member_id, body), as_json=as_json)


@app.command()
@connected
def remove(exchange: "Exchange", member_id: MemberId, *, as_json: AsJson = False) -> None:
    """Remove a member and revoke its keys.

    Example: suanli members remove mem_…
    """
    _tell(exchange.members.remove(member_id), as_json=as_json)


def _tell(found: "MemberAnswer", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.id} ({found.name}) is {found.state}, {found.role}")
