"""The built wheel carries all that the program needs, and runs from anywhere."""

import json
import os
import site
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
SCENARIO = ("buyers", "devices", "job_classes", "nodes", "offerings", "orders", "providers", "regions", "rtt")
NEEDED = (
    *(f"fixtures/east_west/{name}.csv" for name in SCENARIO),
    "fixtures/README.md",
    "fixtures/maps/china.json",
    "api/problems/codes/requests.toml",
    "api/problems/style.css",
    "api/web/static/index.html",
    "api/web/static/scripts/main.js",
    "api/web/static/scripts/views/market.js",
    "api/web/static/style/base.css",
    "api/web/static/style/docs.css",
    "market/persistence/migrations/env.py",
    "market/persistence/migrations/script.py.mako",
    "market/persistence/migrations/versions/0001_the_first_tables.py",
    "solver/MODEL.md",
    "api/py.typed",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git knows and what is new, as a release would be."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, cwd=source)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`suanli` in an empty environment; only the dependencies are borrowed, so that no network is needed."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    target = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    borrowed = [path for path in site.getsitepackages() if Path(path).is_dir()]
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=home
    )
    (target / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return home / "bin" / "suanli"


def run(*args: object, cwd: Path) -> str:
    """Run a program without what this environment would lend it; its stdout."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SUANLI_", "PYTHONPATH"))
    }
    ran = subprocess.run(
        [str(arg) for arg in args], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{args}\n{ran.stdout[-2000:]}\n{ran.stderr[-4000:]}"
    return ran.stdout


def test_the_wheel_carries_what_the_program_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert [name for name in NEEDED if name not in names] == []
    assert [name for name in names if name.startswith("tests/")] == []


def test_every_file_of_the_page_is_in_the_wheel(wheel: Path) -> None:
    page = ROOT / "api" / "web" / "static"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {file.relative_to(ROOT).as_posix() for file in page.rglob("*") if file.is_file()}
    assert shipped - names == set()


def test_the_installed_program_runs_the_demo_from_another_directory(installed: Path, tmp_path: Path) -> None:
    where = run(installed.with_name("python"), "-c", "import api, solver; print(api.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parents[1])
    run(installed, "demo", "--once", "--orders", 50, "--port", 0, "--json", "figures.json", cwd=tmp_path)
    found = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert found["solver"]["orders"] == 50
    assert found["solver"]["placed"] > 0
    verified = run(installed, "verify", found["problem_file"], found["clearing_file"], cwd=tmp_path)
    assert json.loads(verified)["ok"]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["figures.clearing.npz", "figures.json", "figures.problem.npz"]
