"""Log lines of the gateway. They carry ids of requests and cases; never tokens, bodies, names or query strings."""

from __future__ import annotations

from typing import Any

import structlog

log: Any = structlog.get_logger("corridor.gateway")
security: Any = structlog.get_logger("security")
"""Who was refused, and who read what: docs/confidentiality.md lists the events."""


def bind(**ids: str) -> None:
    """Put ids on every further line of this request."""
    structlog.contextvars.bind_contextvars(**ids)
