"""Who approves what: the routing table as it is used, and laws that hold for the rules of every facility."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.policy_files import FilePolicyStore
from domain.exceptions import CATALOGUE
from domain.money import CurrencyMismatchError, Money
from domain.policy.flaws import URGENCIES
from domain.policy.model import FrozenPolicy, RoutingRule
from domain.policy.preview import preview_of
from domain.routing import RequestFacts, Route, exception_hours, exception_owner, explain
from domain.routing import route as route_of
from tests.fixtures.policies import POLICIES

DAY = date(2026, 11, 23)
STORE = FilePolicyStore(POLICIES)
CATEGORIES = STORE.categories(DAY)
CODES = tuple(facility.code for facility in STORE.facilities())


def policy_of(code: str) -> FrozenPolicy:
    policy = STORE.effective(code, DAY)
    assert policy is not None
    return policy


def usd(amount: str | Decimal) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def route(policy: FrozenPolicy, amount: Money, categories: Iterable[str], urgency: str) -> Route:
    return route_of(policy, RequestFacts(amount=amount, categories=tuple(sorted(categories)), urgency=urgency))


def names(found: Route) -> list[str]:
    return [each.level.name for each in found.levels]


def test_a_level_that_several_rules_demand_is_asked_once_and_names_them_all() -> None:
    imaging = route(policy_of("harbor"), usd("250000"), ["imaging"], "routine")
    last = imaging.levels[-1]
    assert names(imaging).count("chief-financial-officer") == 1
    assert last.rules == ("cfo-approves-from-threshold", "harbor-cfo-approves-imaging")
    assert len(last.reasons) == 2


def test_levels_are_asked_in_the_order_of_the_policy_and_not_of_the_rules() -> None:
    policy = policy_of("north")
    turned = policy.model_copy(update={"routing": tuple(reversed(policy.routing))})
    request = (usd("150000"), ["pharmacy", "it-services"], "routine")
    asked = names(route(policy, *request))
    assert names(route(turned, *request)) == asked
    assert asked == [each.name for each in policy.levels if each.name in asked]
    assert len(asked) == 6


def test_a_request_that_no_rule_matches_has_an_empty_route_and_says_so() -> None:
    silent = policy_of("north").model_copy(update={"routing": ()})
    found = route(silent, usd("10"), ["office"], "routine")
    assert (found.levels, found.rules) == ((), ())
    assert explain(found) == ["No rule of the policy names an approver for this request."]


def test_conditions_hold_together() -> None:
    rule = RoutingRule(
        name="urgent-linen",
        reason="for this test",
        owner="process-owner",
        categories=("linen",),
        urgencies=("urgent",),
        amount_from=Decimal(10),
        amount_below=Decimal(20),
        levels=("finance-controller",),
    )
    policy = policy_of("north").model_copy(update={"routing": (rule,)})
    assert names(route(policy, usd("10"), ["food", "linen"], "urgent")) == ["finance-controller"]
    for amount, category, urgency in (
        ("9.99", "linen", "urgent"),
        ("20", "linen", "urgent"),
        ("10", "food", "urgent"),
        ("10", "linen", "routine"),
    ):
        assert not route(policy, usd(amount), [category], urgency).rules


def test_an_amount_in_another_currency_is_not_compared_with_the_bands() -> None:
    with pytest.raises(CurrencyMismatchError):
        route(policy_of("north"), Money(amount=Decimal(1), currency="EUR"), ["office"], "routine")


def test_the_route_is_explained_level_by_level() -> None:
    words = explain(route(policy_of("north"), usd("12000"), ["it-equipment"], "routine"))
    assert len(words) == 4
    assert words[2].startswith("3. it-security: Devices and services")
    assert "(security-approves-it)" in words[2]
    assert "passed to chief-financial-officer after 24" in words[3]


def test_exceptions_go_to_the_owner_that_the_policy_names_else_to_that_of_the_catalogue() -> None:
    policy = policy_of("north").model_copy(
        update={"exception_owners": {"off-contract": "buyer"}, "exception_hours": {"off-contract": 3}}
    )
    assert (exception_owner(policy, "off-contract"), exception_hours(policy, "off-contract")) == ("buyer", 3)
    other = CATALOGUE["period-closed"]
    assert (exception_owner(policy, other.code), exception_hours(policy, other.code)) == (other.owner, other.hours)
    with pytest.raises(KeyError):
        exception_owner(policy, "no-such-exception")


def test_an_emergency_under_the_cap_is_previewed_as_one_that_goes_out_at_once() -> None:
    clinic = policy_of("elm-clinic")
    under, over = (
        preview_of(clinic, RequestFacts(amount=usd(each), categories=("surgical",), urgency="emergency"))
        for each in ("1500", "1500.01")
    )
    assert (under.retrospective, over.retrospective) == ("department-director", None)
    assert under.levels[0].escalation[-1] == "process-owner"


amounts = st.one_of(
    st.decimals(0, 1_000_000, places=2),
    st.sampled_from([Decimal(each) for each in ("0", "0.01", "499.99", "500", "999.99", "1000", "9999.99", "1e5")]),
)
mixes = st.sets(st.sampled_from(CATEGORIES))


@given(st.sampled_from(CODES), amounts, amounts, mixes, st.sampled_from(URGENCIES))
def test_raising_the_amount_never_removes_a_level(
    code: str, one: Decimal, other: Decimal, categories: set[str], urgency: str
) -> None:
    less, more = sorted((one, other))
    policy = policy_of(code)
    below = names(route(policy, usd(less), categories, urgency))
    above = names(route(policy, usd(more), categories, urgency))
    assert set(below) <= set(above)


@given(st.sampled_from(CODES), amounts, mixes, st.sampled_from(CATEGORIES), st.sampled_from(URGENCIES))
def test_another_category_never_removes_a_level(
    code: str, amount: Decimal, categories: set[str], added: str, urgency: str
) -> None:
    policy = policy_of(code)
    fewer = names(route(policy, usd(amount), categories, urgency))
    assert set(fewer) <= set(names(route(policy, usd(amount), categories | {added}, urgency)))


@given(st.sampled_from(CODES), amounts, mixes, st.sampled_from(URGENCIES))
def test_every_request_has_an_approver_once_per_level_with_a_reason(
    code: str, amount: Decimal, categories: set[str], urgency: str
) -> None:
    found = route(policy_of(code), usd(amount), categories, urgency)
    assert found.levels
    assert len(set(names(found))) == len(found.levels)
    assert all(each.rules and len(each.rules) == len(each.reasons) for each in found.levels)
    assert {rule for each in found.levels for rule in each.rules} == set(found.rules)
