"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table")]
Most = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="most rows")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="sqlite:///market.db or postgresql+psycopg://… [SUANLI_DATABASE_URL]"),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="settings as TOML [SUANLI_CONFIG, or suanli.toml in this directory]"
    ),
]
