"""What matching an invoice answers, line by line and as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from domain.exceptions import Finding
from domain.model import Value
from domain.money import Money
from domain.requisition import CostShare

LineState = Literal["matched", "tolerated", "accepted", "exception", "waiting", "non-order", "charge"]
"""'waiting': billed before it is received. 'accepted': outside tolerance, and a person or a rule accepted it."""


class LineMatch(Value):
    """`quantity` is counted in the order line's unit; `expected_price` is the order's, per that unit. `variance` is
    what the line bills beyond the order's price for its quantity. `codes` are the exceptions that it raises.
    `payable` is what of the line's amount is to be paid: less than `amount` when it is short-paid.

    All signs are the document's: what a credit note takes back is positive. `codes` of an accepted line say what was
    accepted. `disputed` is what of the quantity is not paid because it is short-paid. `costs` are those of the order
    line, or the coding of a line that no order backs.
    """

    line: int
    state: LineState
    order_number: str = ""
    order_line: int | None = None
    ways: int = 0
    quantity: Decimal = Decimal(0)
    disputed: Decimal = Decimal(0)
    expected_price: Money | None = None
    price: Money | None = None
    amount: Money
    payable: Money
    variance: Money
    codes: tuple[str, ...] = ()
    note: str = ""
    costs: tuple[CostShare, ...] = ()


class Accepted(Value):
    """An exception that was let pass, for all lines that raised it. `short_pay` pays only what matches."""

    code: str
    short_pay: bool = False


class MatchResult(Value):
    """`first_pass` counts lines that matched without exception among `order_lines`. `gate` opens the way to posting
    and payment: every line matched, tolerated, accepted or coded. `findings` has at most one per code, its evidence
    names the first lines concerned. `waiting_for` are orders whose receipts would solve the rest.

    `payable` and `withheld` are taxes included; together they are the payable amount of the document.
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


class UnmatchedInvoiceError(ValueError):
    """Somebody wants to book an invoice whose gate is shut."""
