"""Log lines: one JSON object each, with the case and the trace, and without what a step was given."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from adapters.telemetry.logs import configure_logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What a freshly configured process writes to standard error, parsed."""
    root, written = logging.getLogger(), io.StringIO()
    before, level, http_level = root.handlers[:], root.level, logging.getLogger("httpx").level
    monkeypatch.setattr("sys.stderr", written)
    configure_logs("worker", "INFO")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(http_level)
    structlog.reset_defaults()


def test_both_kinds_of_logger_give_one_json_object_a_line(lines: Lines) -> None:
    structlog.get_logger("worker").info("worker.started", task_queue="corridor")
    logging.getLogger("some.library").warning("slow: %s ms", 900)
    ours, theirs = lines()
    assert (ours["event"], ours["task_queue"], ours["service"], ours["level"]) == (
        "worker.started",
        "corridor",
        "worker",
        "info",
    )
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("slow: 900 ms", "some.library", "warning")
    assert all(line["timestamp"].endswith("Z") for line in (ours, theirs))


@pytest.mark.parametrize("name", ["temporal_activity", "temporal_workflow"])
def test_what_the_sdk_adds_is_reduced_to_the_case_and_the_step(lines: Lines, name: str) -> None:
    context = {
        "workflow_id": "procure-to-pay.north.REQ-1",
        "activity_type": "place_order",
        "attempt": 3,
        "input": "secret",
        "heartbeat_details": ["secret"],
    }
    logging.getLogger("temporalio.activity").warning(
        "failed", extra={name: context, "__temporal_error_identifier": "X"}
    )
    (line,) = lines()
    assert (line["case_id"], line["step"], line["attempt"]) == ("procure-to-pay.north.REQ-1", "place_order", 3)
    assert not {name, "__temporal_error_identifier"} & set(line)
    assert "secret" not in json.dumps(line)


def test_a_context_that_is_bound_is_on_every_line_within_it(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(case_id="procure-to-pay.north.REQ-2"):
        logging.getLogger("some.library").info("inside")
    logging.getLogger("some.library").info("outside")
    inside, outside = lines()
    assert inside["case_id"] == "procure-to-pay.north.REQ-2"
    assert "case_id" not in outside


def test_a_line_within_a_span_names_its_trace(lines: Lines) -> None:
    span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1)))
    with trace.use_span(span):
        logging.getLogger("some.library").info("inside")
    logging.getLogger("some.library").info("outside")
    inside, outside = lines()
    assert inside["trace_id"] == f"{0xABC:032x}"
    assert "trace_id" not in outside


def test_an_error_keeps_its_traceback_on_one_line(lines: Lines) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    (line,) = lines()
    assert "ValueError: broken" in line["exception"]


def test_lines_below_the_level_are_left_out(lines: Lines) -> None:
    logging.getLogger("some.library").debug("chatter")
    structlog.get_logger("worker").debug("chatter")
    assert lines() == []


def test_of_a_line_from_the_sdks_core_only_harmless_fields_are_kept(lines: Lines) -> None:
    fields = {"run_id": "01a1", "error": "unreachable", "failure": "Failure { message: secret }"}
    said = SimpleNamespace(fields=fields)
    logging.getLogger("temporalio.core").warning("retrying", extra={"temporal_log": said})
    (line,) = lines()
    assert (line["event"], line["run_id"], line["error"]) == ("retrying", "01a1", "unreachable")
    assert "secret" not in json.dumps(line)
