"""What is wrong with an event from outside beyond its shape: numbers that nobody can mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.faults import Fault
from domain.model import Request
from domain.purchase import Acknowledgement, GoodsReceipt, Settlement


def receipt_faults(receipt: GoodsReceipt) -> tuple[Fault, ...]:
    """Lines of a receipt on which nothing came in, or of which a part was refused without a reason."""
    return tuple(_receipt(receipt))


def _receipt(receipt: GoodsReceipt) -> Iterator[Fault]:
    for index, line in enumerate(receipt.lines):
        if line.accepted + line.rejected <= 0:
            message = "Send what was accepted or rejected, or leave the line out."
            yield Fault(pointer=f"/lines/{index}/accepted", code="nothing-received", message=message)
        if line.rejected > 0 and not line.reason:
            message = "Say why this part was rejected."
            yield Fault(pointer=f"/lines/{index}/reason", code="required", message=message)


def acknowledgement_faults(answer: Acknowledgement) -> tuple[Fault, ...]:
    """Lines that are answered twice, negative quantities, and prices that are not positive."""
    return (*_answered_twice([line.line for line in answer.lines]), *_amounts(answer))


def _answered_twice(numbers: Sequence[int]) -> Iterator[Fault]:
    for index, number in enumerate(numbers):
        if number in numbers[:index]:
            message = f"Line {number} is answered before; send one answer for each line."
            yield Fault(pointer=f"/lines/{index}/line", code="duplicate-line", message=message)


def _amounts(answer: Acknowledgement) -> Iterator[Fault]:
    for index, line in enumerate(answer.lines):
        if line.quantity is not None and line.quantity < 0:
            message = "Send a quantity of zero or more."
            yield Fault(pointer=f"/lines/{index}/quantity", code="negative", message=message)
        if line.unit_price is not None and line.unit_price.amount <= 0:
            message = "Send a price greater than zero, or none when it is as ordered."
            yield Fault(pointer=f"/lines/{index}/unit_price/amount", code="not-positive", message=message)


def settlement_faults(settlement: Settlement, currency: str) -> tuple[Fault, ...]:
    """A negative amount, or one that is not in the order's `currency`."""
    return tuple(_settlement(settlement, currency))


def _settlement(settlement: Settlement, currency: str) -> Iterator[Fault]:
    if settlement.amount.amount < 0:
        yield Fault(pointer="/amount/amount", code="negative", message="Send an amount of zero or more.")
    if settlement.amount.currency != currency:
        message = f"The order is in {currency}; send the amount in {currency}."
        yield Fault(pointer="/amount/currency", code="currency-mismatch", message=message)


def event_faults(report: Request, currency: str) -> tuple[Fault, ...]:
    """What is wrong with a report about an order in `currency`, whichever report it is."""
    if isinstance(report, GoodsReceipt):
        return receipt_faults(report)
    if isinstance(report, Acknowledgement):
        return acknowledgement_faults(report)
    return settlement_faults(report, currency) if isinstance(report, Settlement) else ()
