"""The facts of one invoice that measures are made of, read from what its case put on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from domain.capture import StatedTerms
from domain.case import CaseSnapshot, TimelineEntry
from domain.invoice_kpis import InvoiceFacts, Missed
from domain.money import Money

_MATCHES = ("invoice.matched", "invoice.match-tried")
_NO_ACTIONS = ("invoice.captured", "decision.ignored")


def facts_of(
    case: CaseSnapshot, entries: Sequence[TimelineEntry], stated: StatedTerms, kept: Money | None, state: str
) -> InvoiceFacts:
    """`entries` are the case's own, in order; `stated` is from the working copy, `kept` the discount with which it was
    paid (None: not paid), `state` that of the register.

    An invoice is approved for payment when it is booked: matched, approved where no order backs it, and due. Whatever
    anybody did until then is a human action, but for handing it in and for decisions that did not count.
    """
    approved_at = _first(entries, "invoice.posted")
    paid_at = _first(entries, "payment.booked")
    order_lines, first_pass = _first_match(entries)
    taken = kept or Money.zero(case.amount.currency)
    offered = _discount_offered(stated, taken)
    duplicate = state == "duplicate"
    return InvoiceFacts(
        case_id=case.case_id,
        received_at=case.submitted_at,
        approved_at=approved_at,
        paid_at=paid_at,
        human_actions=sum(_is_human(entry, approved_at) for entry in entries),
        exceptions=tuple(dict.fromkeys(_codes(entries))),
        order_lines=order_lines,
        first_pass_lines=first_pass,
        discount_offered=offered,
        discount_taken=taken if offered else None,
        discount_missed=_missed(case, entries, stated) if offered and paid_at and taken < offered else None,
        duplicate=("after-payment" if paid_at else "before-payment") if duplicate else "none",
    )


def _first(entries: Sequence[TimelineEntry], kind: str) -> datetime | None:
    return next((entry.at for entry in entries if entry.kind == kind), None)


def _is_human(entry: TimelineEntry, until: datetime | None) -> bool:
    return entry.actor != "corridor" and entry.kind not in _NO_ACTIONS and (until is None or entry.at <= until)


def _codes(entries: Sequence[TimelineEntry]) -> list[str]:
    """Of exceptions that were raised, also those that a rule accepted."""
    return [
        str(entry.detail["code"]) for entry in entries if entry.kind.startswith("exception.") and "code" in entry.detail
    ]


def _first_match(entries: Sequence[TimelineEntry]) -> tuple[int, int]:
    """Lines that an order backs, and those without exception, on the first run."""
    first = next((entry.detail for entry in entries if entry.kind in _MATCHES), {})
    backed, passed = first.get("order_lines", 0), first.get("first_pass", 0)
    return (backed, passed) if isinstance(backed, int) and isinstance(passed, int) else (0, 0)


def _discount_offered(stated: StatedTerms, taken: Money) -> Money | None:
    """By the document's own terms; at least what was taken, where the supplier master's terms were better."""
    percent = stated.terms.discount_percent if stated.terms else Decimal(0)
    if stated.payable.currency != taken.currency:
        return taken or None
    offered = stated.payable.times(percent / 100).rounded()
    return max(offered, taken, key=lambda each: each.amount) or None


def _missed(case: CaseSnapshot, entries: Sequence[TimelineEntry], stated: StatedTerms) -> Missed:
    """The first thing that came after the last day of the discount. Days count in UTC, as instants are recorded."""
    last = stated.issued_on + timedelta(days=stated.terms.discount_days if stated.terms else 0)
    steps: tuple[tuple[Missed, datetime | None], ...] = (
        ("late-receipt", case.submitted_at),
        ("late-match", _first(entries, "invoice.matched")),
        ("late-approval", _first(entries, "invoice.posted")),
        ("late-payment", _first(entries, "payment.booked")),
    )
    return next((why for why, at in steps if at is not None and at.date() > last), "not-worth-it")
