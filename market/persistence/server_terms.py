"""How an exchange deals with a PostgreSQL server: how many connections, and how long it waits for what."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

PROBES = 3
"""Unanswered ones after which a connection is given up."""
_NAMES = {
    "statement_seconds": "statement_timeout",
    "lock_seconds": "lock_timeout",
    "idle_in_transaction_seconds": "idle_in_transaction_session_timeout",
}


@dataclass(frozen=True, slots=True)
class ServerTerms:
    """Seconds; 0: without end, for what a person waits for at a terminal."""

    pool_size: int = 20
    connect_seconds: int = 10
    statement_seconds: float = 0.0
    lock_seconds: float = 0.0
    idle_in_transaction_seconds: float = 0.0
    unreachable_seconds: int = 15
    """How long the other end of a connection may be silent on the network, never 0: a host that is cut off refuses nothing,
    and would be waited for until TCP itself gives up, a quarter of an hour later or two hours."""

    def connect_args(self) -> dict[str, Any]:
        """What the driver is told."""
        idle, interval = self._probes()
        return {
            "connect_timeout": self.connect_seconds,
            "keepalives_idle": idle,
            "keepalives_interval": interval,
            "keepalives_count": PROBES,
            "tcp_user_timeout": 1000 * self.unreachable_seconds,
        }

    def watch(self, engine: Engine) -> None:
        """Tell the server as each connection is made; by SET, because poolers refuse other ways."""
        settings = "; ".join(f"SET {name} = {value}" for name, value in self._settings().items())

        def tell(connection: Any, _record: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute(settings)
            connection.commit()

        event.listen(engine, "connect", tell)

    def _settings(self) -> dict[str, int]:
        """The server's, in its units; its end of the network is watched too, since whoever is gone may hold locks."""
        limits = {name: getattr(self, field) for field, name in _NAMES.items() if getattr(self, field)}
        idle, interval = self._probes()
        return {name: round(seconds * 1000) for name, seconds in limits.items()} | {
            "tcp_keepalives_idle": idle,
            "tcp_keepalives_interval": interval,
            "tcp_keepalives_count": PROBES,
            "tcp_user_timeout": 1000 * self.unreachable_seconds,
        }

    def _probes(self) -> tuple[int, int]:
        """Seconds until an idle connection is probed, and between probes: together what the other end may be silent."""
        interval = max(1, self.unreachable_seconds // (2 * PROBES))
        return max(1, self.unreachable_seconds - PROBES * interval), interval
