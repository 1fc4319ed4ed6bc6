"""What the rules of EN 16931 need of a document beyond the invoice that was read of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Literal

from domain.capture import DocumentFinding
from domain.model import Value

Faults = Iterator[DocumentFinding]
Identification = Literal["seller-vat", "seller-tax", "representative-vat", "buyer-vat", "buyer-legal"]

# Sums over 20,000 lines of 18 digits each are exact in this context.
_WIDE = Context(prec=60)
_HALF = Decimal("0.5")


class Stated(Value):
    """`absent` holds JSON pointers into the invoice of the terms that its document leaves out, where the invoice has a
    default; three of them lead to nothing: '/specification' (BT-24), '/payment_means' (BT-81), '/seller/identifier'.

    `identified` says which tax registrations are given. `tax_totals` counts the total tax amounts in the invoice's
    currency. `strict_lines` is false where no rule of the sender's obliges price times quantity to be the net amount.
    """

    absent: frozenset[str] = frozenset()
    identified: frozenset[Identification] = frozenset()
    tax_totals: int = 1
    tax_point_twice: bool = False
    strict_lines: bool = True


def rounded(number: Decimal) -> Decimal:
    """To a whole number, ties towards positive infinity: XPath's round, in which the rules are published."""
    return _WIDE.add(number, _HALF).to_integral_value(rounding=ROUND_FLOOR, context=_WIDE)


def cents(number: Decimal) -> Decimal:
    """To two decimals, ties towards positive infinity, whatever the currency: the rules know no other."""
    return rounded(number.scaleb(2, context=_WIDE)).scaleb(-2, context=_WIDE)


def product(left: Decimal, right: Decimal) -> Decimal:
    """Exact up to 60 digits."""
    return _WIDE.multiply(left, right)


def fault(rule: str, pointer: str, message: str, severity: Literal["fatal", "warning"] = "fatal") -> DocumentFinding:
    """A finding placed by JSON pointer; readers of other formats lead it to their own place."""
    return DocumentFinding(rule=rule, place=pointer, message=message, severity=severity)
