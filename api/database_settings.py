"""How the exchange deals with its PostgreSQL server."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from market.persistence.server_terms import ServerTerms

Seconds = Annotated[float, Field(ge=0, le=86_400)]
"""0: without end."""


class DatabaseSettings(BaseSettings):
    """For PostgreSQL; SQLite is a file and heeds none of it."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    database_pool_size: Annotated[int, Field(ge=2, le=1000)] = 20
    """Most connections to PostgreSQL of one server, besides one that listens; all servers together below max_connections."""
    database_connect_seconds: Annotated[int, Field(ge=2, le=300)] = 10
    """How long a connection to PostgreSQL may take to be made."""
    database_statement_seconds: Seconds = 60.0
    """How long one statement may take on PostgreSQL before it is given up (503); 0: without end."""
    database_lock_seconds: Seconds = 10.0
    """How long a statement may wait for others on PostgreSQL before it is given up (503); 0: without end."""
    database_idle_in_transaction_seconds: Seconds = 300.0
    """How long a transaction may idle on PostgreSQL before the server ends it: its process hangs; 0: without end."""

    database_unreachable_seconds: Annotated[int, Field(ge=4, le=3600)] = 15
    """How long PostgreSQL's machine may be silent on the network before a connection is given up (503), on both ends."""
    database_start_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long a server or worker that starts waits for a PostgreSQL that is not there yet, or recovers; 0: not at all."""

    def server_terms(self) -> ServerTerms:
        """The same, for the database."""
        return ServerTerms(
            self.database_pool_size,
            self.database_connect_seconds,
            self.database_statement_seconds,
            self.database_lock_seconds,
            self.database_idle_in_transaction_seconds,
            self.database_unreachable_seconds,
        )
