"""`suanli bench plans`: how PostgreSQL answers what is asked most."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import print_json
from api.terminal.whole_file import check_writable, writing_whole


def plans(
    *,
    database: Annotated[
        str, typer.Option("--database", help="an EMPTY PostgreSQL database's URL; it is filled")
    ],
    orders: Annotated[
        int, typer.Option(min=1000, max=5_000_000, help="how many orders it is filled with")
    ] = 50_000,
    out: Annotated[Path | None, typer.Option("--out", help="where to write the page (.md)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="results as JSON on stdout, no table")] = False,
) -> None:
    """Fill a PostgreSQL database, and explain the queries that are asked most, as they are sent, with times and buffers.

    Exit status: 0 none reads a growing table from end to end, 1 one does.

    Examples:

      suanli bench plans --database postgresql+psycopg://suanli@localhost/scratch --out docs/query-plans.md
    """
    from contextlib import closing  # noqa: PLC0415 - quick `--help`

    from api.bench.plans import explain_hot_queries, write_markdown  # noqa: PLC0415
    from market.persistence.database import Database  # noqa: PLC0415

    if out is not None:
        check_writable(out)
    with closing(Database(database)) as opened:
        explained = explain_hot_queries(opened, orders)
        version = f"PostgreSQL {'.'.join(map(str, opened.engine.dialect.server_version_info or ()))}"
    if out is not None:
        with writing_whole(out) as stream:
            stream.write(write_markdown(explained, orders, version).encode())
    if as_json:
        print_json(
            {
                "queries": [
                    {
                        "name": one.name,
                        "milliseconds": one.milliseconds,
                        "indexes": list(one.indexes),
                        "plan": one.plan,
                    }
                    for one in explained
                ]
            }
        )
    else:
        for one in explained:
            how = ", ".join(one.indexes) or "a whole small table"
            typer.echo(f"{one.milliseconds:9.2f} ms  {one.name}: {how}{_warning(one.scanned)}")
    if any(one.scanned for one in explained):
        raise typer.Exit(1)


def _warning(scanned: tuple[str, ...]) -> str:
    return f" — READS ALL OF {', '.join(scanned)}" if scanned else ""
