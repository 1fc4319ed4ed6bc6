"""A supplier's invoice or credit note, in one shape whatever format it came in.

Terms follow EN 16931-1 (the semantic model of an electronic invoice); BT and BG numbers name its business terms.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.model import Request
from domain.money import CurrencyCode, ExactDecimal, Money
from domain.quantity import Quantity
from domain.requisition import CostShare

InvoiceKind = Literal["invoice", "credit-note"]
ChargeKind = Literal["freight", "surcharge", "other"]
MAX_INVOICE_LINES = 20_000
InvoiceLineNumber = Annotated[int, Field(ge=1, le=MAX_INVOICE_LINES)]
InvoiceText = Annotated[str, Field(max_length=2000)]
Code = Annotated[str, Field(max_length=200)]


class Party(Request):
    """Seller (BG-4), buyer (BG-7) or payee (BG-10). `tax_id` is a VAT number or an employer identification number,
    `gln` a GS1 location number, `electronic_address` where it receives documents, `country` an ISO 3166-1 code.
    """

    name: Code = ""
    tax_id: Code = ""
    gln: Code = ""
    electronic_address: Code = ""
    address: InvoiceText = ""
    country: Annotated[str, Field(max_length=2)] = ""


class PayeeAccount(Request):
    """Where the money is to go (BG-17): an IBAN with an optional BIC, or an ABA routing number with an account number.

    A bank number never goes into an id, a search attribute, a log line or a task: there `masked` and `fingerprint` do.
    """

    iban: Annotated[str, Field(max_length=42)] = ""
    bic: Annotated[str, Field(max_length=11)] = ""
    routing_number: Annotated[str, Field(max_length=9)] = ""
    account_number: Annotated[str, Field(max_length=34)] = ""
    name: Code = ""

    @property
    def identity(self) -> str:
        """The account itself, however it is written; empty when none is named."""
        iban = re.sub(r"[^A-Z0-9]", "", self.iban.upper())
        if iban:
            return iban
        number = re.sub(r"[^A-Z0-9]", "", self.account_number.upper())
        return f"{self.routing_number.strip()}/{number}" if number else ""

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the identity's SHA-256; empty when there is no account."""
        return hashlib.sha256(self.identity.encode()).hexdigest()[:16] if self.identity else ""

    @property
    def masked(self) -> str:
        """What people may see: the last four characters."""
        return f"…{self.identity[-4:]}" if self.identity else ""


class AllowanceOrCharge(Request):
    """A discount (allowance) or an extra cost (charge) of a line or of the whole document. `amount` is not negative."""

    amount: Money
    is_charge: bool = True
    kind: ChargeKind = "other"
    reason: InvoiceText = ""
    tax_category: Annotated[str, Field(max_length=3)] = ""
    tax_rate: ExactDecimal | None = None


class TaxTotal(Request):
    """One row of the tax breakdown (BG-23): `rate` in percent; `category` as in UNTDID 5305 (S, Z, E, AE ...)."""

    category: Annotated[str, Field(max_length=3)] = ""
    rate: ExactDecimal | None = None
    taxable: Money
    tax: Money
    exemption_reason: InvoiceText = ""


class InvoiceLine(Request):
    """`unit_price` is net per unit of `quantity`, price allowances deducted and the price base quantity divided out;
    `amount` is the line's net amount as the document states it (BT-131), line allowances and charges included.

    `costs` is the coding of a line that no order backs, `category` what it buys (as in a requisition).
    `kind` tells goods from freight that is billed as a line of its own.
    """

    line: InvoiceLineNumber
    reference: Code = ""
    description: InvoiceText = ""
    seller_item: Code = ""
    buyer_item: Code = ""
    gtin: Code = ""
    quantity: Quantity
    unit_price: Money
    amount: Money
    kind: Literal["goods", "freight", "surcharge"] = "goods"
    allowances: tuple[AllowanceOrCharge, ...] = ()
    tax_category: Annotated[str, Field(max_length=3)] = ""
    tax_rate: ExactDecimal | None = None
    order_number: Code = ""
    order_line: Annotated[int, Field(ge=1, le=99_999)] | None = None
    category: Annotated[str, Field(max_length=41)] = ""
    costs: Annotated[tuple[CostShare, ...], Field(max_length=20)] = ()


class PaymentTerms(Request):
    """Days after the invoice date. `discount_percent` of the payable amount may be kept when paid within
    `discount_days`; without a discount both are zero."""

    net_days: Annotated[int, Field(ge=0, le=365)] = 30
    discount_percent: Annotated[ExactDecimal, Field(ge=0, le=100)] = Decimal(0)
    discount_days: Annotated[int, Field(ge=0, le=365)] = 0


class InvoiceTotals(Request):
    """BG-22. Of a credit note all amounts are positive as in its document: what is credited.

    lines - allowances + charges = before_tax; before_tax + tax = total; total - prepaid + rounding = payable.
    """

    lines: Money
    allowances: Money
    charges: Money
    before_tax: Money
    tax: Money
    total: Money
    prepaid: Money
    rounding: Money
    payable: Money


class Invoice(Request):
    """`number` is the supplier's. `order_numbers` are those the document names anywhere; `credited` are the numbers of
    the invoices that a credit note takes back (BG-3). `accounts` are all that the document offers to pay to.
    """

    kind: InvoiceKind = "invoice"
    number: Annotated[str, Field(min_length=1, max_length=80)]
    issued_on: date
    due_on: date | None = None
    delivered_on: date | None = None
    currency: CurrencyCode
    seller: Party
    buyer: Party = Party()
    payee: Party | None = None
    order_numbers: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    contract: Code = ""
    buyer_reference: Code = ""
    delivery_note: Code = ""
    credited: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    lines: Annotated[tuple[InvoiceLine, ...], Field(min_length=1, max_length=MAX_INVOICE_LINES)]
    allowances: Annotated[tuple[AllowanceOrCharge, ...], Field(max_length=200)] = ()
    taxes: Annotated[tuple[TaxTotal, ...], Field(max_length=100)] = ()
    totals: InvoiceTotals
    accounts: Annotated[tuple[PayeeAccount, ...], Field(max_length=20)] = ()
    terms: PaymentTerms | None = None
    payment_reference: Code = ""
    note: InvoiceText = ""


def normalised_number(number: str) -> str:
    """An invoice number as duplicates are found by: upper case, letters and digits only, without leading zeros.

    'inv-0042 ' and 'INV 0042' are one number; '0042' and '42' are.
    """
    plain = re.sub(r"[^A-Z0-9]", "", number.upper())
    return plain.lstrip("0") or plain
