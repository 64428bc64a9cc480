"""Whatever anybody sends is answered as documented: every check of Schemathesis, as each role and without a key."""

import logging

import pytest
from api_house import Keys, unlimited_house
from fuzzing import Effort, fuzz
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from thoroughness import often

from market.domain.parties import Role

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(  # of Schemathesis to Hypothesis, and no fault of the exchange
        "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
    ),
    pytest.mark.timeout(3600),
]
USUALLY = Effort(examples=2, phases=("fuzzing",))
THOROUGHLY = Effort(examples=5, phases=("examples", "coverage", "fuzzing", "stateful"))
EFFORT = (USUALLY, THOROUGHLY)[often(0, 1)]
FEWEST_ANSWERED = {Role.OPERATOR: 30, Role.BUYER: 25, Role.PROVIDER: 20, None: 10}
"""Operations that valid cases get a success from, at the least: ids of what is there lead past the first refusal."""
_logger = logging.getLogger(__name__)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("role", [*Role, None])
def test_whatever_is_sent_is_answered_as_documented(
    market_url: str, keys: Keys, role: Role | None, mode: GenerationMode
) -> None:
    with unlimited_house(market_url, keys, solver_seconds=0.2) as house:
        found = fuzz(house, role, mode, EFFORT)
    _logger.info("%s %s: %s, answered %s", role, mode, dict(found.cases), dict(found.statuses))
    assert found.failures == {}
    load_all_checks()
    assert found.checks.keys() >= set(CHECKS.get_all_names())
    if mode is GenerationMode.POSITIVE:
        assert len(found.answered) >= FEWEST_ANSWERED[role], sorted(found.answered)
