"""One soak from start to end: a market, its processes, clients and providers, faults, checkpoints, what it came to."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
from sqlalchemy.exc import DBAPIError

from api.bench.servers import working_directory
from api.bench.soak.aftermath import Aftermath, Waits, landed_since, note_recoveries, read_market
from api.bench.soak.asked import Asked
from api.bench.soak.asking import Asker
from api.bench.soak.books import Books
from api.bench.soak.checkpoint import Checkpoint, check_now
from api.bench.soak.checks.look import Discrepancy
from api.bench.soak.clients import Client
from api.bench.soak.faults import FaultKind, Inflict, Suffered, plan_faults, suffer
from api.bench.soak.gate import Gate
from api.bench.soak.house import Keys, environment, prepare, processes, shown
from api.bench.soak.inflicting import Inflicting
from api.bench.soak.market_day import MarketDay, Shipment, buyer_of, plan_day
from api.bench.soak.places import Place, place_for
from api.bench.soak.processes import Process, all_running, starting_seconds
from api.bench.soak.providers import Provider
from market.domain.clock import RunningClock
from solver.bench.processes import own_load

Tell = Callable[[float, str], None]
"""Hears how far it is (0..1), and what is going on; below 0: something that does not hold."""
OVERTIME, GRACE_SECONDS = 1.0, 240.0
"""How much longer than asked for, as a share and besides, everybody may take before the soak is ended."""
LEFT_BEHIND_SECONDS = 20.0
LAST_ROUND_SECONDS = 300.0
RESTART_SECONDS = 2.0
BEGUN = 1e-6
"""Share of the way once processes run: what comes before it is preparation."""


@dataclass(slots=True)
class Soak:
    """What a soak works with while it runs."""

    asked: Asked
    day: MarketDay
    url: str
    clock: RunningClock
    keys: Keys
    servers: Sequence[Process]
    workers: Sequence[Process]
    place: Place
    books: Books = field(default_factory=Books)
    gate: Gate = field(default_factory=Gate)
    suffered: list[Suffered] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The database is looked at, and not restarted meanwhile."""
    restarted: dict[str, int] = field(default_factory=dict)
    ended: str = ""


def soak(asked: Asked, tell: Tell) -> Aftermath:
    """All of it; ends only what it started."""
    load_before = own_load()
    tell(0.0, "planning the day")
    day = plan_day(asked)
    with working_directory() as directory, place_for(asked, directory) as place:
        tell(0.0, "loading the market")
        keys = prepare(place.url, day, asked, datetime.now(UTC))
        tell(0.0, "starting the processes")
        since = datetime.now(UTC) + timedelta(seconds=starting_seconds(asked.servers + asked.workers))
        servers, workers = processes(asked, environment(asked, since, place.url), directory, place.hosts)
        one = Soak(asked, day, place.url, asked.clock(since), keys, servers, workers, place)
        with all_running([*servers, *workers]):
            began = time.monotonic()
            asyncio.run(_live(one, tell))
            left = _left_behind([*servers, *workers])
        return _told(one, left, began, since, load_before)


async def _live(one: Soak, tell: Tell) -> None:
    """The day: everybody at once, until all orders are sent and all of the day has passed."""
    limits = httpx2.Limits(
        max_connections=4 * one.asked.clients, max_keepalive_connections=2 * one.asked.clients
    )
    seconds = one.asked.minutes * 60
    async with httpx2.AsyncClient(limits=limits, trust_env=False) as http:
        _people(one, http)
        around = [
            asyncio.create_task(_faults(one, http)),
            asyncio.create_task(_checkpoints(one)),
            asyncio.create_task(_progress(one, tell)),
            asyncio.create_task(_supervise(one)),
            *(asyncio.create_task(provider.live(one.clock)) for provider in one.providers),
        ]
        try:
            async with asyncio.timeout_at(
                asyncio.get_running_loop().time() + seconds * (1 + OVERTIME) + GRACE_SECONDS + _ahead(one)
            ):
                await asyncio.gather(*map(_life, [one] * len(one.clients), one.clients, one.day.shipments))
                await asyncio.gather(*around[:2])
                await _until(one.clock.start + one.asked.length, one)
                tell(1.0, "a last round")
                await _round_after_the_last_fault(one)
        except TimeoutError:
            one.ended = "it took more than twice as long as asked for, and was cut short"
        finally:
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
        tell(1.0, "the last checkpoint")
        one.checkpoints.append(
            await check_now(one.url, one.books, Gate() if one.ended else one.gate, one.clock.now())
        )


def _people(one: Soak, http: httpx2.AsyncClient) -> None:
    urls = [server.url for server in one.servers]
    for number in range(one.asked.clients):
        asker = Asker(http, urls, one.keys.buyers[buyer_of(number)], one.books, number)
        one.clients.append(Client(number, asker, one.books, one.gate, one.asked.seed))
    for number, (id_, key) in enumerate(sorted(one.keys.providers.items())):
        asker = Asker(http, urls, key, one.books, number)
        one.providers.append(Provider(id_, asker, one.books, one.gate, one.asked.seed))


async def _life(one: Soak, client: Client, shipments: Sequence[Shipment]) -> None:
    await _until(one.clock.start, one)
    await client.live(shipments, one.clock)


async def _faults(one: Soak, http: httpx2.AsyncClient) -> None:
    operator = Asker(http, [server.url for server in one.servers], one.keys.operator, one.books)
    nodes = sorted({offering.node_id for offering in one.day.scenario.offerings})
    draw = random.Random(f"{one.asked.seed} targets")  # noqa: S311 - reproducible, not secret
    place = one.place
    able = Inflicting(
        one.servers, one.workers, place.database, one.url, operator, nodes, draw, place.networks, place.hosts
    )

    async def restart_database() -> str:
        async with one.looking:
            return await able.restart_database()

    inflict: dict[FaultKind, Inflict] = {
        FaultKind.NODE: able.node,
        FaultKind.WORKER: able.worker,
        FaultKind.SERVER: able.server,
    }
    if place.database is not None:
        inflict[FaultKind.DATABASE] = restart_database
    if place.hosts:
        inflict[FaultKind.HOST] = able.host
    await _until(one.clock.start, one)
    plan = plan_faults(one.asked, list(inflict))
    await suffer(plan, inflict, timedelta(minutes=one.asked.minutes), one.clock.now, one.suffered)


async def _checkpoints(one: Soak) -> None:
    for number in range(1, one.asked.checkpoints):
        await _until(one.clock.start + one.asked.length * number / one.asked.checkpoints, one)
        async with one.looking:
            one.checkpoints.append(await check_now(one.url, one.books, one.gate, one.clock.now()))


def _ahead(one: Soak) -> float:
    """Seconds until the clock runs."""
    return max(0.0, (one.clock.since - datetime.now(UTC)).total_seconds())


async def _until(virtual: datetime, one: Soak) -> None:
    if virtual <= one.clock.start:
        await asyncio.sleep(_ahead(one))
        return
    await asyncio.sleep(max(0.0, (virtual - one.clock.now()).total_seconds() / one.asked.speed))


async def _round_after_the_last_fault(one: Soak) -> None:
    """Until one has landed, so that it can be told how long that took; not without end."""
    last = max((fault.virtual for fault in one.suffered), default=one.clock.start)
    until = time.monotonic() + LAST_ROUND_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(DBAPIError):
            if await asyncio.to_thread(landed_since, one.url, last):
                return
        await asyncio.sleep(1.0)


async def _supervise(one: Soak) -> None:
    """What ends by itself is started again, as a service's supervisor does (`Restart=on-failure`), and counted."""
    while True:
        for process in (*one.servers, *one.workers):
            if await asyncio.to_thread(process.restart_if_ended):
                one.restarted[process.name] = one.restarted.get(process.name, 0) + 1
        await asyncio.sleep(RESTART_SECONDS)


async def _progress(one: Soak, tell: Tell) -> None:
    """Once a second; what does not hold is told as soon as it is found."""
    heard: set[str] = set()
    while True:
        found = [str(bad) for seen in one.checkpoints for bad in seen.discrepancies] + one.books.faults
        for bad in found:
            if bad not in heard:
                tell(-1.0, bad)
        heard.update(found)
        passed = (one.clock.now() - one.clock.start) / one.asked.length
        sent = sum(client.sent for client in one.clients)
        failed = (
            f", {one.suffered[-1].kind}" if one.suffered and one.suffered[-1].back_seconds is None else ""
        )
        tell(
            min(1.0, max(passed, BEGUN)),
            f"{one.clock.now():%H:%M} UTC, {sent:,} of {one.day.orders:,} orders, {len(one.suffered)} faults{failed}, "
            f"{len(one.checkpoints)} checkpoints, {len(found)} discrepancies",
        )
        await asyncio.sleep(1.0)


def _left_behind(all_of_them: Sequence[Process]) -> list[Discrepancy]:
    """What killed processes had started and that did not notice."""
    until = time.monotonic() + LEFT_BEHIND_SECONDS
    while (left := [pid for one in all_of_them for pid in one.left_behind()]) and time.monotonic() < until:
        time.sleep(0.5)
    return [Discrepancy("process_left_behind", f"{len(left)} of processes that were killed")] if left else []


def _told(
    one: Soak, left: list[Discrepancy], began: float, since: datetime, load_before: tuple[float, ...]
) -> Aftermath:
    market = read_market(one.url, one.asked)
    waits = [wait for client in one.clients for wait in client.waits_ms]
    never = note_recoveries(one.suffered, waits, market.rounds, one.asked)
    unsent = one.day.orders - sum(client.sent for client in one.clients)
    broken = [
        *(found for checkpoint in one.checkpoints for found in checkpoint.discrepancies),
        *(Discrepancy("said_wrongly", fault) for fault in one.books.faults),
        *never,
        *left,
        *([Discrepancy("orders_not_sent", f"{unsent} orders were never sent")] if unsent else []),
    ]
    return Aftermath(
        asked=one.asked,
        database=shown(one.url),
        began=since,
        seconds=round(time.monotonic() - began, 1),
        sent=sum(client.sent for client in one.clients),
        accepted=len(one.books.orders),
        refused=dict(one.books.refused.most_common()),
        answered=dict(one.books.answered.most_common()),
        repeated=one.books.repeated,
        reports=sum(provider.reports for provider in one.providers),
        waits=Waits.of([ms for _, ms in waits]),
        suffered=one.suffered,
        checkpoints=one.checkpoints,
        market=market,
        discrepancies=broken,
        load_before=load_before,
        ended=one.ended,
        restarted=one.restarted,
    )
