"""What a client sends and what it would like to get, by Content-Type and Accept (RFC 9110, sections 8.3 and 12.5.1)."""

from collections.abc import Sequence

from fastapi import Request


def sent_as(request: Request) -> str:
    """The media type of the body, without its parameters; empty where the client does not say."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """JSON, or something that is JSON and more."""
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def preferred(request: Request, offered: Sequence[str]) -> str:
    """Which of the media types the client likes best: the first where it likes several alike, or none of them."""
    wishes = [_wish(part) for line in request.headers.getlist("accept") for part in line.split(",")]
    return max(offered, key=lambda media_type: _liking(media_type, wishes)) if wishes else offered[0]


def _wish(part: str) -> tuple[str, float]:
    """A range and its weight, 1 where none is given or it is none."""
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, min(max(float(value), 0.0), 1.0)
            except ValueError:
                return media_range, 1.0
    return media_range, 1.0


def _liking(media_type: str, wishes: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that it lies in."""
    whole = f"{media_type.split('/', maxsplit=1)[0]}/*"
    for media_range in (media_type, whole, "*/*"):
        weights = [weight for wished, weight in wishes if wished == media_range]
        if weights:
            return max(weights)
    return 0.0
