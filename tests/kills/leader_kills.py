"""Kills whoever leads rounds while its round lands, and looks at what the next leader finds; one line of JSON per kill.

    python tests/kills/leader_kills.py DATABASE_URL KILLS SEED

Each turn two processes are forked that clear rounds on schedule if they hold the claim, as `suanli worker` does. The first
leads and is killed with SIGKILL around the landing of its first round: just before a statement or commit of it (the seed
says which), or, every other turn, at a moment between its beginning and somewhat after its usual end. The second takes over
and clears. Then a third process checks every promise, and that every order is in the book or was allocated once, by a round
that landed.
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
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from promises_kept import broken_promises  # noqa: E402
from sqlalchemy import event, text  # noqa: E402
from toy_market import FREE, HOUR, SCENARIO, START, terms  # noqa: E402

from api.duties.all_duties import Duties  # noqa: E402
from api.duties.rounds import ScheduledRounds  # noqa: E402
from market.domain.clock import VirtualClock  # noqa: E402
from market.domain.parties import Actor, Role  # noqa: E402
from market.exchange import Exchange, RoundRequest, Submission  # noqa: E402
from market.persistence.database import Database  # noqa: E402
from market.round_desks.desk import RoundsHere  # noqa: E402
from market.watching import RoundEnded, Seen, StepDone  # noqa: E402
from solver import Limits  # noqa: E402

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
REQUEST = RoundRequest(FREE, limits=Limits(seconds=5, workers=1))
EVERY = timedelta(milliseconds=50)
BEAT_SECONDS = 0.05
ORDERS = 8
TURN = 4 * HOUR
"""Of the market's time between two kills, so that there is room again."""
PATIENCE_SECONDS = 120.0
USUAL_STEPS, USUAL_SECONDS = 24, 0.15
"""Statements and commits of a landing, and how long they take: kills are spread over a little more."""


class Leader:
    """What one forked process does: lead if it may, until it is killed or has landed a round."""

    def __init__(self, url: str, turn: int) -> None:
        self.database = Database(url)
        self.exchange = Exchange(self.database, VirtualClock(START + turn * TURN))
        self._landed = threading.Event()
        self.exchange.watch.tell_to(self._see)

    def lead(self, ready: Callable[[], None]) -> None:
        duties = Duties(self.database, BEAT_SECONDS)
        duties.add(ScheduledRounds(self.exchange, RoundsHere(self.exchange), REQUEST, EVERY))
        with closing(self.database), duties.done():
            ready()
            if not self._landed.wait(PATIENCE_SECONDS):
                raise TimeoutError("no round has landed")

    def die_landing(self, draw: random.Random, *, at_a_step: bool) -> None:
        """Around the landing of its first round that has orders to place."""
        wait, steps = draw.uniform(0.0, 1.2 * USUAL_SECONDS), draw.randrange(USUAL_STEPS)
        landing, done = threading.Event(), iter(range(steps))

        def see(seen: Seen) -> None:
            if isinstance(seen, StepDone) and seen.step == "read":
                landing.set()
                if not at_a_step:
                    threading.Thread(target=die_later, daemon=True).start()

        def die_later() -> None:
            time.sleep(wait)
            die()

        def step(*_: Any) -> None:
            if landing.is_set() and next(done, None) is None:
                die()

        self.exchange.watch.tell_to(see)
        if at_a_step:
            event.listen(self.database.engine, "before_cursor_execute", step)
            event.listen(self.database.engine, "commit", step)
        self._landed.wait = never  # type: ignore[method-assign]  # it lives until it is killed

    def _see(self, seen: Seen) -> None:
        if isinstance(seen, RoundEnded) and seen.round.state.value == "landed":
            self._landed.set()


def die() -> None:
    """Without another instruction."""
    os.kill(os.getpid(), signal.SIGKILL)


def never(_seconds: float | None = None) -> bool:
    """Until killed."""
    time.sleep(PATIENCE_SECONDS)
    return False


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
            return {
                "broken": broken,
                "rounds": {one.state: one.number for one in rounds},
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


def kill_a_leader(url: str, turn: int, draw: random.Random) -> dict[str, Any]:
    """One kill, and what is found afterwards."""
    in_a_process(lambda: submit(url, turn))
    leads, ready = os.pipe()
    seed, at_a_step = draw.random(), turn % 2 == 0

    def victim() -> None:
        leader = Leader(url, turn)
        leader.die_landing(random.Random(seed), at_a_step=at_a_step)  # noqa: S311 - reproducible, not secret
        leader.lead(lambda: None)

    killed = fork(victim)
    wait_until_led(url)
    next_one = fork(lambda: Leader(url, turn).lead(lambda: os.write(ready, b"r") and None))
    os.read(leads, 1)
    os.close(leads)
    os.close(ready)
    _, how = os.waitpid(killed, 0)
    _, status = os.waitpid(next_one, 0)
    found = in_a_process(lambda: look(url)) or {"broken": ["nobody could look"]}
    return {
        "turn": turn,
        "at_a_step": at_a_step,
        "killed": os.WIFSIGNALED(how),
        "next_one_cleared": status == 0,
    } | found


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
        print(json.dumps(kill_a_leader(url, turn, draw)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
