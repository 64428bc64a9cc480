"""What the document rules out for everybody: asking without a key where it wants one, and methods that it does not name."""

import re
from collections.abc import Iterator

import pytest
from api_house import House, Keys, refusal, unlimited_house
from test_contract_examples import document, operations

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY")


def methods_of(template: str) -> set[str]:
    return {method.upper() for method in document()["paths"][template]}


def answers_instead(path: str) -> Iterator[str]:
    """Methods that another template takes for the same path: `GET /v1/orders/batch` asks for an order of that name."""
    for template in document()["paths"]:
        if template != path and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            yield from methods_of(template)


@pytest.mark.parametrize("key", [None, "suanli_buyer_" + "A" * 43], ids=["no key", "nobody's key"])
def test_every_operation_that_wants_a_key_says_so_to_whoever_has_none(
    market_url: str, keys: Keys, key: str | None
) -> None:
    code = "missing_key" if key is None else "unknown_key"
    with unlimited_house(market_url, keys) as house:
        for method, path, operation in operations().values():
            if operation.get("security") and {} not in operation["security"]:
                answer = house.ask(method, re.sub(r"\{\w+\}", "x", path), key)
                refusal(answer, 401, code)
                assert answer.headers["www-authenticate"] == "Bearer", path


def test_methods_that_the_document_does_not_name_are_refused_and_told_which_it_does(house: House) -> None:
    for template in document()["paths"]:
        path = re.sub(r"\{\w+\}", "x", template)
        for method in set(METHODS) - methods_of(template) - set(answers_instead(path)):
            answer = house.ask(method, path, house.keys.operator)
            assert answer.headers["allow"] == ", ".join(sorted(methods_of(template))), f"{method} {path}"
            assert answer.status_code == 405
            if method != "HEAD":  # has no body
                refusal(answer, 405, "method_not_allowed")
