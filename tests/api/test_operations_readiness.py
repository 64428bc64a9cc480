"""/healthz and /readyz tell the truth: each thing is broken for real."""

import os
import time
from contextlib import closing

import pytest
from api_house import House, Json, Keys, build_exchange, build_test_app, refusal
from databases import file_of
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import build_app
from api.settings import Settings
from market.domain.errors import Unavailable
from market.enquiries.desk import Enquiries
from market.persistence.condition import Condition
from market.persistence.database import Database
from market.round_desks.apart import RoundsApart
from market.round_desks.child import ChildTerms

CHECKS = ["serving", "database", "disk", "solver", "couriers"]


def unready(house: House) -> dict[str, str]:
    """What has failed, and why; the process itself is up whatever is broken."""
    assert house.ask("GET", "/healthz").json()["status"] == "ok"
    problem: Json = refusal(house.ask("GET", "/readyz"), 503, "not_ready")
    assert [one["name"] for one in problem["checks"]] == CHECKS
    failed = {one["name"]: one["code"] for one in problem["checks"] if one["code"] is not None}
    assert problem["failed"] == list(failed)
    assert "/" not in problem["detail"], "no path is told to whoever asks"
    return failed


def test_all_is_well(house: House) -> None:
    told = house.ask("GET", "/readyz").json()
    assert told["status"] == "ready"
    assert [(one["name"], one["code"]) for one in told["checks"]] == [(name, None) for name in CHECKS]


@pytest.mark.sqlite("a server keeps its files to itself")
def test_the_file_of_the_database_is_gone_or_another_one(house: House, market_url: str) -> None:
    file = file_of(market_url)
    kept = file.rename(file.with_suffix(".kept"))
    assert unready(house) == {"database": "database_missing"}
    assert not file.exists(), "looking does not make one"
    file.write_bytes(kept.read_bytes())
    assert unready(house) == {"database": "database_replaced"}
    kept.replace(file)
    assert house.ask("GET", "/readyz").status_code == 200


def test_the_schema_is_not_this_programs(house: House) -> None:
    with house.exchange.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert unready(house) == {"database": "database_newer"}


@pytest.mark.sqlite("a file is opened read-only; a server that takes no writes has a test of its own")
def test_a_database_that_takes_no_writes(market_url: str, keys: Keys) -> None:
    """Opened read-only, because tests may run as root, who may write to every file."""
    with closing(Database(market_url)) as kept:
        kept.require_current()  # its files beside the file are there, which read-only nobody could make
        read_only = f"sqlite:///file:{file_of(market_url)}?mode=ro&uri=true"
        with closing(Database(read_only)) as database:
            exchange, clock = build_exchange(database)
            with TestClient(build_test_app(exchange, clock)) as client:
                assert unready(House(client, exchange, clock, keys)) == {"database": "database_read_only"}


def test_somebody_who_is_writing_does_not_make_it_unready(house: House) -> None:
    with house.exchange.database.writing() as session:
        session.execute(text("UPDATE regions SET lat = lat"))
        assert house.ask("GET", "/readyz").status_code == 200


@pytest.mark.sqlite("the disk of a server is its own affair")
def test_little_room_is_left(house: House) -> None:
    app = build_test_app(house.exchange, house.clock, min_free_mebibytes=2**40)
    with TestClient(app) as client:
        assert unready(House(client, house.exchange, house.clock, house.keys)) == {"disk": "disk_full"}


def test_the_exchange_is_stopping(house: House) -> None:
    house.client.app.state.desk.begin_stopping()  # type: ignore[attr-defined]
    assert unready(house) == {"serving": "exchange_stopping"}
    refusal(house.ask("POST", "/v1/rounds", house.keys.operator), 503, "exchange_stopping")
    assert house.submit()["state"] == "open", "what is asked in time is answered"


def test_the_process_that_clears_rounds_is_ended(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        rounds = RoundsApart(exchange, ChildTerms(database.url, clock))
        app = build_app(exchange, Enquiries(database, clock), Settings(), rounds)
        with TestClient(app) as client:
            house = House(client, exchange, clock, keys)
            assert house.ask("GET", "/readyz").status_code == 200
            rounds.close()
            assert unready(house) == {"solver": "exchange_stopped"}


def test_a_check_of_ones_own_and_one_that_breaks(house: House) -> None:
    def wanting() -> None:
        raise OSError(5, "no")

    desk = house.client.app.state.desk  # type: ignore[attr-defined]
    desk.readiness.add("pump", wanting)
    problem = refusal(house.ask("GET", "/readyz"), 503, "not_ready")
    assert problem["failed"] == ["pump"]
    assert problem["checks"][-1]["code"] == "check_failed"


@pytest.mark.postgres
def test_a_server_that_takes_no_writes(postgres_database: Database) -> None:
    condition = Condition(postgres_database)
    condition.require_sound()
    condition.require_room(2**40)  # its disk is its own affair
    name = postgres_database.engine.url.database
    with postgres_database.engine.begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    with closing(Database(postgres_database.url)) as later, pytest.raises(Unavailable) as refused:
        Condition(later).require_sound()
    assert refused.value.code == "database_read_only"


@pytest.mark.sqlite("a server keeps its files to itself")
def test_a_file_that_may_not_be_written(market_url: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to every file")
    path = file_of(market_url)
    path.chmod(0o400)
    try:
        with closing(Database(market_url)) as database, pytest.raises(Unavailable) as refused:
            Condition(database).require_sound()
    finally:
        path.chmod(0o600)
    assert refused.value.code == "database_read_only"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_couriers_that_stopped_are_told(house: House) -> None:
    """By something that nobody foresaw: what they foresee they log, and try again."""
    desk = house.client.app.state.desk  # type: ignore[attr-defined]
    while (couriers := desk.deliveries.couriers) is None:
        time.sleep(0.01)
    looking = couriers._thread

    class Broken(BaseException):
        pass

    def broken() -> None:
        raise Broken

    house.exchange.fan_out = broken  # type: ignore[method-assign, assignment]
    couriers._rung.set()
    looking.join(30)
    assert unready(house) == {"couriers": "couriers_stopped"}
    couriers.begin_stopping()
    assert house.ask("GET", "/readyz").status_code == 200  # they were told to


def test_without_couriers_it_is_ready(market_url: str, keys: Keys) -> None:
    """An application that nobody opened delivers nothing, and says nothing of it."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        client = TestClient(build_test_app(exchange, clock))
        assert House(client, exchange, clock, keys).ask("GET", "/readyz").status_code == 200
