"""What the decision tables say: the first row decides, or every row that matches says the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import CurrencyMismatchError, Money
from domain.policy.model import (
    AcceptanceRule,
    BudgetBehaviourRule,
    BudgetRule,
    ServiceLevelRule,
    ToleranceRule,
    Tolerances,
)
from domain.policy.tables import (
    ALARMS,
    accepted_by_rule,
    budget_behaviour,
    clocks,
    line_tolerances,
    tolerances_of,
)
from domain.tolerance import LineTolerances
from tests.fixtures.small_policy import policy, usd

STRICT, LOOSE = Tolerances(price_percent=Decimal(0)), Tolerances(price_percent=Decimal(9))


def test_the_first_service_level_that_matches_sets_the_clocks() -> None:
    table = (
        ServiceLevelRule(
            name="urgent-and-large",
            urgencies=("urgent",),
            amount_from=Decimal(1000),
            remind_after_hours=1,
            escalate_after_hours=2,
        ),
        ServiceLevelRule(
            name="urgent", urgencies=("urgent", "emergency"), remind_after_hours=3, escalate_after_hours=4
        ),
        ServiceLevelRule(
            name="controller", levels=("finance-controller",), remind_after_hours=5, escalate_after_hours=6
        ),
    )
    of = policy(service_levels=table)
    owner, controller = of.levels
    assert clocks(of, owner, "urgent", Decimal(1000)).rule == "urgent-and-large"
    assert clocks(of, owner, "urgent", Decimal("999.99")).remind_after_hours == 3
    assert clocks(of, controller, "emergency", Decimal(5000)).escalate_after_hours == 4
    assert clocks(of, controller, "routine", Decimal(5000)).rule == "controller"
    own = clocks(of, owner, "routine", Decimal(5000))
    assert (own.remind_after_hours, own.escalate_after_hours, own.rule) == (8, 24, None)


def test_the_first_tolerance_rule_that_matches_counts_else_the_general_ones() -> None:
    table = (
        ToleranceRule(name="medicines", categories=("pharmacy",), tolerances=STRICT),
        ToleranceRule(name="old-friend", suppliers=("S-1",), tolerances=LOOSE),
    )
    of = policy(tolerance_rules=table)
    assert tolerances_of(of, "pharmacy", "S-1") == STRICT
    assert tolerances_of(of, "office", "S-1") == LOOSE
    assert tolerances_of(of, "office", "") == of.tolerances


def test_a_line_that_is_not_known_has_the_general_tolerances() -> None:
    some = LineTolerances(general=STRICT, lines={2: LOOSE})
    assert (some.of(1), some.of(2)) == (STRICT, LOOSE)
    table = (
        ToleranceRule(name="medicines", categories=("pharmacy",), tolerances=STRICT),
        ToleranceRule(name="old-friend", suppliers=("S-1",), tolerances=LOOSE),
    )
    of = line_tolerances(policy(tolerance_rules=table), {1: "pharmacy", 2: "office"}, "S-1")
    assert (of.of(1), of.of(2), of.of(3)) == (STRICT, LOOSE, LOOSE)


def test_over_several_lines_the_strictest_behaviour_counts() -> None:
    table = (
        BudgetBehaviourRule(name="building", cost_centres=("N-1",), behaviour="ignore"),
        BudgetBehaviourRule(name="medicines", categories=("pharmacy",), behaviour="warn"),
    )
    of = policy(budget_rules=table)
    assert budget_behaviour(of, ["N-1"], ["pharmacy"]) == "ignore"
    assert budget_behaviour(of, ["N-1", "N-2"], ["pharmacy"]) == "warn"
    assert budget_behaviour(of, ["N-1", "N-2"], ["pharmacy", "office"]) == "stop"
    assert budget_behaviour(of, [], ["pharmacy"]) == "warn"
    assert budget_behaviour(of, [], []) == "stop"
    assert budget_behaviour(policy(budget=BudgetRule(behaviour="ignore")), ["N-1"], ["office"]) == "ignore"


@given(
    st.lists(
        st.builds(
            BudgetBehaviourRule,
            name=st.just("some"),
            cost_centres=st.sets(st.sampled_from("ABC")).map(tuple),
            categories=st.sets(st.sampled_from("xyz")).map(tuple),
            behaviour=st.sampled_from(("stop", "warn", "ignore")),
        ),
        max_size=5,
    ),
    st.sets(st.sampled_from("ABC")),
    st.sets(st.sampled_from("xyz")),
    st.sampled_from("ABC"),
)
def test_another_line_never_loosens_a_budget(
    table: list[BudgetBehaviourRule], cost_centres: set[str], categories: set[str], added: str
) -> None:
    order = ("stop", "warn", "ignore")
    of = policy(budget_rules=tuple(table))
    before = budget_behaviour(of, cost_centres or {"A"}, categories)
    after = budget_behaviour(of, (cost_centres or {"A"}) | {added}, categories)
    assert order.index(after) <= order.index(before)


def acceptance(code: str, most: int, *categories: str) -> AcceptanceRule:
    return AcceptanceRule(
        name=f"accept-{code}", reason="for this test", code=code, categories=categories, max_amount=Decimal(most)
    )


def test_an_exception_is_accepted_by_rule_up_to_the_amount_and_for_covered_categories_only() -> None:
    of = policy(acceptance=(acceptance("off-contract", 50, "office", "food"), acceptance("contract-expired", 100)))
    assert accepted_by_rule(of, "off-contract", usd(50), ["office"]) == of.acceptance[0]
    assert accepted_by_rule(of, "off-contract", usd("50.01"), ["office"]) is None
    assert accepted_by_rule(of, "off-contract", usd(50), ["office", "linen"]) is None
    assert accepted_by_rule(of, "off-contract", usd(50), []) is None
    assert accepted_by_rule(of, "contract-expired", usd(100), []) == of.acceptance[1]
    assert accepted_by_rule(of, "split-suspected", usd(1), ["office"]) is None


def test_what_people_may_not_accept_no_rule_accepts_either() -> None:
    codes = ("supplier-blocked", "no-such-exception", *ALARMS)
    of = policy(acceptance=tuple(acceptance(code, 1000) for code in codes))
    assert all(accepted_by_rule(of, code, usd(1), ["office"]) is None for code in codes)


def test_a_limit_is_not_compared_with_another_currency() -> None:
    with pytest.raises(CurrencyMismatchError):
        accepted_by_rule(policy(), "off-contract", Money(amount=Decimal(1), currency="EUR"), ["office"])
