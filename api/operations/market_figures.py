"""Figures that the database knows, asked when somebody wants them: the same from every process on it."""

import logging
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from market.domain.money import MICROS_PER_CNY
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.persistence.claims import Claim, ClaimName
from market.persistence.database import Database
from market.vital_signs import VitalSigns, WebhookSigns, read_vital_signs

DUTIES = (ClaimName.ROUNDS, ClaimName.UPKEEP, ClaimName.WEBHOOKS)
_logger = logging.getLogger(__name__)


class MarketFigures(Collector):
    """Asks the database at every collection. Where it does not answer, that is a figure too, and the rest are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering asks no questions."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The figures now."""
        yield from self._of_the_pool()
        try:
            signs = read_vital_signs(self._database)
        except SQLAlchemyError as error:
            _logger.warning("no figures of the market: the database did not answer: %s", error)
            yield GaugeMetricFamily("suanli_database_up", "1 where the database answers.", 0)
            return
        yield GaugeMetricFamily("suanli_database_up", "1 where the database answers.", 1)
        yield from _of_the_market(signs)
        yield self._of_duties()

    def _of_duties(self) -> Metric:
        """Asked of their locks: a row could say so of a process that is no more."""
        led = GaugeMetricFamily("suanli_duty_led", "1 where some process sees to it.", labels=["duty"])
        for duty in DUTIES:
            led.add_metric([duty.value], Claim(self._database.engine, duty).is_taken())
        return led

    def _of_the_pool(self) -> Iterable[Metric]:
        pool = self._database.engine.pool
        if isinstance(pool, QueuePool):
            found = GaugeMetricFamily(
                "suanli_database_connections", "Connections of this process.", labels=["state"]
            )
            found.add_metric(["in_use"], pool.checkedout())
            found.add_metric(["idle"], pool.checkedin())
            yield found


def _of_the_market(signs: VitalSigns) -> Iterable[Metric]:
    yield GaugeMetricFamily("suanli_orders_in_book", "Orders that wait for a round.", signs.orders_in_book)
    rounds = GaugeMetricFamily("suanli_rounds", "Rounds by state.", labels=["state"])
    for state in RoundState:
        rounds.add_metric([state.value], signs.rounds_by_state.get(state.value, 0))
    yield rounds
    yield GaugeMetricFamily(
        "suanli_ledger_imbalance_micros",
        "What the accounts' sums are out by, in micro-yuan: zero, or the ledger is broken.",
        signs.imbalance_micros,
    )
    yield CounterMetricFamily("suanli_events", "Sequence of the newest event.", signs.newest_event)
    yield from _of_webhooks(signs.webhooks)
    if signs.last_landed is not None:
        yield from _of_a_round(signs.last_landed)


def _of_webhooks(signs: WebhookSigns) -> Iterable[Metric]:
    webhooks = GaugeMetricFamily("suanli_webhooks", "Webhooks by state.", labels=["state"])
    for state, count in sorted(signs.by_state.items()):
        webhooks.add_metric([state], count)
    yield webhooks
    yield GaugeMetricFamily("suanli_webhook_deliveries_pending", "Deliveries that wait.", signs.pending)
    yield GaugeMetricFamily(
        "suanli_webhook_oldest_pending_timestamp_seconds",
        "When the delivery was made that waits longest; 0 where none waits.",
        signs.oldest_pending.timestamp() if signs.oldest_pending else 0,
    )
    yield GaugeMetricFamily(
        "suanli_webhook_events_behind",
        "Events that the active webhook furthest behind has not been looked through for.",
        signs.events_behind,
    )


def _of_a_round(landed: Round) -> Iterable[Metric]:
    told = {
        "gap_ratio": ("How far its value is from the proven bound at most, as a share.", landed.gap),
        "value_cny": ("Its value.", (landed.value_micros or 0) / MICROS_PER_CNY),
        "bound_cny": ("Its proven bound.", (landed.bound_micros or 0) / MICROS_PER_CNY),
        "orders": ("Orders it cleared.", landed.orders),
        "placed": ("Orders it placed.", landed.placed),
        "closed_timestamp_seconds": (
            "When it landed.",
            landed.closed_at.timestamp() if landed.closed_at else None,
        ),
    }
    for name, (meaning, value) in told.items():
        if value is not None:
            yield GaugeMetricFamily(
                f"suanli_last_round_{name}", f"The last round that landed: {meaning}", value
            )
