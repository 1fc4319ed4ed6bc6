"""Duties that one person must not combine: over the case, over its family, and through delegation."""

from __future__ import annotations

from typing import Any

import pytest

from domain.segregation import acting, clashes, conflict, decision_clashes, decision_conflict
from tests.fixtures.approvals import (
    CASE,
    DAY,
    a_decision,
    a_task,
    an_actor,
    an_override,
    apart,
    did,
    for_somebody,
)
from tests.fixtures.purchases import NOW

RULE = apart()


def broken(done: Any = (), overrides: Any = (), person: str = "olga", duty: Any = "approver", rule: Any = RULE) -> Any:
    return conflict((rule,), person, duty, done, overrides, "north", CASE, NOW)


def test_the_other_duty_of_the_rule_is_forbidden_whichever_came_first() -> None:
    assert broken([did(duty="buyer")]) == RULE
    assert broken([did(duty="approver")], duty="buyer") == RULE


def test_to_repeat_a_duty_is_no_conflict() -> None:
    assert broken([did(duty="approver")]) is None
    assert broken([did(duty="buyer")], duty="buyer") is None
    assert broken([did(duty="buyer")], duty="buyer", rule=apart("buyer", "buyer")) is None


def test_what_others_did_and_other_duties_do_not_matter() -> None:
    assert broken([did("omar")]) is None
    assert broken([did(duty="receiver")]) is None
    assert broken([did()], duty="receiver") is None
    assert broken() is None


def test_a_rule_for_the_case_looks_at_the_case_alone() -> None:
    elsewhere = did(case="procure-to-pay.north.REQ-2")
    assert broken([elsewhere], rule=apart(scope="case")) is None
    assert broken([elsewhere], rule=apart(scope="family")) is not None
    assert broken([did()], rule=apart(scope="case")) is not None


def test_the_first_rule_that_is_broken_is_named() -> None:
    rules = (apart("approver", "receiver"), apart("requester", "approver"), RULE)
    done = [did(duty="requester"), did(duty="buyer")]
    found = conflict(rules, "olga", "approver", done, (), "north", CASE, NOW)
    assert found == rules[1]
    assert [clash.rule for clash in clashes(rules, "olga", "approver", done, (), "north", CASE, NOW)] == [*rules[1:]]


@pytest.mark.parametrize(
    ("over", "covers"),
    [
        ({}, True),
        ({"case_id": CASE}, True),
        ({"case_id": "procure-to-pay.north.REQ-2"}, False),
        ({"person": "omar"}, False),
        ({"rule": "another-rule"}, False),
        ({"facility": "south"}, False),
        ({"valid_from": NOW}, True),
        ({"valid_from": NOW + DAY / 24}, False),
        ({"valid_until": NOW}, False),
        ({"approved_by": "olga"}, False),
    ],
)
def test_an_override_covers_its_person_rule_place_and_time(over: dict[str, Any], covers: bool) -> None:
    override = an_override(**over)
    assert (broken([did()], [override]) is None) == covers
    (clash,) = clashes((RULE,), "olga", "approver", [did()], [override], "north", CASE, NOW)
    assert clash.override == (override if covers else None)


def test_an_override_lets_one_rule_pass_and_not_the_next() -> None:
    rules = (RULE, apart("approver", "receiver"))
    done = [did(duty="buyer"), did(duty="receiver")]
    assert conflict(rules, "olga", "approver", done, [an_override()], "north", CASE, NOW) == rules[1]


def test_whoever_is_acted_for_exercises_the_duty_as_well() -> None:
    task, lent = a_task(duty="approver"), for_somebody()
    assert acting(lent) == ("dirk", "olga")
    assert decision_conflict((RULE,), lent, task, [did("olga")], NOW) == RULE
    assert decision_conflict((RULE,), lent, task, [did("dirk")], NOW) == RULE
    assert decision_conflict((RULE,), lent, task, [did("omar")], NOW) is None
    both = decision_clashes((RULE,), lent, task, [did("olga"), did("dirk")], NOW)
    assert [clash.person for clash in both] == ["dirk", "olga"]


def test_a_decision_brings_along_what_was_done_in_linked_cases_and_who_lets_it_pass() -> None:
    elsewhere = did(case="procure-to-pay.north.REQ-2")
    task = a_task(duty="approver")
    assert decision_conflict((RULE,), a_decision(family_duties=(elsewhere,)), task, (), NOW) == RULE
    allowed = a_decision(family_duties=(elsewhere,), overrides=(an_override(),))
    assert decision_conflict((RULE,), allowed, task, (), NOW) is None
    (clash,) = decision_clashes((RULE,), allowed, task, (), NOW)
    assert clash.override == an_override()


def test_nobody_acts_on_an_override_that_they_approved_for_somebody_else() -> None:
    task, done = a_task(duty="approver"), [did("olga")]
    given = for_somebody(overrides=(an_override(approved_by="dirk"),))
    assert decision_conflict((RULE,), given, task, done, NOW) == RULE
    by_another = for_somebody(overrides=(an_override(approved_by="cleo"),))
    assert decision_conflict((RULE,), by_another, task, done, NOW) is None


def test_an_override_is_for_the_facility_of_the_case() -> None:
    task = a_task(duty="approver", facility="shared")
    allowed = a_decision(1, an_actor(facility="shared"), overrides=(an_override(),))
    assert decision_conflict((RULE,), allowed, task, [did()], NOW) == RULE
    assert decision_conflict((RULE,), allowed, task, [did()], NOW, "north") is None


def test_a_task_without_a_duty_breaks_nothing() -> None:
    assert decision_conflict((RULE,), a_decision(), a_task(), [did(), did(duty="approver")], NOW) is None
