"""Invoices as callers see them: the working copy, where it came from, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from pydantic import AwareDatetime, BaseModel

from api.schemas.payments import AccountView, PaymentView, account_view, payment_view
from domain.capture import CapturedDocument, Channel, DocumentFinding, DocumentFormat, FieldReading, InvoiceCopy
from domain.invoice import (
    AllowanceOrCharge,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceTotals,
    Party,
    PaymentTerms,
    TaxTotal,
)
from domain.payment import Payment

MAX_SHOWN = 500
"""Findings and fields that one answer shows of a copy."""
_ACCOUNT = re.compile(r"^/accounts(/|$)")


class InvoiceLinks(BaseModel):
    self: str
    case: str
    lines: str
    document: str
    copies: str


class DocumentView(BaseModel):
    """The original as it came. `sender` is who sent it: a mail address, a sub-folder or a person."""

    sha256: str
    media_type: str
    name: str
    size: int
    channel: Channel
    sender: str
    received_at: AwareDatetime


class VersionView(BaseModel):
    """Version 1 is what was read; each further one is a correction. `by` is a person, or 'corridor'."""

    version: int
    by: str
    why: str
    at: AwareDatetime
    path: str


class CopyView(BaseModel):
    """One version of the invoice without its lines, of which there are `line_count`. Accounts, also among `fields`, are
    shown by their last characters. `findings` and `fields` are the first of them, `more` tells whether there are
    further ones.
    """

    case_id: str
    version: int
    by: str
    why: str
    at: AwareDatetime
    format: DocumentFormat
    document_sha256: str
    kind: InvoiceKind
    number: str
    issued_on: date
    due_on: date | None
    delivered_on: date | None
    currency: str
    seller: Party
    buyer: Party
    payee: Party | None
    order_numbers: list[str]
    credited: list[str]
    contract: str
    buyer_reference: str
    delivery_note: str
    payment_reference: str
    note: str
    line_count: int
    allowances: list[AllowanceOrCharge]
    taxes: list[TaxTotal]
    totals: InvoiceTotals
    terms: PaymentTerms | None
    accounts: list[AccountView]
    findings: list[DocumentFinding]
    fields: list[FieldReading]
    more: bool
    links: InvoiceLinks


class InvoiceView(BaseModel):
    """The invoice as it is worked on now, its versions from the first on, and every payment that ever carried it."""

    case_id: str
    current: CopyView
    document: DocumentView | None
    versions: list[VersionView]
    payments: list[PaymentView]
    links: InvoiceLinks


class InvoiceLineList(BaseModel):
    """Lines of `version` in the order of the document. `next_cursor` is null on the last page."""

    case_id: str
    version: int
    items: list[InvoiceLine]
    next_cursor: str | None


def invoice_path(case_id: str) -> str:
    return f"/v1/invoices/{case_id}"


def invoice_links(case_id: str) -> InvoiceLinks:
    path = invoice_path(case_id)
    return InvoiceLinks(
        self=path,
        case=f"/v1/cases/{case_id}",
        lines=f"{path}/lines",
        document=f"{path}/document",
        copies=f"{path}/copies/{{version}}",
    )


def copy_view(copy: InvoiceCopy) -> CopyView:
    shown = copy.model_dump(include={"case_id", "version", "by", "why", "at", "format", "document_sha256"})
    return CopyView(
        **shown,
        **_header(copy.invoice),
        findings=list(copy.findings[:MAX_SHOWN]),
        fields=[_masked(field) for field in copy.fields[:MAX_SHOWN]],
        more=len(copy.findings) > MAX_SHOWN or len(copy.fields) > MAX_SHOWN,
        links=invoice_links(copy.case_id),
    )


def _header(invoice: Invoice) -> dict[str, object]:
    named = set(CopyView.model_fields) & set(Invoice.model_fields) - {"accounts"}
    header = {name: getattr(invoice, name) for name in named}
    accounts = [account_view(account) for account in invoice.accounts]
    return header | {"line_count": len(invoice.lines), "accounts": accounts}


def _masked(field: FieldReading) -> FieldReading:
    """What was read as part of an account, by its last characters."""
    if not _ACCOUNT.match(field.pointer) or field.pointer.endswith("/name"):
        return field
    return field.model_copy(update={"text": f"…{field.text[-4:]}" if len(field.text) > 4 else "…"})


def document_view(document: CapturedDocument) -> DocumentView:
    return DocumentView(**document.model_dump())


def invoice_view(
    copies: Sequence[InvoiceCopy], document: CapturedDocument | None, payments: Sequence[Payment]
) -> InvoiceView:
    """`copies` are all versions, of which there is at least one."""
    latest = copies[-1]
    path = invoice_path(latest.case_id)
    return InvoiceView(
        case_id=latest.case_id,
        current=copy_view(latest),
        document=document and document_view(document),
        versions=[
            VersionView(
                version=each.version, by=each.by, why=each.why, at=each.at, path=f"{path}/copies/{each.version}"
            )
            for each in copies
        ],
        payments=[payment_view(payment) for payment in payments],
        links=invoice_links(latest.case_id),
    )
