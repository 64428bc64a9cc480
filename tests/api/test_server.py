"""The server as it is started: opened on its database, bound to its port, stopped."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from api_house import NOW, OPERATOR, Keys, order_body
from fastapi import FastAPI
from sqlalchemy import text

from api.app import build_app
from api.server import ServerThread, bind, listen, open_exchange, reserve, run_server, url_of
from api.settings import Settings
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, Unavailable
from market.exchange import RoundRequest
from market.persistence.database import Database


def get(url: str, key: str | None = None) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx2.get(url, headers=headers, trust_env=False)


def sql(url: str, statement: str) -> Any:
    """One statement past the exchange; its rows, if it has any."""
    with closing(Database(url)) as database, database.engine.begin() as connection:
        found = connection.execute(text(statement))
        return found.all() if found.returns_rows else []


@pytest.mark.slow
def test_an_opened_exchange_clears_in_a_process_of_its_own(market_url: str, keys: Keys) -> None:
    settings = Settings(database_url=market_url, solver_seconds=5)
    with open_exchange(settings, VirtualClock(NOW)) as opened, ServerThread(opened.app) as server:
        headers = {"Authorization": f"Bearer {keys.operator}"}
        with httpx2.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False) as client:
            assert client.get("/readyz").json()["status"] == "ready"
            assert client.post("/v1/orders", json=order_body(buyer_id="buy_0001")).status_code == 201
            landed = client.post("/v1/rounds", json={"slots": 24})
            assert landed.status_code == 201, landed.text
            assert landed.json()["placed"] == 1
    assert get_refused(server.url)


def get_refused(url: str) -> bool:
    """Whether nobody listens there any more."""
    with pytest.raises(httpx2.ConnectError):
        get(url)
    return True


def test_a_port_in_use_is_named(market_url: str) -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    try:
        with pytest.raises(Conflict) as refused:
            run_server(Settings(database_url=market_url, port=port))
    finally:
        taken.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert refused.value.code == "port_in_use"
    assert refused.value.facts == {"port": port}


def test_a_reserved_port_refuses_until_it_listens_and_is_then_its_own() -> None:
    with closing(reserve("127.0.0.1", 0)) as reserved:
        address = reserved.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        with closing(reserve(*address)) as other:
            listen(reserved)
            socket.create_connection(address).close()
            with pytest.raises(Conflict) as refused:
                listen(other)
    assert refused.value.code == "port_in_use"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7"])
def test_an_address_that_is_not_here(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bind(host, 0)
    assert refused.value.code == "invalid_address"


def test_an_exchange_that_was_not_initialised_does_not_open(database_url: str) -> None:
    settings = Settings(database_url=database_url)
    with pytest.raises(Unavailable) as refused, open_exchange(settings):
        pass
    assert refused.value.code == "database_empty"


def test_a_round_that_was_cut_off_has_failed_after_a_restart(market_url: str) -> None:
    settings = Settings(database_url=market_url)
    with open_exchange(settings) as opened:
        cut_off = opened.exchange.open_round(OPERATOR, RoundRequest()).round
    assert sql(market_url, "SELECT state FROM rounds") == [("clearing",)]
    with open_exchange(settings) as opened:
        assert opened.enquiries.round(cut_off.id).state.value == "failed"


def test_a_database_that_is_lost_makes_the_exchange_unready(
    market_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_exchange(Settings(database_url=market_url)) as opened, ServerThread(opened.app) as server:
        sql(market_url, "ALTER TABLE regions RENAME TO lost")
        with caplog.at_level(logging.CRITICAL):
            answer = get(f"{server.url}/v1/regions")
    assert answer.status_code == 503
    assert answer.json()["code"] == "database_unavailable"
    assert "SELECT" not in answer.text


def test_the_page_is_served_and_leaves_the_api_alone(market_url: str) -> None:
    with open_exchange(Settings(database_url=market_url)) as opened:
        app = build_app(opened.exchange, opened.enquiries, Settings())
        with ServerThread(app) as server:
            assert "<title>" in get(server.url).text
            assert get(f"{server.url}/nothing.js").json()["code"] == "not_found"
            assert get(f"{server.url}/v1/nothing").json()["code"] == "not_found"
            assert get(f"{server.url}/v1/quotes").json()["code"] == "method_not_allowed"


def test_waiting_for_a_server_can_be_interrupted() -> None:
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a solver may have left another
    try:
        with ServerThread(FastAPI()) as server:
            interruption = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
            interruption.start()
            with pytest.raises(KeyboardInterrupt):
                server.wait()
            interruption.join()
            assert get(f"{server.url}/openapi.json").status_code == 200
    finally:
        signal.signal(signal.SIGINT, before)
    server.wait()  # it has ended: returns at once


def test_an_address_is_shown_as_a_browser_takes_it() -> None:
    assert url_of("0.0.0.0", 80) == "http://127.0.0.1:80"  # noqa: S104
    assert url_of("::1", 80) == "http://[::1]:80"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUANLI_PORT", "9000")
    monkeypatch.setenv("SUANLI_KEY_PEPPER", "salt and pepper")
    settings = Settings()
    assert settings.port == 9000
    assert "salt" not in repr(settings)


def test_a_pepper_makes_keys_of_another_exchange_unknown(market_url: str, keys: Keys) -> None:
    peppered = Settings(database_url=market_url, key_pepper="pepper")  # type: ignore[arg-type]
    with open_exchange(peppered) as opened, ServerThread(opened.app) as server:
        assert get(f"{server.url}/v1/orders", keys.operator).json()["code"] == "unknown_key"
    with closing(Database(market_url)) as database:
        assert database.schema_version()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_told_to_stop_leaves_nothing_behind(
    market_url: str, keys: Keys, ending: signal.Signals
) -> None:
    program = "from api.server import run_server; from api.settings import Settings; run_server(Settings())"
    environment = {**os.environ, "SUANLI_DATABASE_URL": market_url, "SUANLI_PORT": "0", "PYTHONWARNINGS": ""}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split(": ")[1].split(" ")[0]
        with httpx2.Client(base_url=url, timeout=120, trust_env=False) as client:
            cleared = client.post("/v1/rounds", headers={"Authorization": f"Bearer {keys.operator}"})
            assert cleared.status_code == 201
        server.send_signal(ending)
        assert server.wait(60) == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
        rest = server.stdout.read()  # ends when the solver process, which holds the pipe too, has ended
        assert "Traceback" not in rest
