"""What is asked most goes by an index, however long the exchange has been used."""

from contextlib import closing

import pytest

from api.bench.plans import explain_hot_queries, write_markdown
from market.domain.errors import Conflict, InvalidInput
from market.persistence.database import Database


@pytest.mark.slow
@pytest.mark.postgres
def test_no_hot_query_reads_a_growing_table_from_end_to_end(postgres_url: str) -> None:
    with closing(Database(postgres_url)) as database:
        explained = explain_hot_queries(database, 10_000)
        assert {one.name: one.scanned for one in explained if one.scanned} == {}
        assert len({one.name for one in explained}) >= 10
        asked = {one.name: one for one in explained}
        assert asked["the book, for a round"].plan["Actual Rows"] == 200
        assert asked["a key at each request"].plan["Actual Rows"] == 1
        page = write_markdown(explained, 10_000, "PostgreSQL")
        assert all(f"| {name} |" in page for name in asked)
        with pytest.raises(Conflict) as refused:
            explain_hot_queries(database, 10_000)
        assert refused.value.code == "database_not_empty"


def test_plans_are_postgresqls(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database, pytest.raises(InvalidInput) as refused:
        explain_hot_queries(database, 10_000)
    assert refused.value.code == "not_postgresql"
