"""Structured logs: one JSON object a line in production, aligned text on a terminal. Secrets never get here:
callers log names and ids, and a last processor masks keys that look like credentials."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = ("password", "token", "secret", "authorization", "cookie", "private_key", "external_key")
# A piece of a path that is long and random is a secret that a letter has carried.
_SECRET_PIECE = re.compile(r"(?<=/)[A-Za-z0-9_-]{40,}(?=/|\Z)")


def _mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_KEYS):
            event[key] = "…"
    path = event.get("path")
    if isinstance(path, str):
        event["path"] = _SECRET_PIECE.sub("…", path)
    return event


def set_up_logging(*, level: str = "info", as_json: bool | None = None) -> None:
    """Configure structlog and the standard library's root logger to write to standard error.

    `as_json` None means JSON unless standard error is a terminal.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    numeric = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # The values of variables are what people wrote, and their secrets.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    errors: list[structlog.typing.Processor] = [structlog.processors.format_exc_info] if as_json else []
    structlog.configure(
        processors=[*shared, *errors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=[*shared, *errors]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.INFO))
    for talkative in ("httpx", "asyncssh"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
