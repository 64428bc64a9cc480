"""`suanli profiles`: servers and keys by name."""

import os
import sys
from typing import Annotated

import typer

from api.cli.connection import HERE
from api.cli.options import AsJson
from api.cli.output import print_json, print_record, print_table
from api.cli.profile_file import (
    Profile,
    complete_profile,
    profile_path,
    read_profiles,
    write_profiles,
)
from api.cli.reporting import ReportingGroup
from api.client.errors import InvalidTarget
from api.terminal.refusal import Refusal

app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, help="Profiles: servers and keys by name, for --profile."
)

Name = Annotated[str, typer.Argument(help="its name", autocompletion=complete_profile)]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="letters, digits, - and _")],
    *,
    server: Annotated[
        str | None, typer.Option("--server", help=f"its address [SUANLI_SERVER, else {HERE}]")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="its API key; - reads it from stdin")] = None,
    use: Annotated[bool, typer.Option("--use", help="use it where no profile is named")] = False,
) -> None:
    """Keep a server and a key under a name; one of the same name is replaced. The first is used at once.

    Examples:

      suanli profiles add home --key suanli_operator_…

      pass show suanli | suanli profiles add work --server https://exchange.example --key - --use
    """
    from api.client.address import Address  # noqa: PLC0415 - quick `--help`

    told = sys.stdin.readline().strip() if key == "-" else key
    address = server or os.environ.get("SUANLI_SERVER") or HERE
    try:
        Address(address, told)
    except InvalidTarget as error:
        raise Refusal(error.code, error.message) from error
    profiles = read_profiles().with_profile(name, Profile(address, told))
    path = write_profiles(profiles.using(name) if use else profiles)
    typer.echo(f"{name} is kept in {path}")


@app.command("list")
def list_profiles(*, as_json: AsJson = False) -> None:
    """List profiles; keys are not shown.

    Example: suanli profiles list
    """
    known = read_profiles()
    rows = [
        {"name": name, "server": one.server, "key": one.redacted_key, "used": name == known.used}
        for name, one in known.profiles.items()
    ]
    if as_json:
        print_json(rows)
        return
    cells = ((row["name"], row["server"], row["key"], "yes" if row["used"] else "") for row in rows)
    print_table(("name", "server", "key", "used"), cells)


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="[the one in use]", autocompletion=complete_profile)
    ] = None,
    *,
    only_key: Annotated[
        bool, typer.Option("--only-key", help="print its whole key, and nothing else")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one profile, of its key only how it begins and ends.

    Examples:

      suanli profiles show home

      export SUANLI_KEY="$(suanli profiles show home --only-key)"
    """
    known = read_profiles()
    wanted = name or known.used
    if wanted is None:
        raise Refusal(
            "no_profile", "no profile is in use", "suanli profiles use NAME, or: suanli profiles add"
        )
    one = known.named(wanted)
    if only_key:
        if one.key is None:
            raise Refusal("no_key", f"profile {wanted} has no key", f"suanli profiles add {wanted} --key …")
        typer.echo(one.key)
        return
    print_record({"name": wanted, "server": one.server, "key": one.redacted_key}, as_json=as_json)


@app.command()
def use(name: Name) -> None:
    """Use a profile where none is named.

    Example: suanli profiles use home
    """
    write_profiles(read_profiles().using(name))
    typer.echo(f"{name} is used from now on")


@app.command()
def remove(name: Name) -> None:
    """Forget a profile.

    Example: suanli profiles remove home
    """
    write_profiles(read_profiles().without(name))
    typer.echo(f"{name} is removed from {profile_path()}")
