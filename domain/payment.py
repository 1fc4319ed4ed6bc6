"""Paying suppliers: what is due, what is proposed, which file carries it, and what the bank says of it."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.duties import DutyDone
from domain.invoice import InvoiceKind, PayeeAccount, PaymentTerms
from domain.model import Value
from domain.money import Money
from domain.payables import PaymentMethod

PaymentState = Literal["proposed", "released", "delivered", "accepted", "booked", "rejected", "returned", "withdrawn"]
FileFormat = Literal["pain.001", "nacha", "positive-pay"]
LeftOutBecause = Literal[
    "not-due", "held", "blocked", "credit-exceeds-invoices", "beyond-run-size", "no-account", "in-flight"
]


class PayableInvoice(Value):
    """A posted invoice that may be paid: the gate is that it was matched, or approved where no order backs it.

    `amount` is what is still owed, negative for a credit note. `duties` are who entered, changed and approved it, and
    who changed or confirmed the account: none of them may approve or release its payment. `account` is the master's.
    """

    case_id: str
    facility: str
    supplier: str
    supplier_name: str
    number: str
    kind: InvoiceKind
    amount: Money
    issued_on: date
    due_on: date
    terms: PaymentTerms
    method: PaymentMethod
    account: PayeeAccount
    external_id: str
    order_cases: tuple[str, ...] = ()
    duties: tuple[DutyDone, ...] = ()
    payment_reference: str = ""
    urgent: bool = False


class PaymentItem(Value):
    """One invoice in a payment: `amount` of it is settled, of which `discount` is kept. Negative for credit notes.

    `issued_on` is its date, `discount_until` the last day on which the discount may be kept (None: none is kept),
    `reference` what the supplier asks to be told with the payment.
    """

    case_id: str
    external_id: str
    number: str
    kind: InvoiceKind
    amount: Money
    discount: Money
    due_on: date
    issued_on: date | None = None
    discount_until: date | None = None
    reference: str = ""


class Payment(Value):
    """One transfer to one account. `payment_id` is the end-to-end id: 15 letters and digits, unique for ever.

    `amount` = sum of the items' amounts - discounts, always positive.
    """

    payment_id: str
    run_id: str
    facility: str
    supplier: str
    supplier_name: str
    method: PaymentMethod
    account: PayeeAccount
    amount: Money
    pay_on: date
    items: tuple[PaymentItem, ...]
    state: PaymentState = "proposed"
    reason: str = ""


class LeftOut(Value):
    """An invoice that a proposal does not pay, and why; `detail` says it in words where people said something."""

    case_id: str
    supplier: str
    number: str
    amount: Money
    why: LeftOutBecause
    detail: str = ""


class Proposal(Value):
    """What a run would pay on `pay_on`, by payment; `grouping` says how invoices were put together."""

    run_id: str
    facility: str
    currency: str
    pay_on: date
    payments: tuple[Payment, ...]
    left_out: tuple[LeftOut, ...] = ()
    grouping: Literal["supplier", "invoice"] = "supplier"
    discounts: Money
    total: Money


class DebtorAccount(Value):
    """The account of a facility that money leaves from. `company_id` is the ten characters that NACHA asks for,
    `bank_name` the bank's name in file headers. `company_id` of mock and real banks alike is agreed with the bank."""

    facility: str
    name: str
    account: PayeeAccount
    bank_name: str = ""
    company_id: str = ""
    currency: str


class PaymentFile(Value):
    """`message_id` is unique for ever: a bank that gets it twice refuses the second. `content` is ASCII or UTF-8."""

    message_id: str
    format: FileFormat
    name: str
    content: str
    sha256: str
    payments: tuple[str, ...]
    total: Money


class FileDelivery(Value):
    """That a file was handed to the bank, and what the bank answered at once, if it did."""

    message_id: str
    delivered_at: AwareDatetime
    answer: str = ""


BankFactKind = Literal[
    "file-accepted",
    "file-rejected",
    "file-duplicate",
    "payment-accepted",
    "payment-rejected",
    "payment-booked",
    "payment-returned",
]
"""'file-duplicate' is the refusal of a second delivery: the first one stands, and none of its payments is rejected."""


class BankFact(Value):
    """One thing that a message of the bank says. `fact_id` is the same whenever the same message is read again.

    `message_id` is that of our file, `payment_id` the end-to-end id; either may be empty when the bank does not say.
    `reason` is the ISO 20022 or NACHA code, `text` its words. `on` is the bank's booking or return day.
    """

    fact_id: str
    kind: BankFactKind
    message_id: str = ""
    payment_id: str = ""
    amount: Money | None = None
    on: date | None = None
    reason: str = ""
    text: str = ""
    source: str = ""
    """Name and format of the bank's message, such as 'camt.054 MB-C054-7'."""


class StatementBalance(Value):
    """Opening and closing balance of a statement, and whether its entries explain the difference to the cent."""

    account_fingerprint: str
    statement_id: str
    on: date
    opening: Money
    closing: Money
    entries_total: Money
    reconciled: bool


class BankMessage(Value):
    """A message as it was fetched from the bank; `key` orders and names it, and is the cursor after it."""

    key: str
    name: str
    content: str


class ReadBankMessage(Value):
    """What a message says. `fault` is set when it cannot be read, and then nothing else is. `note` says what was read
    but is no fact, such as an intraday report, which the day's statement repeats."""

    key: str
    format: str
    facts: tuple[BankFact, ...] = ()
    balances: tuple[StatementBalance, ...] = ()
    fault: str = ""
    note: str = ""


def payment_id(run_id: str, supplier: str, number: int) -> str:
    """The end-to-end id of a run's payment to a supplier: 15 characters, so that a NACHA entry can carry it too.

    `number` counts the payments of the run to that supplier.
    """
    digest = hashlib.sha256(f"{run_id}:{supplier}:{number}".encode()).digest()
    return "P" + base64.b32encode(digest).decode()[:14]
