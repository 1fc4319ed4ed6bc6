"""What is checked of an invoice before anybody spends time on it: in this order, each finding with its evidence.

sender verified; supplier resolved, not blocked, not excluded; the document valid and read with certainty; nothing
missing; currency, totals, dates, tax; duplicates; bank account.
"""

from __future__ import annotations

from domain.invoice_checks.accounts import check_accounts
from domain.invoice_checks.contents import check_currency, check_dates, check_required, in_one_currency
from domain.invoice_checks.earlier_invoices import check_earlier
from domain.invoice_checks.facts import (
    AccountConfirmation,
    CallBack,
    ControlFacts,
    ControlResult,
    RegisteredInvoice,
)
from domain.invoice_checks.identifiers import resolve_supplier, supplier_query
from domain.invoice_checks.log import ControlLog
from domain.invoice_checks.reading import check_capture, check_document
from domain.invoice_checks.senders import check_sender
from domain.invoice_checks.suppliers import ask_for_supplier, check_standing, find_supplier
from domain.invoice_checks.tax_numbers import check_tax_number
from domain.invoice_checks.taxes import check_taxes
from domain.invoice_checks.totals import check_balance
from domain.payables import PayableSupplier
from domain.policy.model import FrozenPolicy

__all__ = [
    "CONTROL_ORDER",
    "AccountConfirmation",
    "CallBack",
    "ControlFacts",
    "ControlResult",
    "RegisteredInvoice",
    "control",
    "resolve_supplier",
    "supplier_query",
]

CONTROL_ORDER = (
    "sender-unverified",
    "supplier-unknown",
    "supplier-blocked",
    "supplier-excluded",
    "document-invalid",
    "capture-uncertain",
    "missing-required",
    "currency-mismatch",
    "not-balanced",
    "date-implausible",
    "tax-code-missing",
    "tax-over",
    "tax-under",
    "tax-validation-failed",
    "duplicate-suspected",
    "bank-account-mismatch",
    "bank-account-changed",
)
"""The order in which findings come out, and in which people are asked."""


def control(facts: ControlFacts, policy: FrozenPolicy) -> ControlResult:
    """Every finding that a person must decide, at most one per code, in the order of CONTROL_ORDER.

    What needs a supplier waits until one is known; what needs the contents waits until they were read with certainty.
    """
    log = ControlLog(facts.invoice, policy, facts.accepted)
    candidates: tuple[str, ...] = ()
    supplier = find_supplier(facts, log)
    if supplier is None:
        candidates = ask_for_supplier(facts, log)
    else:
        check_sender(facts.document, supplier, log)
        check_standing(supplier, log)
    check_document(facts.copy_, log)
    check_capture(facts.copy_, policy.capture, log)
    certain = not log.is_open("capture-uncertain")
    if certain:
        _check_contents(facts, supplier, policy, log)
    if supplier is not None:
        check_earlier(facts, supplier, log)
        if certain:
            check_accounts(facts, supplier, policy, log)
    return ControlResult(
        supplier=supplier.code if supplier else "",
        candidates=candidates,
        findings=tuple(log.findings),
        notes=tuple(log.notes),
    )


def _check_contents(
    facts: ControlFacts, supplier: PayableSupplier | None, policy: FrozenPolicy, log: ControlLog
) -> None:
    """Amounts in several currencies cannot be added up: then totals and tax wait for the next round."""
    invoice = facts.invoice
    check_required(invoice, log)
    check_currency(invoice, supplier, policy, log)
    addable = in_one_currency(invoice)
    if addable:
        check_balance(invoice, policy.invoice, log)
    check_dates(invoice, policy.invoice, facts.today, log)
    if addable:
        check_taxes(invoice, policy.invoice, log)
    check_tax_number(invoice.seller, supplier, log)
