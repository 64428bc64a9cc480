"""Reading a backup, trusting nothing of it: whatever is wrong is refused with a stable code before anything is stored."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market.archive.manifest import FORMAT, NAME, Manifest, member_name
from market.archive.tables import Tell
from market.domain.errors import InvalidInput

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)
"""What reading a damaged zip may raise."""
ROWS_BETWEEN_TELLS = 1000
LONGEST_LINE_BYTES = 256 * 1024 * 1024
"""Of one row: what a large round recorded is a few megabytes. A line of zeros without end would take all memory."""
LARGEST_MANIFEST_BYTES = 1024 * 1024
"""Read whole; it names some thirty tables. A megabyte of zip can be a gigabyte of zeros."""


class Backup:
    """An open backup whose manifest fits what is in it; use `open_backup`."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    def lines(self, table: str) -> Iterator[bytes]:
        """A table's rows, as lines; `InvalidInput` `backup_damaged` for one that is longer than any row."""
        with self._archive.open(member_name(table)) as member:
            while line := member.readline(LONGEST_LINE_BYTES + 1):
                if len(line) > LONGEST_LINE_BYTES:
                    raise damaged(f"a row of {table} is longer than any")
                yield line

    def require_whole(self, tell: Tell) -> None:
        """`InvalidInput` `backup_damaged` unless every member has the rows and the hash that the manifest names."""
        for table, told in self.manifest.tables.items():
            hashed, rows = hashlib.sha256(), 0
            with _refusing_damage(f"the rows of {table}"):
                for line in self.lines(table):
                    hashed.update(line)
                    rows += 1
                    if rows % ROWS_BETWEEN_TELLS == 0:
                        tell(table, rows)
            if (rows, hashed.hexdigest()) != (told.rows, told.sha256):
                raise damaged(f"the rows of {table} are not those that were written")
            tell(table, rows)


@contextmanager
def open_backup(file: Path) -> Iterator[Backup]:
    """A backup that can be looked into; `InvalidInput` `not_a_backup` or `backup_damaged`."""
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise InvalidInput(
            "not_a_backup", f"{file} is no backup, or was cut off: name a file that `suanli backup` wrote"
        ) from error
    with archive:
        names = archive.namelist()
        if NAME not in names:
            raise InvalidInput("not_a_backup", f"{file} is a zip, but has no {NAME}: it is no backup")
        with _refusing_damage(f"its {NAME}"):
            manifest = _read_manifest(archive)
        wanted = sorted([NAME, *map(member_name, manifest.tables)])
        if sorted(names) != wanted:
            raise damaged("it does not hold the tables that its manifest names")
        yield Backup(archive, manifest)


def damaged(what: str) -> InvalidInput:
    """The backup cannot be trusted."""
    return InvalidInput(
        "backup_damaged", f"the backup is damaged: {what}; take another one, nothing was stored"
    )


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    if archive.getinfo(NAME).file_size > LARGEST_MANIFEST_BYTES:
        raise damaged(f"its {NAME} is larger than any")
    try:
        manifest = Manifest.from_json(archive.read(NAME))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(f"its {NAME} cannot be read") from error
    if manifest.format != FORMAT:
        raise InvalidInput(
            "backup_of_another_version",
            f"the backup is in format {manifest.format}, this program reads {FORMAT}: restore it with "
            f"suanli-exchange {manifest.program}",
        )
    return manifest


@contextmanager
def _refusing_damage(what: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise damaged(f"{what} cannot be read") from error
