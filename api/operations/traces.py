"""OpenTelemetry traces: a span for each request and each round, with a span for each of its steps.

They need the extra `suanli-exchange[otel]`. What the SDK reads from OTEL_… variables (where to send, how much to sample,
what the service is called) stands.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from api.settings import Settings
from api.wire.headers import request_id_of
from market.domain.errors import InvalidInput
from market.domain.states import RoundState
from market.watching import OrdersAnswered, RoundEnded, Seen, StepDone

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span, Tracer

SERVICE = "suanli-exchange"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
UNTRACED = "healthz,readyz,metrics"
NANOSECONDS = 1_000_000_000


def are_wanted(settings: Settings) -> bool:
    """`traces` on, or auto and somewhere to send them."""
    if settings.traces == "auto":
        return any(os.environ.get(name) for name in ENDPOINTS)
    return settings.traces == "on"


@contextmanager
def tracing_as_set(settings: Settings, app: FastAPI) -> Iterator[None]:
    """Within, requests and rounds are traced where the settings say so; what is pending is sent at the end."""
    if not are_wanted(settings):
        yield
        return
    require_extra()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = trace(app, BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield
    finally:
        provider.shutdown()


def require_extra() -> None:
    """`InvalidInput` `extra_missing` where the libraries of traces are not installed."""
    try:
        import opentelemetry.exporter.otlp.proto.http  # noqa: PLC0415 - an extra
        import opentelemetry.instrumentation.fastapi  # noqa: PLC0415
        import opentelemetry.sdk.trace  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise InvalidInput(
            "extra_missing",
            "traces need OpenTelemetry: pip install suanli-exchange[otel], or set SUANLI_TRACES=off",
        ) from error


def trace(app: FastAPI, processor: "SpanProcessor") -> "TracerProvider":
    """Trace an application that has not answered yet, and the exchange behind it."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    named = os.environ.get("OTEL_SERVICE_NAME", SERVICE)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: named, SERVICE_VERSION: app.version}))
    provider.add_span_processor(processor)
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=UNTRACED,
        exclude_spans=["receive", "send"],
        server_request_hook=_name_request,
    )
    app.state.desk.exchange.watch.tell_to(RoundSpans(provider.get_tracer(SERVICE)).follow)
    return provider


class RoundSpans:
    """Spans of rounds, made of what the exchange tells of them: a step is told when it is over."""

    def __init__(self, tracer: "Tracer") -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._open: dict[str, Span] = {}

    def follow(self, seen: Seen) -> None:
        """A step becomes a span in its round's; the end of a round ends its span."""
        match seen:
            case StepDone():
                self._add_step(seen)
            case RoundEnded(round=ended):
                with self._lock:
                    span = self._open.pop(ended.id, None)
                if span is not None:
                    told = {"state": ended.state.value, "orders": ended.orders, "placed": ended.placed}
                    span.set_attributes({f"suanli.round.{name}": value for name, value in told.items()})
                    if ended.state is not RoundState.LANDED:
                        _mark_failed(span, ended.failure or "")
                    span.end()
            case OrdersAnswered():
                pass  # the request's span tells of it

    def _add_step(self, done: StepDone) -> None:
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 - an extra

        ended_at = time.time_ns()
        began_at = ended_at - int(done.seconds * NANOSECONDS)
        with self._lock:
            whole = self._open.get(done.round_id)
            if (
                whole is None
            ):  # its first step: it belongs to the request that asked for the round, if one did
                whole = self._tracer.start_span("round", start_time=began_at)
                whole.set_attribute("suanli.round.id", done.round_id)
                self._open[done.round_id] = whole
        span = self._tracer.start_span(
            f"round {done.step}", context=set_span_in_context(whole), start_time=began_at
        )
        span.set_attribute("suanli.round.id", done.round_id)
        if done.failed:
            _mark_failed(span, done.step)
        span.end(end_time=ended_at)


def _mark_failed(span: "Span", why: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

    span.set_status(Status(StatusCode.ERROR, why))


def _name_request(span: "Span", scope: dict[str, Any]) -> None:
    """The request's own id, which the log and the answer tell as well."""
    span.set_attribute("suanli.request_id", request_id_of(scope))
