"""What people must look at before anything is done for a hire."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.accounts import HeldEntitlement
from domain.exceptions import Finding
from domain.hire import Hire
from domain.hire_findings import plan_findings
from domain.hire_planning import plan
from domain.worker import HireReference, Position
from tests.fixtures.hire_rules import HOLIDAYS, NORTH, RULES, TODAY, a_hire, extra

UNTIL = date(2027, 1, 31)
BOTH = (extra("create-suppliers"), extra("pay-bills"))
CASE = "hire-to-provision.north.H-118"


def position(**over: Any) -> Position:
    return Position.model_validate(
        {
            "number": "P-100",
            "facility": "north",
            "department": "nursing",
            "job_family": "nursing",
            "title": "Nurse",
            "cost_centre": "N-100",
            "open": True,
            **over,
        }
    )


def reference(**over: Any) -> HireReference:
    return HireReference.model_validate(
        {"position": position(), "department_known": True, "manager_active": True, **over}
    )


def findings(hire: Hire | None = None, known: HireReference | None = None, **over: Any) -> tuple[Finding, ...]:
    hire = hire or a_hire()
    choices = {key: over[key] for key in ("removed", "mitigated") if key in over}
    made = plan(hire, RULES, NORTH, HOLIDAYS, TODAY, **choices)
    return plan_findings(hire, made, RULES, known or reference(), NORTH, HOLIDAYS, TODAY, **over)


def codes(*args: Any, **over: Any) -> list[str]:
    return [each.code for each in findings(*args, **over)]


def held(entitlement: str, **over: Any) -> HeldEntitlement:
    return HeldEntitlement(
        worker_id="W-1",
        system="identity",
        entitlement=entitlement,
        group="g",
        reason="before",
        source="requested",
        case_id="c",
        granted_at=datetime(2026, 1, 5, tzinfo=UTC),
        **over,
    )


def test_finds_nothing_wrong_with_a_plain_hire() -> None:
    assert findings() == ()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, "unknown to the HRIS"),
        (position(open=False), "is closed"),
        (position(open=False, filled_by="hire-to-provision.north.H-7"), "is taken"),
        (position(facility="south"), "belongs to south"),
    ],
)
def test_finds_a_position_that_cannot_be_filled(place: Position | None, words: str) -> None:
    (found,) = findings(known=reference(position=place))
    assert found.code == "position-unavailable"
    assert words in found.message


def test_a_position_that_this_hire_fills_is_its_own() -> None:
    assert codes(known=reference(position=position(open=False, filled_by=CASE)), own_ids=(CASE, "W-1")) == []


def test_finds_an_unknown_department_and_a_manager_who_left() -> None:
    known = reference(department_known=False, manager_active=False)
    assert codes(known=known) == ["department-unknown", "manager-missing"]


@pytest.mark.parametrize(
    ("start_on", "words"),
    [
        (date(2026, 11, 3), "6 days back"),
        (date(2027, 11, 10), "366 days ahead"),
        (date(2026, 11, 26), "the next one is 2026-11-27"),
        (date(2026, 12, 26), "the next one is 2026-12-28"),
    ],
)
def test_asks_about_an_odd_start(start_on: date, words: str) -> None:
    (found,) = findings(a_hire(start_on=start_on))
    assert found.code == "start-date-implausible"
    assert words in found.message


@pytest.mark.parametrize("start_on", [date(2026, 11, 4), date(2027, 11, 9)])
def test_a_start_just_within_the_limits_is_no_question(start_on: date) -> None:
    assert codes(a_hire(start_on=start_on)) == []


def test_a_start_that_was_looked_at_or_accepted_is_not_asked_again() -> None:
    hire = a_hire(start_on=date(2026, 11, 26))
    assert codes(hire, checked_start=hire.start_on) == []
    assert codes(hire, accepted=("start-date-implausible",)) == []


def test_what_no_person_may_accept_is_not_accepted() -> None:
    assert codes(known=reference(manager_active=False), accepted=("manager-missing",)) == ["manager-missing"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("unheard-of", "not in the catalogue"), ("payroll", "may not be requested"), ("archive", "gets no account")],
)
def test_finds_access_that_cannot_be_given_until_it_is_taken_out(name: str, words: str) -> None:
    hire = a_hire(extra_access=(extra(name),))
    (found,) = findings(hire)
    assert found.code == "entitlement-unknown"
    assert words in found.message
    assert codes(hire, removed=(name,)) == []


def test_finds_two_accesses_that_nobody_may_hold() -> None:
    (found,) = findings(a_hire(extra_access=BOTH))
    assert found.code == "entitlement-conflict"
    assert "suppliers-and-payments" in found.message
    assert found.evidence == {
        "first": "create-suppliers",
        "second": "pay-bills",
        "rule": "suppliers-and-payments",
        "max_days": 90,
        "requested": ["create-suppliers", "pay-bills"],
        "held_before": [],
    }


def test_what_the_worker_holds_already_counts_until_it_is_revoked() -> None:
    hire = a_hire(extra_access=(extra("pay-bills"),))
    revoked = held("create-suppliers", revoked_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert codes(hire, held=(held("create-suppliers"),)) == ["entitlement-conflict"]
    assert codes(hire, held=(revoked,)) == []
    assert codes(held=(held("create-suppliers"), held("pay-bills"))) == []  # nothing that this hire adds


@pytest.mark.parametrize(
    ("until", "passes"),
    [(date(2026, 11, 8), False), (TODAY, True), (date(2027, 2, 7), True), (date(2027, 2, 8), False)],
)
def test_a_mitigation_lets_a_conflict_pass_for_its_time(until: date, passes: bool) -> None:
    found = codes(a_hire(extra_access=BOTH), mitigated={"suppliers-and-payments": until})
    assert (found == []) is passes


def test_a_mitigation_ends_the_access_that_is_new() -> None:
    hire = a_hire(extra_access=(extra("create-suppliers"),))
    made = plan(hire, RULES, NORTH, HOLIDAYS, TODAY, mitigated={"suppliers-and-payments": UNTIL})
    item = made.item("access:create-suppliers")
    assert item is not None
    assert (item.until, item.source) == (UNTIL, "mitigated")
