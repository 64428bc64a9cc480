"""Kills what clears rounds while a round lands, and looks at what is left; one line of JSON per kill.

    python tests/kills/leader_kills.py DATABASE_URL KILLS SEED

Each turn a process is forked that clears rounds on schedule if it holds the claim, in a process of their own, as `suanli
worker` does. That process says through a pipe when the landing of its first round begins, commits, and is committed
(`told_landings`). At one of these words, or at a statement that the seed draws, and a drawn moment later, SIGKILL goes

- to the leader: what clears for it must end too, and another leader, which waits beside it, takes over and lands a round;
- to the process that clears: the leader must notice, close the round, and land another one in another process.

Then another process checks every promise, and that every order is in the book or was allocated once, by a round that landed.
"""

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

from promises_kept import broken_promises  # noqa: E402
from sqlalchemy import text  # noqa: E402
from told_landings import COMMITTED, COMMITTING, LANDING, STOPPED, Hearing, tell_landing  # noqa: E402
from toy_market import FREE, HOUR, SCENARIO, START, terms  # noqa: E402

from api.duties.all_duties import Duties  # noqa: E402
from api.duties.rounds import ScheduledRounds  # noqa: E402
from market.domain.clock import VirtualClock  # noqa: E402
from market.domain.parties import Actor, Role  # noqa: E402
from market.exchange import Exchange, RoundRequest, Submission  # noqa: E402
from market.persistence.database import Database  # noqa: E402
from market.round_desks.apart import RoundsApart  # noqa: E402
from market.round_desks.child import ChildTerms  # noqa: E402
from solver import Limits  # noqa: E402

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
REQUEST = RoundRequest(FREE, limits=Limits(seconds=5, workers=1))
EVERY = timedelta(milliseconds=50)
BEAT_SECONDS = 0.05
ORDERS = 8
TURN = 4 * HOUR
"""Of the market's time between two kills, so that there is room again."""
PATIENCE_SECONDS = 120.0
USUAL_STEPS = 24
"""Statements and commits of a landing."""


@dataclass(frozen=True, slots=True)
class Aim:
    """When to strike: up to so many seconds after a word."""

    word: str
    seconds: float


AIMS = (Aim(STOPPED, 0.0), Aim(LANDING, 0.06), Aim(COMMITTING, 0.002), Aim(COMMITTED, 0.02))
"""At a statement, anywhere in a landing and a little beyond, in and around the commit, after it."""
WHOM = ("leader", "its process")


def lead(url: str, turn: int, pipe: str | None = None, stop_at: int | None = None) -> None:
    """What one forked process does: lead if it may, until it is told to end or killed."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    clock = VirtualClock(START + turn * TURN)
    told = ChildTerms(url, clock)
    if pipe is not None:
        told = ChildTerms(url, clock, settle=partial(tell_landing, pipe, stop_at))
    with closing(Database(url)) as database:
        exchange = Exchange(database, clock)
        duties = Duties(database, BEAT_SECONDS)
        with closing(RoundsApart(exchange, told)) as rounds:
            duties.add(ScheduledRounds(exchange, rounds, REQUEST, EVERY))
            with duties.done():
                ended.wait()


def prepare(url: str) -> None:
    """An empty market."""
    with closing(Database(url)) as database:
        database.upgrade()
        Exchange(database, VirtualClock(START)).load_scenario(SCENARIO)


def warm_up() -> None:
    """Here, so that every process forked from this one has its kernels compiled."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'market.db'}"
        prepare(url)
        submit(url, 0)
        with closing(Database(url)) as database:
            Exchange(database, VirtualClock(START)).clear_round(OPERATOR, REQUEST)


def submit(url: str, turn: int) -> None:
    """Orders come in."""
    now = START + turn * TURN
    with closing(Database(url)) as database:
        exchange = Exchange(database, VirtualClock(now))
        exchange.keep_time()
        asked = [terms(60 + 11 * n, 3, now, units=1 + n % 3, hours=1 + n % 2) for n in range(ORDERS)]
        buyers = ("buy_toy", "buy_other")
        exchange.submit_orders(OPERATOR, [Submission(buyers[n % 2], one) for n, one in enumerate(asked)])


def look(url: str) -> dict[str, Any]:
    """What is there: promises that are broken, orders that are not accounted for, rounds."""
    with closing(Database(url)) as database:
        broken = broken_promises(database)
        with database.engine.connect() as connection:

            def count(statement: str) -> int:
                return int(connection.scalar(text(statement)) or 0)

            rounds = connection.execute(text("SELECT state, count(*) AS number FROM rounds GROUP BY state"))
            failed = connection.execute(text("SELECT id, failure FROM rounds WHERE state = 'failed'"))
            return {
                "broken": broken,
                "rounds": {"landed": 0} | {one.state: one.number for one in rounds},
                "failures": {one.id: one.failure for one in failed},
                "orders": count("SELECT count(*) FROM orders"),
                "allocated": count("SELECT count(*) FROM allocations"),
                "of_rounds_that_did_not_land": count(
                    "SELECT count(*) FROM allocations a JOIN rounds r ON r.id = a.round_id WHERE r.state <> 'landed'"
                ),
                "allocated_twice": count(
                    "SELECT count(*) FROM (SELECT order_id FROM allocations GROUP BY order_id HAVING count(*) > 1) t"
                ),
                "unaccounted": count(
                    "SELECT count(*) FROM orders o WHERE o.state NOT IN ('open', 'expired') AND NOT EXISTS"
                    " (SELECT 1 FROM allocations a WHERE a.order_id = o.id)"
                ),
            }


def kill_one(url: str, turn: int, draw: random.Random) -> dict[str, Any]:
    """One kill, and what is found afterwards."""
    in_a_process(lambda: submit(url, turn))
    round_of_aims, which = divmod(turn - 1, len(AIMS))
    whom, aim = WHOM[(turn + round_of_aims) % 2], AIMS[which]
    stop_at = draw.randrange(USUAL_STEPS) if aim.word == STOPPED else None
    before = in_a_process(lambda: look(url))
    with tempfile.TemporaryDirectory() as directory, closing(Hearing(f"{directory}/line")) as hearing:
        leader = fork(lambda: lead(url, turn, f"{directory}/line", stop_at))
        wait_until_led(url)
        others = [fork(lambda: lead(url, turn))] if whom == "leader" else []
        struck_at, last_word = strike(
            hearing, aim, draw.uniform(0.0, aim.seconds), leader if others else None
        )
    struck = in_a_process(lambda: look(url))
    cleared = in_a_process(lambda: wait_for_another(url, struck["rounds"]["landed"]))
    if others:
        _, how = os.waitpid(leader, 0)
        killed = os.WIFSIGNALED(how) and os.WTERMSIG(how) == signal.SIGKILL
    else:
        others, killed = [leader], is_gone(hearing.process_id)
    ended = [end(one) for one in others]
    found = in_a_process(lambda: look(url)) or {"broken": ["nobody could look"], "failures": {}}
    failures = {id_: why for id_, why in found.pop("failures").items() if id_ not in before["failures"]}
    return {
        "turn": turn,
        "whom": whom,
        "aim": aim.word,
        "struck_at": struck_at,
        "last_word": last_word,
        "stored": struck["rounds"]["landed"] > before["rounds"]["landed"],
        "killed": killed,
        "next_one_cleared": bool(cleared),
        "ended_when_told": all(status == 0 for status in ended),
        "failures": sorted(failures.values()),
    } | found


def strike(hearing: Hearing, aim: Aim, seconds: float, leader: int | None) -> tuple[str, str]:
    """Kill the leader, or the process that clears for it. Returns after its end: at which word, and its last."""
    words = hearing.words(PATIENCE_SECONDS)
    for struck_at in words:
        if struck_at in {aim.word, COMMITTED}:
            break
    else:
        raise RuntimeError("the process that clears ended by itself")
    time.sleep(seconds)
    os.kill(leader or hearing.process_id, signal.SIGKILL)
    return struck_at, [struck_at, *words][-1]


def is_gone(process_id: int) -> bool:
    """Whether it has ended, and whoever started it knows."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for_another(url: str, landed: int) -> bool:
    """Until one more round has landed than so many."""
    until = time.monotonic() + PATIENCE_SECONDS
    with closing(Database(url)) as database:
        while time.monotonic() < until:
            with database.engine.connect() as connection:
                if connection.scalar(text("SELECT count(*) FROM rounds WHERE state = 'landed'")) > landed:
                    return True
            time.sleep(0.05)
    return False


def end(leader: int) -> int:
    """Its status."""
    os.kill(leader, signal.SIGTERM)
    return os.waitpid(leader, 0)[1]


def wait_until_led(url: str) -> None:
    """By the one that is there."""
    in_a_process(lambda: _wait_until_led(url))


def _wait_until_led(url: str) -> None:
    from market.persistence.claims import Claim, ClaimName  # noqa: PLC0415

    with closing(Database(url)) as database:
        until = time.monotonic() + PATIENCE_SECONDS
        claim = Claim(database.engine, ClaimName.ROUNDS)
        with database.engine.connect() as connection:
            opened = connection.scalar(text("SELECT count(*) FROM rounds"))
        while not claim.is_taken() and time.monotonic() < until:
            with database.engine.connect() as connection:
                if connection.scalar(text("SELECT count(*) FROM rounds")) != opened:
                    return  # and was killed already
            time.sleep(0.01)


def fork(work: Callable[[], object]) -> int:
    """A process that does it; its status says whether it could. Nothing is open here that it could share."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - told to the parent, which fails
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
    return child


def in_a_process(work: Callable[[], Any]) -> Any:
    """What it returns; None if it could not be done."""
    with tempfile.NamedTemporaryFile() as answer:
        path = Path(answer.name)
        _, status = os.waitpid(fork(lambda: path.write_text(json.dumps(work()))), 0)
        return json.loads(path.read_text()) if status == 0 else None


def main(url: str, kills: int, seed: int) -> None:
    """Prepare, and kill so often."""
    warm_up()
    in_a_process(lambda: prepare(url))
    in_a_process(lambda: submit(url, 0))
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    for turn in range(1, kills + 1):
        print(json.dumps(kill_one(url, turn, draw)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
