"""Legal transitions, and nothing else."""

from enum import StrEnum
from itertools import product

import pytest

from market.domain.errors import Conflict
from market.domain.states import ALLOCATION_MOVES, OFFERING_MOVES, ORDER_MOVES, ROUND_MOVES, advance

TABLES = (ORDER_MOVES, OFFERING_MOVES, ROUND_MOVES, ALLOCATION_MOVES)


@pytest.mark.parametrize("moves", TABLES)
def test_every_state_has_its_moves_and_all_others_are_refused(
    moves: dict[StrEnum, frozenset[StrEnum]],
) -> None:
    states = type(next(iter(moves)))
    assert set(moves) == set(states)
    for current, to in product(states, states):
        if to in moves[current]:
            assert advance(moves, current, to) is to
        else:
            with pytest.raises(Conflict) as refusal:
                advance(moves, current, to)
            assert refusal.value.code == "illegal_transition"


@pytest.mark.parametrize("moves", TABLES)
def test_nothing_returns_to_where_it_began(moves: dict[StrEnum, frozenset[StrEnum]]) -> None:
    first = next(iter(moves))
    assert all(first not in nexts for nexts in moves.values())
