"""Secrets that an exchange shows once: shown here, or kept as a profile, and never lost on the way."""

from collections.abc import Callable

from api.cli.profile_file import Profile, read_profiles, require_writable, write_profiles
from api.terminal.refusal import Refusal


def require_keepable(save: str | None) -> None:
    """Refuse a profile that could not be kept, before there is a secret that would be lost with it."""
    if save is not None:
        read_profiles().with_profile(save, Profile())
        require_writable()


def require_secret(secret: str | None, done: str, hint: str) -> str:
    """`Refusal` `secret_lost` where the answer that showed it never came: what is `done` was told again without it."""
    if secret is None:
        raise Refusal(
            "secret_lost", f"{done}, but the answer that showed its secret was lost on its way here", hint
        )
    return secret


def keep_secret(save: str, server: str, secret: str, show: Callable[[], None]) -> None:
    """Keep it as a profile; where that fails after all it is shown, and what failed is told."""
    try:
        write_profiles(read_profiles().with_profile(save, Profile(server, secret)))
    except (Refusal, OSError):
        show()
        raise
