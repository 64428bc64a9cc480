"""`suanli settings`: what holds and why, never a secret."""

from pathlib import Path

from command import figures, refused, suanli


def test_settings_are_shown_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text('port = 9000\nkey_pepper = "s3cret"\n', encoding="utf-8")
    told = figures(suanli("settings", "--json", cwd=tmp_path, SUANLI_HOST="::1"))
    found = {one["name"]: (one["value"], one["origin"]) for one in told["settings"]}
    assert told["file"] == "suanli.toml"
    assert found["port"] == ("9000", "file")
    assert found["host"] == ("::1", "environment")
    assert found["key_pepper"] == ("•••", "file")
    table = suanli("settings", cwd=tmp_path)
    assert table.returncode == 0
    assert "solver_seconds" in table.stdout
    assert "s3cret" not in table.stdout


def test_settings_that_are_wrong_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text("prot = 9000\n", encoding="utf-8")
    for command in ("settings", "init", "serve"):
        line = refused(suanli(command, cwd=tmp_path), "invalid_settings")
        assert "did you mean port?" in line
