"""What a bill or a payment must be in itself before any books take it: the same in every ERP behind the payables port.

All raise RefusedError of the system 'erp', with the code that the port promises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NoReturn

from domain.money import minor_units
from domain.outside_errors import RefusedError
from domain.payables import InvoicePosting, PaymentPosting, PostingLine
from domain.requisition import CostShare


def refuse(code: str, message: str) -> NoReturn:
    raise RefusedError("erp", code, message)


def check_bill(posting: InvoicePosting) -> None:
    """Refuse a bill that is not well formed in itself."""
    if not posting.lines or not posting.number.strip():
        refuse("data-invalid", "A bill needs a number and at least one line.")
    amounts = [posting.amount, posting.tax, posting.withheld]
    amounts += [each for line in posting.lines for each in (line.amount, line.accrual, line.variance)]
    if any(each.currency != posting.currency for each in amounts):
        refuse("currency-differs", f"An amount of the bill is not in {posting.currency}.")
    if any(each.amount != to_cents(each.amount, posting.currency) for each in amounts):
        refuse("data-invalid", "An amount of the bill has fractions of the smallest unit.")
    amount, withheld = posting.amount.amount, posting.withheld.amount
    if amount * (-1 if posting.kind == "credit-note" else 1) < 0:
        refuse("data-invalid", f"The amount of this {posting.kind} has the wrong sign.")
    if withheld * amount < 0 or abs(withheld) > abs(amount):
        refuse("data-invalid", f"{withheld} cannot be withheld of {amount}.")
    _check_balance(posting)


def _check_balance(posting: InvoicePosting) -> None:
    total = sum((line.amount.amount for line in posting.lines), posting.tax.amount)
    if total != posting.amount.amount:
        refuse("not-balanced", f"The lines and the tax sum to {total}, the bill to {posting.amount.amount}.")
    for line in posting.lines:
        if line.order_line is not None and line.amount.amount != line.accrual.amount + line.variance.amount:
            refuse("not-balanced", f"Line {line.line}: accrual and variance do not sum to its amount.")


def billed_quantity(line: PostingLine) -> Decimal:
    """What the line bills, in the order line's unit: negative where it takes something back."""
    return -abs(line.quantity) if line.accrual.amount < 0 else line.quantity


def billed_by_line(posting: InvoicePosting, order_number: str) -> dict[int, Decimal]:
    """What the bill bills of an order, by the order's line."""
    adds: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in posting.lines:
        if line.order_number == order_number and line.order_line is not None:
            adds[line.order_line] += billed_quantity(line)
    return dict(adds)


def check_payment(payment: PaymentPosting) -> None:
    """Refuse a payment that is not well formed in itself."""
    currency = payment.amount.currency
    amounts = [payment.amount, *(each for item in payment.items for each in (item.amount, item.discount))]
    if any(each.currency != currency for each in amounts):
        refuse("currency-differs", f"An amount of the payment is not in {currency}.")
    if not payment.items or payment.amount.amount <= 0:
        refuse("data-invalid", "A payment settles at least one bill and is more than zero.")
    if any(each.amount != to_cents(each.amount, currency) for each in amounts):
        refuse("data-invalid", "An amount of the payment has fractions of the smallest unit.")
    for item in payment.items:
        whole, kept = item.amount.amount, item.discount.amount
        if kept * whole < 0 or abs(kept) > abs(whole):
            refuse("data-invalid", f"{kept} cannot be kept of {whole}.")
    total = sum((item.amount.amount - item.discount.amount for item in payment.items), Decimal(0))
    if total != payment.amount.amount:
        refuse("not-balanced", f"The bills sum to {total}, the payment to {payment.amount.amount}.")


def charged(amount: Decimal, costs: Sequence[CostShare], currency: str) -> tuple[tuple[CostShare, Decimal], ...]:
    """`amount` shared among `costs`, to the cent: the last shares carry the remainder."""
    shares, seen, given = [], Decimal(0), Decimal(0)
    for share in costs:
        seen += share.percent
        upto = to_cents(amount * seen / 100, currency)
        shares.append((share, upto - given))
        given = upto
    return tuple(shares)


def to_cents(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)
