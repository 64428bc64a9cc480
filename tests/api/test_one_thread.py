"""One change of threads for a request: what dependencies ask is asked in the thread of the route."""

from api_house import House
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.event import listen

from api.wire.one_thread import Later, OneThreadRoute


def test_every_route_of_the_api_is_given_answers_not_questions(house: House) -> None:
    app = house.client.app
    assert isinstance(app, FastAPI)
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith("/v1/")]
    assert routes
    assert [route.path for route in routes if not isinstance(route, OneThreadRoute)] == []


def test_a_question_is_asked_once() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return 7

    later = Later(ask)
    assert asked == []
    assert (later(), later(), len(asked)) == (7, 7, 1)


def test_a_question_that_is_refused_is_asked_once(house: House) -> None:
    """Whoever tries keys costs one look at the database a try."""
    looked: list[str] = []
    listen(house.exchange.database.engine, "before_cursor_execute", lambda *said: looked.append(said[2]))
    assert house.ask("GET", "/v1/orders", "suanli_buyer_nobody").status_code == 401
    assert len([sql for sql in looked if "api_keys" in sql]) == 1


def test_nobody_learns_what_is_wrong_with_a_request_but_who_may_send_one(house: House) -> None:
    malformed = {"no": "order"}
    assert house.ask("POST", "/v1/orders", None, json=malformed).status_code == 401
    assert house.ask("POST", "/v1/orders", "suanli_buyer_nobody", json=malformed).status_code == 401
    assert house.ask("POST", "/v1/orders", house.keys.buyer, json=malformed).status_code == 422
