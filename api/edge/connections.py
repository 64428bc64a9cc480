"""How many connections there may be: whoever keeps the server waiting longest makes room for whoever comes."""

from collections.abc import Callable, Container
from itertools import chain
from typing import Protocol


class Connection(Protocol):
    """What the register needs of one."""

    address: str

    def hang_up(self) -> None:
        """End it at once."""


class Register:
    """The open connections of one server, by address, and those of them whose client it waits for, longest first.

    Idle connections, unfinished requests and unread answers never lock anybody out: where there is no room, the one that
    has kept the server waiting longest is closed. Where nobody is waited for, the stream that has lasted longest is: its
    client comes again and goes on where it was. Only what is being answered is never cut off for a newcomer.
    """

    def __init__(self, most: int, most_per_address: int, is_proxy: Callable[[str], bool]) -> None:
        """A proxy speaks for many clients: only `most` holds for it."""
        self._most, self._most_per_address, self._is_proxy = most, most_per_address, is_proxy
        self._by_address: dict[str, dict[Connection, None]] = {}
        self._waiting: dict[Connection, None] = {}
        self._streaming: dict[Connection, None] = {}
        self._open = 0

    def __len__(self) -> int:
        """How many are open."""
        return self._open

    def admit(self, connection: Connection) -> bool:
        """Make room for a new connection; False where everybody else is being answered."""
        mine = self._by_address.get(connection.address, {})
        crowded = len(mine) >= self._most_per_address and not self._is_proxy(connection.address)
        if crowded and not self._close_first(mine):
            return False
        if self._open >= self._most and not self._close_first():
            return False
        self._by_address.setdefault(connection.address, {})[connection] = None
        self._open += 1
        self._waiting[connection] = None
        return True

    def wait_for(self, connection: Connection) -> None:
        """It is the client's turn: to ask, to send the rest, to read."""
        self._streaming.pop(connection, None)
        if self._is_open(connection):
            self._waiting.setdefault(connection)

    def work_for(self, connection: Connection) -> None:
        """It is the server's turn: to answer."""
        self._waiting.pop(connection, None)
        self._streaming.pop(connection, None)

    def stream_to(self, connection: Connection) -> None:
        """It is answered with what happens, for as long as it likes."""
        self._waiting.pop(connection, None)
        if self._is_open(connection):
            self._streaming.setdefault(connection)

    def leave(self, connection: Connection) -> None:
        """It is closed; saying so twice does no harm."""
        self.work_for(connection)
        mine = self._by_address.get(connection.address, {})
        if connection in mine:
            del mine[connection]
            self._open -= 1
            if not mine:
                del self._by_address[connection.address]

    def _is_open(self, connection: Connection) -> bool:
        return connection in self._by_address.get(connection.address, {})

    def _close_first(self, among: Container[Connection] | None = None) -> bool:
        """Close the one that is waited for longest, or else the longest stream, of all or of these."""
        dispensable = chain(self._waiting, self._streaming)
        found = next((one for one in dispensable if among is None or one in among), None)
        if found is None:
            return False
        self.leave(found)
        found.hang_up()
        return True
