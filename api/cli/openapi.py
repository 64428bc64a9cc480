"""`suanli openapi`: the API's document, and what it takes from clients of an earlier one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import print_json
from api.terminal.whole_file import check_writable, writing_whole


def openapi(
    *,
    out: Annotated[Path | None, typer.Option("--out", help="write the document to this file")] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="an earlier document: print what breaks its clients, exit 1 if anything"
        ),
    ] = None,
    problems: Annotated[
        Path | None, typer.Option("--problems", help="write the page of all problem codes to this file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="with --against: one line of JSON")] = False,
) -> None:
    """Print the OpenAPI document of this version, write it, or compare it with an earlier one.

    Examples:

      suanli openapi --out docs/openapi.json --problems docs/problems.md

      suanli openapi --against docs/published/openapi-0.1.json
    """
    from api.app import build_contract  # noqa: PLC0415 - quick `--help`
    from api.contract.document import write_document  # noqa: PLC0415
    from api.problems.reference import write_reference  # noqa: PLC0415

    document = build_contract().openapi()
    if out is not None:
        _write(out, write_document(document))
    if problems is not None:
        _write(problems, write_reference())
    if against is not None:
        _compare(against, document, as_json=as_json)
    elif out is None and problems is None:
        typer.echo(write_document(document), nl=False)


def _write(path: Path, text: str) -> None:
    check_writable(path)
    with writing_whole(path) as stream:
        stream.write(text.encode())


def _compare(against: Path, document: Mapping[str, Any], *, as_json: bool) -> None:
    from api.contract.compatibility import breaking_changes  # noqa: PLC0415 - quick `--help`
    from api.contract.document import read_document  # noqa: PLC0415
    from market.domain.clock import SystemClock  # noqa: PLC0415

    found = breaking_changes(read_document(against), document, SystemClock().now().date())
    if as_json:
        print_json({"breaking": [str(change) for change in found]})
    else:
        for change in found:
            typer.echo(str(change))
        count = f"{len(found)} breaking {'change' if len(found) == 1 else 'changes'}"
        typer.echo(f"{count} since {against}" if found else f"nothing breaks {against}")
    if found:
        raise typer.Exit(1)
