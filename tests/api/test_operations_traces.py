"""Traces: a span for a request, one for a round within it, one for each step within that."""

import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from api_house import House, Keys, build_exchange, build_test_app
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from api.operations.traces import ENDPOINTS, are_wanted, require_extra, trace
from api.settings import Settings
from market.domain.errors import InvalidInput
from market.persistence.database import Database
from solver import Clearing, ClearingProblem, Limits


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(market_url: str, keys: Keys, exporter: InMemorySpanExporter) -> Iterator[House]:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        app = build_test_app(exchange, clock)
        provider = trace(app, SimpleSpanProcessor(exporter))
        with TestClient(app, raise_server_exceptions=False) as client:
            yield House(client, exchange, clock, keys)
        provider.shutdown()


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = (span for span in exporter.get_finished_spans() if span.name == name)
    return found


def parent_of(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


def test_a_round_is_traced_from_the_request_to_its_steps(
    traced: House, exporter: InMemorySpanExporter
) -> None:
    traced.submit()
    exporter.clear()
    landed = traced.clear()
    request, whole = named(exporter, "POST /v1/rounds"), named(exporter, "round")
    assert request.attributes is not None
    assert request.attributes["http.route"] == "/v1/rounds"
    assert request.attributes["suanli.request_id"]
    assert parent_of(whole) == id_of(request)
    assert whole.attributes is not None
    assert whole.attributes["suanli.round.id"] == landed["id"]
    assert (whole.attributes["suanli.round.state"], whole.attributes["suanli.round.placed"]) == ("landed", 1)
    steps = [span for span in exporter.get_finished_spans() if span.name.startswith("round ")]
    assert [span.name for span in steps] == [
        f"round {step}" for step in ("freeze", "build", "solve", "verify", "read", "land")
    ]
    assert {parent_of(span) for span in steps} == {id_of(whole)}
    assert all((span.start_time or 0) <= (span.end_time or 0) for span in steps)


def test_routes_are_templates_and_probes_are_left_out(traced: House, exporter: InMemorySpanExporter) -> None:
    for path in ("/healthz", "/readyz", "/v1/orders/ord_nothing"):
        traced.ask("GET", path, traced.keys.buyer)
    assert [span.name for span in exporter.get_finished_spans()] == ["GET /v1/orders/{order_id}"]
    assert traced.keys.buyer not in repr([span.attributes for span in exporter.get_finished_spans()])


def test_a_round_that_fails_is_marked(market_url: str, keys: Keys, exporter: InMemorySpanExporter) -> None:
    def broken(_problem: ClearingProblem, _limits: Limits) -> Clearing:
        raise RuntimeError("no")

    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, broken)
        app = build_test_app(exchange, clock)
        trace(app, SimpleSpanProcessor(exporter))
        with TestClient(app, raise_server_exceptions=False) as client:
            client.post("/v1/rounds", headers={"Authorization": f"Bearer {keys.operator}"})
    assert named(exporter, "round solve").status.status_code is StatusCode.ERROR
    assert named(exporter, "round").status.status_code is StatusCode.ERROR


def test_traces_are_sent_where_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert not are_wanted(Settings())
    assert are_wanted(Settings(traces="on"))
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:4318")
    assert are_wanted(Settings())
    assert not are_wanted(Settings(traces="off"))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require_extra()
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidInput, match=r"pip install suanli-exchange\[otel\]") as refused:
        require_extra()
    assert refused.value.code == "extra_missing"
