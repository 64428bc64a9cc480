"""Ids sort in the order in which they were made, also within a millisecond and when the clock goes back."""

import pickle
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


def test_a_copy_elsewhere_goes_on_after_the_original_and_never_meets_it() -> None:
    source = IdSource()
    before = source.new("alo", NOW)
    copy: IdSource = pickle.loads(pickle.dumps(source))  # noqa: S301 - our own
    earlier = NOW - timedelta(hours=1)  # where only counting keeps ids apart
    here, there = ({one.new("alo", earlier) for _ in range(1000)} for one in (source, copy))
    assert not here & there
    assert min(here | there) > before


def test_a_copy_of_a_fresh_source_makes_ids_too() -> None:
    copy: IdSource = pickle.loads(pickle.dumps(IdSource()))  # noqa: S301 - our own
    assert copy.new("ord", NOW) < copy.new("ord", NOW)
