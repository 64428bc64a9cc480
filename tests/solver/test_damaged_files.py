"""Files that lie: cut, altered, made of other things. Always a named error, never a handle left open.

ResourceWarning is an error here as everywhere in the tests; what was leaked would fail the next one.
"""

from __future__ import annotations

import gc
import io
import pickle
import struct
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_markets import tiny_market

from solver import Clearing, ClearingError, ProblemError, SolverError, baselines, verify

pytestmark = pytest.mark.slow

PROBLEM = replace(tiny_market(18), slot_hours=0.5)
CLEARING = replace(
    baselines.value_density(PROBLEM),
    mip_bound_micros=10**6,
    seconds=2.0,
    history=np.arange(6.0).reshape(2, 3),
)
KINDS: list[tuple[Any, type[SolverError], str]] = [
    (PROBLEM, ProblemError, "NOT_A_PROBLEM_FILE"),
    (CLEARING, ClearingError, "NOT_A_CLEARING_FILE"),
]
kinds = pytest.mark.parametrize(("thing", "error", "code"), KINDS, ids=["problem", "clearing"])


def stored(thing: Any) -> bytes:
    stream = io.BytesIO()
    thing.save(stream)
    return stream.getvalue()


def arrays_of(thing: Any) -> dict[str, Any]:
    with np.load(io.BytesIO(stored(thing))) as archive:
        return {name: archive[name] for name in archive.files}


def load_arrays(kind: Any, arrays: dict[str, Any]) -> Any:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    stream.seek(0)
    return kind.load(stream)


def is_same(one: Any, other: Any) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


@kinds
def test_a_file_cut_anywhere_is_refused(
    thing: Any, error: type[SolverError], code: str, tmp_path: Path
) -> None:
    content, path = stored(thing), tmp_path / "cut.npz"
    positions = np.random.default_rng(1).choice(len(content), 20, replace=False).tolist()
    for position in [0, 1, 4, *positions, len(content) - 1]:
        path.write_bytes(content[:position])
        with pytest.raises(error) as refusal:
            type(thing).load(path)
        assert refusal.value.code == code
    gc.collect()


@kinds
def test_an_altered_bit_is_refused_or_makes_no_difference(
    thing: Any, error: type[SolverError], code: str, tmp_path: Path
) -> None:
    """Zip archives have places that nobody reads (dates, who wrote it): only those may pass, with the same content."""
    content, path, refused = stored(thing), tmp_path / "altered.npz", 0
    for position in np.random.default_rng(2).choice(8 * len(content), 600, replace=False).tolist():
        altered = bytearray(content)
        altered[position // 8] ^= 1 << position % 8
        path.write_bytes(altered)
        try:
            assert is_same(type(thing).load(path), thing), position
        except error as refusal:
            assert refusal.code == code, position  # noqa: PT017 - either way is right
            refused += 1
    assert refused > 300
    gc.collect()


@kinds
def test_no_array_disappears_where_a_damaged_length_swallows_its_entry(
    thing: Any, error: type[SolverError], code: str
) -> None:
    """The last entry's length as the comment of the one before: the archive is whole, and lacks an array."""
    content = bytearray(stored(thing))
    last = content.rfind(b"PK\x01\x02")
    length = content.rfind(b"PK\x05\x06") - last
    before = content.rfind(b"PK\x01\x02", 0, last)
    content[before + 32 : before + 34] = struct.pack("<H", length)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) < len(arrays_of(thing))
    with pytest.raises(error) as refusal:
        type(thing).load(io.BytesIO(content))
    assert refusal.value.code == code


@kinds
def test_other_files_are_refused(thing: Any, error: type[SolverError], code: str, tmp_path: Path) -> None:
    whole = stored(thing)
    others = {
        "text": b"hello",
        "pickle": pickle.dumps({"value_micros": 1}),
        "one array": npy(np.zeros(3)),
        "objects": npz_of({name: np.array([{}], dtype=object) for name in arrays_of(thing)}),
        "bzip2": zipped(whole, zipfile.ZIP_BZIP2),
        "no arrays": zipped(whole, zipfile.ZIP_STORED, lambda _: b"not an array"),
        "header of another version": zipped(whole, zipfile.ZIP_STORED, lambda npy: npy[:6] + b"\x07\x00" + npy[8:]),
        "fewer bytes than claimed": zipped(whole, zipfile.ZIP_STORED, lambda npy: npy[:-1]),
        "more bytes than claimed": zipped(whole, zipfile.ZIP_STORED, lambda npy: npy + b"\0"),
        "terabytes claimed": zipped(whole, zipfile.ZIP_STORED, lambda _: header("(1099511627776,)")),
        "a size beyond 64 bits": zipped(whole, zipfile.ZIP_STORED, lambda _: header(f"({10**30}, {10**30})")),
        "a size below zero": zipped(whole, zipfile.ZIP_STORED, lambda _: header("(-1, -1)") + bytes(8)),
        "a header that is no header": zipped(whole, zipfile.ZIP_STORED, lambda _: header("(" * 5000)),
    }  # fmt: skip
    for name, content in others.items():
        path = tmp_path / "other.npz"
        path.write_bytes(content)
        with pytest.raises(error) as refusal:
            type(thing).load(path)
        assert refusal.value.code == code, name
    gc.collect()


@kinds
def test_what_cannot_be_opened_is_an_os_error(
    thing: Any, error: type[SolverError], code: str, tmp_path: Path
) -> None:
    for path in (tmp_path / "nowhere.npz", tmp_path):
        with pytest.raises(OSError, match=path.name):
            type(thing).load(path)


@kinds
def test_every_array_of_another_type_or_shape_is_refused(
    thing: Any, error: type[SolverError], code: str
) -> None:
    arrays = arrays_of(thing)
    for name, array in arrays.items():
        for wrong in (
            np.full(array.shape, "seven"),
            np.zeros(array.shape, "M8[s]"),
            np.zeros(array.shape, "c16"),
        ):
            with pytest.raises(error) as refusal:
                load_arrays(type(thing), arrays | {name: wrong})
            assert refusal.value.code in {
                "NOT_INTEGER", "NOT_A_NUMBER", "BAD_SLOT_HOURS", "NOT_A_CLEARING_FILE",
            }, name  # fmt: skip
        with pytest.raises(error) as refusal:
            load_arrays(type(thing), arrays | {name: np.stack([array, array])})
        assert refusal.value.code in {"WRONG_SHAPE", "BAD_SLOT_HOURS", "NOT_A_CLEARING_FILE"}, name


@kinds
def test_every_array_that_is_needed_is_missed(thing: Any, error: type[SolverError], code: str) -> None:
    arrays = arrays_of(thing)
    may_be_missing = {"slot_hours", "gap", "seconds", "history", "mip_bound_micros"}
    for name in arrays:
        rest = {other: array for other, array in arrays.items() if other != name}
        if name in may_be_missing:
            load_arrays(type(thing), rest)
        else:
            with pytest.raises(error, match=f"MISSING_ARRAY: the file lacks {name}"):
                load_arrays(type(thing), rest)


def test_a_gap_that_is_missing_is_what_value_and_bound_make_it() -> None:
    honest = baselines.value_density(PROBLEM)
    arrays = arrays_of(honest)
    for name in ("gap", "seconds", "history"):
        del arrays[name]
    bare = load_arrays(Clearing, arrays)
    assert (bare.gap, bare.seconds, bare.history.shape) == (honest.gap, 0.0, (0, 3))
    assert bare.mip_bound_micros is None
    assert verify(PROBLEM, bare).violations == []
    lying = load_arrays(Clearing, arrays | {"value_micros": arrays["value_micros"] + 1})
    assert {violation.code for violation in verify(PROBLEM, lying).violations} == {"WRONG_VALUE", "WRONG_GAP"}


def test_numbers_written_otherwise_are_the_same_numbers() -> None:
    """Uncompressed, in columns, other way round in memory, of other integer types."""
    for thing in (PROBLEM, CLEARING):
        written = {
            name: np.asfortranarray(array.astype(array.dtype.newbyteorder(">"))) if array.ndim else array
            for name, array in arrays_of(thing).items()
        }
        assert is_same(load_arrays(type(thing), written | {"a comment": np.asarray("ours")}), thing)
    nobody = {name: np.zeros(0, dtype=[("a", np.int64)]) for name in ("chosen", "start_slot")}
    assert load_arrays(Clearing, arrays_of(CLEARING) | nobody).chosen.dtype == np.int32


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz_of(arrays: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def header(shape: str) -> bytes:
    """A `.npy` of that shape, without content."""
    words = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


def zipped(npz: bytes, compression: int, change: Any = lambda npy: npy) -> bytes:
    """The same archive with its members compressed and changed, checksums in order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(npz)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)))
    return stream.getvalue()
