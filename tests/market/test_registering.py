"""Many who register at the same moment: one of each id, and no distance missing."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from toy_market import NODES, REGIONS, SCENARIO, TOLD

from market.domain.errors import Conflict, MarketError
from market.domain.parties import Actor, Buyer, Provider
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.paging import PageRequest
from market.persistence.store import Store

TOGETHER = 6
Registering = Callable[[Exchange, Actor], object]


def at_once(actions: Iterable[Callable[[], object]]) -> list[object]:
    """What each action returned or was refused with; all start together."""
    waiting = list(actions)
    start = threading.Barrier(len(waiting))
    answers: list[object] = []

    def run(action: Callable[[], object]) -> None:
        start.wait(30)
        try:
            answers.append(action())
        except Exception as error:  # noqa: BLE001 - the test looks at every one
            answers.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.parametrize(
    "register",
    [
        lambda exchange, actor: exchange.register(actor, Buyer("buy_x", "新", "New", "lab", "east", TOLD)),
        lambda exchange, actor: exchange.register(actor, Provider("prv_x", "新", "New", "lab", None, TOLD)),
        lambda exchange, actor: exchange.add_region(actor, replace(REGIONS[0], id="new")),
        lambda exchange, actor: exchange.add_node(actor, replace(NODES[0], id="new")),
    ],
    ids=["buyer", "provider", "region", "node"],
)
def test_one_of_each_id(exchange: Exchange, operator: Actor, register: Registering) -> None:
    answers = at_once([lambda: register(exchange, operator)] * TOGETHER)
    refusals = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(refusal) for refusal in refusals] == [Conflict] * (TOGETHER - 1), refusals
    assert {r.code for r in refusals if isinstance(r, MarketError)} == {"duplicate_id"}


def test_regions_that_arrive_together_know_their_distance(exchange: Exchange, operator: Actor) -> None:
    names = [f"new_{number}" for number in range(TOGETHER)]
    answers = at_once(
        [lambda name=name: exchange.add_region(operator, replace(REGIONS[0], id=name)) for name in names]
    )
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    with exchange.database.reading() as session:
        catalogue = Store(session).catalogue()
    regions = [region.id for region in catalogue.regions]
    assert len(regions) == len(REGIONS) + TOGETHER
    assert {(a, b) for a in regions for b in regions} <= set(catalogue.rtt_ms)


def test_a_scenario_is_loaded_once(exchange: Exchange, enquiries: Enquiries) -> None:
    assert at_once([lambda: exchange.load_scenario(SCENARIO)] * 3) == [False] * 3
    assert len(enquiries.regions(PageRequest()).items) == len(REGIONS)
