"""A folder is a promise about imports; a machine keeps it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = {
    ("client", f"{name}.py") for name in ("answers", "bodies", "operations", "async_operations", "words")
}
"""Nobody writes these by hand: `python -m api.generator` does."""


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_server_starts_without_what_only_rounds_need() -> None:
    """Each takes half a second or more; the process of rounds loads them."""
    slow_to_load = ["numba", "ortools", "ray", "scipy"]
    code = f"import sys, api.server; print([name for name in {slow_to_load} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_file_holds_two_ideas() -> None:
    sources = [p for room in ("api", "market", "solver") for p in (ROOT / room).rglob("*.py")]
    steps = [p for p in sources if "versions" in p.parts]  # a migration is one step, however long
    rooms = [p for p in sources if p not in steps and p.parts[-2:] not in GENERATED]
    long = {p.name: n for p in rooms if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
