"""What operators read of a case in the Temporal Web UI."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.case import CaseSnapshot
from domain.money import Money
from domain.tasks import Task
from tests.fixtures.evidence import a_task
from workflows.showing import RUNBOOKS, current_details, with_amount

AT = datetime(2026, 3, 4, 15, tzinfo=UTC)
TITLE = "H-1: Registered Nurse, wards at north, from 2026-03-23"


def a_hire(**changes: Any) -> CaseSnapshot:
    fields: dict[str, Any] = {
        "case_id": "hire-to-provision.north.H-1",
        "version": 1,
        "process": "hire-to-provision",
        "facility": "north",
        "stage": "provisioning",
        "status": "running",
        "title": TITLE,
        "requester": "a.winslow",
        "amount": Money.zero("USD"),
        "urgency": "routine",
        "submitted_at": AT,
        "updated_at": AT,
    }
    return CaseSnapshot(**{**fields, **changes})


def a_badge() -> Task:
    case = "hire-to-provision.north.H-1"
    return a_task(f"{case}:badge.1", case, kind="fulfilment", title=f"Badge · {TITLE}")


def test_a_row_does_not_repeat_what_the_case_is_called() -> None:
    shown = current_details(a_hire(), [a_badge()])
    assert "| Badge |" in shown
    assert TITLE not in shown


@pytest.mark.parametrize(
    ("process", "kind", "code", "runbook"),
    [
        ("hire-to-provision", "fulfilment", None, "hire"),
        ("hire-to-provision", "exception", "target-unavailable", "hire"),
        ("hire-to-provision", "approval", None, "approval"),
        ("procure-to-pay", "exception", "target-unavailable", "exception"),
    ],
)
def test_the_runbook_is_the_one_that_helps(process: str, kind: str, code: str | None, runbook: str) -> None:
    task = a_badge().model_copy(update={"kind": kind, "exception_code": code})
    shown = current_details(a_hire(process=process), [task])
    assert f"Runbook: {RUNBOOKS[runbook]}" in shown
    assert shown.count("Runbook:") == 1


def test_a_case_that_has_ended_says_how() -> None:
    assert "**Stage:** closed (rescinded)" in current_details(a_hire(stage="closed", status="rescinded"), [])
    assert "(running)" not in current_details(a_hire(), [])


def test_what_costs_nothing_says_nothing_of_money() -> None:
    assert with_amount("Approve", Money.zero("USD")) == "Approve"
    assert with_amount("Approve", Money(amount=Decimal("12.5"), currency="USD")) == "Approve · 12.50 USD"
