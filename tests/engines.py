"""On which engines a test runs: it asks for `engine`, mostly by way of `databases`, and is run once on each.

`--engine` (or SUANLI_TEST_ENGINE) says more exactly: `sqlite` or `postgres` alone, `both` without exception, or
`usual`: both, but SQLite alone where something below or a mark says that the other would cost more than it finds.
"""

import os

import pytest

SQLITE, POSTGRES = "sqlite", "postgres"
CHOICES = ("usual", SQLITE, POSTGRES, "both")
USUALLY_SQLITE = {
    "browser": "looks at pages, and what they are made of comes from the API, which is tested on both",
    "cli": "speaks to the API, which is tested on both",
    "client": "speaks to the API, which is tested on both",
    "demo": "solves for minutes, and stores little",
}
"""Directories of tests that meet PostgreSQL only when asked to, and why."""


def add_option(parser: pytest.Parser) -> None:
    """`--engine`."""
    usual = "both" if os.environ.get("SUANLI_THOROUGH") == "1" else "usual"
    parser.addoption(
        "--engine",
        choices=CHOICES,
        default=os.environ.get("SUANLI_TEST_ENGINE", usual),
        help="the databases that tests open: sqlite, postgres, both, or usual (both, but sqlite where that is enough)",
    )


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
    directory = metafunc.definition.path.parent.name
    return directory in USUALLY_SQLITE or metafunc.definition.get_closest_marker("usually_sqlite") is not None
