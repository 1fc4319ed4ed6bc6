"""The measures of hires, by their definitions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import hire_kpis as kpis
from domain.case import CaseStatus
from domain.hire_kpis import FIRST_HOUR, HireFacts, facts_of_hire
from domain.hire_plan import HirePlan, HireStanding, ItemStanding, PlanItem, Readiness

ASKED = datetime(2026, 3, 2, 15, tzinfo=UTC)
START = date(2026, 3, 23)
OPENS = datetime(2026, 3, 23, 12, tzinfo=UTC)


def facts(case: str, **over: Any) -> HireFacts:
    given = {"requested_on": ASKED.date(), "requested_at": ASKED, "start_on": START, "starts_at": OPENS}
    return HireFacts.model_validate({"case_id": case} | given | over)


def item(key: str, kind: str, **over: Any) -> PlanItem:
    given = {"key": key, "kind": kind, "title": key, "done_by": "service-desk", "due_on": START}
    return PlanItem.model_validate(given | over)


def standing(*items: tuple[PlanItem, str, int | None], **over: Any) -> HireStanding:
    """Each item with its state, and how many hours after the request it was confirmed."""
    given = {
        "case_id": "h",
        "version": 1,
        "facility": "north",
        "number": "H-1",
        "manager": "mia",
        "department": "icu",
        "job_family": "nursing",
        "employment_type": "employee",
        "start_on": START,
        "requested_at": ASKED,
        "plan": HirePlan(start_on=START, items=tuple(each for each, _, _ in items)),
        "standings": tuple(ItemStanding.model_validate({"key": each.key, "state": how}) for each, how, _ in items),
        "confirmed": {each.key: after(hours) for each, _, hours in items if hours is not None},
        "readiness": Readiness(state="ready"),
    }
    return HireStanding.model_validate(given | over)


def after(hours: int) -> datetime:
    return ASKED + timedelta(hours=hours)


def read(told: HireStanding, status: CaseStatus = "running", *, closed: int | None = None) -> HireFacts:
    """`closed` are the hours from the request to the close of the case."""
    return facts_of_hire(told, status, None if closed is None else after(closed), ASKED.date(), OPENS)


def test_lead_time_counts_days_of_notice_the_shortest_first() -> None:
    hires = [facts(f"h{days}", start_on=ASKED.date() + timedelta(days=days)) for days in (30, -1, 14)]
    found = kpis.lead_time([*hires, facts("gone", taken_back=True)])
    assert found is not None
    assert (found.p50_days, found.p05_days, found.worst_days) == (14, -1, -1)
    assert found.cases == ("h-1", "h14", "h30")
    assert kpis.lead_time([]) is None


@pytest.mark.parametrize(
    ("ready_after", "counts"), [(timedelta(0), True), (FIRST_HOUR, True), (FIRST_HOUR + timedelta(seconds=1), False)]
)
def test_ready_is_who_can_work_within_the_first_hour(ready_after: timedelta, counts: bool) -> None:
    rate = kpis.day_one_readiness([facts("h", ready_at=OPENS + ready_after)], OPENS + timedelta(days=1))
    assert (rate.part, rate.whole) == (int(counts), 1)


def test_only_who_started_counts_for_day_one() -> None:
    hires = [
        facts("ready", ready_at=ASKED),
        facts("late"),
        facts("gone", taken_back=True),
        facts("later", starts_at=OPENS + timedelta(days=1)),
    ]
    rate = kpis.day_one_readiness(hires, OPENS + FIRST_HOUR)
    assert (rate.cases, rate.others, rate.value) == (("ready",), ("late",), Decimal("0.5"))
    assert kpis.day_one_readiness(hires, OPENS).value is None


def test_time_to_provision_is_a_spread_with_its_worst() -> None:
    hires = [facts(f"h{hours}", provisioned_at=after(hours)) for hours in range(1, 21)]
    spread = kpis.time_to_provision([*reversed(hires), facts("not-yet"), facts("gone", taken_back=True)])
    assert spread is not None
    assert (spread.p50, spread.p95, spread.worst) == (timedelta(hours=10), timedelta(hours=19), timedelta(hours=20))
    assert (spread.cases[0], len(spread.cases)) == ("h20", 20)


def test_each_target_has_times_of_its_own() -> None:
    hires = [facts("a", confirmed={"badge": after(3)}), facts("b", confirmed={"badge": after(5), "mailbox": after(1)})]
    found = kpis.time_to_target(hires)
    assert list(found) == ["badge", "mailbox"]
    assert (found["badge"].worst, found["badge"].cases) == (timedelta(hours=5), ("b", "a"))


def test_the_last_target_counts_and_proofs_and_later_things_do_not() -> None:
    told = standing(
        (item("worker", "worker-record"), "done", 1),
        (item("identity", "account"), "done", 9),
        (item("access:staff", "access", system="identity"), "done", 5),
        (item("licence", "licence"), "done", 20),
        (item("arrival", "arrival"), "waiting", None),
        (item("i9-2", "fulfilment", blocks_day_one=False), "planned", None),
    )
    found = read(told)
    assert (found.provisioned_at, found.ready_at) == (after(9), after(20))
    assert found.confirmed == {"worker": after(1), "identity": after(9), "access/identity": after(5)}


@pytest.mark.parametrize("state", ["planned", "running", "waiting", "skipped", "cancelled"])
def test_what_was_not_done_keeps_a_hire_from_being_provisioned(state: str) -> None:
    told = standing((item("identity", "account"), "done", 9), (item("badge", "fulfilment"), state, None))
    assert (read(told).provisioned_at, read(told).ready_at) == (None, None)


def arrived(case: str, came_after: int | None, state: str = "done", **over: Any) -> HireStanding:
    """A hire with a check of the access that comes after the arrival."""
    arrival, check = item("arrival", "arrival"), item("check", "access-check", blocks_day_one=False)
    told = {"case_id": case, "arrived": came_after is not None, **over}
    return standing((arrival, state, came_after), (check, "done", 900), **told)


def test_from_arrival_to_close_is_measured_where_both_have_been() -> None:
    hires = [
        read(arrived("soon", 100), "completed", closed=580),
        read(arrived("late", 100), "completed", closed=1300),
        read(arrived("open", 100)),
        read(arrived("absent", None, "running"), "no-show", closed=200),
        read(arrived("gone", 100), "rescinded", closed=300),
    ]
    spread = kpis.arrival_to_close(hires)
    assert spread is not None
    assert (spread.p50, spread.worst) == (timedelta(hours=480), timedelta(hours=1200))
    assert spread.cases == ("late", "soon")
    assert hires[3].arrived_at is None
    assert kpis.arrival_to_close(hires[2:]) is None


def test_a_rescinded_hire_is_clean_when_it_is_closed_and_nothing_is_left() -> None:
    clean = standing(
        (item("identity", "account"), "undone", 9),
        (item("badge", "fulfilment"), "cancelled", None),
        (item("training", "fulfilment", undo="none"), "done", 3),
        case_id="clean",
    )
    left = standing((item("identity", "account"), "done", 9), case_id="left")
    hires = [read(clean, "rescinded", closed=40), read(left, "no-show", closed=40), read(left)]
    rate = kpis.rescinds_cleaned(hires)
    assert (rate.cases, rate.others) == (("clean",), ("left",))
    assert hires[1].left == ("identity",)


def test_a_rescind_that_is_still_being_undone_is_not_clean() -> None:
    told = standing((item("identity", "account"), "undone", 9), readiness=Readiness(state="not-coming"))
    assert kpis.rescinds_cleaned([read(told)]).others == ("h",)


def test_several_accesses_of_a_system_are_confirmed_with_the_last() -> None:
    told = standing(
        (item("access:a", "access", system="identity"), "done", 7),
        (item("access:b", "access", system="identity"), "done", 5),
    )
    assert read(told).confirmed == {"access/identity": after(7)}
