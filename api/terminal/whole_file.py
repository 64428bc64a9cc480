"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from api.terminal.refusal import Refusal


def check_writable(path: Path) -> None:
    """Refuse a file that could not be written, before the work that fills it."""
    if path.is_dir():
        raise Refusal("is_a_directory", f"{path} is a directory; name a file")
    if not path.parent.is_dir():
        raise Refusal("directory_not_found", f"there is no directory {path.parent} to write {path.name} to")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            return
    except OSError as error:
        raise Refusal(
            "directory_not_writable", f"cannot write to {path.parent}: {error.strerror or error}"
        ) from error


@contextmanager
def writing_whole(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears under its name only when all of it is written."""
    check_writable(path)
    stream = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    written = Path(stream.name)
    try:
        with stream:
            yield stream
        written.chmod(0o666 & ~_umask())
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
