"""Bills and payments as the books of the ERP in memory hold them, and what is refused of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from adapters.memory.erp_books import HeldOrder, MasterFile, refuse
from domain.invoice import normalised_number
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payables import InvoicePosting, PaymentPosting, PostedInvoice, PostingLine
from domain.voucher_rules import billed_by_line, billed_quantity

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Voucher:
    """A bill in the books. `paid` is what payments settled of it, discounts included."""

    number: str
    posting: InvoicePosting
    paid: Decimal = Decimal(0)
    reversed: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.posting.supplier, normalised_number(self.posting.number)

    @property
    def open(self) -> Decimal:
        if self.reversed:
            return Decimal(0)
        return self.posting.amount.amount - self.posting.withheld.amount - self.paid

    def view(self) -> PostedInvoice:
        status: Literal["posted", "paid", "reversed"] = "paid" if self.paid and not self.open else "posted"
        return PostedInvoice(
            number=self.number,
            external_id=self.posting.external_id,
            supplier=self.posting.supplier,
            supplier_number=self.posting.number,
            amount=self.posting.amount,
            open=Money(amount=self.open, currency=self.posting.currency),
            status="reversed" if self.reversed else status,
        )


@dataclass(frozen=True)
class BookedPayment:
    number: str
    posting: PaymentPosting
    reversed: bool = False


def require_coding(posting: InvoicePosting, master: MasterFile) -> None:
    """Refuse lines without an order whose costs cannot be charged."""
    for line in posting.lines:
        if line.order_line is None:
            try:
                master.require_costs(line.line, line.costs)
            except RefusedError as error:
                refuse("coding-invalid", error.message)


def billed_orders(posting: InvoicePosting, orders: Mapping[str, HeldOrder]) -> dict[str, HeldOrder]:
    """The orders that the bill names, with what it bills of them; refuses what does not fit them."""
    found: dict[str, HeldOrder] = {}
    for line in posting.lines:
        if line.order_line is not None:
            order = found.get(line.order_number) or orders.get(line.order_number)
            if order is None:
                refuse("order-unknown", f"There is no order {line.order_number}.")
            found[order.number] = _with_line(order, posting, line, line.order_line)
    for order in found.values():
        _require_quantities(order, posting)
    return found


def _with_line(order: HeldOrder, posting: InvoicePosting, line: PostingLine, number: int) -> HeldOrder:
    if order.draft.supplier != posting.supplier:
        refuse("supplier-differs", f"Order {order.number} went to supplier {order.draft.supplier}.")
    if order.draft.currency != posting.currency:
        refuse("currency-differs", f"Order {order.number} is in {order.draft.currency}.")
    if order.status == "cancelled":
        refuse("order-closed", f"Order {order.number} is cancelled.")
    if number not in order.lines:
        refuse("line-unknown", f"Order {order.number} has no line {number}.")
    quantity = billed_quantity(line)
    expected = order.lines[number].unit_price.times(quantity).rounded().amount
    if abs(expected - line.accrual.amount) > _CENT:
        refuse(
            "accrual-differs",
            f"Line {line.line}: {quantity} cost {expected} by order {order.number}, not {line.accrual.amount}.",
        )
    return with_billed(order, number, quantity, line.amount.amount)


def with_billed(order: HeldOrder, line: int, quantity: Decimal, amount: Decimal) -> HeldOrder:
    zero = Decimal(0)
    return replace(
        order,
        billed={**order.billed, line: order.billed.get(line, zero) + quantity},
        billed_amount={**order.billed_amount, line: order.billed_amount.get(line, zero) + amount},
    )


def _require_quantities(order: HeldOrder, posting: InvoicePosting) -> None:
    for number, added in billed_by_line(posting, order.number).items():
        most = max(order.lines[number].quantity.value, order.received.get(number, Decimal(0)))
        billed = order.billed[number]
        if added > 0 and billed > most:
            refuse("quantity-over-ordered", f"Order {order.number}, line {number}: {billed} would be billed of {most}.")
        if added < 0 and billed < 0:
            refuse(
                "credit-over-billed", f"Order {order.number}, line {number}: {-added} are credited, fewer were billed."
            )


def settled(payment: PaymentPosting, vouchers: Mapping[str, Voucher]) -> dict[str, Voucher]:
    """The bills that the payment settles, with what is paid of them; refuses more than is open."""
    found: dict[str, Voucher] = {}
    for item in payment.items:
        key, amount = item.invoice_external_id, item.amount.amount
        voucher = found.get(key) or vouchers.get(key)
        if voucher is None:
            refuse("invoice-unknown", f"There is no bill {key}.")
        if voucher.posting.supplier != payment.supplier:
            refuse("supplier-differs", f"Bill {voucher.number} is of supplier {voucher.posting.supplier}.")
        if voucher.posting.currency != payment.amount.currency:
            refuse("currency-differs", f"Bill {voucher.number} is in {voucher.posting.currency}.")
        if voucher.reversed:
            refuse("invoice-reversed", f"Bill {voucher.number} was reversed.")
        if not amount or amount * voucher.open < 0 or abs(amount) > abs(voucher.open):
            refuse("payment-over-open", f"Bill {voucher.number} has {voucher.open} open, not {amount}.")
        found[key] = replace(voucher, paid=voucher.paid + amount)
    return found
