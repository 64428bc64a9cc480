"""Who may read the metrics: whoever has the token; without a token, whoever asks from this very machine."""

import secrets
from ipaddress import ip_address

from fastapi import Request

from market.domain.errors import NotAuthenticated, NotPermitted

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""A request with one of these came through a proxy: that the proxy is on this machine says nothing of who asks."""


def require_metrics_reader(request: Request, token: str) -> None:
    """`NotAuthenticated` without the token, where one is set; `NotPermitted` from elsewhere, where none is."""
    if token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
            raise NotAuthenticated(
                "metrics_token_wanted",
                "metrics are for who has the token: send 'Authorization: Bearer <SUANLI_METRICS_TOKEN>'",
            )
    elif not _asks_from_here(request):
        raise NotPermitted(
            "metrics_from_here_only",
            "metrics are told to this machine only; the operator opens them with SUANLI_METRICS_TOKEN",
        )


def _asks_from_here(request: Request) -> bool:
    if any(name in request.headers for name in FORWARDED) or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
