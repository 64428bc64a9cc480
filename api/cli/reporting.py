"""Every failure of a command as one line on stderr, with a stable code and an exit status that is not 0.

`error [code]: message`, then `hint: …` where there is something to do about it; under `--json` the same as one
JSON object, still on stderr. Only what nobody foresaw shows a traceback.
"""

import errno
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from api.terminal.refusal import Refusal
from market.domain.errors import MarketError

INTERRUPTED = 130


class ReportingGroup(TyperGroup):
    """A command group that reports errors our way."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:
        """Run a command and exit."""
        given = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        try:
            status = super().main(given, *rest, **extra)
        except (KeyboardInterrupt, typer.Abort):
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(1)
        except Exception as error:
            refusal = read_refusal(error)
            if refusal is None:
                raise
            report(refusal, as_json=_wants_json(given))
            sys.exit(refusal.exit_status)
        sys.exit(status if isinstance(status, int) else 0)


def report(refusal: Refusal, *, as_json: bool = False) -> None:
    """Say on stderr what is wrong."""
    message = " ".join(refusal.message.split())
    if as_json:
        body = {"code": refusal.code, "message": message, "hint": refusal.hint or None}
        typer.echo(json.dumps({"error": body}, ensure_ascii=False), err=True)
        return
    typer.echo(f"{typer.style(f'error [{refusal.code}]', fg='red', bold=True)}: {message}", err=True)
    if refusal.hint:
        typer.echo(f"{typer.style('hint', bold=True)}: {refusal.hint}", err=True)


def read_refusal(error: Exception) -> Refusal | None:
    """What to tell the person; None for what is a fault of the program."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, MarketError):
        return Refusal(error.code, error.message)
    if isinstance(error, TyperException):
        return _usage(error)
    if isinstance(error, OSError):
        return _file_refusal(error)
    return _read_by_name(error)


def _read_by_name(error: Any) -> Refusal | None:
    """Errors of libraries too heavy to import for the sake of naming them."""
    if type(error).__module__ == "sqlalchemy.exc":
        return Refusal("database_failed", str(getattr(error, "orig", None) or error))
    if getattr(error, "title", None) == "Settings":
        return _setting_refusal(error)
    return None


def _setting_refusal(error: Any) -> Refusal:
    """Settings of a command that has no file of settings: from the environment, or an option that stands for it."""
    from api.settings_sources import invalid_settings  # noqa: PLC0415 - pydantic is imported already, or no error

    refusal = invalid_settings(error, {})
    return Refusal(refusal.code, refusal.message)


def _usage(error: Any) -> Refusal:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "suanli"
    if type(error).__name__ == "NoArgsIsHelpError":
        return Refusal("missing_command", "say what to do", f"{command} --help", exit_status=2)
    return Refusal("usage", error.format_message(), f"{command} --help", exit_status=2)


def _file_refusal(error: OSError) -> Refusal:
    where = error.filename or "a file"
    code = {
        errno.ENOENT: "file_not_found",
        errno.EACCES: "permission_denied",
        errno.EPERM: "permission_denied",
        errno.EROFS: "permission_denied",
        errno.EISDIR: "is_a_directory",
        errno.ENOTDIR: "not_a_directory",
        errno.ENOSPC: "disk_full",
    }.get(error.errno or 0, "io_error")
    return Refusal(code, f"{where}: {error.strerror or error}")


def _wants_json(args: Sequence[str]) -> bool:
    """`--json` is a switch everywhere but in `demo`, where it names a file."""
    return "--json" in args and "demo" not in args[:1]
