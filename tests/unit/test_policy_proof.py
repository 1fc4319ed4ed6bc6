"""The proof finds what is wrong with a policy, and agrees with trying every request at the edges of the bands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.policy.bands import uncovered
from domain.policy.flaws import URGENCIES
from domain.policy.model import AuthorityLimit, BudgetRule, FrozenPolicy, RoutingRule
from domain.policy.proof import escalation_chain, prove
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
        (
            {"routing": (rule("all", cost_centres=("N-1", "N-2")),)},
            "routing : nobody approves requests from 0 USD on of any category",
        ),
        (
            {"routing": (rule("all", risks=("low", "elevated", "high", "new")),)},
            "routing : nobody approves requests from 0 USD on of any category",
        ),
        (
            {"routing": (rule("all", facilities=("south",)), rule("clinics", kinds=("clinic",)))},
            "routing : nobody approves requests from 0 USD on of any category",
        ),
        (
            {"routing": (rule("low", requester_level_below=5), rule("high", requester_level_from=7))},
            "routing : nobody approves requests from 0 USD on by somebody of job level 5 to below 7 of any category",
        ),
        (
            {"routing": (rule("high", requester_level_from=5),)},
            "routing : nobody approves requests from 0 USD on by somebody of a job level below 5 of any category",
        ),
        (
            {"routing": (rule("all"), rule("who", requester_level_from=5, requester_level_below=5))},
            "rule who: can never match: no job level is from 5 on and below 5",
        ),
        (
            {
                "levels": (
                    level("cost-centre-owner", stage="reviews"),
                    level("buyer"),
                    level("finance-controller", stage="reviews"),
                )
            },
            "level finance-controller: is of the stage reviews, whose other levels are not its neighbours",
        ),
        (
            {
                "levels": (level("cost-centre-owner", approvers="management-chain", needs=2),),
                "authority": (AuthorityLimit(job_level=3, amount=Decimal(100)),),
            },
            "level cost-centre-owner: climbs the management chain, which is asked one by one: it cannot need 2",
        ),
        (
            {"levels": (level("cost-centre-owner", approvers="management-chain"),)},
            "level cost-centre-owner: climbs the management chain until somebody has the authority, "
            "and no job level has any",
        ),
        ({"exception_owners": {"off-contract": "janitor"}}, "exception off-contract: its owner janitor is no role"),
        ({"exception_owners": {"off-piste": "buyer"}}, "exception off-piste: no such exception in the catalogue"),
        ({"budget": BudgetRule(override_role="requester")}, "budget : requester cannot decide it"),
    ],
)
def test_each_flaw_is_found_and_named(over: dict[str, Any], reason: str) -> None:
    assert reasons(policy(**over)) == [reason]


def test_two_rules_that_share_the_job_levels_leave_nobody_out() -> None:
    split = (rule("low", requester_level_below=5), rule("high", requester_level_from=5))
    assert reasons(policy(routing=split)) == []


def test_neighbours_may_share_a_stage() -> None:
    together = (
        level("cost-centre-owner"),
        level("it-security", stage="reviews"),
        level("pharmacy-director", stage="reviews"),
        level("finance-controller"),
    )
    assert reasons(policy(levels=together)) == []


def test_two_levels_of_one_role_each_have_a_way_up_that_ends() -> None:
    """A role's second level may pass its questions on to somebody else than its first one does."""
    levels = (
        level("cost-centre-owner", "finance-controller"),
        level("finance-controller"),
        level("committee", "buyer", role="finance-controller"),
        level("buyer", "finance-controller"),
    )
    told = reasons(policy(levels=levels))
    assert told == [
        "level committee: its escalation never ends: finance-controller -> buyer -> finance-controller",
    ]


def test_a_chain_ends_where_nobody_is_above() -> None:
    levels = (level("cost-centre-owner", "finance-controller"), level("finance-controller"))
    assert escalation_chain(levels, "cost-centre-owner") == (
        ("cost-centre-owner", "finance-controller", "process-owner"),
        True,
    )
    assert escalation_chain(levels, "auditor") == (("auditor",), True)


FITTING = {"cost_centres": ("N-1",), "risks": ("new",)}
edges = st.integers(0, 6).map(Decimal)
rules = st.builds(
    rule,
    name=st.just("some"),
    amount_from=edges,
    amount_below=st.none() | edges,
    categories=st.sets(st.sampled_from(CATEGORIES)).map(tuple),
    urgencies=st.sets(st.sampled_from(URGENCIES)).map(tuple),
    requester_level_from=st.none() | st.integers(1, 4),
    requester_level_below=st.none() | st.integers(1, 4),
    cost_centres=st.sampled_from([(), (), ("N-1",)]),
    risks=st.sampled_from([(), (), ("new",)]),
    levels=st.sampled_from([("cost-centre-owner",), ("finance-controller",)]),
)


@given(
    st.lists(rules, max_size=8), st.sampled_from(CATEGORIES), st.sampled_from(URGENCIES), st.none() | st.integers(0, 5)
)
def test_the_proof_agrees_with_trying_every_amount(
    table: list[RoutingRule], category: str, urgency: str, job_level: int | None
) -> None:
    """Of requests on another cost centre, from the store room alone: what is sure for them is sure for any."""
    tried = policy(routing=tuple(table))
    gaps = uncovered(table, category, urgency, job_level)
    for half_steps in range(16):
        amount = Decimal(half_steps) / 2
        facts = facts_of(amount, category, urgency).model_copy(update={"requester_level": job_level})
        approved = bool(route(tried, facts).levels)
        in_gap = any(gap.lower <= amount and (gap.upper is None or amount < gap.upper) for gap in gaps)
        assert approved is not in_gap


@given(st.lists(rules, max_size=8))
def test_a_rule_is_called_unreachable_only_if_no_request_reaches_it(table: list[RoutingRule]) -> None:
    for each in table:
        alone = policy(routing=(each,))
        called = any(flaw.part == "rule" for flaw in prove(alone, CATEGORIES))
        reached = any(
            route(
                alone, facts_of(Decimal(amount), category, urgency).model_copy(update=FITTING | {"requester_level": at})
            ).rules
            for amount in range(8)
            for category in CATEGORIES
            for urgency in URGENCIES
            for at in range(6)
        )
        assert reached is not called
