"""The index finds exactly the rules that a scan of the table finds, and finds them in time."""

from __future__ import annotations

from decimal import Decimal
from timeit import repeat

from hypothesis import given
from hypothesis import strategies as st

from domain.policy.model import RoutingRule
from domain.policy.rule_index import RuleIndex, concerns, index_of
from domain.routing import READ_ROW_BY_ROW, RequestFacts, matches, route
from tests.fixtures.small_policy import FACILITY, level, policy, rule, usd

CATEGORIES, COST_CENTRES, RISKS = ("office", "linen", "food"), ("N-1", "N-2"), ("low", "new")
URGENCIES = ("routine", "urgent")
edges = st.integers(0, 5).map(Decimal)
job_levels = st.none() | st.integers(0, 4)


def some_of(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True).map(tuple)


rules = st.builds(
    rule,
    name=st.text("abc", min_size=1, max_size=3),
    amount_from=edges,
    amount_below=st.none() | edges,
    categories=some_of(CATEGORIES),
    urgencies=some_of(URGENCIES),
    cost_centres=some_of(COST_CENTRES),
    risks=some_of(RISKS),
    facilities=some_of(("north", "south")),
    kinds=some_of(("hospital", "clinic")),
    requester_level_from=job_levels,
    requester_level_below=job_levels,
    levels=some_of(("cost-centre-owner", "finance-controller")),
)
requests = st.builds(
    RequestFacts,
    amount=st.integers(0, 12).map(lambda half_steps: usd(Decimal(half_steps) / 2)),
    categories=some_of((*CATEGORIES, "unlisted")),
    urgency=st.sampled_from((*URGENCIES, "emergency")),
    cost_centres=some_of((*COST_CENTRES, "N-9")),
    risks=some_of((*RISKS, "high")),
    requester_level=st.none() | st.integers(-1, 5),
)


def scanned(table: tuple[RoutingRule, ...], facts: RequestFacts) -> list[str]:
    return [each.name for each in table if concerns(each, FACILITY) and matches(each, facts)]


@given(st.lists(rules, max_size=20).map(tuple), st.lists(requests, min_size=1, max_size=5))
def test_the_index_finds_what_a_scan_finds(table: tuple[RoutingRule, ...], asked: list[RequestFacts]) -> None:
    index = RuleIndex(table, FACILITY)
    for facts in asked:
        found = index.matching(
            facts.amount.amount,
            facts.urgency,
            facts.categories,
            facts.cost_centres,
            facts.risks,
            facts.requester_level,
        )
        assert [each.name for each in found] == scanned(table, facts)
        assert list(route(policy(routing=table), facts).rules) == scanned(table, facts)


def test_a_table_is_compiled_once_for_each_facility() -> None:
    table = large_table(100)
    assert index_of(table, FACILITY) is index_of(table, FACILITY)
    assert index_of(table, FACILITY.model_copy(update={"code": "south"})) is not index_of(table, FACILITY)


def test_a_table_with_other_rules_never_answers_for_this_one() -> None:
    """Tables come and go, and the memory of one may be given to the next."""
    for number in range(500):
        facts = RequestFacts(amount=usd(number))
        table = (rule(f"rule-{number}", amount_from=Decimal(number)),) * (READ_ROW_BY_ROW + 1)
        assert set(route(policy(routing=table), facts).rules) == {f"rule-{number}"}


def large_table(size: int) -> tuple[RoutingRule, ...]:
    """Bands of every category, urgency and cost centre, as a large health system writes them."""
    return tuple(
        rule(
            f"rule-{number}",
            amount_from=Decimal(number % 50 * 1000),
            amount_below=None if number % 3 else Decimal((number % 50 + 10) * 1000),
            categories=() if number % 10 == 0 else (f"category-{number % 40}",),
            urgencies=("urgent",) if number % 7 == 0 else (),
            cost_centres=(f"N-{number % 200}",) if number % 2 else (),
            risks=("new",) if number % 11 == 0 else (),
            requester_level_from=number % 9 if number % 13 == 0 else None,
            levels=("cost-centre-owner",) if number % 2 else ("finance-controller",),
        )
        for number in range(size)
    )


def test_two_thousand_rules_are_evaluated_in_less_than_a_millisecond() -> None:
    large = policy(routing=(rule("all"), *large_table(1999)))
    facts = RequestFacts(
        amount=usd(24_500),
        categories=("category-3", "category-17", "category-30"),
        urgency="urgent",
        cost_centres=("N-17", "N-103"),
        risks=("new", "low"),
        requester_level=5,
    )
    found = route(large, facts)
    assert len(found.rules) > 20
    assert list(found.rules) == scanned(large.routing, facts)
    best_seconds = min(repeat(lambda: route(large, facts), number=20, repeat=25)) / 20
    assert best_seconds < 0.001


def test_even_when_every_rule_matches() -> None:
    levels = tuple(level(name) for name in ("cost-centre-owner", "finance-controller"))
    large = policy(levels=levels, routing=tuple(rule(f"rule-{number}") for number in range(2000)))
    facts = RequestFacts(amount=usd(1))
    assert len(route(large, facts).rules) == 2000
    best_seconds = min(repeat(lambda: route(large, facts), number=5, repeat=25)) / 5
    assert best_seconds < 0.005
