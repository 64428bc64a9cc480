"""Options that several commands share."""

from typing import Annotated

import typer

Server = Annotated[
    str, typer.Option("--server", envvar="SUANLI_SERVER", help="address of the exchange", show_envvar=True)
]
Key = Annotated[
    str | None, typer.Option("--key", envvar="SUANLI_KEY", help="API key of a buyer, provider or operator")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table")]
Most = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="most rows")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="sqlite:///market.db or postgresql+psycopg://… [SUANLI_DATABASE_URL]"),
]

HERE = "http://127.0.0.1:8471"
