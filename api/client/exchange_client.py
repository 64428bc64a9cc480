"""A thin client: paths in, parsed JSON out, refusals with the server's own code."""

import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx2

from api.client.errors import Refusal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HINTS = {
    401: "pass --key or set SUANLI_KEY; `suanli init` prints the first operator key",
    403: "this needs a key of another role: pass --key or set SUANLI_KEY",
}
Json = dict[str, Any]


class ExchangeClient:
    """One exchange, seen with one key. Use it as a context manager."""

    def __init__(self, server: str, key: str | None = None, seconds: float = 60.0) -> None:
        parts = urlsplit(server)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Refusal("invalid_server", f"{server!r} is not an address: write http://127.0.0.1:8471")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise Refusal("invalid_key", "the key holds characters that no key has", HINTS[401])
        self.server = server.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.server,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=seconds,
            trust_env=parts.hostname not in LOOPBACK,  # no proxy stands between a machine and itself
        )

    def __enter__(self) -> "ExchangeClient":
        """Open for requests."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Json:
        """GET; parameters that are None are left out."""
        found: Json = self._answer("GET", path, params=_given(query)).json()
        return found

    def get_bytes(self, path: str) -> bytes:
        """GET a file."""
        return self._answer("GET", path).content

    def post(self, path: str, body: Mapping[str, Any] | None = None, seconds: float | None = None) -> Json:
        """POST under a fresh idempotency key."""
        extra: Json = {} if seconds is None else {"timeout": seconds}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        found: Json = self._answer("POST", path, json=body, headers=headers, **extra).json()
        return found

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """PUT: it becomes what the body says."""
        found: Json = self._answer("PUT", path, json=body).json()
        return found

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        """PATCH: the named fields become different, the rest stays."""
        found: Json = self._answer("PATCH", path, json=body).json()
        return found

    def pages(self, path: str, at_most: int | None = None, **query: Any) -> Iterator[Json]:
        """Items of a list, page after page."""
        cursor, left = None, at_most
        while left is None or left > 0:
            size = 200 if left is None else min(left, 200)
            page = self.get(path, **query, limit=size, cursor=cursor)
            yield from page["items"]
            cursor = page.get("next_cursor")
            left = None if left is None else left - len(page["items"])
            if not cursor:
                return

    def _answer(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **request)
        except httpx2.TimeoutException as error:
            raise Refusal("server_timeout", f"{self.server} took too long to answer") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Refusal(
                "server_unreachable",
                f"no exchange answers at {self.server} ({error})",
                "start one with `suanli serve` or `suanli demo`, or name another with --server or SUANLI_SERVER",
            ) from error
        if not response.is_success:
            raise _refusal(self.server, response)
        return response


def _given(query: Mapping[str, Any]) -> Json:
    return {name: value for name, value in query.items() if value is not None}


def _refusal(server: str, response: httpx2.Response) -> Refusal:
    """The server's problem details as a refusal."""
    try:
        problem = response.json()
        code, message = str(problem["code"]), str(problem.get("detail") or problem.get("title"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refusal(
            "not_an_exchange", f"{server} answered {response.status_code}, not as an exchange does"
        )
    wrong = problem.get("errors")
    if isinstance(wrong, list) and len(wrong) > 1:  # the first is in the message already
        message += "; " + "; ".join(_field(entry) for entry in wrong[1:5])
    return Refusal(code, message, HINTS.get(response.status_code, ""))


def _field(entry: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in entry.get("loc", ()))
    return f"{where}: {entry.get('msg', 'is wrong')}"
