"""Whether there are people for the rules: nobody's request may come back to them alone."""

from __future__ import annotations

from typing import Any

import pytest

from domain.exceptions import CATALOGUE
from domain.people import Person
from domain.policy.model import EmergencyRule, FrozenPolicy
from domain.policy.staff_proof import StaffFindings, staff_findings
from domain.routing import exception_owner
from domain.staff import Staff
from tests.fixtures.small_policy import level, policy, rule

OWNER, CONTROLLER = "cost-centre-owner", "finance-controller"


def person(name: str, *roles: str, **over: Any) -> Person:
    given = {"person": name, "name": name, "email": f"{name}@north.example", "facility": "north", "roles": roles}
    return Person(**{**given, "facilities": ("north",), **over})


def of(rules: FrozenPolicy, *people: Person) -> StaffFindings:
    """What is found with these people, beside one person who holds every role that is no level's."""
    everything = {exception_owner(rules, code) for code in CATALOGUE} | {
        rules.budget.override_role,
        rules.emergency.retrospective_role,
        "process-owner",
    }
    return staff_findings(rules, Staff([person("all", *sorted(everything - {OWNER, CONTROLLER})), *people]))


def told(found: StaffFindings) -> list[str]:
    return [f"{flaw.part} {flaw.name}: {flaw.reason}" for flaw in found.flaws]


TWO_OF_EACH = (
    person("a", OWNER),
    person("b", OWNER),
    person("c", CONTROLLER),
    person("d", CONTROLLER),
)


def test_two_people_for_every_role_leave_nothing_to_say() -> None:
    assert of(policy(), *TWO_OF_EACH) == StaffFindings()


@pytest.mark.parametrize(
    "absent",
    [
        {"active": False},
        {"facilities": ("south",)},
        {"roles": ("requester",)},
    ],
)
def test_who_left_or_works_elsewhere_holds_no_role_here(absent: dict[str, Any]) -> None:
    found = of(policy(), person("a", OWNER, **absent), person("c", CONTROLLER), person("d", CONTROLLER))
    assert told(found) == [f"level {OWNER}: nobody holds {OWNER}"]


def test_one_holder_is_a_note_when_their_requests_have_somewhere_to_go() -> None:
    found = of(policy(), person("a", OWNER, facilities=("*",)), person("c", CONTROLLER))
    assert told(found) == []
    assert [note.reason for note in found.notes] == [
        f"only a holds {OWNER}; their own requests are passed on to {CONTROLLER}"
    ]


def test_one_person_all_the_way_up_is_a_flaw() -> None:
    alone = policy(levels=(level(OWNER, CONTROLLER), level(CONTROLLER, "auditor")))
    found = of(alone, person("a", OWNER, CONTROLLER))
    assert told(found) == [
        f"level {OWNER}: a alone holds {OWNER} and all that it is passed on to: their own request has nobody"
    ]


def test_levels_that_no_rule_demands_here_need_nobody() -> None:
    elsewhere = policy(
        levels=(level(OWNER, CONTROLLER), level(CONTROLLER), level("it-security")),
        routing=(rule("all"), rule("south", facilities=("south",), levels=("it-security",))),
    )
    assert of(elsewhere, *TWO_OF_EACH).flaws == ()


@pytest.mark.parametrize(("holders", "enough"), [("xyz", True), ("xy", False), ("x", False)])
def test_a_quorum_must_be_reached_without_the_one_who_asks(holders: str, enough: bool) -> None:
    committee = policy(levels=(level(OWNER, CONTROLLER, needs=2), level(CONTROLLER)))
    found = of(committee, *(person(each, OWNER) for each in holders), *TWO_OF_EACH[2:])
    assert any("too few when one of them asks" in each for each in told(found)) is not enough


def test_every_other_decision_has_somebody_too() -> None:
    rules = policy(emergency=EmergencyRule(retrospective_role="department-director"))
    found = staff_findings(rules, Staff([person("z", "auditor"), *TWO_OF_EACH]))
    assert "emergency : nobody holds department-director" in told(found)
    assert "budget : nobody holds budget-override-approver" in told(found)
    assert "exception item-unknown: nobody holds buyer" in told(found)


def test_who_has_nobody_above_is_named_where_the_chain_is_climbed() -> None:
    climbing = policy(levels=(level(OWNER, CONTROLLER, approvers="management-chain"), level(CONTROLLER)))
    found = of(climbing, *TWO_OF_EACH, person("top", "requester"), person("low", "requester", manager="top"))
    assert [note.reason for note in found.notes] == [
        f"top has no superior: their requests go to {OWNER} at once",
    ]
