"""From checked lines to orders and store-room issues, and from a person's corrections to a better requisition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from domain.faults import Fault, InvalidRequestError
from domain.intake import line_faults
from domain.purchase import OrderDraft, OrderLine, SourcedLine, StockIssue, StockIssueLine
from domain.quantity import Quantity
from domain.requisition import CostShare, Requisition, RequisitionLine
from domain.tasks import LineCorrection


def order_drafts(
    case_id: str,
    facility: str,
    requester: str,
    currency: str,
    ordered_on: date,
    lines: Sequence[SourcedLine],
    round: int = 1,  # noqa: A002 - the rounds of a case are called so everywhere, and nothing is rounded here
) -> tuple[OrderDraft, ...]:
    """One order per supplier for what the store room does not have, in the order of the suppliers' codes.

    `round` counts the times that the case ordered: with the supplier it makes the external id, which the system of
    record takes once.
    """
    to_order = [line for line in lines if line.to_order > 0]
    return tuple(
        OrderDraft(
            external_id=f"{case_id}:order.{supplier}:{round}",
            case_id=case_id,
            facility=facility,
            supplier=supplier,
            requester=requester,
            currency=currency,
            ordered_on=ordered_on,
            lines=tuple(_order_line(line) for line in _by_number(to_order) if line.supplier == supplier),
            categories={line.line: line.category for line in _by_number(to_order) if line.supplier == supplier},
        )
        for supplier in sorted({line.supplier for line in to_order})
    )


def stock_issue(
    case_id: str,
    facility: str,
    lines: Sequence[SourcedLine],
    round: int = 1,  # noqa: A002 - as in order_drafts
) -> StockIssue | None:
    """What the store room hands out, or None when it has nothing of it.

    Boxes are not cut in parts: the cost centre with the largest share of a line takes the line's issue.
    """
    stocked = _by_number([line for line in lines if line.from_stock > 0 and line.item is not None])
    if not stocked:
        return None
    places = dict.fromkeys(line.deliver_to for line in stocked)
    return StockIssue(
        external_id=f"{case_id}:stock:{round}",
        case_id=case_id,
        facility=facility,
        deliver_to="; ".join(places),
        lines=tuple(
            StockIssueLine(
                line=line.line, item=line.item or "", quantity=line.from_stock, cost_centre=_main_share(line.costs)
            )
            for line in stocked
        ),
    )


def apply_corrections(requisition: Requisition, corrections: Sequence[LineCorrection]) -> Requisition:
    """The requisition as a person corrected it. Raises InvalidRequestError with every fault, pointing into the
    decision's `corrections`: an unknown line, a correction that says nothing, values that intake would refuse.
    """
    lines = {line.line: line for line in requisition.lines}
    faults: list[Fault] = []
    for index, correction in enumerate(corrections):
        pointer = f"/corrections/{index}"
        found = tuple(_correction_faults(correction, lines, pointer))
        if not found:
            corrected = _corrected(lines[correction.line], correction)
            found = tuple(_as_sent(fault, pointer) for fault in line_faults(corrected, pointer, requisition.currency))
        if not found:
            lines[correction.line] = corrected
        faults.extend(found)
    if faults:
        raise InvalidRequestError(faults)
    return requisition.model_copy(update={"lines": tuple(lines[line.line] for line in requisition.lines)})


def _correction_faults(correction: LineCorrection, lines: dict[int, RequisitionLine], pointer: str) -> Iterator[Fault]:
    if correction.line not in lines:
        known = ", ".join(str(number) for number in lines)
        message = f"The requisition has no line {correction.line}; send one of {known}."
        yield Fault(pointer=f"{pointer}/line", code="unknown-line", message=message)
    if not correction.model_dump(exclude={"line"}, exclude_none=True):
        yield Fault(pointer=pointer, code="nothing-to-change", message="Send at least one field to change on the line.")


def _as_sent(fault: Fault, pointer: str) -> Fault:
    """A correction carries the quantity's value and unit side by side, a requisition line one within the other."""
    fields = {f"{pointer}/quantity/value": f"{pointer}/quantity", f"{pointer}/quantity/unit": f"{pointer}/unit"}
    return fault.model_copy(update={"pointer": fields.get(fault.pointer, fault.pointer)})


def _corrected(line: RequisitionLine, correction: LineCorrection) -> RequisitionLine:
    named = {name: getattr(correction, name) for name in ("item", "supplier", "unit_price", "category", "costs")}
    changes = {name: value for name, value in named.items() if value is not None}
    if correction.quantity is not None or correction.unit is not None:
        changes["quantity"] = _corrected_quantity(line.quantity, correction)
    return line.model_copy(update=changes)


def _corrected_quantity(quantity: Quantity, correction: LineCorrection) -> Quantity:
    """A corrected unit comes without a pack size: the catalogue's pack is meant."""
    value = quantity.value if correction.quantity is None else Decimal(correction.quantity)
    return quantity.of(value) if correction.unit is None else Quantity(value=value, unit=correction.unit)


def _by_number(lines: Sequence[SourcedLine]) -> list[SourcedLine]:
    return sorted(lines, key=lambda line: line.line)


def _main_share(costs: Sequence[CostShare]) -> str:
    return max(costs, key=lambda share: share.percent).cost_centre


def _order_line(line: SourcedLine) -> OrderLine:
    return OrderLine(
        line=line.line,
        item=line.item,
        description=line.description,
        quantity=line.quantity.of(line.to_order),
        unit_price=line.unit_price,
        need_by=line.need_by,
        deliver_to=line.deliver_to,
        costs=line.costs,
        contract=line.contract,
        gtin=line.gtin,
        unspsc=line.unspsc,
    )
