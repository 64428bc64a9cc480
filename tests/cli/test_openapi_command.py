"""`suanli openapi`: the document written, and compared with an earlier one."""

from pathlib import Path

import pytest
from command import refused, suanli

from api.app import build_contract
from api.contract.document import write_document

pytestmark = pytest.mark.slow


def test_the_command_writes_the_document_and_the_page_of_problems(tmp_path: Path) -> None:
    out, problems = tmp_path / "openapi.json", tmp_path / "problems.md"
    ran = suanli("openapi", "--out", str(out), "--problems", str(problems))
    assert ran.returncode == 0, ran.stderr
    assert out.read_text("utf-8") == write_document(build_contract().openapi())
    assert problems.read_text("utf-8").startswith("# Problems")
    assert suanli("openapi").stdout == out.read_text("utf-8")


def test_the_command_says_what_breaks(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    document = dict(build_contract().openapi())
    earlier.write_text(write_document(document), "utf-8")
    same = suanli("openapi", "--against", str(earlier))
    assert (same.returncode, same.stdout) == (0, f"nothing breaks {earlier}\n")
    gone = {"/v1/gone": {"get": {"operationId": "read_gone", "responses": {"200": {}}}}}
    earlier.write_text(write_document({**document, "paths": {**document["paths"], **gone}}), "utf-8")
    broken = suanli("openapi", "--against", str(earlier))
    assert broken.returncode == 1
    assert "GET /v1/gone: is gone" in broken.stdout
    told = suanli("openapi", "--against", str(earlier), "--json")
    assert told.stdout == '{"breaking": ["GET /v1/gone: is gone"]}\n'


@pytest.mark.parametrize("text", ["{", "[]", '{"openapi": "3.1.0"}'])
def test_what_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text, "utf-8")
    refused(suanli("openapi", "--against", str(file)), "not_openapi")
