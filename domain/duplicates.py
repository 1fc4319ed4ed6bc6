"""Finding an invoice that was sent before: the same again, or the same under another number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from rapidfuzz.distance import OSA

from domain.capture import InvoiceCopy
from domain.invoice import normalised_number
from domain.invoice_checks.facts import RegisteredInvoice
from domain.model import Value

Resemblance = Literal["same-document", "same-number", "same-amount-date-order", "similar-number"]
NEVER_BOOKED = frozenset({"rejected", "duplicate", "cancelled"})
"""States of invoices that will not be paid: sending one of them again is right."""
_SHORTEST_SIMILAR = 3
_SERIES_STEP = 10


class Duplicate(Value):
    """A registered invoice that could be the same, and in which ways."""

    other: RegisteredInvoice
    ways: tuple[Resemblance, ...]


def registered(copy: InvoiceCopy, facility: str, supplier: str, state: str, at: datetime) -> RegisteredInvoice:
    """The invoice as it is entered in the register: every entry takes its amount from the same total. `at` in UTC."""
    invoice = copy.invoice
    return RegisteredInvoice(
        case_id=copy.case_id,
        facility=facility,
        supplier=supplier,
        number=invoice.number,
        kind=invoice.kind,
        amount=invoice.totals.payable,
        issued_on=invoice.issued_on,
        order_numbers=order_numbers(copy),
        document_sha256=copy.document_sha256,
        state=state,
        registered_at=at,
    )


def order_numbers(copy: InvoiceCopy) -> tuple[str, ...]:
    """All orders that the invoice names, in its header and in its lines, each once."""
    lines = (line.order_number for line in copy.invoice.lines)
    return tuple(dict.fromkeys(each for each in (*copy.invoice.order_numbers, *lines) if each))


def duplicates(copy: InvoiceCopy, supplier: str, similar: Sequence[RegisteredInvoice]) -> tuple[Duplicate, ...]:
    """Those of `similar` that could be the same invoice, those that resemble in the most ways first.

    The invoice's own entry is no duplicate of it, nor are entries that were never booked.
    """
    found = []
    for other in {each.case_id: each for each in similar}.values():
        if other.case_id == copy.case_id or other.state in NEVER_BOOKED:
            continue
        ways = _ways(copy, supplier, other)
        if ways:
            found.append(Duplicate(other=other, ways=ways))
    return tuple(sorted(found, key=lambda each: (-len(each.ways), each.other.registered_at, each.other.case_id)))


def _ways(copy: InvoiceCopy, supplier: str, other: RegisteredInvoice) -> tuple[Resemblance, ...]:
    ways: list[Resemblance] = []
    if other.document_sha256 == copy.document_sha256:
        ways.append("same-document")
    if other.supplier != supplier:
        return tuple(ways)
    invoice = copy.invoice
    same_number = same_number_and_kind(copy, other)
    if same_number:
        ways.append("same-number")
    same_amount = (other.kind, other.amount) == (invoice.kind, invoice.totals.payable)
    if same_amount and _same_orders(order_numbers(copy), other.order_numbers):
        if other.issued_on == invoice.issued_on:
            ways.append("same-amount-date-order")
        if not same_number and _similar_number(copy, other):
            ways.append("similar-number")
    return tuple(ways)


def same_number_and_kind(copy: InvoiceCopy, other: RegisteredInvoice) -> bool:
    """Whether both would take the same place in the register: suppliers number invoices and credit notes apart."""
    ours, theirs = normalised_number(copy.invoice.number), normalised_number(other.number)
    return (copy.invoice.kind, ours) == (other.kind, theirs)


def _same_orders(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether both could bill the same order: only orders on both sides, none of them common, rule it out."""
    mine, others = {normalised_number(each) for each in ours}, {normalised_number(each) for each in theirs}
    return not (mine and others) or bool(mine & others)


def _similar_number(copy: InvoiceCopy, other: RegisteredInvoice) -> bool:
    """One character more, less or different, or two neighbours exchanged: how numbers are mistyped and misread.

    A number that counts on by a few, and is dated later, is the next of its series: a monthly fee is no duplicate.
    """
    ours, theirs = normalised_number(copy.invoice.number), normalised_number(other.number)
    if min(len(ours), len(theirs)) < _SHORTEST_SIMILAR or OSA.distance(ours, theirs, score_cutoff=1) > 1:
        return False
    days = (copy.invoice.issued_on - other.issued_on).days
    step = _step(ours, theirs)
    return not (step and abs(step) < _SERIES_STEP and days and (step > 0) == (days > 0))


def _step(ours: str, theirs: str) -> int:
    """By how much the last digit of two otherwise equal numbers differs; 0 where they differ elsewhere."""
    if ours[:-1] != theirs[:-1] or not (ours[-1:].isdecimal() and theirs[-1:].isdecimal()):
        return 0
    return int(ours[-1]) - int(theirs[-1])
