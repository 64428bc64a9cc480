"""`suanli init` and `suanli serve`: an exchange of one's own."""

from typing import Annotated, Any

import typer

from api.cli.options import AsJson, ConfigFile, DatabaseUrl
from api.cli.output import print_json

ScenarioName = Annotated[str, typer.Option("--scenario", help="fixtures to load, or none")]

NewOperatorKey = Annotated[
    bool,
    typer.Option(
        "--new-operator-key",
        help="issue a further operator key: the earlier ones stay valid, nothing is loaded",
    ),
]


def init(
    *,
    database: DatabaseUrl = None,
    scenario: ScenarioName = "east_west",
    new_operator_key: NewOperatorKey = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Prepare a database: schema, first operator key (shown this once), fixtures. Safe to repeat.

    Examples:

      suanli init

      suanli init --database sqlite:///market.db --scenario none --json

      suanli init --new-operator-key
    """
    from api.settings_sources import read_settings  # noqa: PLC0415 - quick `--help`
    from market.domain.clock import SystemClock  # noqa: PLC0415
    from market.exchange import Exchange  # noqa: PLC0415
    from market.persistence.database import Database  # noqa: PLC0415
    from market.scenarios.scenario import read_scenario, scenario_directory  # noqa: PLC0415

    settings = read_settings(config, **given(database_url=database)).settings
    catalogue = None if scenario == "none" else read_scenario(scenario_directory(scenario))
    opened = Database(settings.database_url)
    try:
        opened.upgrade()
        exchange = Exchange(opened, SystemClock(), pepper=settings.key_pepper.get_secret_value())
        further = new_operator_key and exchange.has_operator()
        catalogue = None if further else catalogue
        loaded = catalogue is not None and exchange.load_scenario(catalogue)
        known = exchange.has_operator() and not further
        key = None if known else exchange.create_operator_key(further=further)
    finally:
        opened.close()
    if as_json:
        print_json({"operator_key": key})
        return
    if key is None:
        typer.echo("operator key: created and shown before; it is stored as a hash only")
        typer.echo("lost it? suanli init --new-operator-key issues a further one")
    else:
        which = "further operator key" if further else "operator key"
        typer.echo(f"{which}: {key}\nKeep it: it is shown this once and stored as a hash only.")
    if catalogue is not None:
        typer.echo(
            f"scenario {scenario}: {'loaded' if loaded else 'nothing loaded, the market has regions already'}"
        )
    typer.echo("next: suanli serve")


RoundEvery = Annotated[
    str | None,
    typer.Option("--round-every", help="clear a round every 60s, 5m, 1h … [only when asked to]"),
]


def serve(
    *,
    database: DatabaseUrl = None,
    host: Annotated[str | None, typer.Option("--host", help="address to listen on [127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="port to listen on, 0: any free one [8471]")
    ] = None,
    round_every: RoundEvery = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="processes that answer on the one port [1]")
    ] = None,
    duties: Annotated[
        bool | None,
        typer.Option("--duties/--no-duties", help="do what is due as well, or leave it to suanli worker"),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Serve the HTTP API and the page until Ctrl-C or SIGTERM; a second Ctrl-C stops at once.

    Examples:

      suanli serve --database sqlite:///market.db --port 8471

      suanli serve --round-every 60s

      suanli serve --workers 4 --no-duties

    Every setting can be a variable SUANLI_… or a line of suanli.toml: `suanli settings` lists them, with what each is and
    where it came from; suanli.example.toml explains them.
    """
    from api.settings_sources import read_settings  # noqa: PLC0415 - quick `--help`

    options = given(
        database_url=database,
        host=host,
        port=port,
        round_every=round_every,
        serve_workers=workers,
        duties=duties,
    )
    found = read_settings(config, **options)
    if found.settings.serve_workers > 1:
        from api.serving.workers import run_workers  # noqa: PLC0415 - the web framework is needed here only

        raise typer.Exit(run_workers(found.settings, found))
    from api.server import run_server  # noqa: PLC0415 - the web framework is needed here only

    run_server(found.settings, found)


def worker(
    *,
    database: DatabaseUrl = None,
    round_every: RoundEvery = None,
    config: ConfigFile = None,
) -> None:
    """See to what passes by itself, until Ctrl-C or SIGTERM: rounds on schedule, upkeep, deliveries to webhooks. No HTTP.

    Any number of them, on any machine that reaches the database: each duty is one process's at a time, and another's within
    seconds after that one is gone.

    Examples:

      suanli worker --round-every 5m

      suanli worker --config /etc/suanli/suanli.toml
    """
    from api.serving.alone import run_worker  # noqa: PLC0415 - quick `--help`
    from api.settings_sources import read_settings  # noqa: PLC0415

    found = read_settings(config, **given(database_url=database, round_every=round_every))
    run_worker(found.settings, found)


def given(**options: Any) -> dict[str, Any]:
    """Options that were given; the environment decides the others."""
    return {name: value for name, value in options.items() if value is not None}
