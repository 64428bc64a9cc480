"""One try: whatever the other side does, it ends in time and has a stable word."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from ipaddress import ip_address
from typing import Any

import pytest
from receiver import receiving

from market.couriers.sending import ERRORS, Sender
from market.domain.clock import SystemClock
from market.domain.events import Event
from market.domain.parties import Role
from market.domain.webhooks import (
    Attempt,
    Delivery,
    DeliveryState,
    Parcel,
    Salts,
    Webhook,
    WebhookState,
)
from market.webhooks.addresses import Address, AddressGuard
from market.webhooks.resolving import Resolver

NOW = SystemClock().now()
EVENT = Event(7, "order.submitted", "order", "ord_1", NOW, buyer_id="buy_toy")


def parcel(url: str, whose: str = "buy_toy") -> Parcel:
    webhook = Webhook(
        "whk_1",
        Role.BUYER,
        whose,
        url,
        ("*",),
        "",
        WebhookState.ACTIVE,
        Salts("salt"),
        NOW,
        "key_1",
        told_up_to=0,
    )
    delivery = Delivery(1, webhook.id, 7, 0, EVENT.kind, "order", "ord_1", DeliveryState.PENDING, NOW, NOW)
    return Parcel(delivery, webhook, EVENT)


def send(url: str, guard: AddressGuard | None = None, seconds: float = 5) -> Attempt:
    (attempt,) = send_all([parcel(url)], guard, seconds)
    assert attempt is not None
    return attempt


def send_all(
    parcels: Sequence[Parcel], guard: AddressGuard | None = None, seconds: float = 5
) -> list[Attempt | None]:
    """At once, in one turn."""

    async def once() -> list[Attempt | None]:
        trust = ssl.create_default_context()
        found = guard or AddressGuard(["127.0.0.1"])
        async with Sender(found, SystemClock(), "", timeout_seconds=seconds, trust=trust) as sender:
            return await asyncio.gather(*map(sender.send, parcels))

    return asyncio.run(once())


@contextmanager
def answering(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server on this machine that says what it likes to whoever connects first."""
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            with suppress(OSError), listening.accept()[0] as connection:
                talk(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def drip(connection: socket.socket, over: threading.Event) -> None:
    """A byte now and then: never silent for long, and never done."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.05):
        connection.sendall(b"x")


def babble(connection: socket.socket, _over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def on_this_machine(_host: str, _port: int, _whose: str) -> Sequence[Address]:
    return [ip_address("127.0.0.1")]


def test_it_goes_to_the_address_that_was_looked_at_under_the_name_that_was_asked_for() -> None:
    """The name exists nowhere else: only the guard's own look-up can lead here."""
    with receiving() as receiver:
        port = receiver.url.rsplit(":", 1)[1].split("/")[0]
        guard = AddressGuard(["receiver.invalid"], on_this_machine)
        attempt = send(f"http://receiver.invalid:{port}/hook?a=1", guard)
        (received,) = receiver.received
    assert (attempt.status, attempt.error) == (204, None)
    assert received.headers["host"] == f"receiver.invalid:{port}"


def test_nothing_is_sent_where_the_address_is_refused() -> None:
    with receiving() as receiver:
        attempt = send(receiver.url.replace("http:", "https:"), AddressGuard())
        assert receiver.received == []
    assert (attempt.status, attempt.error) == (None, "address_refused")


@pytest.mark.parametrize(
    ("talk", "scheme", "error"),
    [
        (drip, "http", "timeout"),
        (lambda _connection, over: over.wait(30), "http", "timeout"),
        (babble, "http", "bad_answer"),
        (babble, "https", "tls_failed"),
        (lambda connection, _over: connection.recv(10), "http", "connection_failed"),
    ],
    ids=["drips", "silent", "no HTTP", "no TLS", "hangs up"],
)
def test_whatever_the_other_side_does_has_a_word(
    talk: Callable[[socket.socket, threading.Event], None], scheme: str, error: str
) -> None:
    with answering(talk) as host:
        attempt = send(f"{scheme}://{host}/", seconds=1)
    assert attempt.error == error
    assert attempt.error in ERRORS
    assert not attempt.succeeded


def test_nobody_there() -> None:
    assert send("http://127.0.0.1:1/").error == "connection_failed"


@pytest.mark.parametrize("url", ["https://256.1.1.1/", "https://[v1.a]/"])
def test_a_url_that_leads_nowhere_has_a_word_as_well(url: str) -> None:
    assert send(url).error == "address_refused"


def test_a_name_goes_into_the_handshake_as_it_was_written() -> None:
    """In ASCII: its Unicode may be more than the library of TLS can turn back."""
    heard: list[bytes] = []
    with answering(lambda connection, _over: heard.append(connection.recv(65536))) as here:
        port = here.rsplit(":", 1)[1]
        attempt = send(f"https://xn--zzzzzzz.com:{port}/", AddressGuard(["xn--zzzzzzz.com"], on_this_machine))
    assert b"xn--zzzzzzz.com" in heard[0]
    assert attempt.error in {"connection_failed", "tls_failed"}


class Hanging:
    """A resolver that answers when it is told to."""

    def __init__(self) -> None:
        self.began, self.now = threading.Semaphore(0), threading.Event()

    def __call__(self, _host: str, port: int) -> list[tuple[Any, ...]]:
        self.began.release()
        self.now.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def test_a_resolver_that_hangs_holds_no_courier_and_no_more_than_its_threads() -> None:
    hanging = Hanging()
    slow = "http://slow.example/"
    guard = AddressGuard(["slow.example"], Resolver(hanging, seconds=0.1, most_at_once=1))
    assert send(slow, guard).error == "timeout"  # it has the only thread
    for whose in ("buy_toy", "buy_other"):
        assert send_all([parcel(slow, whose)], guard) == [None]  # and these none: that is no try
    assert hanging.began.acquire(timeout=30)
    assert not hanging.began.acquire(blocking=False)
    hanging.now.set()
    with receiving() as receiver:
        patient = AddressGuard(["slow.example"], Resolver(hanging, most_at_once=1))
        assert send(receiver.url.replace("127.0.0.1", "slow.example"), patient).succeeded


def test_what_is_sent_at_once_looks_its_host_up_once() -> None:
    hanging = Hanging()
    guard = AddressGuard(["slow.example"], Resolver(hanging, seconds=0.1))
    told = send_all([parcel("http://slow.example/")] * 16, guard)
    assert [attempt.error for attempt in told if attempt is not None] == ["timeout"] * 16
    assert hanging.began.acquire(timeout=30)
    assert not hanging.began.acquire(blocking=False)
    hanging.now.set()
    with receiving() as receiver:
        patient = AddressGuard(["slow.example"], Resolver(hanging))
        told = send_all([parcel(receiver.url.replace("127.0.0.1", "slow.example"))] * 16, patient, seconds=60)
        assert all(attempt is not None and attempt.succeeded for attempt in told)
    assert hanging.began.acquire(timeout=30)
    assert not hanging.began.acquire(blocking=False)


def test_slow_names_of_one_organisation_hold_up_nobody_elses() -> None:
    hanging = Hanging()

    def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
        if host.startswith("slow"):
            return hanging(host, port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    hosts = [f"slow{number}.example" for number in range(4)]
    guard = AddressGuard([*hosts, "quick.example"], Resolver(look_up, seconds=0.1, most_of_one=3))
    held = send_all([parcel(f"http://{host}/", "buy_slow") for host in hosts], guard)
    assert [None if attempt is None else attempt.error for attempt in held] == ["timeout"] * 3 + [None]
    with receiving() as receiver:
        quick = receiver.url.replace("127.0.0.1", "quick.example")
        (theirs,) = send_all([parcel(quick, "buy_slow")], guard)
        assert theirs is None  # the three hang on
        assert send(quick, guard).succeeded
        hanging.now.set()
        while send_all([parcel(quick, "buy_slow")], guard) == [None]:
            """Until the three have ended; the test's own time limit ends a wait in vain."""


def test_what_a_resolver_fails_of_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Resolver(lambda _host, _port: [(1 // 0,)])("x", 1))
