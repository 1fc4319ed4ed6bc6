"""What several people, substitutes, duties and reassignments mean for one question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval import entitled, may_decide_for, refusal, visible
from domain.policy.model import DelegationRule
from domain.tasks import Task
from tests.fixtures.approvals import (
    CASE,
    DAY,
    OWNER,
    a_change,
    a_decision,
    a_delegation,
    a_ledger,
    a_task,
    an_actor,
    an_override,
    apart,
    authority,
    did,
    for_somebody,
)
from tests.fixtures.purchases import NOW


def two(**over: Any) -> Task:
    return a_task(needs=2, **over)


# --- several must approve ---


def test_a_question_stays_open_until_enough_different_people_approved() -> None:
    ledger = a_ledger(two())
    first = ledger.decide(a_decision(1, "olga"), NOW)
    assert first.status == "applied"
    assert (ledger.task("task-1").status, ledger.task("task-1").approved_by) == ("open", ("olga",))
    assert ledger.applied_to("task-1") is None
    second = ledger.decide(a_decision(2, "omar"), NOW + DAY)
    closed = ledger.task("task-1")
    assert (closed.status, closed.outcome, closed.closed_at) == ("done", "approve", NOW + DAY)
    assert ledger.approvals("task-1") == (first, second)
    assert ledger.applied_to("task-1") == second


def test_the_same_person_counts_once() -> None:
    ledger = a_ledger(two())
    ledger.decide(a_decision(1, "olga"), NOW)
    assert ledger.decide(a_decision(2, "olga"), NOW).because == "already-approved"
    assert ledger.decide(a_decision(3, "olga", action="reject", comment="no"), NOW).because == "already-approved"
    assert ledger.task("task-1").status == "open"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_somebody_and_their_substitute_are_one(order: tuple[int, int]) -> None:
    ledger = a_ledger(two())
    answers = (a_decision(1, "olga"), for_somebody(2))
    assert ledger.decide(answers[order[0]], NOW).status == "applied"
    assert ledger.decide(answers[order[1]], NOW).because == "already-approved"


def test_a_substitute_of_two_counts_once() -> None:
    ledger = a_ledger(two())
    assert ledger.decide(for_somebody(1), NOW).status == "applied"
    for_omar = for_somebody(2, authority(a_delegation("omar", "dirk")))
    assert ledger.decide(for_omar, NOW).because == "already-approved"
    assert ledger.decide(a_decision(3, "omar"), NOW).status == "applied"
    assert ledger.task("task-1").outcome == "approve"


def test_whose_approval_counts_does_not_see_the_question_any_more() -> None:
    ledger = a_ledger(two())
    ledger.decide(for_somebody(1), NOW)
    asked = ledger.task("task-1")
    assert not entitled(asked, an_actor("olga"))
    assert not visible(asked, an_actor("dirk"))
    assert visible(asked, an_actor("omar"))


@pytest.mark.parametrize("action", ["reject", "return"])
def test_one_who_does_not_approve_closes_it_at_once(action: str) -> None:
    ledger = a_ledger(two())
    approval = ledger.decide(a_decision(1, "olga"), NOW)
    refused = ledger.decide(a_decision(2, "omar", action=action, comment="why?"), NOW)
    assert (ledger.task("task-1").status, ledger.task("task-1").outcome) == ("done", action)
    assert ledger.applied_to("task-1") == refused
    assert ledger.approvals("task-1") == (approval,)
    assert ledger.decide(a_decision(3, "paul"), NOW).because == "task-closed"


def test_what_was_taken_back_was_closed_by_nobody() -> None:
    ledger = a_ledger(two())
    ledger.decide(a_decision(1, "olga"), NOW)
    ledger.cancel("task-1", NOW, "withdrawn")
    assert ledger.applied_to("task-1") is None
    assert len(ledger.approvals("task-1")) == 1


def test_a_repeated_approval_counts_once() -> None:
    ledger = a_ledger(two())
    first = ledger.decide(a_decision(1, "olga"), NOW)
    assert ledger.decide(a_decision(1, "olga"), NOW) == first
    assert ledger.approvals("task-1") == (first,)
    assert ledger.task("task-1").status == "open"


def test_people_who_are_not_to_count_again_are_named_from_the_beginning() -> None:
    ledger = a_ledger(two(approved_by=("olga",)))
    assert ledger.decide(a_decision(1, "olga"), NOW).because == "already-approved"


# --- on behalf of somebody ---


def test_on_behalf_of_somebody_needs_their_authority() -> None:
    task, olga = a_task(), an_actor("olga")
    assert refusal(task, olga, "approve", on_behalf_of="omar") == "delegation-not-valid"
    assert refusal(task, olga, "approve", "omar", authority()) == "delegation-not-valid"
    dirk = an_actor("dirk", "requester")
    assert refusal(task, dirk, "approve", "olga", authority(), NOW) is None
    assert refusal(task, dirk, "approve", None, authority(), NOW) == "not-authorised"
    assert refusal(task, dirk, "retry", "olga", authority(), NOW) == "action-not-offered"


def test_a_delegation_ends_between_one_answer_and_the_next() -> None:
    ledger = a_ledger(a_task(), a_task("task-2"))
    end = authority().delegation.valid_until
    assert ledger.decide(for_somebody(1), end - timedelta(seconds=1)).status == "applied"
    assert ledger.decide(for_somebody(2, task_id="task-2"), end).because == "delegation-not-valid"


def test_the_policy_of_the_case_says_what_may_be_delegated() -> None:
    never = DelegationRule(roles_never=(OWNER,))
    assert a_ledger(delegation=never).decide(for_somebody(1), NOW).because == "delegation-not-valid"
    governed = a_ledger()
    governed.govern((), never)
    assert governed.decide(for_somebody(1), NOW).because == "delegation-not-valid"


def test_nobody_takes_a_question_over_on_the_authority_to_which_it_may_be_escalated() -> None:
    ledger, carl = a_ledger(a_task()), an_actor("carl", "process-owner")
    grabbed = a_change(carl, carl)
    assert ledger.change(grabbed, NOW, ("finance-controller", "process-owner")).because == "assignee-lacks-authority"
    handed = a_change(an_actor("fay", "finance-controller"), carl, change_id="change-fay")
    assert ledger.change(handed, NOW, ("finance-controller", "process-owner")).status == "applied"


def test_a_substitute_sees_for_whom_they_may_decide() -> None:
    offered = [authority(), authority(a_delegation("omar", "dirk", revoked_at=NOW)), authority(a_delegation("nina"))]
    dirk = an_actor("dirk", "requester")
    assert may_decide_for(a_task(), dirk, offered, NOW) == ("olga",)
    assert may_decide_for(two(approved_by=("olga",)), dirk, offered, NOW) == ()
    assert may_decide_for(a_task(), an_actor("emma"), offered, NOW) == ()


# --- duties ---


def test_an_answer_exercises_the_duty_of_the_actor_and_of_the_one_acted_for() -> None:
    ledger = a_ledger(a_task(duty="approver"), a_task("task-2", duty="buyer"), a_task("task-3"))
    ledger.decide(for_somebody(1), NOW)
    ledger.decide(a_decision(2, "omar", task_id="task-2"), NOW)
    ledger.decide(a_decision(3, "paul", task_id="task-3"), NOW)
    assert [(each.person, each.duty, each.case_id) for each in ledger.duties()] == [
        ("dirk", "approver", CASE),
        ("olga", "approver", CASE),
        ("omar", "buyer", CASE),
    ]


def test_what_is_ignored_exercises_nothing() -> None:
    ledger = a_ledger(a_task(duty="approver"))
    ledger.decide(a_decision(1, "nina"), NOW)
    assert ledger.duties() == ()


def test_duties_that_must_stay_apart_are_ignored_with_the_reason() -> None:
    ledger = a_ledger(a_task(duty="approver"), a_task("task-2", duty="buyer"), segregation=(apart(),))
    ledger.decide(a_decision(1, "olga"), NOW)
    again = a_decision(2, "olga", task_id="task-2")
    assert ledger.refusal(again, NOW) == "duties-conflict"
    assert ledger.conflict(again, NOW) == apart()
    assert ledger.decide(again, NOW).because == "duties-conflict"
    assert ledger.decide(a_decision(3, "omar", task_id="task-2"), NOW).status == "applied"


def test_a_substitute_does_not_get_around_them() -> None:
    ledger = a_ledger(a_task(duty="approver"), segregation=(apart(),), duties=(did("olga"),))
    assert ledger.decide(for_somebody(1), NOW).because == "duties-conflict"
    other = a_ledger(a_task(duty="approver"), segregation=(apart(),), duties=(did("dirk"),))
    assert other.decide(for_somebody(1), NOW).because == "duties-conflict"


def test_duties_from_elsewhere_count_and_are_noted_once() -> None:
    ledger = a_ledger(a_task(duty="approver"), segregation=(apart("approver", "receiver", scope="case"),))
    ledger.note_duty("olga", "receiver", NOW)
    ledger.note_duty("olga", "receiver", NOW + DAY)
    assert [each.at for each in ledger.duties()] == [NOW]
    assert ledger.decide(a_decision(1, "olga"), NOW).because == "duties-conflict"


def test_duties_of_linked_cases_come_with_the_decision() -> None:
    ledger = a_ledger(a_task(duty="approver"), segregation=(apart(),))
    linked = did(case="procure-to-pay.north.REQ-2")
    assert ledger.decide(a_decision(1, family_duties=(linked,)), NOW).because == "duties-conflict"
    assert linked not in ledger.duties()


def test_an_override_lets_them_pass() -> None:
    ledger = a_ledger(a_task(duty="approver"), segregation=(apart(),), duties=(did(),))
    ended = an_override(valid_until=NOW)
    assert ledger.decide(a_decision(1, overrides=(ended,)), NOW).because == "duties-conflict"
    assert ledger.decide(a_decision(2, overrides=(an_override(),)), NOW).status == "applied"


def test_a_ledger_without_a_case_of_its_own_takes_that_of_the_task() -> None:
    rule = apart(scope="case")
    ledger = a_ledger(a_task(duty="approver"), a_task("task-2", duty="buyer"), segregation=(rule,), case_id="")
    ledger.decide(a_decision(1), NOW)
    assert ledger.decide(a_decision(2, task_id="task-2"), NOW).because == "duties-conflict"


# --- handing a question over ---


def test_whose_question_it_is_may_hand_it_over() -> None:
    ledger = a_ledger()
    change = a_change(an_actor("omar"))
    record = ledger.change(change, NOW, ())
    assert (record.status, record.because, record.recorded_at) == ("applied", None, NOW)
    assert ledger.changes() == (record,)
    assert ledger.task("task-1").people == ("omar",)
    assert ledger.decide(a_decision(1, "olga"), NOW).because == "not-authorised"
    assert ledger.decide(a_decision(2, "omar"), NOW).status == "applied"


@pytest.mark.parametrize(
    ("who", "assignee", "over", "because"),
    [
        (an_actor("petra", "process-owner"), an_actor("omar"), {}, None),
        (an_actor("olga"), an_actor("fred", "finance-controller"), {}, None),
        (an_actor("olga"), an_actor("olga"), {}, None),
        (an_actor("olga"), an_actor("omar"), {"task_id": "task-9"}, "unknown-task"),
        (an_actor("petra", "process-owner", facility="south"), an_actor("omar"), {}, "not-authorised"),
        (an_actor("bert", "buyer"), an_actor("omar"), {}, "not-authorised"),
        (an_actor("nina", "process-owner"), an_actor("omar"), {}, "requester-may-not-decide"),
        (an_actor("olga"), an_actor("nina"), {}, "requester-may-not-decide"),
        (an_actor("olga"), an_actor("bert", "buyer"), {}, "assignee-lacks-authority"),
        (an_actor("olga"), an_actor("omar", facility="south"), {}, "assignee-lacks-authority"),
        (an_actor("olga"), an_actor("rob"), {}, "duties-conflict"),
    ],
)
def test_who_may_hand_over_to_whom(who: Any, assignee: Any, over: dict[str, Any], because: str | None) -> None:
    ledger = a_ledger(a_task(duty="approver"), segregation=(apart(),), duties=(did("rob"),))
    before = ledger.task("task-1")
    record = ledger.change(a_change(assignee, who, **over), NOW, ("finance-controller",))
    assert record.because == because
    assert (ledger.task("task-1") == before) == (because is not None)


def test_a_closed_question_stays_where_it_is() -> None:
    ledger = a_ledger()
    ledger.decide(a_decision(1), NOW)
    assert ledger.change(a_change(an_actor("omar")), NOW, ()).because == "task-closed"


def test_a_repeated_change_gets_the_record_of_the_first() -> None:
    ledger = a_ledger()
    first = ledger.change(a_change(an_actor("omar"), change_id="change-1"), NOW, ())
    assert ledger.change(a_change(an_actor("paul"), change_id="change-1"), NOW + DAY, ()) == first
    assert ledger.task("task-1").people == ("omar",)
    assert ledger.changes() == (first,)


def test_where_several_must_approve_one_takes_the_place_of_another() -> None:
    ledger = a_ledger(two(people=("olga", "omar")))
    assert ledger.change(a_change(an_actor("paul")), NOW, ()).status == "applied"
    assert ledger.task("task-1").people == ("paul", "omar")
    owner = an_actor("petra", "process-owner")
    assert ledger.change(a_change(an_actor("rita"), owner), NOW, ()).because == "place-not-named"
    named = a_change(an_actor("rita"), owner, change_id="change-rita", instead_of="omar")
    assert ledger.change(named, NOW, ()).status == "applied"
    assert ledger.task("task-1").people == ("paul", "rita")


def test_nobody_takes_two_places() -> None:
    ledger = a_ledger(two(people=("olga", "omar")))
    assert ledger.change(a_change(an_actor("omar")), NOW, ()).because == "already-asked"
    open_to_all = a_ledger(two())
    assert open_to_all.change(a_change(an_actor("omar")), NOW, ()).because == "place-not-named"


def test_the_place_of_one_who_approved_is_taken() -> None:
    ledger = a_ledger(two(people=("olga", "omar")))
    ledger.decide(a_decision(1, "olga"), NOW)
    owner = an_actor("petra", "process-owner")
    late = a_change(an_actor("paul"), owner, instead_of="olga")
    assert ledger.change(late, NOW, ()).because == "place-not-named"
