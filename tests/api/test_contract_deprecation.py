"""A route that ends says so on every answer and in the document."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from api.app import build_contract
from api.contract.deprecation import SINCE, SUNSET, DeprecationHeaders, ending
from api.contract.problems import problems
from api.errors import install_error_answers
from api.openapi import describe
from api.schemas.health import Health
from market.domain.errors import NotFound

ENDS = ending(date(2027, 1, 31), date(2027, 8, 31), "/v1/new")


@pytest.fixture
def client() -> TestClient:
    """A small application with an old operation and a new one."""
    router = APIRouter(tags=["operations"])

    @router.get("/v1/old", deprecated=True, openapi_extra=ENDS, responses=problems(404))
    def read_old(*, lost: bool = False) -> Health:
        """The old way."""
        if lost:
            raise NotFound("not_found", "nothing here")
        return Health(status="ok", version="1")

    @router.get("/v1/new")
    def read_new() -> Health:
        """The new way."""
        return Health(status="ok", version="1")

    app = FastAPI()
    app.include_router(router)
    app.add_middleware(DeprecationHeaders)
    install_error_answers(app)
    return TestClient(app)


@pytest.mark.parametrize(("path", "status"), [("/v1/old", 200), ("/v1/old?lost=true", 404)])
def test_whatever_an_old_route_answers_says_when_it_ends(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    since = int(answer.headers["Deprecation"].removeprefix("@"))
    assert datetime.fromtimestamp(since, UTC) == datetime(2027, 1, 31, tzinfo=UTC)
    assert parsedate_to_datetime(answer.headers["Sunset"]) == datetime(2027, 8, 31, tzinfo=UTC)
    assert answer.headers["Sunset"].endswith("GMT")
    assert answer.headers["Link"] == '</v1/new>; rel="successor-version"'


@pytest.mark.parametrize("path", ["/v1/new", "/v1/nothing"])
def test_others_say_nothing(client: TestClient, path: str) -> None:
    assert not {"Deprecation", "Sunset"} & {name.title() for name in client.get(path).headers}


def test_the_document_declares_both_headers(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    operation = describe(app)["paths"]["/v1/old"]["get"]
    assert operation["deprecated"]
    assert (operation[SINCE], operation[SUNSET]) == ("2027-01-31", "2027-08-31")
    for response in operation["responses"].values():
        assert {"Deprecation", "Sunset"} <= response["headers"].keys()


def test_notice_is_six_months_at_least() -> None:
    with pytest.raises(ValueError, match="six months"):
        ending(date(2027, 1, 31), date(2027, 7, 30))


def test_what_is_deprecated_says_when_it_ends() -> None:
    for path, item in build_contract().openapi()["paths"].items():
        for operation in item.values():
            if operation.get("deprecated"):
                ending(date.fromisoformat(operation[SINCE]), date.fromisoformat(operation[SUNSET]))
            else:
                assert SUNSET not in operation, path
