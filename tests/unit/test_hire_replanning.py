"""What a correction touches, and in which order a hire is taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.hire import CertificateClaim, Hire, LicenceClaim
from domain.hire_plan import HirePlan, PlanItem
from domain.hire_planning import plan
from domain.hire_replanning import affected, changes, correction, to_prove_again, to_update, undo_order, undo_steps
from tests.fixtures.hire_rules import HOLIDAYS, NORTH, RULES, TODAY, a_hire, extra

RENAMED = {"name": {"family": "Baker", "given": "Ann"}, "birth_date": date(1990, 2, 28)}
RECORDS = {"worker-record", "employee-record", "account"}


def planned(hire: Hire) -> HirePlan:
    return plan(hire, RULES, NORTH, HOLIDAYS, TODAY)


def an_item(**over: Any) -> HirePlan:
    fields = {"key": "a", "kind": "fulfilment", "title": "A", "done_by": "service-desk", "due_on": TODAY}
    return HirePlan(start_on=TODAY, items=(PlanItem.model_validate({**fields, **over}),))


def test_the_same_hire_planned_again_keeps_everything() -> None:
    found = changes(planned(a_hire()), planned(a_hire()))
    assert found.kept == tuple(each.key for each in planned(a_hire()).items)
    assert not (found.added or found.moved or found.changed or found.removed)


@pytest.mark.parametrize(
    "fields",
    [
        {"due_on": date(2026, 11, 10)},
        {"from_on": date(2026, 11, 9)},
        {"done_by": "identity-desk"},
        {"after": ("b",)},
        {"blocks_day_one": False},
        {"title": "B"},
        {"rules": ("another",)},
    ],
)
def test_when_by_whom_and_why_only_move_an_item(fields: dict[str, Any]) -> None:
    assert changes(an_item(), an_item(**fields)).moved == ("a",)


@pytest.mark.parametrize(
    "fields",
    [
        {"group": "other"},
        {"entitlement": "other"},
        {"target": "other"},
        {"system": "other"},
        {"credential": "other"},
        {"catalogue_item": "other"},
        {"quantity": 2},
        {"until": date(2027, 1, 1)},
        {"kind": "access"},
    ],
)
def test_what_it_means_changes_an_item(fields: dict[str, Any]) -> None:
    assert changes(an_item(), an_item(**fields)).changed == ("a",)


def test_a_later_start_moves_and_replaces_nothing() -> None:
    found = changes(planned(a_hire()), planned(a_hire(start_on=date(2026, 12, 14))))
    assert set(found.moved) == {each.key for each in planned(a_hire()).items}
    assert not (found.added or found.changed or found.removed)


def test_another_job_takes_away_what_only_the_old_one_needs() -> None:
    found = changes(planned(a_hire(extra_access=(extra("pay-bills"),))), planned(a_hire(job_family="billing")))
    assert set(found.removed) == {"access:chart", "rn-licence", "npi-check", "acls", "access:pay-bills"}
    assert "access:staff" in found.kept


@pytest.mark.parametrize(
    ("fields", "facets", "records"),
    [
        ({"manager": "max"}, {"manager"}, {"worker-record", "account"}),
        ({"department": "surgery"}, {"department"}, {"worker-record", "account"}),
        ({"title": "Head nurse"}, {"job"}, {"worker-record", "account"}),
        ({"cost_centre": "N-200"}, {"cost-centre"}, RECORDS),
        ({"start_on": date(2026, 12, 8)}, {"start"}, RECORDS),
        ({"person": RENAMED}, {"name"}, RECORDS),
        ({"position": "P-7"}, {"position"}, {"worker-record"}),
        ({"deliver_to": "Ward 3"}, {"equipment"}, set()),
        ({"justification": "Because."}, set(), set()),
    ],
)
def test_corrects_in_place_only_what_shows_it(fields: dict[str, Any], facets: set[str], records: set[str]) -> None:
    assert affected(a_hire(), a_hire(**fields)) == facets
    assert to_update(a_hire(), a_hire(**fields)) == records


@pytest.mark.parametrize(
    ("fields", "proofs"),
    [
        ({"person": RENAMED}, {"licence", "npi", "certificate", "screening"}),
        ({"licences": (LicenceClaim(kind="rn", state="NY", number="1"),)}, {"licence"}),
        ({"certificates": (CertificateClaim(kind="acls"),)}, {"certificate"}),
        ({"manager": "max"}, set()),
        ({"start_on": a_hire().start_on + timedelta(days=1)}, {"licence", "certificate"}),
        ({"start_on": a_hire().start_on - timedelta(days=1)}, set()),
    ],
)
def test_a_proof_for_something_else_is_given_again(fields: dict[str, Any], proofs: set[str]) -> None:
    assert to_prove_again(a_hire(), a_hire(**fields)) == proofs


def test_a_new_legal_name_renews_proofs_and_corrects_accounts_in_place() -> None:
    old, new = a_hire(), a_hire(person=RENAMED)
    found = correction(old, new, planned(old), planned(new))
    assert set(found.changed) == {"rn-licence", "npi-check", "acls", "exclusion-lists"}
    assert {"worker", "identity-account", "access:chart"} <= set(found.kept)


def test_undoes_the_last_first_and_nothing_that_needs_no_undoing() -> None:
    made = planned(a_hire())
    done = ["worker", "identity-account", "badge", "i9-1", "access:staff"]
    assert undo_order(made, done) == ("access:staff", "badge", "identity-account", "worker")
    assert [(step.key, step.how) for step in undo_steps(made, done)] == [
        ("access:staff", "automatic"),
        ("i9-1", "none"),
        ("badge", "task"),
        ("identity-account", "automatic"),
        ("worker", "automatic"),
    ]


def test_what_the_plan_forgot_is_still_undone_by_a_person() -> None:
    made = planned(a_hire())
    assert undo_order(made, ["worker", "old-thing", "badge"]) == ("badge", "old-thing", "worker")
    assert undo_steps(made, ["old-thing"])[0].how == "task"


def test_of_what_was_done_twice_the_last_time_counts() -> None:
    assert undo_order(planned(a_hire()), ["badge", "worker", "badge"]) == ("badge", "worker")
