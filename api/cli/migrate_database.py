"""`suanli migrate-database`: an exchange from one database into another."""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.options import AsJson
from api.cli.output import print_json
from api.cli.rows_progress import rows_progress

Source = Annotated[str, typer.Argument(metavar="FROM", help="where the exchange is: sqlite:///market.db")]
Target = Annotated[
    str, typer.Argument(metavar="TO", help="an EMPTY database: postgresql+psycopg://user@host/name")
]


def migrate_database(source: Source, target: Target, *, as_json: AsJson = False) -> None:
    """Move a stopped exchange into an EMPTY database of either engine: all of it, proven equal, or nothing.

    Rows, sums of money and hashes of all rows are read back from both databases before it counts. FROM stays as it is.
    A password is better kept out of the command: libpq reads PGPASSWORD and ~/.pgpass.

    Examples:

      suanli migrate-database sqlite:///suanli.db postgresql+psycopg://suanli@db.internal/suanli

      suanli migrate-database postgresql+psycopg://suanli@db.internal/suanli sqlite:///offline.db --json
    """
    from market.archive import move_exchange  # noqa: PLC0415 - quick `--help`
    from market.persistence.database import Database  # noqa: PLC0415

    with closing(Database(source)) as giving, closing(Database(target)) as taking:
        with rows_progress("moving") as tell:
            moved = move_exchange(giving, taking, tell)
        here, there = giving.shown, taking.shown
    if as_json:
        tables = {name: asdict(proof) for name, proof in moved.tables.items()}
        figures = {"rows": moved.rows, "schema": moved.schema, "imbalance_micros": moved.imbalance_micros}
        print_json({"source": here, "database": there, **figures, "tables": tables})
        return
    typer.echo(f"{there}: {moved.rows:,} rows of {len(moved.tables)} tables, read back from both and equal")
    if moved.imbalance_micros:
        typer.echo(
            f"the ledger is out by {moved.imbalance_micros} micro-yuan: suanli ledger balance", err=True
        )
    typer.echo(
        "next: set SUANLI_DATABASE_URL to it, then suanli serve, with the same SUANLI_KEY_PEPPER as before; do not serve "
        f"{here} again"
    )
