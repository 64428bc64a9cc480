"""A folder is a promise about imports; a machine keeps it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_file_holds_two_ideas() -> None:
    sources = [p for room in ("api", "market", "solver") for p in (ROOT / room).rglob("*.py")]
    rooms = [p for p in sources if "versions" not in p.parts]  # a migration is one step, however long
    long = {p.name: n for p in rooms if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
