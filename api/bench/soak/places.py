"""Where a soak takes place: its database, and its hosts where it has any."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.bench.soak.asked import Asked
from api.bench.soak.networks import Host, Networks, laid_networks
from api.bench.soak.postgres import PostgresServer, own_postgres

API_HOSTS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """The database's URL; its server where that is the soak's own; networks and the hosts of the API where there are any."""

    url: str
    database: PostgresServer | None = None
    networks: Networks | None = None
    hosts: Sequence[Host] = ()


@contextmanager
def place_for(asked: Asked, directory: Path) -> Iterator[Place]:
    """What was asked for, gone afterwards."""
    if asked.database_url is not None:
        yield Place(asked.database_url)
    elif asked.sqlite:
        yield Place(f"sqlite:///{directory / 'exchange.db'}")
    elif asked.hosts:
        with laid_networks() as networks:
            home = networks.add_host("database")
            hosts = [networks.add_host(f"api-{number + 1}") for number in range(API_HOSTS)]
            with own_postgres(directory / "postgres", home.behind, home.enter) as server:
                yield Place(server.url, server, networks, hosts)
    else:
        with own_postgres(directory / "postgres") as server:
            yield Place(server.url, server)
