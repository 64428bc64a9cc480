"""An exchange for a soak: a database with the day's market, keys for everybody, and processes on one clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from api.bench.servers import HOST, NO_LIMITS, free_port
from api.bench.soak.asked import ROUND_EVERY, UPKEEP_EVERY, Asked
from api.bench.soak.market_day import BUYERS, MarketDay, buyer_of
from api.bench.soak.networks import Host
from api.bench.soak.processes import Process, suanli
from api.settings import Settings
from api.terminal.refusal import Refusal
from market.domain.clock import rfc3339
from market.domain.parties import Actor, Role
from market.exchange import Exchange
from market.persistence.database import Database

POOL = 12
"""Connections of one process to PostgreSQL."""
UNREACHABLE_SECONDS = 8
"""How long a host that is cut off is waited for: less than usual, as everything is faster here."""
_OPERATOR = Actor("soak", Role.OPERATOR, None)


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets: the operator's, each buyer's, each reporting provider's."""

    operator: str
    buyers: Mapping[str, str]
    providers: Mapping[str, str]


def prepare(url: str, day: MarketDay, asked: Asked, since: datetime) -> Keys:
    """Schema, the day's catalogue, a buyer for each few clients; `Refusal` unless the database is empty."""
    clock = asked.clock(since)
    database = Database(url, Settings().server_terms())
    try:
        database.upgrade()
        exchange = Exchange(database, clock)
        if exchange.has_operator():
            raise Refusal("database_not_fresh", "this database holds an exchange already: name an empty one")
        operator = exchange.create_operator_key()
        one = day.scenario.buyers[0]
        ours = [replace(one, id=buyer_of(n), name_en=f"Soak {n}", name_zh=f"Soak {n}") for n in range(BUYERS)]
        exchange.load_scenario(replace(day.scenario, buyers=(*day.scenario.buyers, *ours)))
        buyers = {buyer.id: exchange.issue_key(_OPERATOR, Role.BUYER, buyer.id) for buyer in ours}
        providers = {id_: exchange.issue_key(_OPERATOR, Role.PROVIDER, id_) for id_ in day.reporting}
    finally:
        database.close()
    return Keys(operator, buyers, providers)


def environment(asked: Asked, since: datetime, url: str) -> dict[str, str]:
    """The same for all processes of the exchange."""
    return {
        **NO_LIMITS,
        "SUANLI_DATABASE_URL": url,
        "SUANLI_DATABASE_POOL_SIZE": str(POOL),
        "SUANLI_DATABASE_UNREACHABLE_SECONDS": str(UNREACHABLE_SECONDS),
        "SUANLI_SIMULATED_SINCE": rfc3339(since),
        "SUANLI_SIMULATED_START": rfc3339(asked.starts_at),
        "SUANLI_SIMULATED_SPEED": repr(asked.speed),
        "SUANLI_ROUND_EVERY": _interval(ROUND_EVERY),
        "SUANLI_UPKEEP_EVERY": _interval(UPKEEP_EVERY),
        "SUANLI_SOLVER_SECONDS": repr(asked.solver_seconds),
        "SUANLI_LOG_FORMAT": "json",
        "SUANLI_LOG_LEVEL": "warning",
    }


def processes(
    asked: Asked, told: Mapping[str, str], directory: Path, hosts: Sequence[Host] = ()
) -> tuple[list[Process], list[Process]]:
    """Servers of the API, and workers that clear rounds and keep time, in turn on the hosts; none of them started."""
    servers, workers = [], []
    for number in range(asked.servers):
        name, port = f"soak-server-{number + 1}", free_port()
        host, enter = _where(hosts, number)
        command = [*enter, *suanli("serve", "--host", host, "--port", str(port), "--no-duties")]
        servers.append(Process(name, command, told, directory / f"{name}.log", host, port))
    for number in range(asked.workers):
        name = f"soak-worker-{number + 1}"
        command = [*_where(hosts, number)[1], *suanli("worker")]
        workers.append(Process(name, command, told, directory / f"{name}.log"))
    return servers, workers


def _where(hosts: Sequence[Host], number: int) -> tuple[str, Sequence[str]]:
    """The address to listen on, and first words of a command that runs there."""
    if not hosts:
        return HOST, ()
    host = hosts[number % len(hosts)]
    return host.front, host.enter


def _interval(interval: timedelta) -> str:
    return f"{interval.total_seconds():.0f}s"


def shown(url: str) -> str:
    """A database as a report may name it: the engine alone."""
    return re.sub(r"\+.*", "", make_url(url).drivername)
