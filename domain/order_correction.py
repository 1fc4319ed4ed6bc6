"""Correcting an order that the ERP refused: what may change without asking the approvers again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.faults import Fault, InvalidRequestError
from domain.purchase import OrderDraft, OrderLine
from domain.requisition import CostShare
from domain.tasks import LineCorrection


def corrected_draft(draft: OrderDraft, corrections: Sequence[LineCorrection]) -> OrderDraft:
    """The draft with another supplier, account, quantity or price, under a new external id.

    Raises InvalidRequestError with every fault: the total must not pass what was approved, all corrected lines go
    to one
    supplier, and an ordered item stays the item that was approved.
    """
    faults = _faults(draft, corrections)
    if faults:
        raise InvalidRequestError(faults)
    by_line = {correction.line: correction for correction in corrections}
    supplier = next((each.supplier for each in corrections if each.supplier), draft.supplier)
    changed = draft.model_copy(
        update={
            "supplier": supplier,
            "external_id": next_external_id(draft.external_id),
            "lines": tuple(
                _corrected(line, by_line.get(line.line), supplier == draft.supplier) for line in draft.lines
            ),
        }
    )
    if changed.total > draft.total:
        message = f"the corrected order costs {changed.total}, more than the approved {draft.total}: amend the case"
        raise InvalidRequestError([Fault(pointer="/corrections", code="exceeds-approved", message=message)])
    return changed


def next_external_id(external_id: str) -> str:
    """The id of the next round of the same order: '...:1' becomes '...:2'."""
    stem, _, number = external_id.rpartition(":")
    return f"{stem}:{int(number) + 1}"


def _faults(draft: OrderDraft, corrections: Sequence[LineCorrection]) -> list[Fault]:
    known = {line.line for line in draft.lines}
    faults = []
    for at, correction in enumerate(corrections):
        if correction.line not in known:
            faults.append(
                Fault(
                    pointer=f"/corrections/{at}/line",
                    code="unknown-line",
                    message=f"the order has no line {correction.line}; it has {sorted(known)}",
                )
            )
        if correction.item is not None or correction.category is not None:
            faults.append(
                Fault(
                    pointer=f"/corrections/{at}",
                    code="needs-amendment",
                    message="another item or category was not approved: cancel the case or amend it",
                )
            )
    if len({each.supplier for each in corrections if each.supplier}) > 1:
        faults.append(Fault(pointer="/corrections", code="several-suppliers", message="one order goes to one supplier"))
    return faults


def _corrected(line: OrderLine, correction: LineCorrection | None, same_supplier: bool) -> OrderLine:
    """An agreement is with one supplier: it does not hold with another."""
    line = line if same_supplier else line.model_copy(update={"contract": None})
    if correction is None:
        return line
    quantity = line.quantity.of(Decimal(correction.quantity)) if correction.quantity else line.quantity
    return line.model_copy(
        update={
            "quantity": quantity,
            "unit_price": correction.unit_price or line.unit_price,
            "costs": _on_accounts(line.costs, correction.costs),
        }
    )


def _on_accounts(before: tuple[CostShare, ...], after: tuple[CostShare, ...] | None) -> tuple[CostShare, ...]:
    """What is bought stays the same, and with it the account of whoever names other cost centres alone."""
    account = before[0].account if before else None
    return tuple(share if share.account else share.model_copy(update={"account": account}) for share in after or before)
