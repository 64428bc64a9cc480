"""The edge: what every request passes before a route sees it, from the outside in."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from api.edge.body_limit import BodyLimit
from api.edge.head_limit import HeadLimit
from api.edge.key_first import KeyFirst
from api.edge.questions import QuestionLimit
from api.edge.rate_limit import RateLimit
from api.edge.settings import EdgeSettings
from api.wire.headers import AnswerHeaders

ASKED_WITH = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-Request-ID",
]
ANSWERED_WITH = [
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
]


def install_edge(app: FastAPI, edge: EdgeSettings) -> None:
    """1. headers on whatever is answered, 2. heads, 3. other sites' scripts, 4. rates, 5. keys, 6. bodies,
    7. questions that take long.
    """
    app.state.edge = edge
    app.add_middleware(QuestionLimit, edge=edge)
    app.add_middleware(BodyLimit, edge=edge)
    app.add_middleware(KeyFirst)
    app.add_middleware(RateLimit, edge=edge)
    if edge.cors_allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=edge.cors_allowed_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ASKED_WITH,
            expose_headers=ANSWERED_WITH,
            max_age=3600,
        )
    app.add_middleware(HeadLimit, edge=edge)
    app.add_middleware(AnswerHeaders, hsts_seconds=edge.hsts_seconds)


def edge_of(app: FastAPI) -> EdgeSettings:
    """The limits an application was built with, for the server in front of it; the usual ones for any other."""
    found: EdgeSettings = getattr(app.state, "edge", None) or EdgeSettings()
    return found
