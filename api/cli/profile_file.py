"""Profiles: servers and keys by name, in `~/.config/suanli/config.toml` (XDG), which only its owner may read."""

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
HEAD = "# Profiles of the suanli command: `suanli profiles` writes this file. It holds keys: keep it to yourself.\n"
KIND = re.compile(r"suanli_[a-z]+_")
SHOWN_AT_END, SAFE_LENGTH = 4, 30


@dataclass(frozen=True, slots=True)
class Profile:
    """An exchange and a key for it; either may be left open."""

    server: str | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def redacted_key(self) -> str | None:
        """Enough to tell keys apart: `suanli_buyer_…9f3a`."""
        if self.key is None:
            return None
        kind = KIND.match(self.key)
        return f"{kind[0]}…{self.key[-SHOWN_AT_END:]}" if kind and len(self.key) >= SAFE_LENGTH else "…"


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles, and which is used where none is named."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    used: str | None = None

    def choose(self, name: str | None) -> Profile:
        """The one named, else the one in use, else one that leaves everything open."""
        wanted = name or self.used
        return Profile() if wanted is None else self.named(wanted)

    def named(self, name: str) -> Profile:
        """`Refusal` unknown_profile where there is none of this name."""
        if name not in self.profiles:
            raise Refusal(
                "unknown_profile",
                f"there is no profile {name!r}",
                "suanli profiles list, or: suanli profiles add",
            )
        return self.profiles[name]

    def with_profile(self, name: str, profile: Profile) -> "Profiles":
        """The first profile is used at once."""
        if not NAME.fullmatch(name):
            raise Refusal("invalid_profile_name", f"{name!r}: letters, digits, - and _, at most 64 of them")
        return Profiles({**self.profiles, name: profile}, self.used or name)

    def without(self, name: str) -> "Profiles":
        """None is used after the one in use was removed."""
        self.named(name)
        rest = {other: profile for other, profile in self.profiles.items() if other != name}
        return Profiles(rest, None if self.used == name else self.used)

    def using(self, name: str) -> "Profiles":
        """Use this one from now on."""
        self.named(name)
        return replace(self, used=name)


def profile_path() -> Path:
    """Where the file is, by the XDG base directory specification: relative paths in the variable do not count."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    directory = Path(base) if base and Path(base).is_absolute() else Path.home() / ".config"
    return directory / "suanli" / "config.toml"


def read_profiles() -> Profiles:
    """What the file says; nothing where there is none. `Refusal` where it cannot be read, or others can read it."""
    path = profile_path()
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            told = tomllib.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return Profiles()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal("invalid_profiles", f"{path}: {error}", "mend it, or move it away") from error
    profiles = _read(path, told)
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO) and _holds_keys(profiles):
        raise Refusal("profiles_exposed", f"others may read the keys in {path}", f"chmod 600 {path}")
    return profiles


def require_writable() -> None:
    """Refuse a file that could not be written, before there is something to be written to it."""
    check_writable(_path_in_directory())


def write_profiles(profiles: Profiles) -> Path:
    """Whole or not at all, readable by its owner only from the first byte."""
    path = _path_in_directory()
    # The temporary file has mode 0600 from the start, and keeps it under its new name.
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".config.", delete=False
    ) as stream:
        written = Path(stream.name)
        stream.write(_toml(profiles))
    try:
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
    return path


def complete_profile(incomplete: str) -> list[str]:
    """Names for the shell; an unreadable file completes nothing."""
    try:
        names = read_profiles().profiles
    except (Refusal, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def _path_in_directory() -> Path:
    """Where the file is, in a directory that is there."""
    path = profile_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _read(path: Path, told: Mapping[str, object]) -> Profiles:
    tables = told.get("profiles", {})
    used = told.get("profile")
    if not isinstance(tables, dict) or not (used is None or isinstance(used, str)):
        raise _invalid(path, "`profile` is a name, `profiles` are tables")
    profiles = {}
    for name, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise _invalid(path, f"profile {name} is a table of texts: server, key")
        unknown = sorted(set(table) - {"server", "key"})
        if unknown:
            raise _invalid(path, f"profile {name} knows server and key, not {unknown[0]}")
        profiles[name] = Profile(table.get("server"), table.get("key"))
    return Profiles(profiles, used)


def _invalid(path: Path, what: str) -> Refusal:
    return Refusal("invalid_profiles", f"{path}: {what}", "mend it, or move it away")


def _holds_keys(profiles: Profiles) -> bool:
    return any(profile.key for profile in profiles.profiles.values())


def _toml(profiles: Profiles) -> str:
    """Names are bare keys, and a JSON string without control characters is a TOML string."""
    lines = [HEAD]
    if profiles.used is not None:
        lines.append(f"profile = {json.dumps(profiles.used)}\n")
    for name, profile in profiles.profiles.items():
        lines.append(f"\n[profiles.{name}]\n")
        for key in ("server", "key"):
            value = getattr(profile, key)
            if value is not None:
                lines.append(f"{key} = {json.dumps(value)}\n")
    return "".join(lines)
