"""`suanli backup` and `suanli restore`."""

from pathlib import Path

import pytest
from command import figures, refused, suanli
from databases import Databases


def test_there_and_back(databases: Databases, database_url: str, tmp_path: Path) -> None:
    with databases.empty() as there:
        go_there_and_back(database_url, there, tmp_path)


def go_there_and_back(here: str, there: str, tmp_path: Path) -> None:
    """Saved from one, restored into the other."""
    file = tmp_path / "a.zip"
    assert suanli("init", "--database", here).returncode == 0
    written = figures(suanli("backup", file, "--database", here, "--json"))
    assert written["rows"] > 1000
    assert written["bytes"] == file.stat().st_size
    restored = figures(suanli("restore", file, "--database", there, "--json"))
    assert {name: restored[name] for name in ("rows", "schema", "newest_event")} == {
        name: written[name] for name in ("rows", "schema", "newest_event")
    }
    refused(suanli("backup", file, "--database", here), "backup_exists")
    line = refused(suanli("restore", file, "--database", there), "database_not_empty")
    assert "--database" in line
    told = suanli("backup", tmp_path / "b.zip", SUANLI_DATABASE_URL=there)
    assert "rows" in told.stdout


def test_what_cannot_be_backed_up_or_restored_says_why(database_url: str, tmp_path: Path) -> None:
    refused(suanli("backup", tmp_path / "a.zip", "--database", database_url), "database_empty")
    refused(suanli("restore", tmp_path / "a.zip", "--database", database_url), "file_not_found")
    (tmp_path / "no.zip").write_text("no", encoding="utf-8")
    refused(suanli("restore", tmp_path / "no.zip", "--database", database_url), "not_a_backup")


@pytest.mark.postgres
def test_an_exchange_is_moved_to_another_engine(tmp_path: Path, postgres_url: str) -> None:
    here = f"sqlite:///{tmp_path / 'a.db'}"
    assert suanli("init", "--database", here).returncode == 0
    moved = figures(suanli("migrate-database", here, postgres_url, "--json"))
    assert moved["tables"]["regions"]["rows"] > 5
    assert moved["imbalance_micros"] == 0
    refused(suanli("migrate-database", here, postgres_url), "database_not_empty")
    told = suanli("migrate-database", postgres_url, f"sqlite:///{tmp_path / 'b.db'}")
    assert "read back from both and equal" in told.stdout
