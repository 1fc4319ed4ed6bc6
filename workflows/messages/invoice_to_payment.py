"""Invoice-to-payment: what starts it, what it answers, and the names that clients use."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.capture import CapturedDocument, DocumentFormat
from domain.case import CaseStatus, case_id
from domain.invoice import Invoice, InvoiceKind, normalised_number
from domain.model import Value
from domain.money import Money
from domain.people import Actor
from domain.policy.model import FrozenPolicy

WORKFLOW_NAME = "InvoiceToPayment"

GOODS_BOOKED = "goods_booked"
PAYMENT_PROGRESSED = "payment_progressed"
INVOICE_PROGRESSED = "invoice_progressed"
"""The signal that purchase cases take from their invoices."""


class InvoiceHeader(Value):
    """What the case keeps of the invoice itself: its lines stay in the document store."""

    kind: InvoiceKind
    number: str
    issued_on: date
    due_on: date | None
    seller: str
    amount: Money
    lines: int
    order_numbers: tuple[str, ...] = ()


def header_of(invoice: Invoice) -> InvoiceHeader:
    """The first order numbers only: the rest is in the document."""
    return InvoiceHeader(
        kind=invoice.kind,
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        seller=invoice.seller.name,
        amount=invoice.totals.payable,
        lines=len(invoice.lines),
        order_numbers=invoice.order_numbers[:20],
    )


class InvoiceInput(Value):
    """An invoice as captured: version 1 of its working copy is stored under the case. Instants are in UTC.

    `linked_cases` are the purchase cases of the orders that it names, as far as they are known at intake.
    """

    case_id: str
    facility: str
    document: CapturedDocument
    format: DocumentFormat
    header: InvoiceHeader
    policy: FrozenPolicy
    submitted_at: AwareDatetime
    submitted_by: Actor
    linked_cases: tuple[str, ...] = ()


class GoodsBooked(Value):
    """A purchase case tells its invoices that goods were booked, or sent back, on an order."""

    order_number: str
    event_id: str


ProgressKind = Literal["captured", "matched", "posted", "paid", "returned", "rejected"]


class BilledLine(Value):
    """`quantity` in the order line's unit; `amount` without tax. Negative in a credit note."""

    line: int
    quantity: Decimal
    amount: Money


class InvoiceProgress(Value):
    """An invoice tells the purchase case of an order how far it is. `event_id` makes a repeated message harmless."""

    event_id: str
    invoice_case: str
    invoice_number: str
    order_number: str
    kind: ProgressKind
    at: AwareDatetime
    lines: tuple[BilledLine, ...] = ()
    amount: Money | None = None
    text: str = ""


class PaymentProgress(Value):
    """A payment run tells an invoice what became of its payment. `on` is the bank's day."""

    event_id: str
    run_id: str
    payment_id: str
    kind: Literal["claimed", "released", "delivered", "accepted", "rejected", "booked", "returned", "final"]
    amount: Money
    discount: Money
    on: date | None = None
    reason: str = ""
    text: str = ""


class InvoiceResult(Value):
    case_id: str
    status: CaseStatus
    reason: str = ""
    voucher: str = ""
    paid: Money | None = None
    touchless: bool = False
    first_pass_lines: int = 0
    order_lines: int = 0


def invoice_case_id(facility: str, number: str, document_sha256: str) -> str:
    """The case of one document, such as 'invoice-to-payment.north.INV42-3f2a9c0d1e5b'.

    The key is the document itself, with the supplier's number to recognise it by: the same document always names the
    same case. Another document with the same number is another case, which the control of duplicates stops.
    """
    number = normalised_number(number)[:40]
    return case_id(
        "invoice-to-payment", facility, f"{number}-{document_sha256[:12]}" if number else document_sha256[:12]
    )
