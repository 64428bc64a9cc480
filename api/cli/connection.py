"""Which exchange a command talks to, and as whom: an option, else the environment, else a profile, else this machine.

A profile that is named by an option counts as an option. A profile's key goes to the profile's own server and to no
other, whatever else says where to go.
"""

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

from api.cli.profile_file import Profile, complete_profile, read_profiles
from api.client.errors import ExchangeError, Refused
from api.terminal.refusal import Refusal

if TYPE_CHECKING:
    from api.client.exchange import Exchange

HERE = "http://127.0.0.1:8471"
PANEL = "Connection"
HINTS = {
    401: "pass --key-file, set SUANLI_KEY or choose a --profile; `suanli init` prints the first operator key",
    403: "this needs a key of another role: pass --key-file, set SUANLI_KEY or choose a --profile",
}
UNREACHABLE = "start one with `suanli serve` or `suanli demo`, or name another with --server, SUANLI_SERVER or a profile"
P = ParamSpec("P")

Server = Annotated[
    str | None,
    typer.Option(
        "--server", help=f"address of the exchange [SUANLI_SERVER, else {HERE}]", rich_help_panel=PANEL
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        help="API key; others see it in the list of processes, so rather --key-file [SUANLI_KEY]",
        rich_help_panel=PANEL,
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="file with the API key, - for stdin: other users of the machine see what --key is given",
        rich_help_panel=PANEL,
    ),
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="a server and a key by name, see `suanli profiles` [SUANLI_PROFILE]",
        rich_help_panel=PANEL,
        autocompletion=complete_profile,
    ),
]


@dataclass(frozen=True, slots=True)
class Given:
    """What options say; those after the command are heard before those in front of it."""

    server: str | None = None
    key: str | None = None
    profile: str | None = None

    def over(self, other: "Given") -> "Given":
        """Mine, and what I leave open as the other says."""
        return Given(self.server or other.server, self.key or other.key, self.profile or other.profile)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and as whom."""

    server: str
    key: str | None


def find_target(given: Given) -> Target:
    """Options before environment before profile before this machine."""
    asked = Profile(given.server, given.key)
    environment = Profile(os.environ.get("SUANLI_SERVER") or None, os.environ.get("SUANLI_KEY") or None)
    profile = read_profiles().choose(given.profile or os.environ.get("SUANLI_PROFILE") or None)
    layers = (asked, profile, environment) if given.profile else (asked, environment, profile)
    server = next((layer.server for layer in layers if layer.server), HERE)
    for layer in layers:
        theirs = profile.server or HERE
        if layer.key and (layer is not profile or theirs == server):
            return Target(server, layer.key)
    return Target(server, None)


def key_of(key: str | None, file: Path | None) -> str | None:
    """The key that options name: itself, or the first line of a file."""
    if file is None:
        return key
    if key is not None:
        raise Refusal("two_keys", "--key and --key-file are both given", "keep --key-file")
    try:
        told = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refusal("no_key", f"{file} cannot be read: {why}", "name a file that holds a key") from error
    found = told.strip()
    if not found:
        raise Refusal("no_key", f"{file} holds no key", "name a file that holds a key")
    return found


def connect(given: Given) -> "Exchange":
    """The client; `InvalidTarget` where the address or the key cannot be one."""
    from api.client.exchange import Exchange  # noqa: PLC0415 - quick `--help`

    target = find_target(given)
    return Exchange(target.server, target.key)


def connected(command: "Callable[Concatenate[Exchange, P], None]") -> Callable[..., None]:
    """A command that works with an exchange: it is given one, and takes --server, --key or --key-file, and --profile."""

    @wraps(command)
    def with_exchange(
        context: typer.Context,
        server: str | None,
        key: str | None,
        key_file: Path | None,
        profile: str | None,
        **options: Any,
    ) -> None:
        before = context.obj if isinstance(context.obj, Given) else Given()
        try:
            with connect(Given(server, key_of(key, key_file), profile).over(before)) as exchange:
                command(exchange, **options)  # type: ignore[call-arg]
        except ExchangeError as error:
            raise refusal_of(error) from error

    _take(with_exchange, command)
    return with_exchange


def refusal_of(error: ExchangeError) -> Refusal:
    """What went wrong, in the words of a command line."""
    if isinstance(error, Refused):
        message, wrong = error.message, error.facts.get("errors")
        if isinstance(wrong, list) and len(wrong) > 1:  # the first is in the message already
            message += "; " + "; ".join(_field(entry) for entry in wrong[1:5])
        return Refusal(error.code, message, HINTS.get(error.status, ""))
    hint = {"server_unreachable": UNREACHABLE, "invalid_key": HINTS[401]}.get(error.code, "")
    return Refusal(error.code, error.message, hint)


def _field(entry: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in entry.get("loc", ()))
    return f"{where}: {entry.get('msg', 'is wrong')}"


def _take(wrapper: Callable[..., None], command: Callable[..., None]) -> None:
    """Tell typer the command's own parameters, without the exchange and with the connection's."""
    own = list(inspect.signature(command).parameters.values())[1:]
    one = inspect.Parameter
    added = [one("context", one.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    options = [
        one(name, one.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in (("server", Server), ("key", Key), ("key_file", KeyFile), ("profile", ProfileName))
    ]
    parameters = [*added, *own, *options]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
