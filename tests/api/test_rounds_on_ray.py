"""Rounds of an exchange that is set to compute them on Ray: in the process of rounds, which Ray belongs to."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_house import load_market
from databases import Databases
from processes import running, until
from ray_house import require_ray_here
from toy_market import HOUR, SCENARIO, START, terms

from api.server import child_terms
from api.settings import Settings
from api.timer import RoundTimer
from market.domain.clock import VirtualClock
from market.domain.errors import Unavailable
from market.domain.parties import Actor, Role
from market.domain.policy import PRESETS
from market.domain.states import RoundState
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import LARGEST_PAGE, PageRequest
from market.persistence.store import Store
from market.round_desks.apart import RoundsApart
from solver.shards import FEWEST_CLASSES

require_ray_here()
pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(400)]
OPERATOR = Actor("key_operator", Role.OPERATOR, None)
ORDERS = FEWEST_CLASSES + 500
"""Each of a class of its own: fewer are evaluated where the solver is."""
BRIEF = {"solver_seconds": 250, "solver_gap": 0.9, "solver_workers": 1, "solver_shards": 2}
"""A gap that is met as soon as there are prices."""
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")


@contextmanager
def scheduled(database: Database, **given: Any) -> Iterator[tuple[Exchange, RoundsApart, RoundTimer]]:
    """An exchange, its process of rounds and the timer of them as these settings say, where time stands still."""
    settings = Settings(database_url=database.url, **{**BRIEF, **given})
    exchange = Exchange(database, VirtualClock(START))
    request = RoundRequest(PRESETS["balanced"], limits=settings.limits())
    with closing(RoundsApart(exchange, replace(child_terms(settings), clock=exchange.clock))) as rounds:
        yield exchange, rounds, RoundTimer(exchange, rounds, request, timedelta(hours=1))


def submit_many(exchange: Exchange) -> dict[str, int]:
    """Orders of different windows and costs of latency; ids and their numbers."""
    asked = [
        terms(
            20 + number % 50,
            24 + number % 24,
            earliest_start=START + number % 20 * HOUR,
            latency_cost_micros=number,
            units=1 + number % 4,
            hours=1 + number % 3,
        )
        for number in range(ORDERS)
    ]
    orders = exchange.submit_orders(OPERATOR, [Submission("buy_toy", one) for one in asked])
    return {order.id: number for number, order in enumerate(orders)}  # type: ignore[union-attr]


def descendants(process: int) -> dict[int, str]:
    """Living processes that it started, that those started, and so on, by what they are called."""
    born: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, fields = stat.read_text().rpartition(")")
        except OSError:
            continue  # it has just ended
        state, parent = fields.split()[:2]
        if state != "Z":
            born.setdefault(int(parent), []).append(int(stat.parent.name))
    found, waiting = {}, [process]
    while waiting:
        for child in born.get(waiting.pop(), ()):
            found[child] = name_of(child)
            waiting.append(child)
    return found


def everybody() -> Iterator[int]:
    return (int(process.name) for process in Path("/proc").glob("[0-9]*"))


def name_of(process: int) -> str:
    """What it is called; nothing where it is no more."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def test_a_scheduled_round_is_that_of_threads(sqlite_databases: Databases) -> None:
    outcomes = []
    for engine in ("ray", "local"):
        with (
            sqlite_databases.migrated() as url,
            closing(Database(url)) as database,
            scheduled(database, solver_engine=engine) as (exchange, rounds, timer),
        ):
            exchange.load_scenario(SCENARIO)
            names = submit_many(exchange)
            landed = timer.tick()
            assert landed is not None
            shards = shards_of(rounds)
            assert len(shards) == (2 if engine == "ray" else 0)
            outcomes.append(outcome(exchange, landed.id, names))
            assert timer.tick() is not None
            assert shards_of(rounds) == shards, "they stay from round to round"
            left = descendants(process_of(rounds))
        until(lambda left=left: not any(map(name_of, left)))
    assert outcomes[0] == outcomes[1]


def process_of(rounds: RoundsApart) -> int:
    assert rounds._line is not None
    assert rounds._line.process_id is not None
    return rounds._line.process_id


def shards_of(rounds: RoundsApart) -> set[int]:
    return {id_ for id_, name in descendants(process_of(rounds)).items() if name.startswith("ray::Shard")}


def outcome(exchange: Exchange, round_id: str, names: dict[str, int]) -> Any:
    """Figures, grants and prices of a round, without ids."""
    with exchange.database.reading() as session:
        rounds = Store(session).rounds
        ended = rounds.get(round_id)
        granted = rounds.page_allocations(PageRequest(limit=LARGEST_PAGE), {}).items
    assert ended is not None
    assert len(granted) == ended.placed > 0
    return (
        (ended.state, ended.value_micros, ended.bound_micros, ended.placed),
        sorted((names[a.order_id], a.offering_id, a.starts_at, a.units, a.price_micros) for a in granted),
    )


def test_a_round_fails_where_ray_is_lost_and_the_next_one_lands(sqlite_database: Database) -> None:
    """Ray ends the process that asks a lost raylet for anything; nothing of it is left, and another one connects."""
    with scheduled(sqlite_database, solver_engine="ray") as (exchange, rounds, timer):
        exchange.load_scenario(SCENARIO)
        submit_many(exchange)
        assert timer.tick() is not None
        lost, of_ray = process_of(rounds), descendants(process_of(rounds))
        os.kill(raylet_of(of_ray), signal.SIGKILL)
        until(lambda: not name_of(raylet_of(of_ray)))
        assert timer.tick() is None
        until(lambda: not any(name_of(id_) for id_ in {lost, *of_ray}.difference(agents_of(of_ray))))
        kill_all(agents_of(of_ray))
        assert timer.tick() is not None
        assert process_of(rounds) != lost
        assert raylet_of(descendants(process_of(rounds)))
        with exchange.database.reading() as session:
            ended = Store(session).rounds.page(PageRequest(), {}).items
        assert [one.failure for one in ended if one.state is RoundState.FAILED] == [
            "solver_died: Unavailable"
        ]
        assert [one.state for one in ended].count(RoundState.LANDED) == 2


@pytest.mark.parametrize("killed", ["the process of rounds", "its parent"])
def test_nothing_of_ray_is_left_behind(sqlite_database: Database, killed: str) -> None:
    """A worker connects as it begins to lead rounds, before the first of them. Ray's agents take a minute to notice."""
    load_market(sqlite_database.url)
    given = {"solver_engine": "ray", "round_every": "24h"}
    with running(sqlite_database.url, "worker", **given) as worker:
        until(lambda: any(name.startswith("ray::IDLE") for name in descendants(worker.pid).values()))
        (rounds,) = (id_ for id_, name in descendants(worker.pid).items() if "spawn_main" in name)
        of_ray = descendants(rounds)
        os.kill({"the process of rounds": rounds, "its parent": worker.pid}[killed], signal.SIGKILL)
        until(lambda: not any(name_of(id_) for id_ in {rounds, *of_ray}.difference(agents_of(of_ray))))
        assert (worker.process.poll() is None) is (killed != "its parent")
        session = f"_{rounds}/"  # Ray names it by the process that began it
        assert not [name for name in map(name_of, everybody()) if "/ray/session_" in name and session in name]
        kill_all(agents_of(of_ray))
        worker.process.kill()
        until(lambda: not any(map(name_of, of_ray)))
        worker.join()


def raylet_of(of_ray: dict[int, str]) -> int:
    (raylet,) = (id_ for id_, name in of_ray.items() if name.partition(" ")[0].endswith("/raylet"))
    return raylet


def agents_of(of_ray: dict[int, str]) -> list[int]:
    return [id_ for id_, name in of_ray.items() if name.startswith(AGENTS)]


def kill_all(processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def test_a_cluster_that_is_not_there_is_told_before_a_round_is_opened(sqlite_database: Database) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        given = {"solver_engine": "ray", "ray_address": address}
        with scheduled(sqlite_database, **given) as (exchange, rounds, timer):
            exchange.load_scenario(SCENARIO)
            with pytest.raises(Unavailable, match=f"nobody listens at {address}") as refused:
                rounds.open(OPERATOR, RoundRequest())
            assert refused.value.code == "cluster_unavailable"
            assert timer.tick() is None
            with exchange.database.reading() as session:
                assert Store(session).rounds.newest_id() is None
            assert exchange.database.round_lock.take(), "the place for rounds is free"


def test_settings_reach_the_process_of_rounds() -> None:
    settings = Settings(
        database_url="sqlite:///x.db",
        solver_engine="ray",
        ray_address="10.0.0.7:6379",
        solver_shards_min=3,
        solver_shards_max=5,
        solver_shards=4,
    )
    cluster = child_terms(settings).engine.cluster
    assert (child_terms(settings).engine.name, cluster.address) == ("ray", "10.0.0.7:6379")
    assert (cluster.least_shards, cluster.most_shards, settings.limits().shards) == (3, 5, 4)
