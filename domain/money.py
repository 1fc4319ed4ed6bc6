"""Amounts of money: exact decimals in one ISO 4217 currency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from domain.model import Value

# ISO 4217 exponents that differ from the usual two.
_MINOR_UNITS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3}
MAX_AMOUNT = Decimal("999999999999.9999")
# Two numbers of 18 digits multiply without rounding; Python's default of 28 digits would round first.
_WIDE = Context(prec=60)


_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")


def _not_a_float(value: Any) -> Any:
    """Strings and whole numbers become decimals here: strict readers would otherwise refuse both behind a validator."""
    if isinstance(value, Decimal):  # nearly all: what was read before is passed on from model to model
        return value
    if isinstance(value, str):
        if not _PLAIN_NUMBER.fullmatch(value):
            raise ValueError("write a decimal number such as '10' or '-0.25'")
        return Decimal(value)
    if isinstance(value, float):
        raise ValueError("send decimal numbers as strings, such as '10.00': binary fractions are not exact")
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    return Decimal(value) if isinstance(value, int) else value


def _bounded(value: Decimal) -> Decimal:
    if abs(value) > MAX_AMOUNT:
        raise ValueError(f"must not exceed {MAX_AMOUNT}")
    return value


ExactDecimal = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=18, decimal_places=6),  # innermost, where pydantic checks it natively
    BeforeValidator(_not_a_float),
    AfterValidator(_bounded),
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, such as USD")]


def minor_units(currency: str) -> int:
    """Number of decimal places of a currency by ISO 4217."""
    return _MINOR_UNITS.get(currency, 2)


class CurrencyMismatchError(ValueError):
    """Two amounts in different currencies were combined."""


class Money(Value):
    """An amount in one currency. Arithmetic is exact; only `rounded` and `split` round, half up, to the minor unit."""

    amount: ExactDecimal
    currency: CurrencyCode

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(amount=Decimal(0), currency=currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Sum of `amounts`; an empty sum is zero in `currency`. Raises CurrencyMismatchError."""
        result = cls.zero(currency)
        for each in amounts:
            result = result + each
        return result

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"cannot combine {self.currency} with {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(amount=self.amount - other.amount, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.rounded().amount:,} {self.currency}"

    def times(self, factor: Decimal | int) -> Money:
        """The exact product with a quantity or a rate, not yet rounded (six decimal places are kept).

        Raises ValueError when it exceeds MAX_AMOUNT.
        """
        product = _bounded(_WIDE.multiply(self.amount, Decimal(factor)))
        six_places = product.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP, context=_WIDE)
        return Money(amount=six_places, currency=self.currency)

    def rounded(self) -> Money:
        """To the currency's minor unit, half up (the commercial rule)."""
        step = Decimal(1).scaleb(-minor_units(self.currency))
        return Money(amount=self.amount.quantize(step, rounding=ROUND_HALF_UP), currency=self.currency)

    def split(self, weights: Sequence[Decimal]) -> tuple[Money, ...]:
        """Shares by weight whose sum is this rounded amount to the cent; the last shares carry the remainder.

        Raises ValueError when the weights are empty, negative or sum to zero.
        """
        whole = sum(weights, Decimal(0))
        if not weights or whole <= 0 or min(weights) < 0:
            raise ValueError("weights must not be negative and must have a positive sum")
        total, shares, given, seen = self.rounded(), [], Money.zero(self.currency), Decimal(0)
        for weight in weights:
            seen += weight
            upto = Money(amount=(total.amount * seen / whole).quantize(Decimal("0.000001")), currency=self.currency)
            shares.append(upto.rounded() - given)
            given = upto.rounded()
        return tuple(shares)
