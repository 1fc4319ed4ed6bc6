"""Freight and surcharges of a bill: how much may come on top of the goods.

A charge stands in a line of its own, within a line, or in the document as a whole. All of one kind count together
against the tolerance, whose percentage is that of the goods that orders back. Other charges count as surcharges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from domain.invoice import AllowanceOrCharge, Invoice
from domain.invoice_tolerance import InvoiceTolerances, allowance
from domain.match_draft import NOTHING, AcceptedCodes, Draft, Problem
from domain.money import Money

Kind = Literal["freight", "surcharge"]
KINDS: tuple[Kind, ...] = ("freight", "surcharge")


@dataclass(slots=True)
class ChargeVerdict:
    """`problems` concern the document; `withheld` is what of the document's own charges is not paid, by position
    among its allowances and charges."""

    problems: list[Problem] = field(default_factory=list)
    withheld: dict[int, Decimal] = field(default_factory=dict)


def judge_charges(
    invoice: Invoice, drafts: Sequence[Draft], tolerances: InvoiceTolerances, accepted: AcceptedCodes
) -> ChargeVerdict:
    """Judges all charges of an invoice with ordered goods. Without any, people approve the bill with its charges, and
    in a credit note more is better: neither is judged."""
    verdict = ChargeVerdict()
    if invoice.kind == "credit-note" or not any(each.ordered or each.claims_order for each in drafts):
        return verdict
    goods = _goods_by_category(drafts)
    base = sum(goods.values(), NOTHING)
    category = max(goods, key=lambda each: (goods[each], each), default="")
    for kind in KINDS:
        total = _total(invoice, drafts, kind)
        allowed = allowance(tolerances.rule(kind, category), base)
        if total > allowed:
            _over(invoice, drafts, kind, total, allowed, verdict)
            if accepted.get("charge-over"):
                _cut(invoice, drafts, kind, total - _cents(allowed, invoice.currency), verdict)
    return verdict


def _goods_by_category(drafts: Sequence[Draft]) -> dict[str, Decimal]:
    goods: dict[str, Decimal] = {}
    for draft in drafts:
        if draft.ordered is not None and draft.goods > 0:
            category = draft.ordered.position.category
            goods[category] = goods.get(category, NOTHING) + draft.goods
    return goods


def _of_kind(charge: AllowanceOrCharge, kind: Kind) -> bool:
    return charge.is_charge and ("freight" if charge.kind == "freight" else "surcharge") == kind


def _line_charges(draft: Draft, kind: Kind) -> Decimal:
    """What a line charges of this kind: the whole of a charge line, or the charges within a line of goods."""
    if draft.charge:
        mine = "freight" if draft.line.kind == "freight" else "surcharge"
        return draft.line.amount.amount if mine == kind else NOTHING
    if draft.ordered is None or not draft.line.allowances:
        return NOTHING
    return sum((each.amount.amount for each in draft.line.allowances if _of_kind(each, kind)), NOTHING)


def _total(invoice: Invoice, drafts: Sequence[Draft], kind: Kind) -> Decimal:
    lines = sum((_line_charges(draft, kind) for draft in drafts), NOTHING)
    return lines + sum((each.amount.amount for each in invoice.allowances if _of_kind(each, kind)), NOTHING)


def _over(
    invoice: Invoice, drafts: Sequence[Draft], kind: Kind, total: Decimal, allowed: Decimal, verdict: ChargeVerdict
) -> None:
    """Every place of the charge is named; what is too much is said once."""
    currency = invoice.currency
    words = (f"{kind} of at most {_words(allowed, currency)}", f"{_words(total, currency)} in all")
    excess = total - allowed
    for draft in drafts:
        if _line_charges(draft, kind) > 0:
            draft.problem("charge-over", *words, _words(allowed, currency), excess)
            excess = NOTHING
    for charge in invoice.allowances:
        if _of_kind(charge, kind):
            found = f"{_words(charge.amount.amount, currency)} {charge.reason}".strip() + f"; {words[1]}"
            verdict.problems.append(Problem("charge-over", words[0], found, _words(allowed, currency), excess))
            excess = NOTHING


def _cut(invoice: Invoice, drafts: Sequence[Draft], kind: Kind, excess: Decimal, verdict: ChargeVerdict) -> None:
    """What is too much is taken off the charges of the document first, then off lines, from the last to the first."""
    for at in reversed(range(len(invoice.allowances))):
        if _of_kind(invoice.allowances[at], kind):
            off = min(excess, invoice.allowances[at].amount.amount)
            verdict.withheld[at] = off
            excess -= off
    for draft in reversed(drafts):
        off = max(NOTHING, min(excess, _line_charges(draft, kind), draft.payable))
        draft.payable -= off
        excess -= off


def _cents(amount: Decimal, currency: str) -> Decimal:
    return Money(amount=Decimal(1), currency=currency).times(amount).rounded().amount


def _words(amount: Decimal, currency: str) -> str:
    return str(Money(amount=Decimal(1), currency=currency).times(amount))
