"""Logs: one line for each record of anybody (the exchange, the market, uvicorn), on stderr.

Everybody logs through the standard library; structlog puts the records in form. JSON lines for machines, colours for
people at a terminal. Every line of a request carries its id, its key's id and its route.
"""

import logging
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from api.operations.redaction import Redaction
from api.operations.request_facts import current_request
from api.settings import Settings
from api.settings_sources import SECRETS

Form = Literal["json", "console"]
CHATTY = ("alembic", "httpx2", "httpcore2", "urllib3", "opentelemetry")
"""Libraries whose news is of no interest, unless everything is."""


@contextmanager
def logging_as_set(settings: Settings, stream: TextIO | None = None) -> Iterator[None]:
    """Within, everything that is logged goes to stderr (or the stream) as the settings say."""
    to = stream or sys.stderr
    form: Form = "console" if to.isatty() else "json"
    if settings.log_format != "auto":
        form = settings.log_format
    secrets = [getattr(settings, name).get_secret_value() for name in SECRETS]
    handler = logging.StreamHandler(to)
    handler.setFormatter(_formatter(form, secrets, colors=to.isatty()))
    root, level = logging.getLogger(), settings.log_level.upper()
    before, levels = (root.handlers[:], root.level), {name: logging.getLogger(name).level for name in CHATTY}
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else "WARNING")
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level = before
        for name, earlier in levels.items():
            logging.getLogger(name).setLevel(earlier)


def _formatter(form: Form, secrets: Collection[str], *, colors: bool) -> logging.Formatter:
    redaction = Redaction(secrets)
    shared: Sequence[Processor] = (
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _add_request,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    )

    def without_secrets(_logger: Any, _method: str, record: EventDict) -> EventDict:
        return redaction.by_name(record)

    renderer = _renderer(form, colors=colors)

    def render(logger: Any, method: str, record: EventDict) -> str:
        return redaction.line(str(renderer(logger, method, record)))

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_secrets,
            render,
        ],
    )


def _renderer(form: Form, *, colors: bool) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    # No locals in traces, which the pretty ones show: among them are keys.
    return structlog.dev.ConsoleRenderer(
        colors=colors, timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )


def _add_request(_logger: Any, _method: str, record: EventDict) -> EventDict:
    """Which request a line belongs to; what the line itself says stands."""
    record.pop("color_message", None)  # uvicorn's, the message once more
    facts = current_request()
    if facts is not None:
        record.setdefault("request_id", facts.request_id)
        record.setdefault("route", facts.route)
        if facts.key_id is not None:
            record.setdefault("key_id", facts.key_id)
    return record
