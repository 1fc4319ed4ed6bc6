"""When an amendment is approved anew."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amending import effect_of
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import AmendmentRule
from tests.fixtures.purchases import usd

RULE = AmendmentRule(increase_percent=Decimal(10), increase_amount=Decimal(250))


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        (1000, 1000, False),
        (1000, 1100, False),
        (1000, "1100.01", True),
        (10_000, 10_250, False),
        (10_000, "10250.01", True),
        (1000, 1, False),
        (0, "0.01", True),
        (0, 0, False),
    ],
)
def test_either_bound(before: int, after: int | str, needed: bool) -> None:
    effect = effect_of(usd(before), usd(after), ("small",), ("small",), RULE)
    assert effect.needs_approval is needed
    assert bool(effect.reasons) is needed


def test_another_rule_that_fires() -> None:
    effect = effect_of(usd(990), usd(1000), ("small",), ("small", "it-security", "it-security"), RULE)
    assert effect.needs_approval
    assert effect.reasons == ("Rule 'it-security' applies now and did not before.",)


def test_a_rule_that_fires_no_more_needs_nobody() -> None:
    assert not effect_of(usd(990), usd(900), ("small", "it-security"), ("small",), RULE).needs_approval


def test_every_reason_is_told() -> None:
    assert effect_of(usd(1000), usd(9000), ("small",), ("large",), RULE).reasons == (
        "The total rises by 8,000.00 USD, more than 250.00 USD.",
        "The total rises from 1,000.00 USD to 9,000.00 USD, by more than 10 percent.",
        "Rule 'large' applies now and did not before.",
    )


def test_currencies_are_not_compared() -> None:
    with pytest.raises(CurrencyMismatchError):
        effect_of(usd(1), Money(amount=Decimal(1), currency="EUR"), (), (), RULE)


amounts = st.decimals(min_value=0, max_value=10**6, places=2)


@given(amounts, amounts, amounts)
def test_a_larger_increase_never_needs_less(before: Decimal, after: Decimal, more: Decimal) -> None:
    smaller = effect_of(usd(before), usd(after), (), (), RULE)
    larger = effect_of(usd(before), usd(after + more), (), (), RULE)
    assert larger.needs_approval >= smaller.needs_approval
    assert smaller.needs_approval is bool(smaller.reasons)
    assert after > before or not smaller.needs_approval
