"""A proxy that fails on purpose, in a given sequence, between a client and a real exchange."""

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import httpx2

DROPPED = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "date"})


@dataclass(frozen=True)
class Mishap:
    """What befalls one request. `carried_out`: the exchange did it all the same; `until`: it is silent for so long."""

    carried_out: bool = False
    until: threading.Event | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"busy"

    @property
    def dropped(self) -> bool:
        """Whether the connection is closed without an answer."""
        return self.status is None


LOST = Mishap()
ANSWER_LOST = Mishap(carried_out=True)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]


class FlakyProxy:
    """Passes requests on to `upstream`, but for the first ones, to which the mishaps happen; None is none."""

    def __init__(self, upstream: str, *mishaps: Mishap | None) -> None:
        self.upstream = upstream
        self.mishaps = list(mishaps)
        self.seen: list[Seen] = []
        self.changed = threading.Condition()
        self._http = httpx2.Client(base_url=upstream, trust_env=False, timeout=60)
        proxy = self

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                proxy.answer(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FlakyProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Pass one request on, or let its mishap happen."""
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        with self.changed:
            self.seen.append(Seen(request.command, request.path, dict(request.headers)))
            self.changed.notify_all()
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if mishap is None or mishap.carried_out:
            answer = self._forward(request, body)
        if mishap is not None and mishap.until is not None:
            mishap.until.wait(60)
        if mishap is None:
            _send(request, answer.status_code, answer.headers, answer.content)
        elif mishap.dropped:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
        else:
            _send(request, mishap.status or 500, mishap.headers, mishap.body)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        return self._http.request(request.command, request.path, headers=headers, content=body)


def _send(request: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], content: bytes) -> None:
    request.send_response(status)
    for name, value in headers.items():
        if name.lower() not in DROPPED:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)
