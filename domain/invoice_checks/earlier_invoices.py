"""Whether the same invoice was sent before."""

from __future__ import annotations

from domain.capture import InvoiceCopy
from domain.duplicates import NEVER_BOOKED, Duplicate, duplicates, order_numbers, same_number_and_kind
from domain.invoice_checks.facts import ControlFacts
from domain.invoice_checks.log import ControlLog
from domain.payables import PayableSupplier

MAX_SHOWN = 10
_WORDS = {
    "same-document": "is the same document",
    "same-number": "has the same number",
    "same-amount-date-order": "has the same amount, date and order",
    "similar-number": "has a similar number and the same amount",
}


def check_earlier(facts: ControlFacts, supplier: PayableSupplier, log: ControlLog) -> None:
    found = duplicates(facts.copy_, supplier.code, facts.similar)
    if found:
        first = found[0]
        more = f", and {len(found) - 1} more resemble it" if len(found) > 1 else ""
        log.ask(
            "duplicate-suspected",
            f"{first.other.number} ({first.other.state}) {' and '.join(_WORDS[way] for way in first.ways)}{more}.",
            this=_this(facts.copy_),
            others=[_other(each) for each in found[:MAX_SHOWN]],
            count=len(found),
        )
    for other in facts.similar:
        same = other.supplier == supplier.code and same_number_and_kind(facts.copy_, other)
        if same and other.state in NEVER_BOOKED and other.case_id != facts.copy_.case_id:
            log.note(f"{other.number} came before and was not booked ({other.state}, case {other.case_id}).")


def _this(copy: InvoiceCopy) -> dict[str, object]:
    invoice = copy.invoice
    return {
        "case_id": copy.case_id,
        "number": invoice.number,
        "kind": invoice.kind,
        "issued_on": invoice.issued_on.isoformat(),
        "amount": str(invoice.totals.payable),
        "order_numbers": list(order_numbers(copy)[:MAX_SHOWN]),
        "document_sha256": copy.document_sha256,
    }


def _other(duplicate: Duplicate) -> dict[str, object]:
    other = duplicate.other
    return {
        "case_id": other.case_id,
        "facility": other.facility,
        "number": other.number,
        "kind": other.kind,
        "issued_on": other.issued_on.isoformat(),
        "amount": str(other.amount),
        "order_numbers": list(other.order_numbers[:MAX_SHOWN]),
        "document_sha256": other.document_sha256,
        "state": other.state,
        "registered_at": other.registered_at.isoformat(),
        "ways": list(duplicate.ways),
    }
