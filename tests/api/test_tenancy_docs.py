"""docs/tenancy.md, in both languages, says of scopes and roles what the program does."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from api.contract.access import CHANGES
from market.domain.members import SCOPES_OF_MEMBER, MemberRole
from market.domain.parties import SCOPES_OF_ROLE
from market.domain.scopes import EVERY_SCOPE, Scope

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("tenancy.md", "tenancy.zh.md")


def rows(page: str) -> Mapping[str, list[str]]:
    """Cells of every table row that begins with a word in code, by that word."""
    lines = (DOCS / page).read_text("utf-8").splitlines()
    cells = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")
    )
    return {first.strip("`"): rest for first, *rest in cells}


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_scopes_is_that_of_the_program(page: str) -> None:
    told = rows(page)
    for scope in Scope:
        roles, operations = told[scope.value]
        assert roles.split(", ") == [role.value for role, scopes in SCOPES_OF_ROLE.items() if scope in scopes]
        if scope is not Scope.READ:
            assert operations.split(", ") == list(CHANGES[scope])


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_members_is_that_of_the_program(page: str) -> None:
    told = rows(page)
    assert set(told) == {*(role.value for role in MemberRole), *(scope.value for scope in Scope)}
    assert SCOPES_OF_MEMBER[MemberRole.OWNER] == EVERY_SCOPE
    for role in (MemberRole.EDITOR, MemberRole.VIEWER):
        named = {scope for scope in Scope if f"`{scope.value}`" in told[role.value][0]}
        assert named in (SCOPES_OF_MEMBER[role], EVERY_SCOPE - SCOPES_OF_MEMBER[role]), role


def test_both_languages_say_it_in_as_many_sections_and_rows() -> None:
    texts = [(DOCS / page).read_text("utf-8").splitlines() for page in PAGES]
    assert len({sum(line.startswith("#") for line in text) for text in texts}) == 1
    assert len({sum(line.startswith("|") for line in text) for text in texts}) == 1
