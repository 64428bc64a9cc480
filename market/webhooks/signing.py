"""Signatures of webhooks, as Standard Webhooks writes them (www.standardwebhooks.com).

A secret that signs cannot be kept as a hash. So it is not kept at all: it is made anew each time from a random salt, which
is stored with the webhook, and the exchange's pepper, which is not. Whoever steals the database signs nothing, as long as a
pepper is set; whoever changes the pepper changes every secret.
"""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook as Signer

SALT_BYTES = 24
_PURPOSE = b"suanli webhook secret 1\0"
"""The pepper has other uses: what is made for this one is of no use for those."""


def new_salt() -> str:
    """A random one."""
    return secrets.token_urlsafe(SALT_BYTES)


def secret_of(salt: str, pepper: str) -> str:
    """`whsec_` and 32 bytes: what a receiver verifies with."""
    made = hmac.new(pepper.encode(), _PURPOSE + salt.encode(), hashlib.sha256).digest()
    return f"whsec_{b64encode(made).decode()}"


def signed_headers(id_: str, at: datetime, body: str, secrets_: Iterable[str]) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature`: one signature for each secret."""
    signatures = " ".join(Signer(secret).sign(id_, at, body) for secret in secrets_)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }
