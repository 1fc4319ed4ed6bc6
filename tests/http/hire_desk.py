"""Hires as they are posted, reported and recorded, for tests of the gateway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.hire_plan import Blocker, HirePlan, HireStanding, ItemStanding, PlanItem, Readiness
from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway

CASE = "hire-to-provision.north.H-1"
REQUESTED = datetime(2026, 3, 2, 15, tzinfo=UTC)
START = date(2026, 3, 23)
SURNAME = "Quartermain"


def a_hire(**changes: Any) -> dict[str, Any]:
    """As JSON; what is None is left out."""
    given = {
        "number": "H-1",
        "facility": "north",
        "requester": "hanna",
        "manager": "mia",
        "person": a_person(),
        "position": "P-100",
        "job_family": "nursing",
        "title": "Registered nurse",
        "department": "icu",
        "cost_centre": "N-100",
        "start_on": "2026-03-23",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def a_person(**changes: Any) -> dict[str, Any]:
    return {"name": {"family": SURNAME, "given": "Allan"}, "birth_date": "1990-02-28"} | changes


def an_item(key: str, kind: str = "account", **changes: Any) -> PlanItem:
    given = {"key": key, "kind": kind, "title": key.title(), "done_by": "identity-desk", "due_on": START}
    return PlanItem.model_validate(given | changes)


BADGE_LATE = Blocker(
    key="badge", title="Badge", who="facilities-desk", due_on=START, usual_days=3, why="Nobody has made it"
)


def a_standing(case_id: str = CASE, **changes: Any) -> HireStanding:
    """Its account is done, its badge is not."""
    given: dict[str, Any] = {
        "case_id": case_id,
        "version": 1,
        "facility": case_id.split(".")[1],
        "number": case_id.split(".")[2],
        "manager": "mia",
        "department": "icu",
        "job_family": "nursing",
        "employment_type": "employee",
        "start_on": START,
        "requested_at": REQUESTED,
        "plan": HirePlan(start_on=START, items=(an_item("account"), an_item("badge", "fulfilment", target="badge"))),
        "standings": (
            ItemStanding(key="account", state="done", since=REQUESTED + timedelta(days=2), note="user aquartermain"),
            ItemStanding(key="badge", state="waiting", task_id="t-1"),
        ),
        "readiness": Readiness(state="at-risk", on_track=False, done=1, of=2, blockers=(BADGE_LATE,)),
        "confirmed": {"account": REQUESTED + timedelta(days=2)},
    }
    return HireStanding.model_validate(given | changes)


async def under_way(gateway: Gateway, case_id: str = CASE, **changes: Any) -> HireStanding:
    """A case that the read model shows, with its plan."""
    status: dict[str, Any] = {
        name: changes.pop(name) for name in ("status", "closed_at", "watchers") if name in changes
    }
    standing = a_standing(case_id, **changes)
    shown: dict[str, Any] = {"process": "hire-to-provision", "stage": "provisioning", "requester": "hanna"}
    await gateway.evidence.record(a_journal(case_id, **(shown | status)))
    await gateway.hires.record(standing)
    return standing
