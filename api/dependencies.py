"""What routes are given: the exchange, who asks, and the idempotency key."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.delivering import couriers_of
from api.demo_sessions import DemoSessions
from api.duties.all_duties import Duties
from api.duties.webhooks import Deliveries
from api.operations.metrics import Metrics
from api.operations.readiness import Readiness
from api.operations.round_log import log_seen
from api.operations.stopping import Stopping
from api.schemas.fields import PageAnswer, PageQuery
from api.settings import Settings
from api.streams.event_feed import Feed
from api.streams.long_questions import LongQuestions
from api.streams.round_progress import RoundProgress
from api.wire.headers import request_id_of
from api.wire.one_thread import Later
from market.clearing.solver_process import SolverProcess
from market.domain.errors import InvalidInput, NotAuthenticated, NotFound
from market.domain.ids import IdSource
from market.domain.parties import Actor
from market.enquiries.access import AccessEnquiries
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, Once
from market.persistence.paging import Page, PageRequest
from market.round_desks.desk import Opened, RoundDesk, RoundsHere
from market.round_desks.remarks import RoundRemarks
from market.settlement.enquiries import LedgerEnquiries
from market.whatif.desk import WhatIf

T = TypeVar("T")
A = TypeVar("A")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_ID = re.compile(r"[a-z0-9_]{1,64}")
_logger = logging.getLogger(__name__)
bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer suanli_…`")


class Desk:
    """What every route works with; made once for an application."""

    def __init__(
        self, exchange: Exchange, enquiries: Enquiries, settings: Settings, rounds: RoundDesk | None = None
    ) -> None:
        """`rounds` None: they are cleared here."""
        self.exchange = exchange
        self.rounds = rounds or RoundsHere(exchange)
        self.enquiries = enquiries
        self.ledger = LedgerEnquiries(exchange.database)
        self.access = AccessEnquiries(exchange.database, exchange.key_uses)
        self.settings = settings
        self.ids = IdSource()
        self.stopping = Stopping()
        self.demo_sessions = DemoSessions(settings)
        self.next_round_at: Callable[[], datetime | None] = _never
        """When a round clears by itself; whoever runs rounds on a schedule says so."""
        self.readiness = Readiness(exchange.database, self.rounds, self.stopping, settings.min_free_mebibytes)
        self.feed = Feed(enquiries, exchange.bell, self.stopping)
        self.deliveries = Deliveries(partial(couriers_of, exchange, settings))
        self.readiness.add("couriers", self.deliveries.require_alive)
        self.duties = Duties(exchange.database)
        """What one process does for all, if the settings let this one take part."""
        if settings.duties:
            self.duties.add(self.deliveries)
        self.metrics = Metrics(exchange.database, self.stopping.is_set)
        exchange.watch.tell_to(self.metrics.count_seen)
        exchange.watch.tell_to(log_seen)
        self.progress = RoundProgress(self.stopping)
        exchange.watch.tell_to(self.progress.see)
        self._remarks = RoundRemarks(exchange.database)
        exchange.watch.tell_to(self._remarks.see)
        self._asking = SolverProcess(settings.solver_niceness)
        self.what_if = WhatIf(exchange.database, exchange.clock, self._asking)
        self.long_questions = LongQuestions()
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="round")

    def finish_in_background(self, opened: Opened) -> None:
        """Clear an opened round while its client does something else."""
        request = copy_context()  # its log lines go on telling which request asked for it
        self._background.submit(request.run, opened.finish).add_done_callback(_log_failure)

    def begin_stopping(self) -> None:
        """Take no more rounds, say so at /readyz, end the streams."""
        self.rounds.take_no_more()
        self.stopping.begin()
        self.duties.begin_stopping()

    def give_up(self) -> None:
        """Whatever is being solved is given up; whoever waits for it is told so at once."""
        self.rounds.give_up()
        self._asking.abandon()

    def close(self) -> None:
        """Wait for a round that is clearing in the background, and for what is being asked."""
        self._background.shutdown()
        self._asking.close()
        self._remarks.close()
        self.long_questions.close()
        self.feed.close()
        self.exchange.write_key_uses(closing=True)


def _never() -> None:
    """No round clears by itself."""


def _log_failure(finished: "Future[Any]") -> None:
    """The round itself is stored as failed; the trace goes to the operator's log."""
    error = finished.exception()
    if error is not None:
        _logger.error("a round failed in the background", exc_info=error)


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


async def _current_actor(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Later[Actor]:
    if credentials is None:
        raise NotAuthenticated(
            "missing_key", "this needs an API key: send the header 'Authorization: Bearer <key>'"
        )
    return _asks(request, credentials)


CurrentActor = Annotated[Actor, Depends(_current_actor)]


async def _possible_actor(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Later[Actor] | None:
    return None if credentials is None else _asks(request, credentials)


PossibleActor = Annotated[Actor | None, Depends(_possible_actor)]
"""For what is public, of which the operator sees more. A key that nobody issued is refused all the same."""


def _asks(request: Request, credentials: HTTPAuthorizationCredentials) -> Later[Actor]:
    """Who holds the key; the rate limit learns that it is a good one."""
    desk: Desk = request.app.state.desk

    def recognise() -> Actor:
        actor = desk.exchange.authenticate(credentials.credentials)
        request.state.key_id = actor.key_id
        return replace(actor, request_id=request_id_of(request.scope))

    request.state.asks = Later(recognise)
    return request.state.asks  # type: ignore[no-any-return]


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 255 visible characters. The same request under the same key is carried out once "
            "and answered alike; another request under the same key is a 409.",
            examples=["7f9c2b1e-order-1"],
        ),
    ] = None,
) -> str | None:
    if idempotency_key is not None and not _VISIBLE.fullmatch(idempotency_key):
        raise InvalidInput("invalid_idempotency_key", "Idempotency-Key has 1 to 255 visible ASCII characters")
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]


async def _once(
    request: Request, asks: Annotated[Later[Actor], Depends(_current_actor)], key: IdempotencyKey
) -> Later[Once] | None:
    if key is None:
        return None
    sent = [await request.json()] if await request.body() else []
    head = f"{request.method} {request.url.path}\n".encode()
    return Later(lambda: Once(asks().key_id, key, _request_hash(head, sent)))


OnceOnly = Annotated[Once | None, Depends(_once)]


def _request_hash(head: bytes, sent: Sequence[Any]) -> str:
    """SHA-256 of method, path and canonical JSON, if any: spaces and the order of members do not matter."""
    canonical = "".join(json.dumps(body, sort_keys=True) for body in sent)
    return hashlib.sha256(head + canonical.encode()).hexdigest()


def page_of(query: PageQuery, *, newest_first: bool = False) -> PageRequest:
    """The market's page request; filters and sort are part of what a cursor was given out for."""
    asked = query.model_dump(mode="json", exclude={"limit", "cursor"})
    about = json.dumps([type(query).__name__, asked], sort_keys=True)
    return PageRequest(query.limit, query.cursor, newest_first, about)


def answer_page(page: Page[T], tell: Callable[[T], A]) -> PageAnswer[A]:
    """A page of the market's nouns as they look from outside."""
    return PageAnswer(items=[tell(item) for item in page.items], next_cursor=page.next_cursor)


def possible_id(id_: str) -> str:
    """An id from a path; what cannot be one is as unknown as any other."""
    if not _ID.fullmatch(id_):
        raise NotFound("not_found", f"no {id_[:64]!r} here")
    return id_
