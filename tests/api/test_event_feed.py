"""The feed: whoever falls behind misses nothing, whoever does not read is dropped, whose key ends hears no more."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from api_house import OPERATOR, House, build_test_app, refusal
from fastapi.testclient import TestClient
from listening import listening, serving
from starlette.types import Message

from api.operations.stopping import Stopping
from api.streams.event_feed import Feed, FeedLimits
from api.streams.event_stream import EventStream, Pace
from market.domain.audience import Audience, Wanted
from market.domain.errors import NotAuthenticated
from market.domain.events import Event
from market.domain.parties import Actor
from market.enquiries.desk import Enquiries
from market.exchange import Exchange

EVERYTHING = Audience(everything=True)
SCOPE: Message = {"type": "http"}


@contextmanager
def feed_of(house: House, **limits: float) -> Iterator[Feed]:
    """A feed of its own, with a short memory."""
    enquiries = Enquiries(house.exchange.database, house.clock)
    given = FeedLimits(poll_seconds=0.02, **limits)  # type: ignore[arg-type]
    with closing(Feed(enquiries, house.exchange.bell, Stopping(), given)) as feed:
        yield feed


def happen(house: House, count: int) -> None:
    with house.exchange._unit_of_work() as work:
        for number in range(count):
            work.events.record("account", "deposited", f"acc_{number}", buyer_id="buy_0001")


def test_whoever_falls_behind_the_memory_reads_from_the_log(house: House) -> None:
    """Forty events, of which five are remembered: a slow listener hears each of them once, in order."""

    async def listen(feed: Feed) -> list[Event]:
        heard: list[Event] = []
        async with feed.listen(None) as listener:
            for _ in range(4):
                await asyncio.to_thread(happen, house, 10)
                await listener.wait(5)
            while len(heard) < 40:
                heard += await feed.next(listener, EVERYTHING, Wanted.of(["account.*"]))
                await asyncio.sleep(
                    0
                )  # what is remembered is told at once: whoever reads what is new needs its turn
        return heard

    with feed_of(house, kept=5, page=3) as feed:
        heard = asyncio.run(listen(feed))
    assert [event.resource_id for event in heard] == [f"acc_{number}" for number in range(10)] * 4
    assert [event.sequence for event in heard] == sorted({event.sequence for event in heard})


def test_nothing_is_read_when_nobody_listens(house: House) -> None:
    async def listen(feed: Feed) -> int:
        async with feed.listen(None):
            assert feed.listening == 1
        return feed.listening

    with feed_of(house) as feed:
        assert asyncio.run(listen(feed)) == 0
        assert feed._reading is None


def test_a_client_that_does_not_read_is_dropped(house: House) -> None:
    happen(house, 3)
    sent: list[str] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()  # its buffers are full, for ever

    with feed_of(house) as feed:
        pace = Pace(unread_seconds=0.05)
        asyncio.run(EventStream(feed, EVERYTHING, Wanted(), 0, key_id=None, pace=pace)(SCOPE, receive, send))
        assert feed.listening == 0
    assert sent == ["http.response.start", "http.response.body"]


def test_a_stream_ends_with_its_client(house: House) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    with feed_of(house) as feed:
        stream = EventStream(feed, EVERYTHING, Wanted(), None, key_id=None, pace=Pace())
        asyncio.run(stream(SCOPE, receive, send))
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_a_silent_stream_is_kept_alive_until_its_time_is_over(house: House) -> None:
    sent: list[bytes] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    with feed_of(house) as feed:
        pace = Pace(keep_alive_seconds=0.02, longest_seconds=0.3)
        asyncio.run(
            EventStream(feed, EVERYTHING, Wanted(), None, key_id=None, pace=pace)(SCOPE, receive, send)
        )
    assert b": still here\n\n" in sent
    assert sent[-1] == b""


def test_whoever_asks_for_much_of_the_log_holds_up_nobody_who_listens(house: House) -> None:
    async def listen(feed: Feed) -> list[Event]:
        enough = threading.Event()
        asking = [asyncio.create_task(feed.in_thread(enough.wait)) for _ in range(5)]
        async with feed.listen(None) as listener:
            await asyncio.to_thread(happen, house, 1)
            await listener.wait(30)
            heard = await feed.next(listener, EVERYTHING, Wanted.of(["account.*"]))
        enough.set()
        await asyncio.gather(*asking)
        return list(heard)

    with feed_of(house) as feed:
        assert [event.resource_id for event in asyncio.run(listen(feed))] == ["acc_0"]


def test_a_stream_of_a_key_ends_when_it_is_given_another_secret(house: House) -> None:
    """Whoever stole the old one does not go on listening."""
    body = {"name": "dashboard", "scopes": ["read"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()
    with serving(house) as server, listening(server, issued["secret"]) as ear:
        assert house.ask("POST", f"/v1/keys/{issued['id']}/rotate", house.keys.buyer).status_code == 200
        assert not any("order.submitted" in line for line in ear.rest())


def test_a_key_that_is_revoked_before_anybody_listens_hears_nothing(house: House) -> None:
    """Between the look at the key and the first place in the log, its end is old news to the feed: it is looked up again."""
    body = {"name": "dashboard", "scopes": ["read"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()
    actor = house.exchange.authenticate(issued["secret"])
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    def still_good() -> Actor:
        return house.exchange.authenticate(issued["secret"])

    assert house.ask("POST", f"/v1/keys/{issued['id']}/revoke", house.keys.buyer).status_code == 200
    with feed_of(house) as feed:
        stream = EventStream(
            feed, EVERYTHING, Wanted(), None, key_id=actor.key_id, pace=Pace(), still_good=still_good
        )
        with pytest.raises(NotAuthenticated):
            asyncio.run(stream(SCOPE, receive, send))
        assert feed.listening == 0
    assert sent == []


class RevokedMeanwhile(Exchange):
    """An exchange in which a key is revoked as soon as it was looked at once."""

    def __init__(self, house: House, key_id: str) -> None:
        super().__init__(house.exchange.database, house.clock)
        self._key_id, self._revoke = key_id, [house.exchange.revoke_key]

    def authenticate(self, secret: str) -> Actor:
        actor = super().authenticate(secret)
        if actor.key_id == self._key_id and self._revoke:
            self._revoke.pop()(OPERATOR, self._key_id)
        return actor


def test_a_stream_of_a_key_that_is_revoked_as_it_opens_is_refused(house: House) -> None:
    body = {"name": "dashboard", "scopes": ["read"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()
    app = build_test_app(RevokedMeanwhile(house, issued["id"]), house.clock)
    with TestClient(app) as client:
        headers = {"Authorization": f"Bearer {issued['secret']}"}
        refusal(client.get("/v1/events", headers=headers), 401, "key_revoked")


def test_a_revoked_key_hears_no_more(house: House) -> None:
    body = {"name": "dashboard", "scopes": ["read"]}
    issued = house.ask("POST", "/v1/keys", house.keys.buyer, json=body).json()
    with serving(house) as server, listening(server, issued["secret"]) as ear:
        house.submit()
        assert ear.next().kind == "order.submitted"
        assert house.ask("POST", f"/v1/keys/{issued['id']}/revoke", house.keys.buyer).status_code == 200
        house.submit()
        assert not any("order.submitted" in line for line in ear.rest())
