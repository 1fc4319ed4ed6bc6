"""Matching an invoice line by line against orders and receipts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from domain.exceptions import Finding
from domain.invoice import Invoice
from domain.model import Value
from domain.money import Money
from domain.payables import OrderPosition, PostingLine
from domain.policy.model import FrozenPolicy

LineState = Literal["matched", "tolerated", "accepted", "exception", "waiting", "non-order", "charge"]
"""'waiting': billed before it is received. 'accepted': outside tolerance, and a person or a rule accepted it."""


class LineMatch(Value):
    """`quantity` is counted in the order line's unit; `expected_price` is the order's, per that unit. `variance` is
    what the line bills beyond the order's price for its quantity. `codes` are the exceptions that it raises.
    `payable` is what of the line's amount is to be paid: less than `amount` when it is short-paid.
    """

    line: int
    state: LineState
    order_number: str = ""
    order_line: int | None = None
    ways: int = 0
    quantity: Decimal = Decimal(0)
    expected_price: Money | None = None
    price: Money | None = None
    amount: Money
    payable: Money
    variance: Money
    codes: tuple[str, ...] = ()
    note: str = ""


class Accepted(Value):
    """An exception that was let pass, for all lines that raised it. `short_pay` pays only what matches."""

    code: str
    short_pay: bool = False


class MatchResult(Value):
    """`first_pass` counts lines that matched without exception among `order_lines`. `gate` opens the way to posting
    and payment: every line matched, tolerated, accepted or coded. `findings` has at most one per code, its evidence
    names the first lines concerned. `waiting_for` are orders whose receipts would solve the rest.
    """

    lines: tuple[LineMatch, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    order_lines: int = 0
    first_pass: int = 0
    gate: bool = False
    waiting_for: tuple[str, ...] = ()
    payable: Money
    withheld: Money


def match(
    invoice: Invoice,
    supplier: str,
    orders: Sequence[OrderPosition],
    policy: FrozenPolicy,
    accepted: Sequence[Accepted] = (),
    credited: Sequence[Invoice] = (),
) -> MatchResult:
    """Match every line. `orders` are all that the invoice names, and open ones of the supplier that could be meant."""
    raise NotImplementedError


def posting_lines(invoice: Invoice, result: MatchResult) -> tuple[PostingLine, ...]:
    """What each line books; with the tax they sum to the payable amount plus what is withheld, to the cent."""
    raise NotImplementedError
