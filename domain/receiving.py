"""What a delivery does to an order: what is accepted, what is too much, what is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.faults import Fault, InvalidRequestError
from domain.model import Value
from domain.money import Money
from domain.purchase import GoodsReceipt, GoodsReturn, PlacedOrder
from domain.tolerance import LineTolerances, least_complete, most_receivable

NOTHING = Decimal(0)


class ReceiptVerdict(Value):
    """`over` are lines beyond tolerance, `unknown` lines that are not on the order, `rejected` lines of which a part
    was refused. `received` is what is accepted of each line with this receipt, in the line's unit.
    """

    over: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    received: dict[int, Decimal] = {}


def judge_receipt(
    order: PlacedOrder, received: Mapping[int, Decimal], receipt: GoodsReceipt, tolerances: LineTolerances
) -> ReceiptVerdict:
    """Judge one delivery against what was ordered and what came in before (`received`, returns deducted).

    A line may appear several times in a receipt, once for each package.
    """
    ordered = {line.line: line.quantity.value for line in order.lines}
    after = dict(received)
    for line in receipt.lines:
        if line.line in ordered:
            after[line.line] = after.get(line.line, NOTHING) + line.accepted
    accepted_now = sorted({line.line for line in receipt.lines if line.accepted > 0 and line.line in ordered})
    return ReceiptVerdict(
        over=tuple(line for line in accepted_now if after[line] > most_receivable(ordered[line], tolerances.of(line))),
        unknown=tuple(sorted({line.line for line in receipt.lines} - ordered.keys())),
        rejected=tuple(sorted({line.line for line in receipt.lines if line.rejected > 0 and line.line in ordered})),
        received=after,
    )


def after_return(order: PlacedOrder, received: Mapping[int, Decimal], goods_return: GoodsReturn) -> dict[int, Decimal]:
    """What is accepted of each line once goods went back. Raises InvalidRequestError with every fault: a line that is
    not on the order, or more than was received.
    """
    ordered = {line.line for line in order.lines}
    left, faults = dict(received), []
    for index, line in enumerate(goods_return.lines):
        have = left.get(line.line, NOTHING)
        if line.line not in ordered:
            message = f"Order {order.number} has no line {line.line}; send one of its lines."
            faults.append(Fault(pointer=f"/lines/{index}/line", code="unknown-line", message=message))
        elif line.quantity > have:
            message = f"Only {have.normalize():f} of line {line.line} were received; send at most that."
            faults.append(Fault(pointer=f"/lines/{index}/quantity", code="more-than-received", message=message))
        else:
            left[line.line] = have - line.quantity
    if faults:
        raise InvalidRequestError(faults)
    return left


def outstanding(order: PlacedOrder, received: Mapping[int, Decimal], tolerances: LineTolerances) -> dict[int, Decimal]:
    """How much of each line is still to come; lines that are complete within the short tolerance are absent.

    A line of which nothing came is never complete, whatever the tolerance.
    """
    missing: dict[int, Decimal] = {}
    for line in order.lines:
        ordered, have = line.quantity.value, received.get(line.line, NOTHING)
        if ordered > 0 and (have <= 0 or have < least_complete(ordered, tolerances.of(line.line))):
            missing[line.line] = ordered - have
    return missing


def complete(order: PlacedOrder, received: Mapping[int, Decimal], tolerances: LineTolerances) -> bool:
    """Whether nothing more is expected on the order."""
    return not outstanding(order, received, tolerances)


def received_part(order: PlacedOrder, received: Mapping[int, Decimal]) -> PlacedOrder:
    """The order as if only what was received had been ordered: what there is to pay for."""
    lines = tuple(
        line.model_copy(update={"quantity": line.quantity.of(received.get(line.line, Decimal(0)))})
        for line in order.lines
    )
    return order.model_copy(
        update={"lines": lines, "total": Money.total((each.amount for each in lines), order.total.currency)}
    )
