"""The order in which answers arrive decides nothing but who was first at the last place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.tasks import Action
from tests.fixtures.approval_people import DIRECTOR, DIRECTORY, FINANCE, REQUESTERS, TOKENS, frozen
from tests.fixtures.approvals import OWNER, a_decision, a_ledger, a_level, a_task
from tests.fixtures.played_case import PlayedCase
from tests.fixtures.purchases import NOW, usd

SIDE_BY_SIDE = frozen(
    [
        a_level("owners", needs=2, stage="first"),
        a_level("directors", role=DIRECTOR, needs="all", stage="first"),
        a_level("finance", role=FINANCE, stage="first"),
        a_level("last", role=DIRECTOR),
    ]
)
ANSWERS = (
    ("owners", "olga"),
    ("owners", "fay"),
    ("directors", "dan"),
    ("directors", "omar"),
    ("finance", "fred"),
    ("owners", "nina"),
    ("finance", "sue"),
)


def played(answers: Sequence[tuple[str, str]]) -> PlayedCase:
    """A case that is asked side by side, with these answers in this order."""
    rules = [level.name for level in SIDE_BY_SIDE.levels]
    case = PlayedCase(SIDE_BY_SIDE, rules, DIRECTORY, usd(500), REQUESTERS)
    case.go_on(NOW)
    task_of = {asked.key: task_id for task_id, asked in case.asked.items()}
    for number, (key, who) in enumerate(answers, start=1):
        case.decide(a_decision(number, TOKENS[who], task_id=task_of[key]), NOW + number * timedelta(minutes=1))
    return case


def test_answers_side_by_side_may_arrive_in_any_order() -> None:
    """Whichever comes first, the same people count for the same places, and the same is asked or spared next."""
    ends = set()
    for order in permutations(ANSWERS[:5]):
        case = played((*order, *ANSWERS[5:]))
        counted = tuple(
            (key, tuple(sorted(actor.person for actor in known.approved_by)), bool(known.implied_by))
            for key, known in sorted(case.given.items())
        )
        ends.add((case.end, counted))
    assert len(ends) == 1
    ((end, counted),) = ends
    assert end == "approved"
    assert ("last", ("dan",), True) in counted


@given(st.permutations(ANSWERS))
def test_answers_that_do_not_count_change_nothing_wherever_they_come(order: list[tuple[str, str]]) -> None:
    case = played(order)
    assert case.end == "approved"
    ignored = {each.decision.actor.person: each.because for each in case.ledger.records() if each.status == "ignored"}
    assert set(ignored) == {"nina", "sue"}


answers_of_many = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(("olga", "omar", "dan", "fay", "nina", "sue"))),
    max_size=8,
    unique=True,
)


@given(answers_of_many, st.randoms(use_true_random=False), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_any_approvals_of_any_questions_come_to_the_same_in_any_order(
    answers: list[tuple[int, str]], random: Any, needs: list[int]
) -> None:
    """Which questions are settled, and by how many, does not depend on who was faster."""
    decisions = [
        a_decision(number, TOKENS[who], task_id=f"task-{task}") for number, (task, who) in enumerate(answers, start=1)
    ]
    ends = []
    for arrived in (decisions, random.sample(decisions, len(decisions))):
        ledger = a_ledger(*(a_task(f"task-{place}", needs=need) for place, need in enumerate(needs, start=1)))
        for decision in arrived:
            ledger.decide(decision, NOW)
        ends.append([(task.status, task.outcome, len(ledger.approvals(task.task_id))) for task in ledger.tasks()])
    assert ends[0] == ends[1]


@given(st.permutations(("olga", "omar", "fay")), st.sampled_from(("approve", "reject")), st.integers(1, 2))
def test_of_those_who_race_for_the_last_place_one_is_applied(who: list[str], action: Action, needs: int) -> None:
    ledger = a_ledger(a_task(needs=needs))
    for number in range(1, needs):
        ledger.decide(a_decision(number, TOKENS["dan"].model_copy(update={"roles": (OWNER,)})), NOW)
    racing = [
        a_decision(number, TOKENS[person], action=action, comment="because")
        for number, person in enumerate(who, start=needs)
    ]
    records = [ledger.decide(decision, NOW) for decision in racing]
    assert [(record.status, record.because) for record in records] == [
        ("applied", None),
        ("ignored", "task-closed"),
        ("ignored", "task-closed"),
    ]
    assert ledger.applied_to("task-1") == records[0]
