"""How each kind of fault is made, and mended."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from api.bench.soak.asking import Asker
from api.bench.soak.networks import Host, Networks
from api.bench.soak.postgres import PostgresServer
from api.bench.soak.processes import Process

DOWN_SECONDS = 2.0
"""How long a node stays down, and a process dead."""
CUT_OFF_SECONDS = 25.0
"""How long a host is cut off: longer than connections last that nobody answers."""
_LEADERS = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'soak-%' "
    "ORDER BY (l.classid::bigint << 32) + l.objid::bigint"
)


@dataclass(slots=True)
class Inflicting:
    """What may be made to fail. `database`: None where it is not the soak's own PostgreSQL."""

    servers: Sequence[Process]
    workers: Sequence[Process]
    database: PostgresServer | None
    url: str
    operator: Asker
    nodes: Sequence[str]
    draw: random.Random
    networks: Networks | None = None
    hosts: Sequence[Host] = ()
    told: int = 0

    async def node(self) -> str:
        """A node is down for a while: what it held is matched again elsewhere."""
        node_id = self.draw.choice(self.nodes)
        await self._move(node_id, "down")
        await asyncio.sleep(DOWN_SECONDS)
        await self._move(node_id, "up")
        return node_id

    async def server(self) -> str:
        """A server of the API is killed, and started again a moment later."""
        return await self._kill(self.draw.choice(self.servers))

    async def worker(self) -> str:
        """Whoever clears rounds is killed, and started again a moment later."""
        among = self.workers or self.servers
        name = await asyncio.to_thread(self._leader)
        return await self._kill(next((one for one in among if one.name == name), self.draw.choice(among)))

    async def restart_database(self) -> str:
        """PostgreSQL stops at once, as by a power cut, and starts again."""
        if self.database is not None:
            await asyncio.to_thread(self.database.cut_off)
            await asyncio.to_thread(self.database.start)
        return "stop -m immediate, start"

    async def host(self) -> str:
        """A host of the API, with a worker on it, does not reach the database for a while, and nobody tells it."""
        host = self.draw.choice(self.hosts)
        if self.networks is not None:
            await asyncio.to_thread(self.networks.cut_off, host)
            await asyncio.sleep(CUT_OFF_SECONDS)
            await asyncio.to_thread(self.networks.heal, host)
        return host.namespace.partition("-")[2]

    async def _move(self, node_id: str, to: str) -> None:
        self.told += 1
        answer, tries = await self.operator.ask(
            "POST", f"/v1/nodes/{node_id}/{to}", None, f"soak-node-{self.told}"
        )
        if not answer.is_success:
            raise RuntimeError(f"node {node_id} {to}, try {tries}: {answer.text[:300]}")

    async def _kill(self, process: Process) -> str:
        await asyncio.to_thread(process.kill)
        await asyncio.sleep(DOWN_SECONDS)
        await asyncio.to_thread(process.start)
        await asyncio.to_thread(partial(process.await_answers, supervised=True))
        return process.name

    def _leader(self) -> str | None:
        """Whose round clears, or else who leads rounds, by the locks at PostgreSQL; None where nobody can tell."""
        if not self.url.startswith("postgresql"):
            return None
        engine = create_engine(self.url, connect_args={"connect_timeout": 10})
        try:
            with engine.connect() as connection:
                names = list(connection.scalars(_LEADERS))
        except DBAPIError:
            return None
        finally:
            engine.dispose()
        ours = {one.name for one in self.workers or self.servers}
        return next((name for name in names if name in ours), None)
