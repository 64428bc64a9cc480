"""Reading `.npz` files that may be cut, scribbled over, or not what they say."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

FIRST_BYTES = b"PK\x03\x04"
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What numpy writes."""
HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""By version of the `.npy` format; a third one is for field names alone, which no array of ours has."""
DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError),
    *(ValueError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What zipfile and numpy raise on bytes in memory that are not what they should be."""


class Unreadable(Exception):
    """The file is no whole `.npz` of plain arrays."""


def read_arrays(source: str | Path | IO[bytes], names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """Those of the named arrays that the file has, read-only; others are left alone.

    Nothing is unpickled, and nothing is believed before its checksum is right. Raises Unreadable; OSError only where
    the file cannot be opened or read. A path is closed whatever happens.
    """
    if isinstance(source, str | Path):
        with Path(source).open("rb") as stream:
            return read_arrays(stream, names)
    start = source.read(len(FIRST_BYTES))
    if start != FIRST_BYTES:
        raise Unreadable("it does not begin as a .npz does")
    content = start + source.read()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _read_members(archive, names)
    except DAMAGE as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _read_members(archive: zipfile.ZipFile, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    arrays = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if member.compress_type not in COMPRESSIONS:
            raise zipfile.BadZipFile(f"{member.filename} is compressed in a way that numpy does not use")
        # Nobody writes a comment: a damaged length has made the entries that follow look like one.
        if member.comment:
            raise zipfile.BadZipFile(f"{member.filename} has a comment")
        # Opened even if nobody wants it: one whose name was altered would seem to be missing.
        with archive.open(member) as stream:
            if name in names and name != member.filename:
                arrays[name] = _plain_array(stream.read())
    return arrays


def _plain_array(content: bytes) -> npt.NDArray[Any]:
    """The array of a `.npy`; its size is compared with what it claims before anything is allocated."""
    stream = BytesIO(content)
    shape, in_columns, kind = HEADER_READERS[np.lib.format.read_magic(stream)](stream)
    if kind.hasobject:
        raise ValueError("it holds Python objects, which are not read")
    count, begin = math.prod(shape), stream.tell()
    if count * kind.itemsize != len(content) - begin:
        raise ValueError(f"an array of shape {shape} and type {kind} has {len(content) - begin} bytes")
    array: npt.NDArray[Any] = np.frombuffer(content, dtype=kind, count=count, offset=begin)
    return array.reshape(shape, order="F" if in_columns else "C")
