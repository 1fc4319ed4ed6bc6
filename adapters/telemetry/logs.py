"""Structured logs: one JSON object a line, with the case id on every line that belongs to a case."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace

# Context that the Temporal SDK adds to its own log records, of which one field names the case.
_TEMPORAL_CONTEXTS = ("temporal_workflow", "temporal_activity")
# Fields of a line from its core that hold nothing of a case's content.
_CORE_FIELDS = ("run_id", "workflow_id", "task_queue", "error")
_ERROR_CHARACTERS = 500


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send the logs of structlog and of the standard library to standard error, in UTC."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _case_id,
        _core_fields,
        _trace_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _named(service: str) -> structlog.types.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return add


def _case_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep of the SDK's context what names the case and the step: inputs may hold what does not belong in a log."""
    for name in _TEMPORAL_CONTEXTS:
        context = event.pop(name, None)
        if isinstance(context, dict):
            event.setdefault("case_id", context.get("workflow_id"))
            event.setdefault("step", context.get("activity_type"))
            event.setdefault("attempt", context.get("attempt"))
    event.pop("__temporal_error_identifier", None)
    return {key: value for key, value in event.items() if value is not None}


def _core_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep of a line from the SDK's core what says where and why."""
    fields = getattr(event.pop("temporal_log", None), "fields", {})
    for name in _CORE_FIELDS:
        if name in fields:
            event.setdefault(name, str(fields[name])[:_ERROR_CHARACTERS])
    return event


def _trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The trace to which a line belongs, when there is one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event
