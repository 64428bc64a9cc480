"""How a question that takes long comes along, and what ends it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic import ValidationError

from api.client.answer import Answer, Cny, Number
from api.client.call import read_content, read_problem
from api.client.errors import UnexpectedAnswer

ANSWER, FAILED = "answer", "failed"
TOLD = {"progress": False, "step": True}
"""Events that tell how it comes along, and whether a clearing is over with them."""


class Progress(Answer):
    """Where one of the clearings is that a question takes."""

    number: int
    """Which clearing, from 1 on."""
    of: int
    """How many there are."""
    step: str
    """A scenario's name; of a sweep a path and which of all points."""
    seconds: Number
    """Since this clearing began, or how long it took."""
    gap: Number
    """(bound - value) / bound."""
    value: Cny | None = None
    """Of the best clearing so far; None once it is over."""
    bound: Cny | None = None
    """What no clearing can exceed, as far as is proven; None once it is over."""
    over: bool = False
    """Whether this clearing is."""


OnProgress = Callable[[Progress], object]
"""Hears how it comes along; what it returns means nothing, what it raises gives the question up."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An event of a stream, and the response it is part of."""

    event: httpx2.ServerSentEvent
    response: httpx2.Response

    @property
    def ends(self) -> bool:
        """Whether nothing comes after it."""
        return self.event.event in {ANSWER, FAILED}


def progress_of(sent: Sent) -> Progress | None:
    """What an event tells of how it comes along; None of an event that this client does not know."""
    over = TOLD.get(sent.event.event)
    if over is None:
        return None
    try:
        return Progress.model_validate({**json.loads(sent.event.data), "over": over})
    except (ValidationError, ValueError, TypeError) as error:
        raise UnexpectedAnswer(f"how it comes along is not what this client understands: {error}") from error


def read_end(sent: Sent, shape: Any, server: str) -> Any:
    """The answer at the end of a stream; raises the refusal that it may be instead."""
    if sent.event.event == ANSWER:
        return read_content(sent.event.data, sent.response, shape, server)
    raise read_problem(sent.event.data, sent.response, server)
