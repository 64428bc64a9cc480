"""Clients that keep the server waiting: each is let go of, and everybody else is answered meanwhile."""

import socket
import threading
from contextlib import ExitStack

import pytest
from api_house import Keys
from raw_http import Served, is_closed, read_answer, serving
from starlette.routing import Mount

from api.app import build_contract
from api.edge.settings import EdgeSettings
from api.edge.slow_clients import GuardedConnection, ServerConfig

HEAD = b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HEALTHY = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_head_that_does_not_end_is_answered_408_and_closed(market_url: str) -> None:
    with serving(market_url, head_seconds=0.3) as served, served.connect() as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert served.is_well()
        found = read_answer(slow)
        assert found is not None
        assert found.status == 408
        assert found.problem()["code"] == "request_timeout"
        assert found.headers["connection"] == "close"
        assert is_closed(slow)


def test_a_head_is_not_kept_alive_by_a_byte_now_and_then(market_url: str) -> None:
    """Neither the first one of a connection, nor the next one after an answer."""
    with serving(market_url, head_seconds=0.4) as served:
        for answered_before in (False, True):
            with served.connect() as slow:
                if answered_before:
                    slow.sendall(HEALTHY)
                    assert read_answer(slow)
                assert drips_until_closed(slow, b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 10_000)


def drips_until_closed(connection: socket.socket, what: bytes) -> bool:
    """Send byte by byte until the server has enough of it; False where it never has."""
    pause = threading.Event()
    connection.settimeout(0.05)
    for at in range(len(what)):
        try:
            connection.sendall(what[at : at + 1])
            if connection.recv(65536) == b"":
                return True
        except TimeoutError:
            pause.wait(0.01)
        except ConnectionError:
            return True
    return False


def test_a_connection_that_says_nothing_is_closed_without_a_word(market_url: str) -> None:
    with serving(market_url, head_seconds=0.2) as served, served.connect() as silent:
        assert silent.recv(1) == b""


def test_an_idle_connection_is_closed_after_its_time(market_url: str) -> None:
    with serving(market_url, keep_alive_seconds=1) as served, served.connect() as idle:
        for _ in range(2):
            idle.sendall(HEALTHY)
            found = read_answer(idle)
            assert found is not None
            assert found.status == 200
        assert idle.recv(1) == b""


def test_a_body_that_does_not_come_is_answered_408(market_url: str) -> None:
    with serving(market_url, body_seconds=0.3) as served:
        for length in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
            with served.connect() as slow:
                slow.sendall(HEAD.replace(b"/v1/orders", b"/nowhere") + length)
                assert served.is_well()
                found = read_answer(slow)
                assert found is not None
                assert found.status == 408
                assert found.problem()["code"] == "request_timeout"
                assert is_closed(slow)


def test_half_a_request_is_not_carried_out(market_url: str) -> None:
    """Whoever goes away in the middle of a body has asked for nothing."""
    with serving(market_url) as served:
        reached: list[bytes] = []

        async def reach(scope: object, receive: object, send: object) -> None:
            reached.append(b"")

        served.app.router.routes.insert(0, Mount("/v1/orders", app=reach))
        with served.connect() as gone:
            gone.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        assert served.wait_for_connections(0)
        assert not reached


def test_an_answer_that_nobody_reads_is_thrown_away(market_url: str) -> None:
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(market_url, unread_seconds=0.5) as served, served.connect(receive_buffer=4096) as deaf:
        deaf.sendall(asked * 100)  # some forty megabytes: more than any system buffers for one connection
        assert served.wait_for_connections(1)
        assert served.is_well()
        assert served.wait_for_connections(0)
        assert is_closed(deaf)


def test_whoever_reads_slowly_but_reads_gets_it_all(market_url: str) -> None:
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serving(market_url, unread_seconds=0.2) as served:
        whole = served.ask(asked)
        assert whole is not None
        with served.connect(receive_buffer=4096) as slow:
            slow.sendall(asked)
            got, pause = b"", threading.Event()
            while more := slow.recv(16_384):
                got += more
                pause.wait(0.01)
        assert got.endswith(whole.body)


@pytest.mark.parametrize("most", [{"max_connections": 20}, {"max_connections_per_address": 20}])
def test_idle_connections_lock_nobody_out(market_url: str, most: dict[str, int]) -> None:
    with serving(market_url, **most) as served, ExitStack() as idle:
        for _ in range(100):
            idle.enter_context(served.connect()).sendall(b"GET / HT")
        for _ in range(10):
            assert served.is_well()
        assert served.open_connections() <= 20


def test_two_hundred_idle_connections_do_not_matter(market_url: str) -> None:
    with serving(market_url) as served, ExitStack() as idle:
        for _ in range(200):
            idle.enter_context(served.connect())
        assert served.wait_for_connections(200)
        assert served.is_well()


def test_where_everybody_is_being_answered_a_newcomer_is_told_so(market_url: str) -> None:
    with serving(market_url, max_connections=2) as served, ExitStack() as busy:
        finish = hanging(served)
        for _ in range(2):
            asking = busy.enter_context(served.connect())
            asking.sendall(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
            assert finish.began.acquire(timeout=30)
        refused = served.ask(b"")
        assert refused is not None
        assert refused.status == 503
        assert refused.problem()["code"] == "too_many_connections"
        finish.now.set()
        found = read_answer(asking)
        assert found is not None
        assert found.status == 200
        assert served.is_well()


def test_streams_lock_nobody_out(market_url: str) -> None:
    """A stream is answered for an hour: a few addresses full of them would be all that there is."""
    asked = b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(market_url, max_connections=8, max_requests_at_once=100) as served, ExitStack() as streams:
        opened = [streams.enter_context(served.connect()) for _ in range(8)]
        for stream in opened:
            stream.sendall(asked)
            assert stream.recv(15) == b"HTTP/1.1 200 OK"
            stream.sendall(asked)  # what is asked meanwhile makes no other connection of it
        assert served.is_well()
        assert is_closed(opened[0])  # the one that lasts longest: its client comes again
        finish = hanging(served)
        busy = streams.enter_context(served.connect())
        busy.sendall(b"GET /hang HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert finish.began.acquire(timeout=30)
        for _ in range(10):
            assert served.is_well()
        finish.now.set()
        found = read_answer(busy)
        assert found is not None
        assert found.status == 200


def test_one_client_cannot_have_all_that_is_answered(market_url: str, keys: Keys) -> None:
    """Streams and long requests: somebody with a key may not lock the others out."""
    asked = "GET /hang HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    known = f"GET /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {keys.buyer}\r\nConnection: close\r\n\r\n"
    with serving(market_url, max_requests_at_once=2) as served, ExitStack() as busy:
        assert served.ask(known.encode())  # recognised from now on: counted as itself, not as its address
        finish = hanging(served)
        for _ in range(2):
            busy.enter_context(served.connect()).sendall(asked.encode())
            assert finish.began.acquire(timeout=30)
        refused = served.ask(asked.encode())
        assert refused is not None
        assert refused.status == 429
        assert refused.problem()["violated_policies"] == ["at-once"]
        answered = served.ask(known.encode())
        assert answered is not None
        assert answered.status == 200
        finish.now.set()
    with serving(market_url, max_requests_at_once=2) as served:
        assert all(served.is_well() for _ in range(5))


class Hanging:
    """A route that takes its time."""

    def __init__(self) -> None:
        self.began, self.now = threading.Semaphore(0), threading.Event()

    def answer(self) -> str:
        self.began.release()
        self.now.wait(30)
        return "done"


def hanging(served: Served) -> Hanging:
    """/hang, which is answered when it is told to."""
    route = Hanging()
    served.app.add_api_route("/hang", route.answer)
    served.app.router.routes.insert(0, served.app.router.routes.pop())
    return route


def test_bodies_together_take_no_more_than_they_are_given(market_url: str) -> None:
    with serving(market_url, max_held_body_bytes=10_000, body_seconds=20) as served:
        with served.connect() as first:
            first.sendall(HEAD + b"Content-Length: 9000\r\n\r\n" + b" " * 8000)
            second: list[int] = []
            while 503 not in second:  # until the first one's bytes have been read
                found = served.ask(HEAD + b"Content-Length: 5000\r\n\r\n" + b" " * 5000)
                assert found is not None
                second.append(found.status)
            assert found.problem()["code"] == "too_many_bodies"
            assert found.headers["retry-after"] == "1"
        assert served.wait_for_connections(0)
        found = served.ask(HEAD + b"Content-Length: 5000\r\n\r\n" + b" " * 5000)
        assert found is not None
        assert found.status == 400  # read, and found to be no JSON


def test_every_server_has_the_limits(market_url: str) -> None:
    config = ServerConfig(build_contract(), EdgeSettings(max_head_bytes=2048, keep_alive_seconds=7))
    assert config.http is GuardedConnection
    assert config.h11_max_incomplete_event_size == 2048
    assert config.timeout_keep_alive == 7
    with serving(market_url) as served:
        assert isinstance(served.thread._server.config, ServerConfig)
