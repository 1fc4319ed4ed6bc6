"""Log lines as JSON. They carry ids of requests and cases; never tokens, bodies, names or query strings."""

from __future__ import annotations

import logging
from typing import Any

import structlog

log: Any = structlog.get_logger("corridor.gateway")


def configure(level: str = "INFO") -> None:
    """Set up structlog for a gateway process; libraries that embed the app configure their own."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )


def bind(**ids: str) -> None:
    """Put ids on every further line of this request."""
    structlog.contextvars.bind_contextvars(**ids)
