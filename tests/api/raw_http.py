"""HTTP by hand, for clients that do not behave."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from api_house import build_exchange, build_test_app
from fastapi import FastAPI

from api.server import ServerThread
from market.persistence.database import Database

PATIENCE_SECONDS = 30.0
"""How long a test waits for what must happen; nothing is asserted about time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in small letters, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        """The body as a problem document, which it must be."""
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        return found


@dataclass(frozen=True, slots=True)
class Served:
    """A server of the real application, and what its connections are."""

    thread: ServerThread
    app: FastAPI

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """A connection on which nothing was said yet."""
        made = socket.socket()
        if receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.settimeout(PATIENCE_SECONDS)
        made.connect(("127.0.0.1", self.thread.port))
        return made

    def ask(self, sent: bytes) -> Answer | None:
        """What is answered to these bytes; None where the connection is closed without a word."""
        with self.connect() as connection:
            connection.sendall(sent)
            return read_answer(connection)

    def is_well(self) -> bool:
        """Whether it answers somebody who behaves."""
        found = self.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return found is not None and found.status == 200

    def open_connections(self) -> int:
        """How many the server knows of."""
        return len(self.thread._server.config.register)  # type: ignore[attr-defined]

    def wait_for_connections(self, many: int) -> bool:
        """Until so many are open."""
        patience = threading.Event()
        for _ in range(int(PATIENCE_SECONDS * 50)):
            if self.open_connections() == many:
                return True
            patience.wait(0.02)
        return False


@contextmanager
def serving(market_url: str, **settings: Any) -> Iterator[Served]:
    """The real application on a copy of the shipped market, behind the real server."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        app = build_test_app(exchange, clock, **settings)
        with ServerThread(app) as thread:
            yield Served(thread, app)


def read_answer(connection: socket.socket) -> Answer | None:
    """One answer with a Content-Length, or all until the end; None where nothing came."""
    got = b""
    try:
        while b"\r\n\r\n" not in got:
            more = connection.recv(65536)
            if not more:
                break
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        if not head:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
    except ConnectionError:
        return None
    return Answer(int(first.split(" ")[1]), headers, body)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server ends the connection; what it still sends is thrown away."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    return True
