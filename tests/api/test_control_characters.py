"""Text that no database takes (NUL) or that nobody can mean is refused wherever text comes in, by rule, on each engine."""

import re
from collections.abc import Iterator

import pytest
from api_house import House, refusal
from test_contract_examples import operations

CONTROLS = ("%00", "a%00b", "%1b%5bm", "%e2%80%ae")
"""NUL alone and within, a terminal's escape, a mark that turns text around."""


def query_parameters() -> Iterator[tuple[str, str, str]]:
    """Method, path and name of each."""
    for method, path, operation in operations().values():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                yield method, re.sub(r"\{\w+\}", "x", path), parameter["name"]


def test_no_query_parameter_takes_control_characters(house: House) -> None:
    asked = [*query_parameters()]
    assert len(asked) > 100
    for method, path, name in asked:
        for text in CONTROLS:
            target = f"{path}?{name}={text}"
            answer = house.ask(method, target, house.keys.operator, headers={"Accept": "application/json"})
            unknown = {404} if "/x" in path else set()
            assert answer.status_code in {422, *unknown}, f"{target}: {answer.text}"


@pytest.mark.parametrize("text", CONTROLS)
def test_no_path_takes_control_characters(house: House, text: str) -> None:
    for method, path, _ in operations().values():
        if "{" in path and method == "GET":
            target = re.sub(r"\{\w+\}", text, path)
            answer = house.ask(method, target, house.keys.operator, headers={"Accept": "application/json"})
            assert answer.status_code in {404, 422}, f"{target}: {answer.text}"


@pytest.mark.parametrize("key", [True, False])
def test_events_of_a_thing_without_a_possible_name_are_refused(house: House, key: bool) -> None:
    answer = house.ask(
        "GET",
        "/v1/events?resource=round&resource_id=%00",
        house.keys.operator if key else None,
        headers={"Accept": "application/json"},
    )
    assert refusal(answer, 422, "malformed_request")["errors"][0]["loc"] == ["query", "resource_id"]
