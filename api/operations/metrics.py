"""What is counted and measured, for Prometheus. A registry for each application: nothing is global.

Where several processes serve on one port, each tells of all: they count into files of one directory (`FIGURES_OF_ALL`), and
what can be told of a single process only is left out.
"""

import os
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from api.operations.market_figures import MarketFigures
from api.operations.requests import Answered
from market.persistence.database import Database
from market.watching import OrdersAnswered, RoundEnded, Seen, StepDone

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted together: whoever asks may call a method anything."""
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
STEP_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)

FIGURES_OF_ALL = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that `prometheus_client` looks for before it counts: the directory that processes count into together."""


class Metrics:
    """The figures of one application and of the exchange behind it."""

    def __init__(self, database: Database, is_stopping: Callable[[], bool]) -> None:
        together = FIGURES_OF_ALL in os.environ
        self.registry = CollectorRegistry(auto_describe=False)
        registry = CollectorRegistry() if together else self.registry
        self._requests = Counter(
            "suanli_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "suanli_http_request_seconds",
            "How long answers took.",
            ["method", "route"],
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._accepted = Counter("suanli_orders_accepted", "Orders accepted.", registry=registry)
        self._refused = Counter("suanli_orders_refused", "Orders refused.", ["code"], registry=registry)
        self._rounds = Counter(
            "suanli_rounds_ended", "Rounds that this process ended.", ["state"], registry=registry
        )
        self._steps = Histogram(
            "suanli_round_step_seconds",
            "How long the steps of rounds took: freeze, build, solve, verify, read, land.",
            ["step"],
            buckets=STEP_BUCKETS,
            registry=registry,
        )
        self._solver_seconds = Histogram(
            "suanli_solver_seconds",
            "How long the solver itself searched in rounds that landed.",
            buckets=STEP_BUCKETS,
            registry=registry,
        )
        self.registry.register(_Standing(is_stopping))
        self.registry.register(MarketFigures(database))
        if together:
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
            GCCollector(registry=registry)

    def count_request(self, answered: Answered) -> None:
        """A request is answered."""
        method = answered.method if answered.method in METHODS else "other"
        self._requests.labels(method, answered.route, str(answered.status)).inc()
        self._request_seconds.labels(method, answered.route).observe(answered.seconds)

    def count_seen(self, seen: Seen) -> None:
        """Something happened in the exchange."""
        match seen:
            case StepDone(step=step, seconds=seconds):
                self._steps.labels(step).observe(seconds)
            case RoundEnded(round=ended):
                self._rounds.labels(ended.state.value).inc()
                if ended.seconds is not None:
                    self._solver_seconds.observe(ended.seconds)
            case OrdersAnswered(accepted=accepted, refused=refused):
                self._accepted.inc(accepted)
                for code, count in refused.items():
                    self._refused.labels(code).inc(count)


class _Standing(Collector):
    """How the process stands that is asked."""

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping

    def collect(self) -> Iterable[Metric]:
        """The figures now."""
        stopping = float(self._is_stopping())
        yield GaugeMetricFamily("suanli_stopping", "1 while the exchange is on its way down.", stopping)
        python = ".".join(map(str, sys.version_info[:3]))
        told = {"version": version("suanli-exchange"), "python": python}
        yield InfoMetricFamily("suanli_build", "What is running.", told)
