"""How both documents spell numbers, and what text they accept."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from domain.money import Money, minor_units
from domain.ports.suppliers import OrderDispatch
from domain.purchase import OrderLine

# What XML 1.0 forbids: control characters but tab and line ends, lone surrogates, the two non-characters.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def plain(number: Decimal) -> str:
    """Without an exponent and without trailing zeros: 10, 2.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(money: Money) -> str:
    """At least the currency's minor units, and further places where the price has them: 4.00, 0.0125."""
    whole, _, places = plain(money.amount).partition(".")
    places = places.ljust(minor_units(money.currency), "0")
    return f"{whole}.{places}" if places else whole


def amount(money: Money) -> str:
    return f"{money.rounded().amount:f}"


def live_lines(dispatch: OrderDispatch) -> tuple[OrderLine, ...]:
    """Lines that are still ordered; a quantity of zero says that the line was cancelled."""
    return tuple(line for line in dispatch.order.lines if line.quantity.value > 0)


def net_total(dispatch: OrderDispatch) -> Money:
    """Sum of the rounded line amounts, so that a reader who adds them up finds the same."""
    currency = dispatch.order.total.currency
    return Money.total((line.amount for line in live_lines(dispatch)), currency)


def issue_date(dispatch: OrderDispatch, today: date) -> date:
    return dispatch.issued_on or today
