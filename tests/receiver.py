"""A receiver of webhooks: a real HTTP server on this machine that keeps what it was sent."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The event, if its signature is good; raises otherwise."""
        event: dict[str, Any] = Verifier(secret).verify(self.body, dict(self.headers))
        return event


@dataclass
class Receiver:
    """What was received so far, and what is answered: a status, or headers with it."""

    url: str
    answer: Callable[[Received], int] = lambda _received: 204
    answered_headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, received: Received) -> int:
        status = self.answer(received)
        with self.changed:
            self.received.append(received)
            self.changed.notify_all()
        return status

    def wait_for(self, count: int, seconds: float = 30) -> list[Received]:
        """The first so many; fails if they do not come."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.received) >= count, seconds)
            assert came, f"{len(self.received)} of {count} came"
            return list(self.received)

    def wait_until(self, done: Callable[[list[Received]], bool], seconds: float = 60) -> list[Received]:
        """All that came, as soon as it is enough; fails if it never is."""
        with self.changed:
            assert self.changed.wait_for(lambda: done(self.received), seconds), [r.id for r in self.received]
            return list(self.received)


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens on this machine."""

    class Reception(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender died in the middle: nothing was delivered
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Received(headers, body))
            self.send_response(status)
            for name, value in receiver.answered_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_told: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = (
            128  # the library's 5 drops connections that come together: they are tried again after seconds
        )

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever is killed breaks connections; that is what is tested."""

    server = Server(("127.0.0.1", port), Reception)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
