"""The proof finds what is wrong with a policy, and agrees with trying every request at the edges of the bands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.policy.model import BudgetRule, FrozenPolicy, RoutingRule
from domain.policy.proof import URGENCIES, escalation_chain, prove, uncovered
from domain.routing import RequestFacts, route
from tests.fixtures.small_policy import level, policy, rule

CATEGORIES = ("office", "linen", "pharmacy")


def facts_of(amount: Decimal, category: str, urgency: str) -> RequestFacts:
    return RequestFacts(amount=Money(amount=amount, currency="USD"), categories=(category,), urgency=urgency)


def reasons(of: FrozenPolicy) -> list[str]:
    return [f"{flaw.part} {flaw.name}: {flaw.reason}" for flaw in prove(of, CATEGORIES)]


def test_a_sound_policy_has_no_flaw() -> None:
    assert reasons(policy()) == []


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        (
            {"routing": (rule("small", amount_below=100), rule("large", amount_from=101))},
            "routing : nobody approves requests from 100 to below 101 USD of any category",
        ),
        (
            {"routing": (rule("all", amount_below=1000),)},
            "routing : nobody approves requests from 1,000 USD on of any category",
        ),
        (
            {"routing": (rule("all", categories=("office", "linen", "pharmacy")),)},
            "routing : nobody approves requests from 0 USD on of (a category that the policy does not list)",
        ),
        (
            {"routing": (rule("all", urgencies=("routine", "urgent")),)},
            "routing : nobody approves emergency requests from 0 USD on of any category",
        ),
        (
            {"routing": (rule("all"), rule("none", amount_from=50, amount_below=50))},
            "rule none: can never match: no amount is from 50 and below 50",
        ),
        (
            {"routing": (rule("all"), rule("zoo", categories=("giraffes",)))},
            "rule zoo: can never match: the policy lists none of its categories",
        ),
        (
            {"routing": (rule("all"), rule("calm", urgencies=("whenever",)))},
            "rule calm: can never match: there is no such urgency",
        ),
        (
            {"routing": (rule("all"), rule("who", levels=("janitor",)))},
            "rule who: demands janitor, which is no level",
        ),
        (
            {"levels": (level("cost-centre-owner", "finance-controller"), level("finance-controller", "janitor"))},
            "level finance-controller: janitor is no role",
        ),
        (
            {"levels": (level("cost-centre-owner", role="requester"),)},
            "level cost-centre-owner: a requester may not approve",
        ),
        (
            {"levels": (level("cost-centre-owner", remind_after_hours=24),)},
            "level cost-centre-owner: the reminder must come before the escalation",
        ),
        (
            {"levels": (level("cost-centre-owner", "cost-centre-owner"),)},
            "level cost-centre-owner: its escalation never ends: cost-centre-owner -> cost-centre-owner",
        ),
        ({"exception_owners": {"off-contract": "janitor"}}, "exception off-contract: its owner janitor is no role"),
        ({"exception_owners": {"off-piste": "buyer"}}, "exception off-piste: no such exception in the catalogue"),
        ({"budget": BudgetRule(override_role="requester")}, "budget : requester cannot decide it"),
    ],
)
def test_each_flaw_is_found_and_named(over: dict[str, Any], reason: str) -> None:
    assert reasons(policy(**over)) == [reason]


def test_a_chain_ends_where_nobody_is_above() -> None:
    levels = (level("cost-centre-owner", "finance-controller"), level("finance-controller"))
    assert escalation_chain(levels, "cost-centre-owner") == (
        ("cost-centre-owner", "finance-controller", "process-owner"),
        True,
    )
    assert escalation_chain(levels, "auditor") == (("auditor",), True)


edges = st.integers(0, 6).map(Decimal)
rules = st.builds(
    rule,
    name=st.just("some"),
    amount_from=edges,
    amount_below=st.none() | edges,
    categories=st.sets(st.sampled_from(CATEGORIES)).map(tuple),
    urgencies=st.sets(st.sampled_from(URGENCIES)).map(tuple),
    levels=st.sampled_from([("cost-centre-owner",), ("finance-controller",)]),
)


@given(st.lists(rules, max_size=8), st.sampled_from(CATEGORIES), st.sampled_from(URGENCIES))
def test_the_proof_agrees_with_trying_every_amount(table: list[RoutingRule], category: str, urgency: str) -> None:
    tried = policy(routing=tuple(table))
    gaps = uncovered(table, category, urgency)
    for half_steps in range(16):
        amount = Decimal(half_steps) / 2
        approved = bool(route(tried, facts_of(amount, category, urgency)).levels)
        in_gap = any(gap.lower <= amount and (gap.upper is None or amount < gap.upper) for gap in gaps)
        assert approved is not in_gap


@given(st.lists(rules, max_size=8))
def test_a_rule_is_called_unreachable_only_if_no_request_reaches_it(table: list[RoutingRule]) -> None:
    for each in table:
        alone = policy(routing=(each,))
        called = any(flaw.part == "rule" for flaw in prove(alone, CATEGORIES))
        reached = any(
            route(alone, facts_of(Decimal(amount), category, urgency)).rules
            for amount in range(8)
            for category in CATEGORIES
            for urgency in URGENCIES
        )
        assert reached is not called
