"""Money is exact, in one currency, and never loses a cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import MAX_AMOUNT, CurrencyMismatchError, Money, minor_units

currencies = st.sampled_from(("USD", "EUR", "JPY", "KWD"))
amounts = st.decimals(min_value="-99999999", max_value="99999999", places=6)
moneys = st.builds(Money, amount=amounts, currency=currencies)
weights = st.lists(st.decimals(min_value=0, max_value=1000, places=4), min_size=1, max_size=20).filter(
    lambda parts: sum(parts) > 0
)


@given(moneys, weights)
def test_shares_sum_to_the_rounded_amount(money: Money, parts: list[Decimal]) -> None:
    shares = money.split(parts)
    assert len(shares) == len(parts)
    assert Money.total(shares, money.currency) == money.rounded()
    assert all(share == share.rounded() for share in shares)


@given(moneys, weights)
def test_shares_are_fair(money: Money, parts: list[Decimal]) -> None:
    """No share is a whole minor unit off its exact part, and none has the other sign."""
    whole, step = sum(parts), Decimal(1).scaleb(-minor_units(money.currency))
    for share, weight in zip(money.split(parts), parts, strict=True):
        assert abs(share.amount - money.rounded().amount * weight / whole) <= step + Decimal("0.00001")
        assert share.amount * money.amount >= 0


@pytest.mark.parametrize("parts", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_weights_that_share_nothing(parts: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(amount=Decimal(1), currency="USD").split(parts)


@given(st.one_of(st.floats(), st.booleans()), currencies)
def test_no_binary_fraction_is_money(amount: float, currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": currency})


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1e400", "0.0000001", "1000000000000", "", "ten"])
def test_no_amount_at_all(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "USD"})


@pytest.mark.parametrize("currency", ["usd", "US", "DOLLAR", "", "U$D"])
def test_no_currency_at_all(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": "1", "currency": currency})


@given(moneys, moneys)
def test_currencies_do_not_mix(one: Money, other: Money) -> None:
    if one.currency == other.currency:
        assert (one + other) - other == one
        assert (one < other) + (one == other) + (one > other) == 1
        return
    for operation in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(CurrencyMismatchError):
            operation(one, other)
    assert one != other


@given(moneys)
def test_rounding_is_half_up_and_happens_once(money: Money) -> None:
    once = money.rounded()
    assert once.rounded() == once
    assert abs((once - money).amount) <= Decimal("0.5").scaleb(-minor_units(money.currency))
    assert -once == (-money).rounded()


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.005", "USD", "0.01"), ("-0.005", "USD", "-0.01"), ("0.5", "JPY", "1"), ("0.0005", "KWD", "0.001")],
)
def test_half_goes_up(amount: str, currency: str, rounded: str) -> None:
    assert Money(amount=Decimal(amount), currency=currency).rounded().amount == Decimal(rounded)


@given(moneys)
def test_money_survives_the_wire(money: Money) -> None:
    again = Money.model_validate_json(money.model_dump_json())
    assert again == money
    assert str(again.amount) == str(money.amount)
    assert hash(again) == hash(money)


@given(amounts, st.integers(0, 9999))
def test_times_is_repeated_addition(amount: Decimal, count: int) -> None:
    money = Money(amount=amount, currency="USD")
    assert money.times(count).amount == amount * count


def test_what_does_not_fit_is_refused_instead_of_rounded() -> None:
    most = Money(amount=MAX_AMOUNT, currency="USD")
    for factor in (2, 10**6, 10**18):
        with pytest.raises(ValueError, match=r"exceed|digits|too large"):
            most.times(factor)
    with pytest.raises(ValueError, match=r"exceed|digits"):
        most + most


def test_money_reads_with_its_currency() -> None:
    assert str(Money(amount=Decimal("-1234567.891"), currency="USD")) == "-1,234,567.89 USD"
    assert str(Money(amount=Decimal(1234), currency="JPY")) == "1,234 JPY"
    assert not Money.zero("USD")
