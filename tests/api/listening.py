"""A client that listens to a real server, in the words of these tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from api_house import House

from api.server import ServerThread

BEGINNING = "evt_0000000000000000"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it came: its id, its kind and its data."""

    id: str
    kind: str
    data: dict[str, Any]


class Ear:
    """Reads one stream, event by event."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()
        self.comments = 0

    def next(self) -> Heard:
        """The next event; the test's own time limit ends a wait in vain."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Heard(fields["id"], fields["event"], json.loads(fields["data"]))
            else:
                fields = {}
        raise AssertionError("the stream ended")

    def take(self, count: int) -> list[Heard]:
        return [self.next() for _ in range(count)]

    def rest(self) -> list[str]:
        """Every line until the stream ends."""
        return list(self._lines)


@contextmanager
def serving(house: House) -> Iterator[ServerThread]:
    """The house behind a real server; what lasts ends with it."""
    with ServerThread(house.client.app) as server:  # type: ignore[arg-type]
        try:
            yield server
        finally:
            house.client.app.state.desk.stopping.begin()  # type: ignore[attr-defined]


@contextmanager
def listening(
    server: ServerThread, key: str | None = None, last_id: str | None = None, **query: Any
) -> Iterator[Ear]:
    """A stream that is open: whatever happens from now on is heard."""
    headers = {"Accept": "text/event-stream"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with httpx2.stream(
        "GET", f"{server.url}/v1/events", headers=headers, params=query, timeout=30
    ) as response:
        assert response.status_code == 200, response.read()
        yield Ear(response)
