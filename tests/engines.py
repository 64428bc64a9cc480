"""On which engines a test runs: it asks for `engine`, mostly by way of `databases`, and is run once on each.

`--engine` (or SUANLI_TEST_ENGINE) says more exactly: `sqlite` or `postgres` alone, `both` without exception, or
`usual`: both, but SQLite alone where a line below says that the other would cost more than it finds. Under
SUANLI_THOROUGH=1 the usual is both without exception.
"""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SQLITE, POSTGRES = "sqlite", "postgres"
CHOICES = ("usual", SQLITE, POSTGRES, "both")
USUALLY_SQLITE = {
    "api/test_amendments": "what an amendment does to the market is on both in tests/market",
    "api/test_audit_api": "reads the log as events do, which are on both",
    "api/test_bad_input": "what is refused at the door; characters that PostgreSQL cannot store have tests of their own",
    "api/test_batch_lines": "lines and their answers; batches are on both in test_idempotency and test_orders",
    "api/test_bench_api": "that its figures are told; each engine has its own when it is measured",
    "api/test_catalogue_api": "reads and pages as orders do, which are on both",
    "api/test_content_coding": "what happens on the way in and out, before the market is asked",
    "api/test_contract_examples": "solves for long; what each route stores has tests of its own, on both",
    "api/test_demo_sessions": "keys for an hour; keys are on both",
    "api/test_edge_": "what happens on the way in and out, before the market is asked",
    "api/test_hostile_bodies": "looks at bodies before any database does",
    "api/test_key_use": "what the database answers is said by the test",
    "api/test_ledger_api": "what money does to the market is on both in tests/market",
    "api/test_lists": "reads and pages as orders do, which are on both",
    "api/test_offerings": "reads and pages as orders do; what listings do to the market is on both",
    "api/test_openapi": "the document, and what is refused by it",
    "api/test_operations_ending": "how processes end; what they leave behind is on both in tests/kills",
    "api/test_operations_logs": "what is written of a request, whatever it asked for",
    "api/test_operations_metrics": "what is counted of a request, whatever it asked for",
    "api/test_operations_traces": "what is traced of a request, whatever it asked for",
    "api/test_page": "files",
    "api/test_policy": "reads and writes one row",
    "api/test_problem_pages": "files",
    "api/test_quotes_api": "what a quote promises is on both in tests/market",
    "api/test_round_pricing_api": "what prices do to the market is on both in tests/market",
    "api/test_scenarios": "solves for long, and stores nothing",
    "api/test_server": "how a server starts and ends; workers are on both",
    "api/test_storm": "a storm is on PostgreSQL in tests/soak",
    "api/test_tenancy_scopes": "a world for each scope, which is refused by the key alone; other tenancy is on both",
    "api/test_webhooks": "what is delivered is on both in test_worker_duties",
    "browser/": "looks at pages; what they show comes from the API, which is on both",
    "cli/": "speaks to the API, which is on both",
    "client/": "speaks to the API, which is on both",
    "demo/": "solves for minutes and stores little",
    "kills/test_batch_kills": "whole or not at all: test_kills asks it of everything, on both",
    "kills/test_webhook_kills": "a server that dies; couriers that die in a transaction are on both",
    "properties/test_exchange_machine": "lives of a hundred steps; what each step does is on both",
    "properties/test_round_invariants": "what rounds find, which is found before it is stored",
}
"""Where tests begin that meet PostgreSQL only when asked to, and why that is enough."""


def add_option(parser: pytest.Parser) -> None:
    """`--engine`."""
    usual = "both" if os.environ.get("SUANLI_THOROUGH") == "1" else "usual"
    parser.addoption(
        "--engine",
        choices=CHOICES,
        default=os.environ.get("SUANLI_TEST_ENGINE", usual),
        help="the databases that tests open: sqlite, postgres, both, or usual (both, but sqlite where that is enough)",
    )


def check_option(chosen: str) -> None:
    """A variable is not checked as an option is."""
    if chosen not in CHOICES:
        raise pytest.UsageError(f"SUANLI_TEST_ENGINE={chosen}: it is one of {', '.join(CHOICES)}")


def run_on_engines(metafunc: pytest.Metafunc) -> None:
    """Give a test that opens databases its engines, one after the other."""
    if "engine" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("engine")
    engines = (chosen,) if chosen in {SQLITE, POSTGRES} else (SQLITE, POSTGRES)
    if metafunc.definition.get_closest_marker(SQLITE) or (chosen == "usual" and _sqlite_is_enough(metafunc)):
        engines = (SQLITE,)
    marked = [pytest.param(one, marks=[pytest.mark.postgres] if one == POSTGRES else []) for one in engines]
    metafunc.parametrize("engine", marked, indirect=True, scope="module")


def skip_what_is_about_sqlite(items: list[pytest.Item], chosen: str) -> None:
    """Where only PostgreSQL is asked for; each says why it has nothing to say of that."""
    for item in items if chosen == POSTGRES else ():
        mark = item.get_closest_marker(SQLITE)
        if mark:
            item.add_marker(pytest.mark.skip(reason=f"about SQLite: {mark.args[0]}"))


def _sqlite_is_enough(metafunc: pytest.Metafunc) -> bool:
    path = metafunc.definition.path.relative_to(HERE).as_posix()
    return path.startswith(tuple(USUALLY_SQLITE))
