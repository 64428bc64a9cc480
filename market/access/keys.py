"""Secrets of API keys: made once, shown once, kept as a hash.

A secret is 256 random bits, so a fast hash is enough: there is nothing to guess that a slow one would protect
(slow hashes exist for passwords). HMAC-SHA-256 under the operator's pepper keeps a stolen database useless.
"""

import hashlib
import hmac
import secrets

from market.domain.parties import Role

RANDOM_SHOWN = 4
"""Characters of the random part that tell keys apart in lists: 24 bits, which leaves 232 to guess."""


def new_secret(role: Role) -> str:
    """A fresh secret: `suanli_<role>_<43 characters>`."""
    return f"{_head(role)}{secrets.token_urlsafe(32)}"


def prefix_of(secret: str, role: Role) -> str:
    """How a secret begins: enough to recognise it, too little to use it."""
    return secret[: len(_head(role)) + RANDOM_SHOWN]


def hash_secret(secret: str, pepper: str) -> str:
    """What is stored in place of the secret, and looked up by."""
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()


def same_hash(one: str, other: str | None) -> bool:
    """Whether two hashes are the same, in a time that does not tell where they differ."""
    return other is not None and hmac.compare_digest(one, other)


def _head(role: Role) -> str:
    return f"suanli_{role.value}_"
