"""The example requisitions, worked out by the rules alone: each reaches the end that its story tells, in any order.

Every example is checked twice: as if it came first of all, and as if all that may come before it had come already.
"""

from collections import Counter
from datetime import date
from functools import cache

import pytest

from cli.demo.story import Example
from domain.intake import faults_of
from domain.master_data import BudgetKey
from domain.money import Money
from domain.ports.evidence import SpendLine
from tests.fixtures.rehearsal import DAYS, EXAMPLES, NO_MONEY, Case, World


@cache
def _alone(today: date) -> dict[str, Case]:
    """Each case as if it were the first, save those that it says it comes after."""
    cases: dict[str, Case] = {}
    for example in EXAMPLES:
        before = [cases[number] for number in _ancestors(example)]
        cases[example.number] = Case(example, today, World(spend=[_spend(case) for case in before]))
        cases[example.number].play()
    return cases


def _ancestors(example: Example) -> list[str]:
    by_number = {each.number: each for each in EXAMPLES}
    found = []
    while example.after is not None:
        found.append(example.after)
        example = by_number[example.after]
    return found


def _spend(case: Case) -> SpendLine:
    lines = case.lines.lines
    return SpendLine(
        case_id=case.example.case_id,
        requester=case.requisition.requester,
        cost_centres=tuple(share.cost_centre for line in case.requisition.lines for share in line.costs),
        suppliers=tuple(line.supplier for line in lines),
        categories=tuple(line.category for line in lines),
        amount=case.lines.amount.amount,
        submitted_on=case.today,
    )


@cache
def _booked(case: Case) -> tuple[SpendLine, dict[BudgetKey, Money]]:
    """What a case leaves behind: once for each, and not for each that comes after it."""
    return _spend(case), case.reservations()


def _crowded(example: Example, today: date) -> World:
    """All others have come before, but those that wait for this one."""
    others = [
        case
        for case in _alone(today).values()
        if case.example != example and example.number not in _ancestors(case.example)
    ]
    here = [case for case in others if case.requisition.facility == example.request["facility"]]
    drawn, reserved = dict[str, Money](), dict[BudgetKey, Money]()
    for case in others:
        for line in case.lines.lines:
            if line.contract:
                drawn[line.contract] = drawn.get(line.contract, NO_MONEY) + line.order_amount
        for key, amount in _booked(case)[1].items():
            reserved[key] = reserved.get(key, NO_MONEY) + amount
    return World(spend=[_booked(case)[0] for case in here], drawn=drawn, reserved=reserved)


@pytest.mark.parametrize("today", DAYS, ids=str)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.number)
def test_the_rules_lead_to_the_end_that_the_story_tells(example: Example, today: date) -> None:
    expect = example.story.expect
    first = Case(example, today, _alone(today)[example.number].world)
    last = Case(example, today, _crowded(example, today))
    for case in (first, last):
        assert not faults_of(case.requisition, case.policy.facility, today)
        assert case.play() == expect.status
        assert Counter(case.exceptions) == Counter(expect.exceptions)
        assert not any(case.answers.values()), "an answer that nobody asked for"
        assert len(case.orders) == expect.orders
        if expect.approvals is not None:
            assert Counter(case.approvals) == Counter(expect.approvals)
        if expect.decisions is not None:
            assert case.asked is not None
            assert tuple(case.asked.decisions) == expect.decisions
        assert (case.asked.implied if case.asked else {}) == expect.implied
        assert tuple(case.watchers) == expect.watchers
        assert case.accepted_by_rule() == expect.accepted
        if expect.amount is not None:
            assert case.lines.amount.amount == expect.amount
        stocked = [line.from_stock for line in case.lines.lines]
        ordered = [line.to_order for line in case.lines.lines]
        assert expect.stock == ("none" if not any(stocked) else "part" if any(ordered) else "all")


def test_a_budget_is_passed_with_a_warning_where_policy_says_so() -> None:
    warned = [case for case in _alone(DAYS[0]).values() if case.over_budget and not case.exceptions]
    assert [case.requisition.facility for case in warned] == ["harbor"]
