"""What Corridor keeps of each bill and payment in Tryton: the part that Tryton has no fields for. Pure values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from adapters.erp.tryton.documents import ZERO, OrderDocument
from adapters.erp.tryton.ledger import LedgerMove
from domain.invoice import normalised_number
from domain.model import Value
from domain.money import Money
from domain.payables import InvoicePosting, PaymentPosting, PostedInvoice
from domain.ports.erp_claims import ClaimKey


class BillLine(Value):
    """A line of the invoice in Tryton; `purchase_line`, `product` and `unit` are Tryton's ids."""

    account: str
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    cost_centre: str = ""
    note: str = ""
    purchase_line: int | None = None
    product: int | None = None
    unit: int | None = None


class Taken(Value):
    """What a bill took of an order's line: `quantity` and `amount` are billed, `cleared` is what its accrual fell by.
    `order` is the order's external id."""

    order: str
    line: int
    quantity: Decimal = ZERO
    amount: Decimal = ZERO
    cleared: Decimal = ZERO


class BillDocument(Value):
    """A bill: what was asked for, how it is written down in Tryton, and what it took of orders. It is booked once it
    has a `number`. `paid` is what payments settle of it, discounts and credit notes included."""

    posting: InvoicePosting
    lines: tuple[BillLine, ...]
    taken: tuple[Taken, ...] = ()
    invoice: int | None = None
    number: str = ""
    paid: Decimal = ZERO
    reversed: bool = False

    @property
    def owed(self) -> Decimal:
        """What is to be paid in all."""
        return self.posting.amount.amount - self.posting.withheld.amount


class HeldBill(Value):
    """A bill as Tryton holds it; `to_pay` is less than what it owes where something was paid, or is about to be."""

    number: str
    state: str
    to_pay: Decimal


class PaidShare(Value):
    """What a payment settles of one bill: `cash` by money, `offset` by discounts and credit notes; of a credit note all
    is offset. The signs are those of what is owed."""

    bill: str
    invoice: int
    cash: Decimal
    offset: Decimal

    @property
    def amount(self) -> Decimal:
        return self.cash + self.offset


class PaymentDocument(Value):
    """A payment: `payments` are Tryton's ids, one for each bill that money is paid on, `clearing` the moves that book
    the money; `offset` the move that books what no money is paid on. It is booked once it has a `number`."""

    posting: PaymentPosting
    shares: tuple[PaidShare, ...]
    offset: LedgerMove | None = None
    payments: tuple[int, ...] = ()
    clearing: tuple[int, ...] = ()
    number: str = ""
    reversed: bool = False


def open_amount(document: BillDocument, held: HeldBill) -> Decimal:
    """What may still be paid: Tryton's word and Corridor's, whichever is less. People may have paid in Tryton, and
    Corridor may be about to."""
    ours = document.owed - document.paid
    theirs = held.to_pay if held.state == "posted" else ZERO
    if document.reversed or held.state == "cancelled" or ours * theirs <= 0:
        return ZERO
    return min(ours, theirs, key=abs)


def bill_view(document: BillDocument, held: HeldBill) -> PostedInvoice:
    still = open_amount(document, held)
    gone = document.reversed or held.state == "cancelled"
    settled: Literal["posted", "paid"] = "paid" if document.owed and not still else "posted"
    posting = document.posting
    return PostedInvoice(
        number=document.number,
        external_id=posting.external_id,
        supplier=posting.supplier,
        supplier_number=posting.number,
        amount=posting.amount,
        open=Money(amount=still, currency=posting.currency),
        status="reversed" if gone else settled,
    )


def with_taken(document: OrderDocument, taken: Iterable[Taken], sign: int = 1) -> OrderDocument:
    """The order after bills took that of it; with -1, after they gave it back."""
    billed, amounts, accrued = dict(document.billed), dict(document.billed_amount), dict(document.accrued)
    for each in taken:
        if each.order == document.draft.external_id:
            billed[each.line] = billed.get(each.line, ZERO) + sign * each.quantity
            amounts[each.line] = amounts.get(each.line, ZERO) + sign * each.amount
            accrued[each.line] = accrued.get(each.line, ZERO) - sign * each.cleared
    return document.model_copy(update={"billed": billed, "billed_amount": amounts, "accrued": accrued})


def bill_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="bill", key=external_id)


def bill_number_key(posting: InvoicePosting) -> ClaimKey:
    """Leads from the supplier's number, however it is written, to the external id."""
    return ClaimKey(kind="bill-number", key=f"{posting.supplier}|{normalised_number(posting.number)}")


def payment_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="payment", key=external_id)
