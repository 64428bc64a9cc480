"""Logs: one form for everybody's records, the request on every line, no secret on any."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from api_house import House, Keys, build_exchange, build_test_app
from fastapi.testclient import TestClient

from api.operations.logs import logging_as_set
from api.operations.redaction import REDACTED, Redaction
from api.settings import Settings
from market.clearing.solving import Solve, solve_here
from market.persistence.database import Database
from solver import Clearing, ClearingProblem, Limits

PEPPER = 'pep"per\\with ünusual letters'


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "level", logging.INFO)  # as a server sets it
    stream = io.StringIO()
    with logging_as_set(Settings(key_pepper=PEPPER, log_format="json"), stream):  # type: ignore[arg-type]
        yield stream


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """What was told since the last look, but for duties: they begin some moment after the application does."""
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    log.seek(0)
    log.truncate()
    return [one for one in found if one["logger"] != "api.duties.leadership"]


def open_house(market_url: str, keys: Keys, solve: Solve = solve_here) -> Iterator[House]:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, solve)
        with TestClient(build_test_app(exchange, clock), raise_server_exceptions=False) as client:
            yield House(client, exchange, clock, keys)


def test_every_request_is_one_line_with_what_one_looks_for(log: io.StringIO, house: House) -> None:
    house.ask("GET", "/v1/orders/ord_nothing?secret=1", house.keys.buyer, headers={"X-Request-ID": "req-7"})
    (line,) = [one for one in lines(log) if one["logger"] == "suanli.access"]
    assert line["event"] == "GET /v1/orders/ord_nothing 404"
    assert (line["request_id"], line["route"], line["method"]) == ("req-7", "/v1/orders/{order_id}", "GET")
    assert (line["status"], line["level"]) == (404, "info")
    assert line["key_id"].startswith("key_")
    assert line["milliseconds"] >= 0
    assert line["at"].endswith("Z")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/nothing", "unmatched"),
        ("/nothing%0aforged", "unmatched"),
        ("/", "page"),
        ("/v1/policy", "/v1/policy"),
    ],
)
def test_routes_are_few_and_lines_are_one(log: io.StringIO, house: House, path: str, route: str) -> None:
    house.ask("GET", path)
    (line,) = [one for one in lines(log) if one["logger"] == "suanli.access"]
    assert line["route"] == route
    assert "\n" not in line["event"]


def test_probes_are_no_news_unless_they_fail(log: io.StringIO, house: House) -> None:
    for path in ("/healthz", "/readyz"):
        house.ask("GET", path)
    assert lines(log) == []
    house.ask("GET", "/metrics")
    assert [one["status"] for one in lines(log)] == [403]


def test_a_round_tells_its_steps_under_its_id_and_its_request(log: io.StringIO, house: House) -> None:
    house.submit()
    lines(log)
    landed = house.clear()
    *of_round, _access = lines(log)
    assert [one.get("step") for one in of_round] == [
        "freeze",
        "build",
        "solve",
        "verify",
        "read",
        "land",
        None,
    ]
    assert {one["round_id"] for one in of_round} == {landed["id"]}
    assert {one["route"] for one in of_round} == {"/v1/rounds"}
    assert len({one["request_id"] for one in of_round}) == 1
    assert (of_round[-1]["event"], of_round[-1]["placed"]) == ("round landed", 1)


def test_a_round_in_the_background_still_tells_whose_it_is(log: io.StringIO, house: House) -> None:
    headers = {"Prefer": "respond-async", "X-Request-ID": "req-background"}
    assert house.ask("POST", "/v1/rounds", house.keys.operator, headers=headers).status_code == 202
    house.exchange.watch.tell_to(lambda _seen: None)
    house.client.app.state.desk.close()  # type: ignore[attr-defined] - waits for the round
    ended = [one for one in lines(log) if one["event"] == "round landed"]
    assert [one["request_id"] for one in ended] == ["req-background"]


def test_a_crash_is_logged_with_its_trace_and_counted(log: io.StringIO, market_url: str, keys: Keys) -> None:
    def broken(_problem: ClearingProblem, _limits: Limits) -> Clearing:
        raise RuntimeError("the pepper is " + PEPPER)

    for house in open_house(market_url, keys, broken):
        answer = house.ask("POST", "/v1/rounds", house.keys.operator)
        assert answer.status_code == 500
    told = lines(log)
    (access,) = [one for one in told if one["logger"] == "suanli.access"]
    assert access["status"] == 500
    assert access["request_id"] == answer.headers["X-Request-ID"]
    (failed,) = [one for one in told if one["event"] == "round failed"]
    assert failed["failure"] == "internal_error: RuntimeError"


def test_no_key_is_logged_whatever_is_asked(log: io.StringIO, house: House) -> None:
    for key in (house.keys.operator, house.keys.buyer, "suanli_buyer_" + "x" * 43):
        house.ask("GET", f"/v1/orders/{key}", key)
        house.ask("POST", "/v1/orders", key, json={"key": key})
    logging.getLogger("market.anything").warning("found %s", house.keys.operator)
    text = log.getvalue()
    assert REDACTED in text
    for key in (house.keys.operator, house.keys.buyer):
        assert key not in text
        assert key[-20:] not in text


def test_the_markets_records_and_warnings_go_the_same_way(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("hello", extra={"color_message": "\x1b[1mhello"})
    logging.getLogger("market.exchange").error("no: %s", 7, extra={"round_id": "rnd_1"})
    first, second = lines(log)
    assert (first["event"], first["logger"], first["level"]) == ("hello", "uvicorn.error", "info")
    assert "color_message" not in first
    assert (second["event"], second["round_id"]) == ("no: 7", "rnd_1")


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abcdefgh.ijklmnop",
        "suanli_operator_abcdefghijklmnop",
        "whsec_abcdefghijklmnop=",
        "postgresql+psycopg://suanli:abcdefgh@db/market",
        PEPPER,
    ],
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_what_looks_like_a_secret_is_taken_out_wherever_it_stands(secret: str, form: str) -> None:
    stream = io.StringIO()
    with logging_as_set(Settings(key_pepper=PEPPER, log_format=form), stream):  # type: ignore[arg-type]
        logger = logging.getLogger("test")
        logger.warning("told: %s", secret, extra={"facts": {"deep": [secret]}})
        try:
            raise ValueError(secret)  # noqa: TRY301 - for its trace
        except ValueError:
            logger.exception("broken")
    text = stream.getvalue()
    assert "ValueError" in text
    assert "abcdefgh" not in text
    assert "ünusual" not in text


def test_names_of_secrets_hide_their_values_however_deep() -> None:
    record = {"key_pepper": "a", "sent": {"headers": [{"Cookie": "b"}], "key_id": "key_1"}, "token": ""}
    assert Redaction().by_name(record) == {
        "key_pepper": REDACTED,
        "sent": {"headers": [{"Cookie": REDACTED}], "key_id": "key_1"},
        "token": "",
    }


def test_people_get_lines_for_people_and_the_level_holds() -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    with logging_as_set(Settings(log_format="console", log_level="warning"), stream):
        logging.getLogger("test").info("quiet")
        logging.getLogger("test").warning("loud", extra={"round_id": "rnd_1"})
    assert logging.getLogger().handlers == before
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
    assert "round_id=rnd_1" in stream.getvalue()
