"""What could not be stored because of others says when to come again."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.errors import install_error_answers
from market.domain.errors import Unavailable


def test_contention_is_503_with_retry_after() -> None:
    app = FastAPI()
    install_error_answers(app)

    @app.get("/contended")
    def contended() -> None:
        raise Unavailable("database_contended", "others changed the same things", retry_after_seconds=1)

    answer = TestClient(app).get("/contended")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["code"] == "database_contended"
