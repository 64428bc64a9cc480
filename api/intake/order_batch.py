"""Reading a batch of orders: one JSON document, or one order on each line (NDJSON).

Whatever is wrong with one of them is that one's answer; whatever is wrong with the batch is the batch's.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import FailFast, TypeAdapter, ValidationError

from api.errors import MOST_TOLD, MalformedLine, malformed_request
from api.intake.submitting import submission_of
from api.schemas.orders import LARGEST_BATCH, OrderBatch, OrderRequest
from api.wire.json_answer import NDJSON
from api.wire.json_body import ReadingError, parse_json, require_few, require_plain
from api.wire.media_types import is_json
from market.domain.errors import InvalidInput, MarketError
from market.domain.parties import Actor
from market.exchange import Submission

_ORDERS = TypeAdapter(Annotated[list[OrderRequest], FailFast()])
MOST_TOLD_OF_BATCH = 10_000
"""Errors of fields: once as many were told, each further order is told its first one only."""
MOST_OPENED = 5 * LARGEST_BATCH
"""Objects and lists in a batch: an order, its job, its hours by device, its devices and its regions."""
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A text, or all that follows where it never ends: nothing is gone through twice."""
Line = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class SentOrders:
    """Orders as they were sent. `lines` are the numbers of the lines they came on; none for a JSON document.

    `canonical` is what an idempotency key stands for.
    """

    orders: Sequence[Submission | MarketError]
    lines: Sequence[int] | None
    canonical: bytes


def read_batch(body: bytes, media_type: str, actor: Actor, *, named: bool) -> SentOrders:
    """Orders of a body; `canonical` is reckoned only for a request that is `named` by a key."""
    if media_type == NDJSON:
        return _read_lines(body, actor, named=named)
    if body and not is_json(media_type):
        raise ReadingError(
            415,
            "unsupported_media_type",
            f"send the orders as JSON, with Content-Type: application/json, or one a line, with {NDJSON}",
        )
    return _read_document(body, actor, named=named)


def _read_document(body: bytes, actor: Actor, *, named: bool) -> SentOrders:
    require_few(body)
    _require_few_nested(body)
    found = parse_json(body) if body else None
    require_plain(found)
    items = _items_of(found)
    orders = _read_all(items, actor)
    if orders is None:
        read = _EachAlone(actor).read
        orders = [read(item, ["orders", number]) for number, item in enumerate(items)]
    return SentOrders(orders, None, json.dumps(found, sort_keys=True).encode() if named else b"")


def _require_few_nested(body: bytes) -> None:
    """Refuse what nests more than all orders of a batch can: the parser lets nobody else work until it is done, and takes
    ten times as long over an object or a list as over a number.
    """
    opened, closed = _brackets(body)
    if opened <= MOST_OPENED + 2:
        return
    if opened != closed:
        raise ReadingError(
            400, "malformed_json", f"the body opens {opened:,} objects and lists, and closes {closed:,}"
        )
    raise ReadingError(
        413,
        "body_too_large",
        f"a batch has at most {LARGEST_BATCH:,} orders, with {MOST_OPENED:,} objects and lists in them; split it into "
        "several requests",
    )


def _brackets(body: bytes) -> tuple[int, int]:
    """How many objects and lists it opens and closes; those in texts are told apart only where there are too many."""
    if body.count(b"{") + body.count(b"[") > MOST_OPENED:
        body = _TEXT.sub(b"", body)
    return body.count(b"{") + body.count(b"["), body.count(b"}") + body.count(b"]")


def _items_of(found: Any) -> list[Any]:
    """What the document lists as orders; it is refused whole where it is no list of them."""
    try:
        return OrderBatch.model_validate(found).orders
    except ValidationError as error:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(problems, body=found) from error


def _read_lines(body: bytes, actor: Actor, *, named: bool) -> SentOrders:
    require_few(body)
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if not 0 < len(lines) <= LARGEST_BATCH:
        raise InvalidInput(
            "malformed_request",
            f"body: send 1 to {LARGEST_BATCH:,} orders, one a line; these are {len(lines):,}",
        )
    parsed = [_parse_line(line) for line in lines]
    orders = _read_all(parsed, actor) if _are_plain(parsed) else None
    if orders is None:
        parsed = [_require_plain(line, item) for line, item in zip(lines, parsed, strict=True)]
        read = _EachAlone(actor).read
        orders = [
            item if isinstance(item, MarketError) else read(item, [number])
            for (number, _), item in zip(lines, parsed, strict=True)
        ]
    canonical = b"\n".join(map(_canonical_line, lines, parsed)) if named else b""
    return SentOrders(orders, [number for number, _ in lines], NDJSON.encode() + b"\n" + canonical)


def _parse_line(line: Line) -> Any:
    """The JSON on a line, or why it is none; how deeply it is nested is looked at where it is no order."""
    if _brackets(line[1])[0] > MOST_OPENED:
        return MalformedLine(
            "malformed_json", f"line {line[0]}: no order has so many objects and lists", line=line[0]
        )
    try:
        return parse_json(line[1])
    except ReadingError as error:
        return _malformed(line, error)


def _are_plain(parsed: Sequence[Any]) -> bool:
    try:
        require_plain(parsed)
    except ReadingError:
        return False
    return True


def _require_plain(line: Line, parsed: Any) -> Any:
    """What was parsed, or that no order is nested so deeply or has so many members."""
    try:
        require_plain(parsed)
    except ReadingError as error:
        return _malformed(line, error)
    return parsed


def _malformed(line: Line, error: ReadingError) -> MalformedLine:
    return MalformedLine(error.code, f"line {line[0]}: {error.detail}", line=line[0])


def _canonical_line(line: Line, parsed: Any) -> bytes:
    return line[1].strip() if isinstance(parsed, MarketError) else json.dumps(parsed, sort_keys=True).encode()


def _read_all(items: Sequence[Any], actor: Actor) -> list[Submission | MarketError] | None:
    """All of them in one go; None where one is no order, and each has to be looked at."""
    try:
        bodies = _ORDERS.validate_python(items)
    except ValidationError:
        return None
    return [_submission(body, actor) for body in bodies]


class _EachAlone:
    """Reads the orders of a batch of which some are none: each is answered, and all answers together stay short."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._told = 0

    def read(self, item: Any, where: Sequence[str | int]) -> Submission | MarketError:
        """One order, or why it is none."""
        try:
            body = OrderRequest.model_validate(item)
        except ValidationError as error:
            return self._refusal(error, item, where)
        return _submission(body, self._actor)

    def _refusal(self, error: ValidationError, item: Any, where: Sequence[str | int]) -> MarketError:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        found = [{**problem, "loc": ("body", *where, *problem["loc"])} for problem in problems]
        sent: Any = item
        for part in reversed(where):
            sent = {part: sent}
        most = MOST_TOLD if self._told < MOST_TOLD_OF_BATCH else 1
        self._told += min(most, len(found))
        return malformed_request(found, sent, most)


def _submission(body: OrderRequest, actor: Actor) -> Submission | MarketError:
    try:
        return submission_of(actor, body)
    except MarketError as refusal:
        return refusal


def hash_of(head: str, canonical: bytes) -> str:
    """SHA-256 of method, path and canonical body."""
    return hashlib.sha256(head.encode() + canonical).hexdigest()
