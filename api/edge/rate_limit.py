"""How much a client may ask: by key, by address without one, and how often an address may try keys nobody issued.

What a request costs is known before it is read: 1, more for what makes the solver think, and 1 for each 64 KiB of body. Keys
are never kept: what stands for one is a hash under a secret of this process, and only of keys that were recognised.
"""

import hashlib
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.questions import cost_of_thinking
from api.edge.settings import KIBIBYTE, EdgeSettings
from api.edge.window_counts import WindowCounts
from api.errors import answer_problem, build_problem

BYTES_FOR_ONE = 64 * KIBIBYTE
UNLIMITED = ("/healthz",)
MOST_RECOGNISED = 10_000
IPV6_PREFIX = 64
"""Bits of an IPv6 address that belong to one subscriber; below them anybody has addresses without end."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One limit: its name in headers and refusals, whose it is, and how much."""

    name: str
    whose: str
    limit: RateLimitItem


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, as far as is known before anything is read."""

    address: str
    fingerprint: bytes | None
    key_id: str | None


class RateLimit:
    """Answers 429 where a client has used up what it may ask, and tells every client of /v1 how much is left."""

    def __init__(self, app: ASGIApp, edge: EdgeSettings, now: Callable[[], float] = time.monotonic) -> None:
        """`now` in seconds."""
        self._app = app
        self._counts = WindowCounts(now)
        self._windows = SlidingWindowCounterRateLimiter(self._counts)
        self._most_bytes = edge.max_body_bytes
        self._by_key = Policy("key", "this key", edge.limit())
        self._by_address = Policy("address", "this address without a recognised key", edge.anonymous_limit())
        self._failed = Policy(
            "unknown-keys", "keys from this address that nobody issued", edge.failed_keys_limit()
        )
        self._most_at_once = edge.max_requests_at_once
        self._at_once: Counter[tuple[str, str]] = Counter()
        self._secret = secrets.token_bytes(16)
        self._recognised: dict[bytes, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in UNLIMITED:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        client = self._client(scope, headers)
        policy, whom = self._policy_of(client)
        state = scope.setdefault("state", {})
        state["recognised"], state["asked_by"] = client.key_id is not None, (policy.name, whom)
        cost = min(self._cost(scope, headers), policy.limit.amount)
        if client.fingerprint is not None and client.key_id is None and self._guesses_too_much(client):
            await self._refuse(self._failed, client.address, 1)(scope, receive, send)
            return
        if not self._windows.hit(policy.limit, policy.name, whom, cost=cost):
            await self._refuse(policy, whom, cost)(scope, receive, send)
            return

        if self._at_once[policy.name, whom] >= self._most_at_once:
            await self._refuse_another(policy)(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._learn(scope, client, message["status"])
                if scope["path"].startswith("/v1/"):
                    MutableHeaders(scope=message).update(dict(self._told(policy, whom)))
            await send(message)

        self._at_once[policy.name, whom] += 1
        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._at_once[policy.name, whom] -= 1
            if not self._at_once[policy.name, whom]:
                del self._at_once[policy.name, whom]

    def _client(self, scope: Scope, headers: Headers) -> Client:
        address = network_of(scope["client"][0] if scope.get("client") else "")
        secret = bearer_of(headers)
        if secret is None:
            return Client(address, None, None)
        fingerprint = hashlib.blake2b(secret.encode(), key=self._secret, digest_size=16).digest()
        return Client(address, fingerprint, self._recognised.get(fingerprint))

    def _policy_of(self, client: Client) -> tuple[Policy, str]:
        """Only a key that was recognised has a limit of its own; made-up ones share that of their address."""
        if client.key_id is None:
            return self._by_address, client.address
        return self._by_key, client.key_id

    def _guesses_too_much(self, client: Client) -> bool:
        return not self._windows.test(self._failed.limit, self._failed.name, client.address)

    def _cost(self, scope: Scope, headers: Headers) -> int:
        """A body that does not say how long it is counts as the longest."""
        stated = stated_length(headers)
        size = self._most_bytes if stated is None else min(stated, self._most_bytes)
        return (cost_of_thinking(scope["path"]) or 1) + size // BYTES_FOR_ONE

    def _learn(self, scope: Scope, client: Client, status: int) -> None:
        """Whether the key was a good one is known once it was looked up."""
        if client.fingerprint is None:
            return
        key_id: str | None = scope.get("state", {}).get("key_id")
        if key_id is not None:
            self._recognised.pop(client.fingerprint, None)
            self._recognised[client.fingerprint] = key_id
            if len(self._recognised) > MOST_RECOGNISED:
                del self._recognised[next(iter(self._recognised))]
        elif status == 401:
            self._recognised.pop(client.fingerprint, None)
            self._windows.hit(self._failed.limit, self._failed.name, client.address)

    def _told(self, policy: Policy, whom: str) -> Iterator[tuple[str, str]]:
        """As draft-ietf-httpapi-ratelimit-headers-10 has it: the quota and its window, what is left and for how long."""
        limit, seconds = policy.limit.amount, policy.limit.get_expiry()
        before, ttl_before, now, ttl = self._counts.get_sliding_window(
            policy.limit.key_for(policy.name, whom), seconds
        )
        left = max(0, limit - int(before * ttl_before / seconds + now))
        yield "RateLimit-Policy", f'"{policy.name}";q={limit};w={seconds}'
        yield "RateLimit", f'"{policy.name}";r={left};t={math.ceil(ttl - seconds)}'

    def _refuse(self, policy: Policy, whom: str, cost: int) -> ASGIApp:
        limit, seconds = policy.limit.amount, policy.limit.get_expiry()
        key = policy.limit.key_for(policy.name, whom)
        wait = max(1, math.ceil(self._counts.seconds_until(key, limit, seconds, cost)))
        problem = build_problem(
            429,
            "rate_limited",
            f"too much from {policy.whose}: at most {limit} in {seconds} s; try again in {wait} s",
            violated_policies=[policy.name],
            retry_after_seconds=wait,
        )
        return answer_problem(problem, {"Retry-After": str(wait), **dict(self._told(policy, whom))})

    def _refuse_another(self, policy: Policy) -> ASGIApp:
        problem = build_problem(
            429,
            "rate_limited",
            f"{policy.whose} has {self._most_at_once} requests and streams open: wait for one of them to end",
            violated_policies=["at-once"],
            retry_after_seconds=1,
        )
        return answer_problem(problem, {"Retry-After": "1"})


def bearer_of(headers: Headers) -> str | None:
    """The secret that a request carries, if any."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def stated_length(headers: Headers) -> int | None:
    """How long a request says that its body is; None where it does not."""
    stated = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not (stated.isascii() and stated.isdecimal()):
        return None
    return int(stated[:20])


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whom an address belongs to: itself, or for IPv6 its /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]  # a socket's path, or the name of a test's client
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, IPV6_PREFIX), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
