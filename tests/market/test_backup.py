"""Backups: of one moment while the exchange runs, the same on every engine, restored whole or not at all."""

import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from promises_kept import broken_promises
from sqlalchemy import Column, Connection, Interval, MetaData, Table, inspect
from toy_market import FREE, HOUR, SCENARIO, START, terms

from market.archive import Manifest, restore_backup, write_backup
from market.archive import reading as reading_backups
from market.archive.manifest import NAME, Member, member_name
from market.archive.rows import read_lines
from market.archive.tables import all_tables, first_filled, read_sequences, set_sequences
from market.archive.writing import digest_table
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, MarketError
from market.domain.parties import Actor, Role
from market.domain.policy import PricingRule
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from solver import Limits

ROOT = Path(__file__).parents[2]
OPERATOR = Actor("key_operator", Role.OPERATOR, None)
POLICY = replace(FREE, name="marginal", pricing=PricingRule.MARGINAL, fee_rate=0.1)


def trade(database: Database) -> Exchange:
    """A market in which something of everything has happened."""
    exchange, clock = open_exchange(database)
    exchange.load_scenario(SCENARIO)
    exchange.create_operator_key()
    submit(exchange, 8)
    exchange.clear_round(OPERATOR, RoundRequest(POLICY, limits=Limits(seconds=5, workers=1)))
    clock.advance(2.4 * HOUR)
    exchange.keep_time()
    submit(exchange, 4)
    return exchange


def open_exchange(database: Database) -> tuple[Exchange, VirtualClock]:
    clock = VirtualClock(START)
    return Exchange(database, clock), clock


def submit(exchange: Exchange, count: int) -> None:
    now = exchange.clock.now()
    asked = [terms(60 + 11 * n, 20, now, units=1 + n % 4, hours=1 + n % 5) for n in range(count)]
    answers = exchange.submit_orders(
        OPERATOR, [Submission(("buy_toy", "buy_other")[n % 2], one) for n, one in enumerate(asked)]
    )
    assert not [answer for answer in answers if isinstance(answer, MarketError)]


def contents(database: Database) -> dict[str, Member]:
    with reading(database) as connection:
        return {table.name: digest_table(connection, table) for table in all_tables()}


def reading(database: Database) -> Connection:
    return database.engine.execution_options(reading=True).connect()


def back_up(database: Database, file: Path, **more: Any) -> Manifest:
    return write_backup(database, file, START, **more).manifest


def prepare_traded(url: str) -> None:
    """It is traded in once, and then copied."""
    with closing(Database(url)) as database:
        database.upgrade()
        trade(database)


@pytest.fixture
def traded(sqlite_databases: Databases) -> Iterator[Database]:
    original, _ = sqlite_databases.prepared(prepare_traded)
    with sqlite_databases.copied(original) as url, closing(Database(url)) as database:
        yield database


@pytest.fixture
def kept(traded: Database, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "kept.zip"
    back_up(traded, file)
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'restored.db'}")) as database:
        yield database


def test_a_backup_restores_to_the_same_rows_and_life_goes_on(
    traded: Database, kept: Path, empty: Database
) -> None:
    before = contents(traded)
    manifest = restore_backup(empty, kept)
    assert contents(empty) == before == manifest.tables
    assert manifest.rows == sum(member.rows for member in before.values()) > 100
    assert broken_promises(empty) == []
    exchange, clock = open_exchange(empty)
    clock.advance(30 * HOUR)
    exchange.keep_time()
    submit(exchange, 3)
    assert exchange.clear_round(OPERATOR, RoundRequest(POLICY)).state.value == "landed"
    assert broken_promises(empty) == []


def test_the_manifest_tells_what_is_in_it(traded: Database, kept: Path) -> None:
    with zipfile.ZipFile(kept) as archive:
        manifest = Manifest.from_json(archive.read(NAME))
    assert (manifest.schema, manifest.engine, manifest.imbalance_micros) == (
        traded.schema_version(),
        "sqlite",
        0,
    )
    assert manifest.moved_micros > 0
    assert manifest.newest_event == manifest.sequences["events"] == manifest.tables["events"].rows
    assert manifest.taken_at == "2030-01-01T16:00:00Z"


def test_every_table_there_is_is_in_a_backup(traded: Database) -> None:
    found = set(inspect(traded.engine).get_table_names())
    assert {table.name for table in all_tables()} == found - {"alembic_version", "sqlite_sequence"}
    with reading(traded) as connection:
        for table in all_tables():
            list(read_lines(connection, table))  # every column's kind has a rule


def test_a_kind_of_column_without_a_rule_is_refused(traded: Database) -> None:
    odd = Table("regions", MetaData(), Column("id", Interval, primary_key=True))
    with reading(traded) as connection, pytest.raises(TypeError, match=r"regions\.id: no rule"):
        list(read_lines(connection, odd))


@pytest.mark.postgres
def test_there_and_back_over_the_other_engine(
    traded: Database, kept: Path, postgres_url: str, tmp_path: Path, empty: Database
) -> None:
    before = contents(traded)
    with closing(Database(postgres_url)) as postgres:
        restore_backup(postgres, kept)
        assert contents(postgres) == before
        assert broken_promises(postgres) == []
        submit(open_exchange(postgres)[0], 2)  # the sequences go on
        after = contents(postgres)
        manifest = back_up(postgres, tmp_path / "back.zip")
        assert manifest.engine == "postgresql"
    restore_backup(empty, tmp_path / "back.zip")
    assert contents(empty) == after
    assert broken_promises(empty) == []
    submit(open_exchange(empty)[0], 2)


def test_counting_goes_on_where_it_was_even_without_the_rows(
    database: Database, tmp_path: Path, empty: Database
) -> None:
    trade(database)
    with database.engine.begin() as connection:
        set_sequences(connection, {"events": 10_000})
    back_up(database, tmp_path / "b.zip")
    restore_backup(empty, tmp_path / "b.zip")
    submit(open_exchange(empty)[0], 1)
    with reading(empty) as connection:
        assert read_sequences(connection)["events"] > 10_000


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(
    database: Database, tmp_path: Path, empty: Database
) -> None:
    exchange = trade(database)
    before = contents(database)
    seen = []

    def trade_on(table: str, rows: int) -> None:
        """Between any two tables somebody submits, cancels, is paid."""
        seen.append(table)
        submit(exchange, 1)

    manifest = back_up(database, tmp_path / "b.zip", tell=trade_on)
    assert set(seen) == {"", *before}
    assert contents(database)["orders"].rows == before["orders"].rows + len(seen)
    assert manifest.tables == before
    restore_backup(empty, tmp_path / "b.zip")
    assert contents(empty) == before
    assert broken_promises(empty) == []


def test_a_backup_is_for_its_owner_alone_and_takes_nobodys_place(
    traded: Database, kept: Path, tmp_path: Path
) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    content = kept.read_bytes()
    with pytest.raises(Conflict) as refused:
        back_up(traded, kept)
    assert refused.value.code == "backup_exists"

    def somebody_is_faster(_table: str, _rows: int) -> None:
        (tmp_path / "new.zip").write_text("mine", encoding="utf-8")

    with pytest.raises(Conflict):
        back_up(traded, tmp_path / "new.zip", tell=somebody_is_faster)
    assert (tmp_path / "new.zip").read_text(encoding="utf-8") == "mine"
    assert kept.read_bytes() == content
    assert list(tmp_path.glob(".*")) == []


def test_a_backup_that_fails_leaves_no_file(traded: Database, tmp_path: Path) -> None:
    def fail(_table: str, _rows: int) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        back_up(traded, tmp_path / "b.zip", tell=fail)
    assert list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*")) == []


def test_only_an_empty_database_is_restored_into(traded: Database, kept: Path, empty: Database) -> None:
    with pytest.raises(Conflict) as refused:
        restore_backup(traded, kept)
    assert refused.value.code == "database_not_empty"
    empty.upgrade()
    restore_backup(empty, kept)
    with pytest.raises(Conflict):
        restore_backup(empty, kept)


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same zip with other contents, whose own check sums are right."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def in_manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[NAME] = json.dumps({**json.loads(members[NAME]), **changes}).encode()

    return change


def in_orders(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        assert old in members[member_name("orders")]
        members[member_name("orders")] = members[member_name("orders")].replace(old, new, 1)

    return change


def without_last_order(members: dict[str, bytes]) -> None:
    lines = members[member_name("orders")].splitlines(keepends=True)
    members[member_name("orders")] = b"".join(lines[:-1])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (in_orders(b"buy_toy", b"buy_tox"), "backup_damaged"),
        (without_last_order, "backup_damaged"),
        (lambda members: members.pop(member_name("transfers")), "backup_damaged"),
        (lambda members: members.update({"tables/more.jsonl": b""}), "backup_damaged"),
        (lambda members: members.update({NAME: b"{"}), "backup_damaged"),
        (lambda members: members.update({NAME: b"[]"}), "backup_damaged"),
        (lambda members: members.update({NAME: b" " * 2**20 + members[NAME]}), "backup_damaged"),
        (in_manifest(tables={}), "backup_damaged"),
        (lambda members: members.pop(NAME), "not_a_backup"),
        (in_manifest(format=99), "backup_of_another_version"),
        (in_manifest(schema="0000"), "backup_of_another_version"),
        (in_manifest(imbalance_micros=1), "restore_differs"),
        (in_manifest(sequences={}), "backup_damaged"),
        (in_manifest(sequences={"events": 1}), "backup_damaged"),
    ],
)
def test_what_is_wrong_with_a_backup_is_refused_and_nothing_is_stored(
    kept: Path, empty: Database, change: Callable[[dict[str, bytes]], None], code: str
) -> None:
    with pytest.raises(MarketError) as refused:
        restore_backup(empty, rewritten(kept, change))
    assert refused.value.code == code
    assert holds_nothing(empty)


def test_a_line_that_does_not_end_is_refused_before_it_is_read(
    kept: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(members: dict[str, bytes]) -> None:
        members[member_name("orders")] += b" " * 2**16

    rewritten(kept, endless)
    read = list[int]()
    readline = zipfile.ZipExtFile.readline

    def noted(member: zipfile.ZipExtFile, limit: int = -1) -> bytes:
        line = readline(member, limit)
        read.append(len(line))
        return line

    monkeypatch.setattr(zipfile.ZipExtFile, "readline", noted)
    monkeypatch.setattr(reading_backups, "LONGEST_LINE_BYTES", 2**14)
    with pytest.raises(InvalidInput, match="longer than any") as refused:
        restore_backup(empty, kept)
    assert refused.value.code == "backup_damaged"
    assert max(read) < 2**15
    assert holds_nothing(empty)


def test_a_database_is_for_its_owner_alone(traded: Database, kept: Path, tmp_path: Path) -> None:
    """Whatever others may do with what the user makes otherwise; the files beside it as well."""
    before = os.umask(0)
    try:
        with closing(Database(f"sqlite:///{tmp_path / 'private.db'}")) as database:
            restore_backup(database, kept)
            files = list(tmp_path.glob("private.db*"))
            assert len(files) > 1
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_backup_that_was_cut_off_is_refused(kept: Path, empty: Database, share: float) -> None:
    content = kept.read_bytes()
    kept.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidInput) as refused:
        restore_backup(empty, kept)
    assert refused.value.code == "not_a_backup"
    assert holds_nothing(empty)


def test_a_flipped_bit_anywhere_is_refused(kept: Path, tmp_path: Path) -> None:
    """Or it is in what nobody reads: then what is restored is what was backed up."""
    content, codes = bytearray(kept.read_bytes()), set()
    for at in range(40, len(content), len(content) // 24):
        content[at] ^= 0x10
        kept.write_bytes(content)
        with closing(Database(f"sqlite:///{tmp_path / f'{at}.db'}")) as database:
            try:
                restore_backup(database, kept)
            except InvalidInput as refused:
                codes.add(refused.code)
                assert holds_nothing(database)
        content[at] ^= 0x10
    assert "backup_damaged" in codes
    assert codes <= {"backup_damaged", "not_a_backup"}


def holds_nothing(database: Database) -> bool:
    if database.schema_version() is None:
        return True
    with reading(database) as connection:
        return first_filled(connection) is None


@pytest.mark.slow
@pytest.mark.parametrize("statement", [3, 9, 15])
def test_a_kill_in_the_middle_leaves_an_empty_database(kept: Path, empty: Database, statement: int) -> None:
    program = f"""
import os, signal
from sqlalchemy import event
from market.archive import restore_backup
from market.persistence.database import Database

inserts = []
def count(connection, cursor, statement, *more):
    if statement.startswith("INSERT INTO") and "alembic" not in statement:
        inserts.append(statement)
        if len(inserts) == {statement}:
            os.kill(os.getpid(), signal.SIGKILL)

database = Database({empty.url!r})
database.upgrade()
event.listen(database.engine, "before_cursor_execute", count)
restore_backup(database, __import__("pathlib").Path({str(kept)!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert holds_nothing(empty)
    restore_backup(empty, kept)
    assert broken_promises(empty) == []
