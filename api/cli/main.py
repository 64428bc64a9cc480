"""The `suanli` command: which commands there are. Each lives in a file of its own."""

from importlib.metadata import version
from typing import Annotated

import typer

from api.cli import (
    allocations,
    backup,
    bench,
    demo,
    events,
    exchange,
    files,
    generate,
    keys,
    members,
    migrate_database,
    money,
    nodes,
    offerings,
    openapi,
    orders,
    parties,
    policy,
    profiles,
    quote,
    rounds,
    settings,
    webhooks,
    whatif,
)
from api.cli.connection import Given, Key, KeyFile, ProfileName, Server, key_of
from api.cli.reporting import ReportingGroup

RUN, WORK, SOLVE = "Run an exchange", "Work with an exchange", "Solve without an exchange"

app = typer.Typer(
    name="suanli",
    cls=ReportingGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(rich_help_panel=RUN)(demo.demo)
app.command(rich_help_panel=RUN)(exchange.init)
app.command(rich_help_panel=RUN)(exchange.serve)
app.command(rich_help_panel=RUN)(exchange.worker)
app.command(rich_help_panel=RUN)(settings.settings)
app.command(rich_help_panel=RUN)(backup.backup)
app.command(rich_help_panel=RUN)(backup.restore)
app.command(rich_help_panel=RUN)(migrate_database.migrate_database)
app.add_typer(profiles.app, name="profiles", rich_help_panel=WORK)
app.add_typer(orders.app, name="orders", rich_help_panel=WORK)
app.add_typer(offerings.app, name="offerings", rich_help_panel=WORK)
app.add_typer(rounds.app, name="rounds", rich_help_panel=WORK)
app.add_typer(allocations.app, name="allocations", rich_help_panel=WORK)
app.add_typer(nodes.app, name="nodes", rich_help_panel=WORK)
app.command(rich_help_panel=WORK)(quote.quote)
app.command(rich_help_panel=WORK)(events.events)
app.command(rich_help_panel=WORK)(events.audit)
app.add_typer(money.ledger, name="ledger", rich_help_panel=WORK)
app.command(rich_help_panel=WORK)(money.invoices)
app.command(rich_help_panel=WORK)(money.statements)
app.add_typer(money.vouchers, name="vouchers", rich_help_panel=WORK)
app.add_typer(parties.buyers, name="buyers", rich_help_panel=WORK)
app.add_typer(parties.providers, name="providers", rich_help_panel=WORK)
app.add_typer(members.app, name="members", rich_help_panel=WORK)
app.add_typer(keys.app, name="keys", rich_help_panel=WORK)
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=WORK)
app.add_typer(policy.app, name="policy", rich_help_panel=WORK)
app.command(rich_help_panel=WORK)(whatif.whatif)
app.add_typer(generate.app, name="generate", rich_help_panel=SOLVE)
app.command(rich_help_panel=SOLVE)(files.solve)
app.command(rich_help_panel=SOLVE)(files.verify)
app.add_typer(bench.app, name="bench", rich_help_panel=SOLVE)
app.command(rich_help_panel=WORK)(openapi.openapi)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback signature
    if wanted:
        typer.echo(f"suanli {version('suanli-exchange')}")
        raise typer.Exit


@app.callback()
def suanli(
    context: typer.Context,
    *,
    server: Server = None,
    key: Key = None,
    key_file: KeyFile = None,
    profile: ProfileName = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Suanli Exchange (算力交易所): an open compute marketplace with a proof.

    Try it: [bold]suanli demo[/bold] clears a day of the east-west market and shows it in a browser.

    By hand: suanli init, then suanli serve; in another terminal, with SUANLI_KEY set to the key that init
    printed, suanli generate orders --count 200 --seed 1 --out day.ndjson, suanli orders submit day.ndjson,
    suanli rounds clear.

    Which exchange, and as whom: --server, --key-file (or --key) and --profile (in front of a command or after it) before
    SUANLI_SERVER, SUANLI_KEY and SUANLI_PROFILE before the profile in use (suanli profiles) before this machine.
    """
    context.obj = Given(server, key_of(key, key_file), profile)
