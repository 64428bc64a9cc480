"""Asking an exchange of several servers that come and go: until there is an answer, at whoever answers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from api.bench.soak.books import Books

TRIES_SECONDS = 120.0
"""How long for an answer before that is a fault of its own."""
REQUEST_SECONDS = 20.0
PAUSE_SECONDS = 0.25
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
AGAIN_CODES = frozenset(
    {"request_in_progress", "order_changed", "allocation_changed", "sums_changed", "node_changed"}
)
"""Refusals of the moment: somebody else was at it."""


class NoAnswer(Exception):
    """Nobody answered for as long as a soak waits."""


class Asker:
    """One client's way to the exchange: its servers in turn, the same request under the same key until it is answered."""

    def __init__(
        self, http: httpx2.AsyncClient, servers: Sequence[str], key: str, books: Books, first: int = 0
    ) -> None:
        self._http, self._servers, self._books = http, servers, books
        self._headers = {"Authorization": f"Bearer {key}"}
        self._at = first
        self.waits_ms: list[tuple[float, float]] = []
        """When a request for one order began (monotonic), and how long until its answer, tries included."""

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
        *,
        if_match: str | None = None,
    ) -> tuple[httpx2.Response, int]:
        """The first answer that is one, and how many tries it took; `NoAnswer` where none comes."""
        asked = {"Idempotency-Key": key, "If-Match": if_match}
        headers = self._headers | {name: value for name, value in asked.items() if value}
        until, tries = time.monotonic() + TRIES_SECONDS, 0
        while time.monotonic() < until:
            tries += 1
            try:
                answer = await self._http.request(
                    method, self._server() + path, json=body, headers=headers, timeout=REQUEST_SECONDS
                )
            except httpx2.TransportError as error:
                self._books.answered[type(error).__name__] += 1
            else:
                code = "" if answer.is_success else str(_code_of(answer))
                self._books.answered[f"{answer.status_code} {code}".strip()] += 1
                if answer.status_code not in AGAIN and code not in AGAIN_CODES:
                    return answer, tries
                if answer.status_code == 500:
                    self._books.faults.append(f"{method} {path}: 500 {answer.text[:300]}")
            self._at += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise NoAnswer(f"{method} {path} was not answered in {TRIES_SECONDS:g} s")

    def _server(self) -> str:
        return self._servers[self._at % len(self._servers)]


def _code_of(answer: httpx2.Response) -> object:
    try:
        return answer.json().get("code", "")
    except ValueError:
        return "no_problem_document"
