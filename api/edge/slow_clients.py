"""A connection that does not wait for ever: for a request's head, or for an answer to be read.

uvicorn's HTTP/1.1 protocol limits how long a connection may idle between two requests, and nothing else. A client that sends
a head byte by byte, or never reads what it is sent, would keep its connection and its memory for ever (slowloris, slow
read). Bodies have their time in `api.edge.body_limit`.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.edge.connections import Register
from api.edge.settings import EdgeSettings
from api.errors import MEDIA_TYPE, build_problem
from api.schemas.problems import Problem
from api.wire.headers import safety_headers

STREAM = b"text/event-stream"
SLOWEST_READER = 1024
"""Bytes a second: whoever takes less of an answer that waits for it is cut off."""


class Alarm:
    """Rings once, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether it is going to ring."""
        return self._timer is not None

    def ring_in(self, seconds: float, ring: Callable[[], None]) -> None:
        """Call `ring` when the seconds are over; an earlier setting is forgotten."""
        self.stop()

        def due() -> None:
            self._timer = None
            ring()

        self._timer = self._loop.call_later(seconds, due)

    def stop(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ServerConfig(uvicorn.Config):
    """How the exchange is served, from wherever it is started: one protocol, one set of limits."""

    def __init__(self, app: FastAPI, edge: EdgeSettings, *, log_level: str | None = None) -> None:
        self.edge = edge
        proxies = list(edge.forwarded_allow_ips)
        believed = ProxyHeadersMiddleware(service_unavailable, proxies).trusted_hosts
        self.register = Register(
            edge.max_connections, edge.max_connections_per_address, believed.__contains__
        )
        super().__init__(
            app,
            http=GuardedConnection,
            ws="none",
            log_config=None,  # its records go where everybody's go
            log_level=log_level,
            access_log=False,  # `api.operations.requests` tells more
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_keep_alive=edge.keep_alive_seconds,
            h11_max_incomplete_event_size=edge.max_head_bytes,
        )


class GuardedConnection(H11Protocol):
    """uvicorn's connection with a clock at its head and at its answer, in the server's register."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not isinstance(config, ServerConfig):
            raise TypeError(f"{type(config).__name__} has no limits: serve with a ServerConfig")
        super().__init__(config, server_state, app_state, _loop)
        self._edge, self._register = config.edge, config.register
        self._head_due, self._reading_due = Alarm(self.loop), Alarm(self.loop)
        self._unread = 0
        self._streams = False
        self._answer, self.app = self.app, self._answer_told
        self.address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, if there is room, and wait for a head."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if self._register.admit(self):
            self._await_head()
        else:
            self._refuse(
                build_problem(503, "too_many_connections", "all connections are busy; try again shortly")
            )

    def data_received(self, data: bytes) -> None:
        """Read on; the clock of a head runs from its first byte to its end."""
        if self.transport.is_closing():
            return
        if self._awaits_request():
            self._await_head()
        super().data_received(data)
        if not self._awaits_request():
            self._head_due.stop()
            if not self.cycle.more_body:
                self._work()

    def on_response_complete(self) -> None:
        """It is the client's turn again: to read what is left, and to ask."""
        self._streams = False
        self._register.wait_for(self)
        self._watch_reader()
        super().on_response_complete()
        if not self._awaits_request() and not self.cycle.more_body:
            self._work()  # the next request had arrived already

    def pause_writing(self) -> None:
        """The answer waits for its reader."""
        super().pause_writing()
        self._register.wait_for(self)
        self._watch_reader()

    def resume_writing(self) -> None:
        """The reader has caught up."""
        super().resume_writing()
        self._reading_due.stop()
        if not self._awaits_request():
            self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_due.stop()
        self._reading_due.stop()
        self._register.leave(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused with a problem document, as everything is; `msg` is the same for all of it."""
        error = sys.exception()
        found = error if isinstance(error, h11.RemoteProtocolError) else h11.RemoteProtocolError(msg)
        self._refuse(_problem_with(found))

    def hang_up(self) -> None:
        """Close at once, and have the system forget what it was to send: nobody reads it."""
        linger_not = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        self.transport.abort()

    async def _answer_told(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application, and the register is told when it begins a stream."""

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start" and _begins_stream(message):
                self._streams = True
                self._work()
            await send(message)

        await self._answer(scope, receive, send_told)

    def _work(self) -> None:
        """It is the server's turn: a stream is one for as long as it lasts."""
        (self._register.stream_to if self._streams else self._register.work_for)(self)

    def _awaits_request(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        if not self._head_due.is_set:
            self._head_due.ring_in(self._edge.head_seconds, self._head_overdue)

    def _head_overdue(self) -> None:
        if self.transport.is_closing():
            return
        began, _ = self.conn.trailing_data
        if not began:
            self.transport.close()  # a connection that was opened in advance and not needed
            return
        seconds = f"{self._edge.head_seconds:g} s"
        self._refuse(
            build_problem(408, "request_timeout", f"the head of a request must be sent within {seconds}")
        )

    def _watch_reader(self) -> None:
        """Where an answer lies here unread: look again later, and see whether it has become less."""
        unread = self.transport.get_write_buffer_size()
        if unread and not self._reading_due.is_set:
            self._unread = unread
            self._reading_due.ring_in(self._edge.unread_seconds, self._check_reader)

    def _check_reader(self) -> None:
        before, left = self._unread, self.transport.get_write_buffer_size()
        least = min(before, int(SLOWEST_READER * self._edge.unread_seconds))
        if left and before - left < least:
            self.hang_up()
        else:
            self._watch_reader()

    def _refuse(self, problem: Problem) -> None:
        """Say why, if that can still be said, and close; a request that is under way learns that its client is gone."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._write(problem)
        self.transport.close()
        self._watch_reader()

    def _write(self, problem: Problem) -> None:
        body = problem.model_dump_json().encode()
        headers = [
            *safety_headers("", secure=False, hsts_seconds=0).items(),
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        for event in (
            h11.Response(
                status_code=problem.status, headers=headers, reason=HTTPStatus(problem.status).phrase
            ),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")


def _begins_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(STREAM)
        for name, value in message.get("headers", ())
    )


def _problem_with(error: h11.RemoteProtocolError) -> Problem:
    """What is wrong with a request that is no HTTP, or more of it than is read."""
    if error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return build_problem(
            431, "head_too_large", "target and headers are too long together; send fewer or shorter ones"
        )
    if error.error_status_hint == HTTPStatus.NOT_IMPLEMENTED:
        return build_problem(
            501,
            "unknown_transfer_coding",
            "send the body chunked or with Content-Length; nothing else is read",
        )
    what, _, _ = str(error).partition(": bytearray")  # the rest is what was sent
    return build_problem(
        400, "malformed_http", f"this is no HTTP/1.1 request ({what}); RFC 9112 says how to ask"
    )
