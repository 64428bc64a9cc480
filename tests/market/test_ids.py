"""Ids sort in the order in which they were made, also within a millisecond and when the clock goes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from market.domain.ids import IdSource

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_ids_of_one_moment_count_upwards() -> None:
    source = IdSource()
    ids = [source.new("ord", NOW) for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert all(len(i) == 4 + 26 for i in ids)


def test_a_clock_that_goes_back_does_not_reorder() -> None:
    source = IdSource()
    later = source.new("ord", NOW)
    assert source.new("ord", NOW - timedelta(hours=1)) > later


def test_threads_never_share_an_id() -> None:
    source = IdSource()
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: source.new("ord", NOW), range(2000)))
    assert len(set(ids)) == 2000
