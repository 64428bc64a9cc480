"""`suanli whatif` shows how it comes along, and Ctrl-C gives it up."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from command import OURS, START, figures, suanli
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from api.cli.clearing_bar import ALMOST, completed
from api.client import Progress
from api.server import ServerThread

pytestmark = pytest.mark.slow
SEARCHED = {"number": 1, "of": 2, "step": "as_is", "seconds": 0.4, "gap": 0.02}


class Unending:
    """An exchange that is asked what if, tells how it comes along, and never comes to an end."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.left = threading.Event()
        self.app = FastAPI()
        self.app.post("/v1/scenarios")(self.tell)

    async def tell(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        return StreamingResponse(self._frames(), media_type="text/event-stream")

    async def _frames(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield f"event: progress\ndata: {json.dumps(SEARCHED)}\n\n".encode()
                await asyncio.sleep(0.05)
        finally:
            self.left.set()


def read_until(terminal: int, *words: str) -> str:
    """What a terminal shows until all of it is there."""
    shown = ""
    while not all(word in shown for word in words):
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


def test_a_terminal_shows_how_far_it_is_and_ctrl_c_cancels() -> None:
    unending = Unending()
    here, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "XDG_CONFIG_HOME": "/nonexistent"}
    with ServerThread(unending.app) as server:
        command = [sys.executable, "-c", START, "whatif", "--demand", "1.5", "--demand-seed", "7"]
        process = subprocess.Popen(
            [*command, "--server", server.url],
            env=environment | {"TERM": "xterm", "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        with process:
            read_until(here, "1 of 2, as_is: gap 2.00%")
            process.send_signal(signal.SIGINT)
            read_until(here, "cancelled", "nothing of it is kept")
            assert process.wait(60) == 130
            assert process.stdout is not None
            assert process.stdout.read() == b""
        assert unending.left.wait(60)
    os.close(here)
    (scenario,) = unending.bodies[0]["scenarios"]
    assert (scenario["demand_scale"], scenario["demand_seed"]) == (1.5, 7)


def test_a_bar_goes_on_from_clearing_to_clearing() -> None:
    told = [
        Progress(number=number, of=2, step="as_is", seconds=seconds, gap=0.1, over=over)
        for number, seconds, over in (
            (1, 0, False),
            (1, 5, False),
            (1, 60, False),
            (1, 8, True),
            (2, 0, False),
        )
    ]
    assert [completed(one, 10) for one in told] == [0, ALMOST / 2, ALMOST, 1, 1]


def test_where_nobody_looks_there_is_the_answer_alone() -> None:
    answer = json.dumps({"items": []})
    app = FastAPI()

    @app.post("/v1/scenarios")
    async def tell() -> Response:
        told = f"event: progress\ndata: {json.dumps(SEARCHED)}\n\nevent: answer\ndata: {answer}\n\n"
        return Response(told, media_type="text/event-stream")

    with ServerThread(app) as server:
        ran = suanli("whatif", "--json", SUANLI_SERVER=server.url)
    assert figures(ran) == {"items": []}
    assert ran.stderr == ""
