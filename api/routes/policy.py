"""The policy in force."""

from fastapi import APIRouter

from api.dependencies import AtDesk, CurrentActor
from api.openapi import problems
from api.schemas.policies import PolicyAnswer, PolicyPresetsAnswer, PolicyRequest
from api.wire.etags import IfChanged, IfUnchanged
from api.wire.json_body import JsonRoute
from market.domain.policy import PRESETS

router = APIRouter(prefix="/v1/policy", tags=["policy"], route_class=JsonRoute)


@router.get("", operation_id="read_policy", summary="Read the policy")
def read_policy(desk: AtDesk, seen: IfChanged) -> PolicyAnswer:
    """What energy, carbon, latency and transfer weigh in the rounds to come, and on which terms they trade."""
    return seen.tagged(PolicyAnswer.of(desk.enquiries.policy()))


@router.get("/presets", operation_id="list_policy_presets", summary="Read the presets")
def list_policy_presets(seen: IfChanged) -> PolicyPresetsAnswer:
    """What the policies that have a name weigh: `PUT /v1/policy`, rounds and scenarios take them by it."""
    return seen.tagged(PolicyPresetsAnswer.of(PRESETS))


@router.put(
    "",
    operation_id="set_policy",
    summary="Set the policy",
    responses=problems(400, 401, 403, 413, 415, 422),
)
def set_policy(body: PolicyRequest, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged) -> PolicyAnswer:
    """Operators only: a preset by name, or weights in full; and the terms of trade, which are the preset's unless given.

    Rounds that have landed keep theirs, and so does what they granted.
    """
    only_if = expected.as_shown(PolicyAnswer.of)
    return expected.tagged(PolicyAnswer.of(desk.exchange.set_policy(actor, body.policy(), only_if=only_if)))
