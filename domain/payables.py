"""What the system of record holds about suppliers' bills: whom we owe, what was received, what is booked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from domain.invoice import InvoiceKind, PayeeAccount, PaymentTerms
from domain.master_data import SupplierRisk
from domain.model import Value
from domain.money import Money
from domain.purchase import OrderLine, OrderStatus
from domain.requisition import CostShare

BlockedFor = Literal["orders", "posting", "payment"]
PaymentMethod = Literal["ach", "credit-transfer"]
"""ACH by a NACHA file, or a credit transfer by ISO 20022 pain.001."""


class SupplierAccount(Value):
    """A bank account of the supplier master; `changed_on` is the day on which it was last entered or changed, and
    `changed_by` the person who did it."""

    account: PayeeAccount
    changed_on: date | None = None
    changed_by: str = ""


class PayableSupplier(Value):
    """A supplier as accounts payable need to know it. `senders` are mail addresses, or domains written '@domain', from
    which its documents may come; `excluded` says that it is on an exclusion list (OIG LEIE, SAM). The first account is
    the one that is paid to.
    """

    code: str
    name: str
    tax_id: str = ""
    gln: str = ""
    country: str = "US"
    currency: str
    email: str = ""
    remittance_email: str = ""
    senders: tuple[str, ...] = ()
    blocked_for: tuple[BlockedFor, ...] = ()
    excluded: bool = False
    risk: SupplierRisk = "low"
    terms: PaymentTerms = PaymentTerms()
    method: PaymentMethod = "ach"
    accounts: tuple[SupplierAccount, ...] = ()


class SupplierQuery(Value):
    """Suppliers that any of these names; `name` brings candidates by similar names, never a certain answer."""

    codes: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    glns: tuple[str, ...] = ()
    account_fingerprints: tuple[str, ...] = ()
    name: str = ""


class OrderLinePosition(Value):
    """Quantities are counts in the order line's unit. `inspected` is what passed inspection (4-way match), None where
    nobody inspects. `billed` and `billed_amount` are what posted invoices took, credit notes deducted.
    """

    line: OrderLine
    category: str = ""
    received: Decimal = Decimal(0)
    inspected: Decimal | None = None
    billed: Decimal = Decimal(0)
    billed_amount: Money


class OrderPosition(Value):
    """An order as invoices are matched against it. `case_id` is that of the purchase, empty when Corridor did not
    place the order."""

    number: str
    case_id: str = ""
    facility: str
    supplier: str
    requester: str = ""
    status: OrderStatus
    currency: str
    lines: tuple[OrderLinePosition, ...]


class PostingLine(Value):
    """What one invoice line books. With an order line: `quantity` in its unit is billed, `accrual` (quantity at the
    order's price) is cleared, and `variance` (amount - accrual) goes to the price variance account. Without one,
    `amount` is charged to `costs`. Amounts are without tax, and negative in a credit note.
    """

    line: int
    order_number: str = ""
    order_line: int | None = None
    quantity: Decimal = Decimal(0)
    amount: Money
    accrual: Money
    variance: Money
    costs: tuple[CostShare, ...] = ()


class InvoicePosting(Value):
    """What the ERP is asked to book, once per `external_id`. `amount` is what is owed, taxes included; negative in a
    credit note. The lines' amounts and `tax` sum to it to the cent. `withheld` is what is disputed and not paid.
    """

    external_id: str
    case_id: str
    facility: str
    supplier: str
    number: str
    kind: InvoiceKind
    currency: str
    issued_on: date
    posted_on: date
    due_on: date
    lines: tuple[PostingLine, ...]
    tax: Money
    amount: Money
    withheld: Money
    document_sha256: str
    credited: tuple[str, ...] = ()
    """Case ids of the invoices that a credit note takes back."""


class PostedInvoice(Value):
    """`number` is the voucher number that the ERP gave; `open` is what is still to be paid."""

    number: str
    external_id: str
    supplier: str
    supplier_number: str
    amount: Money
    open: Money
    status: Literal["posted", "paid", "reversed"]


class PaidItem(Value):
    """`amount` settles so much of the invoice, of which `discount` was kept; both negative for a credit note."""

    invoice_external_id: str
    amount: Money
    discount: Money


class PaymentPosting(Value):
    """One payment as the ERP books it: `amount` leaves the bank, `paid_on` is the bank's booking day."""

    external_id: str
    case_id: str
    facility: str
    supplier: str
    paid_on: date
    amount: Money
    items: tuple[PaidItem, ...]
    reference: str
