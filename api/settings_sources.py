"""Where settings come from, the strongest first: options, environment, files of secrets, suanli.toml, defaults."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api.settings import Settings
from market.domain.errors import InvalidInput

PREFIX = "SUANLI_"
CONFIG_VARIABLE = "SUANLI_CONFIG"
USUAL_FILE = Path("suanli.toml")
REDACTED = "•••"
NOT_SET = "not set"
FIELDS = Settings.model_fields
SECRETS = tuple(name for name, field in FIELDS.items() if field.annotation is SecretStr)
NOT_SETTINGS = frozenset({"KEY", "SERVER", "CONFIG", "PROFILE"})
"""Variables of ours that are no settings of an exchange: those of its clients, and where the file is."""


@dataclass(frozen=True, slots=True)
class Told:
    """One setting as it may be shown to anybody, and where it came from."""

    name: str
    value: str
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """Settings and where each came from; `file` None where there was none."""

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None
    misspelt: Mapping[str, str]
    """Variables of the environment that look like a setting, and which."""

    def summary(self) -> list[Told]:
        """Every setting, secrets left out."""
        return [
            Told(name, show(getattr(self.settings, name)), self.origins[name], field.description or "")
            for name, field in FIELDS.items()
        ]


def read_settings(config: Path | None = None, **options: Any) -> FoundSettings:
    """Settings for a command; `InvalidInput` `invalid_settings` says in one line what is wrong, and where."""
    path = find_file(config)
    layers = {
        "file": _read_file(path) if path is not None else {},
        "secret file": dict(_read_secrets()),
        "environment": EnvSettingsSource(Settings)(),
        "option": options,
    }
    origins = dict.fromkeys(FIELDS, "default")
    values: dict[str, Any] = {}
    for origin, layer in layers.items():
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise invalid_settings(error, origins, path) from error
    return FoundSettings(settings, origins, path, dict(_misspelt_variables()))


def find_file(config: Path | None) -> Path | None:
    """The file that was named, by option or by SUANLI_CONFIG; else suanli.toml of this directory, if there is one."""
    named = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named is None:
        return USUAL_FILE if USUAL_FILE.is_file() else None
    if not named.is_file():
        raise InvalidInput("invalid_settings", f"{named}: there is no such file of settings")
    return named


def show(value: object) -> str:
    """A value that anybody may read: no secret, no password of a database."""
    if value is None or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return NOT_SET
    if isinstance(value, SecretStr):
        return REDACTED
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or NOT_SET
    text = str(value)
    return _without_password(text) if "://" in text else text


def invalid_settings(
    error: ValidationError, origins: Mapping[str, str], path: Path | None = None
) -> InvalidInput:
    """Every setting that is out of its range, in one line, without the value of a secret."""
    told = []
    for one in error.errors(include_input=False, include_url=False):
        name = str(one["loc"][0])
        told.append(f"{name}: {one['msg']} ({_where(name, origins.get(name, 'default'), path)})")
    return InvalidInput("invalid_settings", "; ".join(told))


def _where(name: str, origin: str, path: Path | None) -> str:
    if origin == "file":
        return f"it comes from {path}"
    if origin == "option":
        return f"it comes from an option of the command, or set {PREFIX}{name.upper()}"
    suffix = "_FILE" if origin == "secret file" else ""
    return f"it comes from {PREFIX}{name.upper()}{suffix}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        found = TomlConfigSettingsSource(Settings, toml_file=path).toml_data
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("invalid_settings", f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise InvalidInput("invalid_settings", f"{path} cannot be read: {error.strerror}") from error
    _require_known(found, path)
    values = {name: value for name, value in found.items() if name in FIELDS}
    for name in SECRETS:
        if f"{name}_file" in found:
            if name in found:
                raise _said_twice(f"{name} and {name}_file", str(path))
            values[name] = _secret_in(path.parent / str(found[f"{name}_file"]), f"{name}_file in {path}")
    return values


def _require_known(found: Mapping[str, Any], path: Path) -> None:
    known = [*FIELDS, *(f"{name}_file" for name in SECRETS)]
    for name in found:
        if name in known:
            continue
        close = get_close_matches(name, known, n=3)
        meant = f"did you mean {' or '.join(close)}?" if close else "`suanli settings` lists what there is"
        raise InvalidInput("invalid_settings", f"{path}: there is no setting {name!r}; {meant}", unknown=name)


def _read_secrets() -> Iterator[tuple[str, str]]:
    """SUANLI_KEY_PEPPER_FILE and its like: a secret in a file of its own, as containers and systemd hand it over."""
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}"
        file = os.environ.get(f"{variable}_FILE")
        if file:
            if os.environ.get(variable):
                raise _said_twice(f"{variable} and {variable}_FILE", "the environment")
            yield name, _secret_in(Path(file), f"{variable}_FILE")


def _secret_in(path: Path, told_by: str) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(
            "invalid_settings", f"{path}, named by {told_by}, cannot be read: {why}"
        ) from error
    if not secret:
        raise InvalidInput("invalid_settings", f"{path}, named by {told_by}, is empty")
    return secret


def _said_twice(names: str, where: str) -> InvalidInput:
    return InvalidInput("invalid_settings", f"{names} are both set in {where}: keep one of them")


def _misspelt_variables() -> Iterator[tuple[str, str]]:
    known = {name.upper() for name in FIELDS} | {f"{name.upper()}_FILE" for name in SECRETS}
    for variable in os.environ:
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and name not in known | NOT_SETTINGS:
            close = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
            if close:
                yield variable, f"{PREFIX}{close[0]}"


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url.split("://", 1)[0] + "://" + REDACTED
