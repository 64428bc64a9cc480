"""A short soak on a PostgreSQL of its own: something of everything fails, and every order is accounted for."""

import json
from pathlib import Path

import pytest
from thoroughness import often

from api.bench.soak.asked import Asked
from api.bench.soak.faults import FaultKind
from api.bench.soak.market_day import plan_day
from api.bench.soak.networks import laid_networks
from api.bench.soak.report import SCHEMA, to_json, to_markdown
from api.bench.soak.run import soak
from api.terminal.refusal import Refusal

RELEASES_ONLY = pytest.mark.skipif(not often(0, 1), reason="a minute each: make thorough")
SHORT = Asked(orders=300, clients=8, minutes=0.25, faults_of_each=1, checkpoints=2, solver_seconds=1.0)


def test_the_same_seed_is_the_same_day() -> None:
    day, again, other = plan_day(SHORT), plan_day(SHORT), plan_day(Asked(orders=300, clients=8, seed=2))
    assert day == again
    assert day.shipments != other.shipments
    assert sum(len(one.bodies) for client in day.shipments for one in client) == 300
    for client in day.shipments:
        assert [one.at for one in client] == sorted(one.at for one in client)
        assert all(SHORT.starts_at <= one.at <= SHORT.starts_at + SHORT.length for one in client)


def test_speed_follows_from_how_much_of_the_day_fits() -> None:
    assert (Asked(minutes=2).hours, Asked(minutes=2).speed) == (2.5, 75)
    assert (Asked(minutes=20).hours, Asked(minutes=20).speed) == (24, 72)
    assert (Asked(minutes=120).hours, Asked(minutes=120).speed) == (24, 12)


def told(asked: Asked) -> dict[str, object]:
    lines: list[str] = []
    after = to_json(soak(asked, lambda _share, what: lines.append(what)))
    json.dumps(after)
    assert after["discrepancies"] == [], after["discrepancies"]
    assert (after["schema"], after["ended"]) == (SCHEMA, "")
    assert "**0**" in to_markdown(after)
    return after


@pytest.mark.slow
@pytest.mark.postgres
def test_nothing_is_lost_or_doubled_whatever_fails() -> None:
    after = told(SHORT)
    orders, rounds = after["orders"], after["rounds"]
    assert isinstance(orders, dict)
    assert isinstance(rounds, dict)
    assert orders["sent"] == orders["accepted"] + sum(orders["refused"].values()) == 300
    assert rounds["by_state"]["landed"] > 0
    faults = after["faults"]
    assert isinstance(faults, list)
    assert {fault["kind"] for fault in faults} == {str(kind) for kind in FaultKind} - {str(FaultKind.HOST)}
    assert all(fault["round_seconds"] is not None for fault in faults)


@RELEASES_ONLY
@pytest.mark.slow
@pytest.mark.postgres
def test_a_host_that_is_cut_off_holds_nobody_up() -> None:
    try:
        with laid_networks():
            pass
    except Refusal as refusal:
        pytest.skip(f"no hosts of one's own here: {refusal}")
    after = told(
        Asked(orders=200, clients=8, minutes=0.6, hosts=True, checkpoints=1, faults_of_each=1, seed=3)
    )
    faults = after["faults"]
    assert isinstance(faults, list)
    (cut_off,) = [fault for fault in faults if fault["kind"] == str(FaultKind.HOST)]
    assert cut_off["round_seconds"] is not None


@RELEASES_ONLY
@pytest.mark.slow
def test_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'market.db'}"
    after = told(
        Asked(orders=150, clients=4, minutes=0.25, database_url=url, faults_of_each=1, checkpoints=1)
    )
    assert after["database"] == "sqlite"
