"""What is left of a proposal when another run was faster, or when a payment is taken out of it."""

from __future__ import annotations

from collections.abc import Collection

from domain.money import Money
from domain.payment import LeftOut, LeftOutBecause, Payment, PaymentItem, Proposal


def after_claim(proposal: Proposal, claimed: Collection[str]) -> Proposal:
    """The proposal with the payments of which every invoice is among `claimed` (case ids); those of the others are in
    flight elsewhere, or may not be paid any more."""
    free = frozenset(claimed)
    lost = [each.payment_id for each in proposal.payments if any(item.case_id not in free for item in each.items)]
    return without_payments(proposal, lost, "in-flight")


def without_payments(
    proposal: Proposal, payment_ids: Collection[str], why: LeftOutBecause, detail: str = ""
) -> Proposal:
    """The proposal without these payments; their invoices are left out, and the sums are those of what stays."""
    out = frozenset(payment_ids)
    kept = tuple(each for each in proposal.payments if each.payment_id not in out)
    left = [
        _left(payment, item, why, detail)
        for payment in proposal.payments
        if payment.payment_id in out
        for item in payment.items
    ]
    left_out = sorted((*proposal.left_out, *left), key=lambda each: (each.supplier, each.number, each.case_id))
    discounts = (item.discount for payment in kept for item in payment.items)
    return proposal.model_copy(
        update={
            "payments": kept,
            "left_out": tuple(left_out),
            "discounts": Money.total(discounts, proposal.currency),
            "total": Money.total((payment.amount for payment in kept), proposal.currency),
        }
    )


def _left(payment: Payment, item: PaymentItem, why: LeftOutBecause, detail: str) -> LeftOut:
    return LeftOut(
        case_id=item.case_id,
        supplier=payment.supplier,
        number=item.number,
        amount=item.amount,
        why=why,
        detail=detail,
    )
