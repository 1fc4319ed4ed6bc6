"""The proof of the decision tables finds every row that cannot decide, and every pair that contradicts."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.boxes import left_over, meet
from domain.policy.flaws import URGENCIES
from domain.policy.model import (
    AcceptanceRule,
    AuthorityLimit,
    BudgetBehaviourRule,
    DelegationRule,
    FrozenPolicy,
    SegregationRule,
    ServiceLevelRule,
    ToleranceRule,
    Tolerances,
)
from domain.policy.proof import prove
from domain.policy.tables import accepted_by_rule, budget_behaviour, clocks, tolerances_of
from tests.fixtures.small_policy import policy, usd

CATEGORIES = ("office", "linen", "pharmacy")


def service(name: str, **over: Any) -> ServiceLevelRule:
    return ServiceLevelRule(**{"name": name, "remind_after_hours": 1, "escalate_after_hours": 2, **over})


def tolerance(name: str, **over: Any) -> ToleranceRule:
    return ToleranceRule(name=name, tolerances=Tolerances(), **over)


def budget(name: str, **over: Any) -> BudgetBehaviourRule:
    return BudgetBehaviourRule(**{"name": name, "behaviour": "warn", **over})


def acceptance(name: str, most: int, **over: Any) -> AcceptanceRule:
    given = {"name": name, "reason": "for this test", "code": "off-contract", "max_amount": Decimal(most)}
    return AcceptanceRule(**{**given, **over})


def apart(name: str, first: str, second: str, **over: Any) -> SegregationRule:
    given = {"name": name, "reason": "for this test", "owner": "process-owner", "first": first, "second": second}
    return SegregationRule(**{**given, **over})


def reasons(of: FrozenPolicy) -> list[str]:
    return [f"{flaw.part} {flaw.name}: {flaw.reason}" for flaw in prove(of, CATEGORIES)]


NEVER = "can never decide: the first rule that matches does, and that is always"


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        (
            {
                "service_levels": (
                    service("large", amount_from=10),
                    service("urgent", urgencies=("urgent",), amount_from=20),
                )
            },
            f"service_levels urgent: {NEVER} large",
        ),
        (
            {
                "service_levels": (
                    service("calm", urgencies=("routine",)),
                    service("haste", urgencies=("urgent", "emergency")),
                    service("owner", levels=("cost-centre-owner",)),
                )
            },
            f"service_levels owner: {NEVER} calm, haste",
        ),
        (
            {"service_levels": (service("late", remind_after_hours=9, escalate_after_hours=9),)},
            "service_levels late: the reminder must come before the escalation",
        ),
        (
            {
                "tolerance_rules": (
                    tolerance("friend", suppliers=("S-1",)),
                    tolerance("both", categories=("linen",), suppliers=("S-1",)),
                )
            },
            f"tolerance_rules both: {NEVER} friend",
        ),
        (
            {"tolerance_rules": (tolerance("zoo", categories=("giraffes",)),)},
            "tolerance_rules zoo: can never match: the policy lists none of what it names",
        ),
        (
            {"budget_rules": (budget("all"), budget("linen", categories=("linen",)))},
            f"budget_rules linen: {NEVER} all",
        ),
        (
            {"acceptance": (acceptance("small", 50), acceptance("linen", 80, categories=("linen",)))},
            "acceptance linen: accepts off-contract up to 80 where small does so up to 50: "
            "the hit policy any wants rules that match to agree",
        ),
        (
            {"acceptance": (acceptance("zoo", 5, categories=("giraffes",)),)},
            "acceptance zoo: can never match: the policy lists none of its categories",
        ),
        (
            {
                "authority": (
                    AuthorityLimit(job_level=3, amount=Decimal(9)),
                    AuthorityLimit(job_level=3, amount=Decimal(10)),
                )
            },
            "authority : job level 3 stands after 3: list each once, in rising order",
        ),
        (
            {
                "authority": (
                    AuthorityLimit(job_level=3, amount=Decimal(9000)),
                    AuthorityLimit(job_level=4, amount=Decimal(9000)),
                )
            },
            "authority : job level 4 may approve 9,000, which is not more than the 9,000 of level 3 below it",
        ),
        (
            {"segregation": (apart("self", "buyer", "buyer"),)},
            "segregation self: keeps buyer apart from itself: name two duties",
        ),
        (
            {"segregation": (apart("one", "buyer", "receiver"), apart("two", "receiver", "buyer"))},
            "segregation two: keeps the same duties apart as one",
        ),
        (
            {"segregation": (apart("one", "buyer", "receiver", override_role="requester"),)},
            "segregation one: a requester may not let it pass",
        ),
        ({"delegation": DelegationRule(roles_never=("emperor",))}, "delegation : emperor is no role"),
    ],
)
def test_each_flaw_is_found_and_named(over: dict[str, Any], reason: str) -> None:
    assert reasons(policy(**over)) == [reason]


@pytest.mark.parametrize(
    "over",
    [
        {
            "service_levels": (
                service("urgent", urgencies=("urgent",), amount_from=20),
                service("large", amount_from=10),
            )
        },
        {"tolerance_rules": (tolerance("linen", categories=("linen",)), tolerance("friend", suppliers=("S-1",)))},
        {"budget_rules": (budget("one", cost_centres=("N-1",)), budget("rest"))},
        {
            "acceptance": (
                acceptance("linen", 80, categories=("linen",)),
                acceptance("office", 50, categories=("office",)),
            )
        },
        {"acceptance": (acceptance("all", 50), acceptance("linen", 50, categories=("linen",)))},
        {"segregation": (apart("one", "buyer", "receiver"), apart("two", "buyer", "receiver", scope="case"))},
    ],
)
def test_rows_that_each_decide_something_are_no_flaw(over: dict[str, Any]) -> None:
    assert reasons(policy(**over)) == []


def some_of(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True).map(tuple)


LEVELS = ("cost-centre-owner", "finance-controller")
service_rows = st.lists(st.tuples(some_of(LEVELS), some_of(URGENCIES), st.integers(0, 3)), max_size=6).map(
    lambda rows: tuple(
        service(f"row-{number}", levels=levels, urgencies=urgencies, amount_from=Decimal(amount))
        for number, (levels, urgencies, amount) in enumerate(rows)
    )
)


@given(service_rows)
def test_a_service_level_is_called_idle_only_if_no_request_is_decided_by_it(rows: tuple[ServiceLevelRule, ...]) -> None:
    of = policy(service_levels=rows)
    idle = {flaw.name for flaw in prove(of, CATEGORIES) if flaw.part == "service_levels"}
    deciding = {
        clocks(of, level, urgency, Decimal(amount)).rule
        for level, urgency, amount in product(of.levels, URGENCIES, range(5))
    }
    assert {row.name for row in rows} - deciding == idle


pairs = st.lists(st.tuples(some_of(("N-1", "N-2")), some_of(CATEGORIES)), max_size=6)


@given(pairs)
def test_the_same_holds_of_tolerances_and_budgets(rows: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    tolerances = tuple(
        ToleranceRule(name=f"{n}", suppliers=one, categories=two, tolerances=Tolerances(delivery_days=n))
        for n, (one, two) in enumerate(rows)
    )
    budgets = tuple(budget(f"{n}", cost_centres=one, categories=two) for n, (one, two) in enumerate(rows))
    of = policy(tolerance_rules=tolerances, budget_rules=budgets, tolerances=Tolerances(delivery_days=90))
    flaws = prove(of, CATEGORIES)
    days = {tolerances_of(of, *pair).delivery_days for pair in product((*CATEGORIES, "else"), ("N-1", "N-2", "else"))}
    idle = {int(flaw.name) for flaw in flaws if flaw.part == "tolerance_rules"}
    assert set(range(len(rows))) - days == idle
    assert idle == {int(flaw.name) for flaw in flaws if flaw.part == "budget_rules"}
    loose = policy(budget_rules=budgets)
    assert {budget_behaviour(loose, [a], [b]) for a, b in product(("N-1", "x"), CATEGORIES)} <= {"stop", "warn"}


acceptance_rows = st.lists(st.tuples(some_of(CATEGORIES), st.integers(1, 3)), max_size=5).map(
    lambda rows: tuple(acceptance(f"{n}", most, categories=found) for n, (found, most) in enumerate(rows))
)


@given(acceptance_rows, st.sampled_from(CATEGORIES), st.integers(0, 4))
def test_where_the_proof_is_silent_the_order_of_acceptance_rules_does_not_matter(
    rows: tuple[AcceptanceRule, ...], category: str, amount: int
) -> None:
    one, other = policy(acceptance=rows), policy(acceptance=tuple(reversed(rows)))
    if prove(one, CATEGORIES):
        return
    found = [accepted_by_rule(of, "off-contract", usd(amount), [category]) for of in (one, other)]
    assert (found[0] is None) is (found[1] is None)
    matching = [row for row in rows if not row.categories or category in row.categories]
    assert len({row.max_amount for row in matching}) <= 1


boxes = st.tuples(*[st.frozensets(st.sampled_from("abc"))] * 3)


@given(boxes, st.lists(boxes, max_size=5))
def test_what_is_left_over_is_neither_too_much_nor_too_little(
    box: tuple[frozenset[str], ...], taken: list[tuple[frozenset[str], ...]]
) -> None:
    rest = left_over(box, taken)
    for point in product("abc", repeat=3):
        wanted = _holds(box, point) and not any(_holds(each, point) for each in taken)
        assert wanted is (sum(_holds(each, point) for each in rest) == 1)
    assert all(not meet(piece, other) for piece in rest for other in taken)


def _holds(box: tuple[frozenset[str], ...], point: tuple[str, ...]) -> bool:
    return all(value in values for value, values in zip(point, box, strict=True))
