"""The load: clients that ask one thing after another over HTTP/1.1, in a process of its own.

It speaks no more HTTP than it needs (requests are bytes made beforehand, of an answer only its status and length are
looked at), so that it costs far less than what it measures. `python -m api.bench.load` reads a `Plan` as JSON on stdin
and writes what was `Seen` on stdout.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `body` as it goes over the wire."""

    method: str
    path: str
    body: str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask of whom: `clients` at once, for so many seconds or requests.

    With `every_seconds` requests begin on a schedule, and a wait counts from when it should have begun: a server that stands
    still is told by everybody who would have come meanwhile, not by one client alone.
    """

    host: str
    port: int
    key: str
    asks: Sequence[Ask]
    seconds: float
    clients: int = 1
    most: int | None = None
    every_seconds: float | None = None


@dataclass(slots=True)
class Seen:
    """What came of it: waits in milliseconds, and when each request began, in seconds from the start (`began_epoch`)."""

    began_epoch: float = 0.0
    seconds: float = 0.0
    waits_ms: list[float] = field(default_factory=list)
    began_at: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


def encode(ask: Ask, host: str, key: str) -> bytes:
    """The request as bytes."""
    body = b"" if ask.body is None else ask.body.encode()
    head = [f"{ask.method} {ask.path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {key}"]
    if ask.body is not None:
        head += [f"Content-Type: {ask.media_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


async def run(plan: Plan) -> Seen:
    """Carry a plan out."""
    requests = [encode(ask, plan.host, plan.key) for ask in plan.asks]
    endless: Iterator[bytes] = itertools.cycle(requests)
    numbered = itertools.count()
    seen, statuses = Seen(time.time()), Counter[int]()
    began = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(plan.host, plan.port, limit=2**24)
        for number in numbered:
            now = time.perf_counter() - began
            started = now if plan.every_seconds is None else number * plan.every_seconds
            if started >= plan.seconds or (plan.most is not None and number >= plan.most):
                break
            if started > now:
                await asyncio.sleep(started - now)
            writer.write(next(endless))
            await writer.drain()
            status = await _read_answer(reader)
            seen.waits_ms.append((time.perf_counter() - began - started) * 1000)
            seen.began_at.append(started)
            statuses[status] += 1
        writer.close()

    await asyncio.gather(*(client() for _ in range(plan.clients)))
    seen.seconds, seen.statuses = time.perf_counter() - began, dict(statuses)
    return seen


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose body is read and thrown away."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lines = head.lower().split(b"\r\n")
    lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
    if not lengths:
        raise ValueError(f"an answer {status} does not say how long it is")
    await reader.readexactly(lengths[0])
    return status


def read_plan(told: dict[str, Any]) -> Plan:
    """A plan from its JSON."""
    return Plan(**{**told, "asks": [Ask(**ask) for ask in told["asks"]]})


def main() -> None:
    """stdin to stdout."""
    seen = asyncio.run(run(read_plan(json.load(sys.stdin))))
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
