"""Databases on either engine: empty ones, copies of prepared ones, gone after use."""

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from postgres_server import fresh_database
from scratch import scratch
from sqlalchemy.engine import URL, make_url

from market.persistence.database import Database

T = TypeVar("T")


class Databases(ABC):
    """Makes databases on one engine; closed, it leaves none behind."""

    def __init__(self) -> None:
        self._keeping = ExitStack()
        self._kept: dict[Callable[..., object], Any] = {}

    @abstractmethod
    def empty(self) -> AbstractContextManager[str]:
        """The URL of one without a schema; it is gone after the block."""

    @abstractmethod
    def copied(self, original: str) -> AbstractContextManager[str]:
        """The URL of a copy of one that nobody has open; it is gone after the block."""

    def prepared(self, prepare: Callable[[str], T]) -> tuple[str, T]:
        """One that is only to be copied, and what `prepare` said when it filled it: that is done once."""
        if prepare not in self._kept:
            url = self._keeping.enter_context(self.empty())
            self._kept[prepare] = (url, prepare(url))
        found: tuple[str, T] = self._kept[prepare]
        return found

    def kept(self, serve: Callable[["Databases"], AbstractContextManager[T]]) -> T:
        """What is served from one of these, opened once and until they are closed."""
        if serve not in self._kept:
            self._kept[serve] = self._keeping.enter_context(serve(self))
        found: T = self._kept[serve]
        return found

    def migrated(self) -> AbstractContextManager[str]:
        """The URL of one at the current schema."""
        return self.copied(self.prepared(migrate)[0])

    def close(self) -> None:
        """Close what was kept, drop what was prepared."""
        self._keeping.close()


class SqliteFiles(Databases):
    """Each a file in a directory of its own."""

    @contextmanager
    def empty(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="suanli-", dir=scratch()) as directory:
            yield f"sqlite:///{Path(directory) / 'market.db'}"

    @contextmanager
    def copied(self, original: str) -> Iterator[str]:
        with self.empty() as url:
            shutil.copy(file_of(original), file_of(url))
            yield url


class PostgresDatabases(Databases):
    """Each a database of one server, copied by `CREATE DATABASE … TEMPLATE`."""

    def __init__(self, server: URL) -> None:
        super().__init__()
        self._server = server

    def empty(self) -> AbstractContextManager[str]:
        return fresh_database(self._server)

    def copied(self, original: str) -> AbstractContextManager[str]:
        return fresh_database(self._server, template=str(make_url(original).database))


def migrate(url: str) -> None:
    """Bring an empty database to the current schema."""
    with closing(Database(url)) as database:
        database.upgrade()


def file_of(url: str) -> Path:
    """Where an SQLite database is kept."""
    return Path(str(make_url(url).database))
