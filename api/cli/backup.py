"""`suanli backup` and `suanli restore`: everything an exchange knows, in one file."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exchange import given
from api.cli.options import AsJson, ConfigFile, DatabaseUrl
from api.cli.output import print_json
from api.cli.rows_progress import rows_progress

if TYPE_CHECKING:
    from market.archive import Manifest

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="the backup, by custom named ….suanli.zip")]


def backup(
    file: BackupFile, *, database: DatabaseUrl = None, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Write everything to FILE as it is at one moment, while the exchange runs. FILE must not exist yet.

    It holds hashes of keys and secrets of webhooks, so only its owner may read it; keep it that way. It holds neither the
    pepper (SUANLI_KEY_PEPPER) nor suanli.toml: keep those apart.

    Examples:

      suanli backup market-$(date +%F).suanli.zip

      suanli backup /backups/today.suanli.zip --database postgresql+psycopg://…  --json
    """
    from api.settings_sources import read_settings  # noqa: PLC0415 - quick `--help`
    from market.archive import write_backup  # noqa: PLC0415
    from market.domain.clock import SystemClock  # noqa: PLC0415
    from market.persistence.database import Database  # noqa: PLC0415

    settings = read_settings(config, **given(database_url=database)).settings
    with closing(Database(settings.database_url)) as opened, rows_progress("backing up") as tell:
        written = write_backup(opened, file, SystemClock().now(), tell)
    if as_json:
        print_json({"file": str(written.file), "bytes": written.size_bytes, **_figures(written.manifest)})
        return
    typer.echo(f"{written.file}: {written.manifest.rows:,} rows, {written.size_bytes:,} bytes")
    _tell_imbalance(written.manifest)


def restore(
    file: BackupFile, *, database: DatabaseUrl = None, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Put a backup into an EMPTY database, all of it or nothing, and read it back before it counts.

    The engine may be another one than the backup's: from SQLite to PostgreSQL, or back.

    Examples:

      suanli restore market-2026-11-22.suanli.zip --database sqlite:///restored.db
    """
    from api.settings_sources import read_settings  # noqa: PLC0415 - quick `--help`
    from market.archive import restore_backup  # noqa: PLC0415
    from market.persistence.database import Database  # noqa: PLC0415

    settings = read_settings(config, **given(database_url=database)).settings
    with closing(Database(settings.database_url)) as opened, rows_progress("restoring") as tell:
        manifest = restore_backup(opened, file, tell)
        shown = opened.shown
    if as_json:
        print_json({"database": shown, **_figures(manifest)})
        return
    typer.echo(f"{shown}: {manifest.rows:,} rows, as they were at {manifest.taken_at}, read back and equal")
    _tell_imbalance(manifest)
    typer.echo("next: suanli serve, with the same SUANLI_KEY_PEPPER as before")


def _figures(manifest: "Manifest") -> dict[str, object]:
    return {
        "taken_at": manifest.taken_at,
        "program": manifest.program,
        "schema": manifest.schema,
        "rows": manifest.rows,
        "newest_event": manifest.newest_event,
        "imbalance_micros": manifest.imbalance_micros,
    }


def _tell_imbalance(manifest: "Manifest") -> None:
    if manifest.imbalance_micros:
        typer.echo(
            f"the ledger is out by {manifest.imbalance_micros} micro-yuan: suanli ledger balance", err=True
        )
