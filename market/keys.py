"""API keys: made once, shown once, kept as a hash.

A key is 256 random bits, so a fast hash is enough: there is nothing to guess that a slow one would protect
(slow hashes exist for passwords). HMAC-SHA-256 under the operator's pepper keeps a stolen database useless.
"""

import hashlib
import hmac
import secrets

from market.domain.parties import Role


def new_secret(role: Role) -> str:
    """A fresh key: `suanli_<role>_<43 characters>`."""
    return f"suanli_{role.value}_{secrets.token_urlsafe(32)}"


def hash_secret(secret: str, pepper: str) -> str:
    """What is stored in place of the key, and looked up by."""
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()
