"""Schemathesis against a whole exchange: every check it has, as one role, for a good part about things that are there."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from api_house import House
from contract_seeds import (
    a_delivery,
    a_key,
    a_member,
    a_quote,
    a_running_allocation,
    a_voucher_pool,
    an_offering,
    an_order,
)
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import Interaction, ScenarioRecorder

from market.domain.errors import NotAuthenticated
from market.domain.parties import Role
from market.exchange import Exchange

SHARE_OF_REAL_IDS = 0.7
SEEDS = (
    an_order,
    a_quote,
    a_running_allocation,
    a_voucher_pool,
    a_member,
    a_key,
    a_delivery,
    an_offering,
)
CATALOGUE = {
    "node_id": ["tianfu_cluster"],
    "region_id": ["shanghai"],
    "device_id": ["910b"],
    "account_id": ["acc_buy_0001", "acc_prv_0062"],
}
CHECKS = {
    # what the schema allows may still be refused by a rule of the market; `_refused_for_its_form` looks at the 422s
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "304", "401", "403", "404", "409", "412", "422"]
    },
}
OPERATIONS = [
    # each order of a batch is answered on its own, so a wrong one among them does not refuse the batch
    {
        "include-name": "POST /v1/orders/batch",
        "checks": {"negative_data_rejection": {"expected-statuses": ["200", "4xx"]}},
    }
]
NOT_SAID_BY_SCHEMAS = (
    "text has no control characters",
    "there is no such time",
    "Input should be a valid integer",
    "units is a whole number from 1 to 10,000,000, or 0.1 to 0.9 for tenths of one card",
)
"""Rules about the form of one field that no JSON Schema says: printable text, a day that its month has, 5 but not 5.0."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried."""

    examples: int
    """Cases that fuzzing draws for each operation and mode."""
    phases: Sequence[str]
    """Those of Schemathesis: examples, coverage, fuzzing, stateful."""


@dataclass(slots=True)
class Findings:
    """What was sent, how it was answered, and what was wrong with it."""

    cases: Counter[str] = field(default_factory=Counter)
    """By phase."""
    statuses: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    """Operations that were answered with a success."""
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    """Each once, with what it takes to see it again."""

    def note(self, phase: str, recorder: ScenarioRecorder) -> None:
        """Take over what one scenario showed."""
        self.cases[phase] += len(recorder.interactions)
        for case_id, interaction in recorder.interactions.items():
            self._note_answer(recorder.cases[case_id].value, interaction)
        for checks in recorder.checks.values():
            for check in checks:
                self.checks[check.name] += 1
                if check.status is not Status.SUCCESS and check.failure_info is not None:
                    failure = check.failure_info.failure
                    first = failure.message.partition("\n")[0]
                    self.failures.setdefault(
                        f"{check.name}: {recorder.label}: {failure.title}: {first}",
                        f"{failure.message}\n{check.failure_info.code_sample}",
                    )

    def _note_answer(self, case: Any, interaction: Interaction) -> None:
        answer, label = interaction.response, case.operation.label
        if answer is None:
            self.failures[f"no answer: {label}"] = interaction.request.uri
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code < 300:
            self.answered.add(label)
        asked = f"{interaction.request.method} {interaction.request.uri} {interaction.request.body!r:.2000}"
        if answer.status_code >= 500:
            self.failures.setdefault(f"{answer.status_code}: {label}", f"{answer.text}\n{asked}")
        if case.meta is not None and case.meta.generation.mode.is_positive:
            for told in _refused_for_its_form(answer):
                self.failures.setdefault(f"allowed by the schema: {label}: {told}", asked)


def fuzz(house: House, role: Role | None, mode: GenerationMode, effort: Effort) -> Findings:
    """Send whatever Schemathesis makes up for every operation of the document, as a role or without a key."""
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", house.client.app, config=_configured(mode, effort, _what_is_there(house))
    )
    if role is not None:
        _authenticate(schema, house.exchange, getattr(house.keys, role.value))
    found = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            found.note(event.phase.value, event.recorder)
        elif isinstance(event, NonFatalError):
            found.failures[f"{event.label}: {event.value!r:.300}"] = event.info.format()
    return found


@schemathesis.serializer("application/x-ndjson")
def lines_of_json(_context: Any, value: Any) -> bytes:
    """A list as lines of its items."""
    lines = value if isinstance(value, list) else [value]
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _configured(
    mode: GenerationMode, effort: Effort, there: Mapping[str, Sequence[str]]
) -> SchemathesisConfig:
    phases = ("examples", "coverage", "fuzzing", "stateful")
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "suppress-health-check": ["all"],
            "headers": {"Accept": "application/json"},  # no endless stream
            "continue-on-failure": True,
            "request-timeout": 120,
            "dictionaries": {name: {"values": list(ids)} for name, ids in there.items()},
            "parameters": {
                f"path.{name}": {"dictionary": name, "probability": SHARE_OF_REAL_IDS} for name in there
            },
            "generation": {
                "mode": mode.value,
                "max-examples": effort.examples,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
            },
            "phases": {name: {"enabled": name in effort.phases} for name in phases},
            "checks": CHECKS,
            "operations": OPERATIONS,
        }
    )


def _what_is_there(house: House) -> Mapping[str, Sequence[str]]:
    """Ids by the name of their parameter."""
    found: dict[str, list[str]] = defaultdict(list, {name: list(ids) for name, ids in CATALOGUE.items()})
    for seed in SEEDS:
        for name, value in seed(house).values.items():
            found[name].append(value)
    return found


def _authenticate(schema: Any, exchange: Exchange, secret: str) -> None:
    """Send a key along; another one like it once it was revoked, which every role may do to its own."""
    actor = exchange.authenticate(secret)

    @schema.auth(refresh_interval=None)
    class KeyOfRole:
        def __init__(self) -> None:
            self._secret = secret

        def get(self, _case: Any, _context: Any) -> str:
            try:
                exchange.authenticate(self._secret)
            except NotAuthenticated:
                operator = exchange.authenticate(exchange.create_operator_key(further=True))
                self._secret = (
                    exchange.create_operator_key(further=True)
                    if actor.organisation_id is None
                    else exchange.issue_key(operator, actor.role, actor.organisation_id)
                )
            return self._secret

        def set(self, case: Any, found: str, _context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {found}"


def _refused_for_its_form(answer: Any) -> list[str]:
    """What is wrong with single fields; rules between several are the market's, not the schema's."""
    if answer.status_code != 422:
        return []
    wrong = answer.json().get("errors", [])
    return [
        f"{'.'.join(str(part) for part in error['loc'] if not isinstance(part, int))}: {error['msg']}"
        for error in wrong
        if len(error["loc"]) > 1 and error["msg"] not in NOT_SAID_BY_SCHEMAS
    ]
