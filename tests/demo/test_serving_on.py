"""The demo goes on serving until it is told to stop, and then stops cleanly."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.slow
START = "from api.cli.main import app; app()"
PATIENCE_SECONDS = 120


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_serves_the_page_until_told_to_stop(told: signal.Signals, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUANLI_")}
    out, complaints = tmp_path / "out.txt", tmp_path / "err.txt"
    with out.open("wb") as stdout, complaints.open("wb") as stderr:
        demo = subprocess.Popen(
            [sys.executable, "-u", "-c", START, "demo", "--orders", "20", "--seed", "3", "--port", "0"],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(root)},
            stdout=stdout,
            stderr=stderr,
        )
        try:
            give_up = time.monotonic() + PATIENCE_SECONDS
            while "Ctrl-C stops" not in out.read_text(encoding="utf-8"):
                assert demo.poll() is None, complaints.read_text(encoding="utf-8")
                assert time.monotonic() < give_up
                time.sleep(0.2)
            said = out.read_text(encoding="utf-8")
            url = next(word for word in said.split() if word.startswith("http://"))
            page = httpx2.get(url, timeout=10, trust_env=False)
            assert "<!doctype html>" in page.text
            demo.send_signal(told)
            assert demo.wait(30) == 0
        finally:
            demo.kill()
    assert out.read_text(encoding="utf-8").splitlines()[-1] == "stopped"
    assert complaints.read_text(encoding="utf-8") == ""
    assert len(list((tmp_path / "suanli-data").iterdir())) == 1
