"""How an exchange deals with a PostgreSQL server: how many connections, and how long it waits for what."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

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

    def connect_args(self) -> dict[str, Any]:
        """What the driver is told."""
        return {"connect_timeout": self.connect_seconds}

    def watch(self, engine: Engine) -> None:
        """Tell the server as each connection is made; by SET, because poolers refuse other ways."""
        limits = {name: getattr(self, field) for field, name in _NAMES.items() if getattr(self, field)}
        if not limits:
            return
        settings = "; ".join(f"SET {name} = {round(seconds * 1000)}" for name, seconds in limits.items())

        def tell(connection: Any, _record: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute(settings)
            connection.commit()

        event.listen(engine, "connect", tell)
