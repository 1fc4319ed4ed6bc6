"""What Tryton would take and nobody should order. Pure: all raise RefusedError with the code that the port promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import ZERO, HeldPurchase, OrderDocument, received, standing_lines, status
from domain.master_data import Contract, CostCentre, Supplier
from domain.purchase import OrderDraft, OrderLine
from domain.requisition import CostShare


@dataclass(frozen=True)
class Known:
    """What Tryton knows of all that an order names."""

    supplier: Supplier | None
    cost_centres: Mapping[str, CostCentre]
    accounts: tuple[str, ...]
    """Those that are open."""
    items: tuple[str, ...]
    contracts: Mapping[str, Contract]
    period_open: bool


def check_order(draft: OrderDraft, known: Known) -> None:
    if known.supplier is None:
        refuse("supplier-unknown", f"Supplier {draft.supplier} is not in the master data.")
    if "orders" in known.supplier.blocked_for:
        refuse("supplier-blocked", f"Supplier {draft.supplier} is blocked for orders.")
    if not known.period_open:
        refuse("period-closed", f"The books of {draft.facility} are closed on {draft.ordered_on}.")
    if not draft.lines:
        refuse("order-empty", "An order needs at least one line.")
    for line in draft.lines:
        _check_line(draft, line, known)
    if len({line.line for line in draft.lines}) < len(draft.lines):
        refuse("data-invalid", "Two lines of an order have the same number.")


def _check_line(draft: OrderDraft, line: OrderLine, known: Known) -> None:
    check_numbers(line, draft.currency)
    if line.quantity.value == 0:
        refuse("quantity-zero", f"Line {line.line} orders nothing.")
    if line.item is not None and line.item not in known.items:
        refuse("item-unknown", f"Item {line.item} is not in the catalogue.")
    check_costs(line.line, line.costs, known.cost_centres, known.accounts)
    if line.contract is not None:
        _check_contract(line.contract, draft, line, known)


def check_numbers(line: OrderLine, currency: str) -> None:
    if line.unit_price.currency != currency:
        refuse("currency-differs", f"Line {line.line} is in {line.unit_price.currency}, the order in {currency}.")
    if line.quantity.value < 0 or line.unit_price.amount < 0:
        refuse("data-invalid", f"Line {line.line}: a quantity or price is negative.")


def check_costs(
    line: int, costs: Iterable[CostShare], cost_centres: Mapping[str, CostCentre], accounts: Iterable[str]
) -> None:
    """`accounts` are those that are open."""
    total = ZERO
    for share in costs:
        check_cost_centre(share.cost_centre, cost_centres)
        if share.account is None or share.account not in accounts:
            account = share.account or "(none)"
            refuse("account-unknown", f"Line {line}: expense account {account} is unknown or closed.")
        total += share.percent
    if total != 100:
        refuse("cost-split", f"Line {line}: the cost shares sum to {total}, not 100.")


def check_cost_centre(code: str, known: Mapping[str, CostCentre]) -> None:
    if code not in known or not known[code].open:
        refuse("cost-centre-closed", f"Cost centre {code} is unknown or closed.")


def _check_contract(number: str, draft: OrderDraft, line: OrderLine, known: Known) -> None:
    contract = known.contracts.get(number)
    if (
        contract is None
        or (contract.supplier, contract.item) != (draft.supplier, line.item)
        or contract.tiers[0].price.currency != draft.currency
    ):
        message = f"There is no contract {number} for this item with supplier {draft.supplier} in {draft.currency}."
        refuse("contract-unknown", message)
    if not contract.starts <= draft.ordered_on <= contract.ends:
        refuse("contract-expired", f"Contract {number} runs from {contract.starts} to {contract.ends}.")


def check_draw(contract: Contract, drawn: Decimal, change: Decimal) -> None:
    """`drawn` is what was drawn before, `change` what comes on top, or less."""
    if change > 0 and contract.limit is not None and drawn + change > contract.limit.amount:
        left, limit = contract.limit.amount - drawn, contract.limit
        refuse("contract-exhausted", f"Contract {contract.number} has {left} of {limit.amount} {limit.currency} left.")


def check_running(document: OrderDocument, held: HeldPurchase) -> None:
    state = status(document, held)
    if state not in ("open", "received"):
        word = "cancelled" if state == "cancelled" else "closed"
        refuse("order-closed", f"Order {document.number} is {word}.")


def check_not_billed(document: OrderDocument) -> None:
    if any(document.billed.values()):
        refuse("order-billed", f"Order {document.number} was billed already.")


def check_change(document: OrderDocument, held: HeldPurchase, changes: Iterable[OrderLine]) -> dict[int, OrderLine]:
    """The lines with the new price, quantity and date; everything else of a line stays as it was ordered."""
    lines, came = dict(standing_lines(document, held)), received(document, held)
    for change in changes:
        old = lines.get(change.line)
        if old is None:
            refuse("line-unknown", f"Order {document.number} has no line {change.line}.")
        check_numbers(change, document.draft.currency)
        if change.quantity.value < came.get(change.line, ZERO):
            refuse("order-below-received", f"Line {change.line}: {came[change.line]} were received already.")
        if change.quantity.value < document.billed.get(change.line, ZERO):
            refuse("order-below-billed", f"Line {change.line}: {document.billed[change.line]} were billed already.")
        lines[change.line] = old.model_copy(
            update={
                "quantity": old.quantity.of(change.quantity.value),
                "unit_price": change.unit_price,
                "need_by": change.need_by,
            }
        )
    return lines


def check_receipt(
    document: OrderDocument, held: HeldPurchase, accepted: Iterable[tuple[int, Decimal]], percent: int
) -> None:
    """`percent` is what may come on top of what was ordered."""
    lines, came = standing_lines(document, held), dict(received(document, held))
    for number, quantity in accepted:
        line = lines.get(number)
        if line is None:
            refuse("line-unknown", f"Order {document.number} has no line {number}.")
        total = came.get(number, ZERO) + quantity
        if quantity > 0 and total > line.quantity.value * (100 + percent) / 100:
            message = (
                f"Line {number}: {quantity} more would be over the {line.quantity.value} ordered and the {percent} "
                "percent that may come on top."
            )
            refuse("receipt-over", message)
        came[number] = total


def check_return(document: OrderDocument, held: HeldPurchase, quantities: Iterable[tuple[int, Decimal]]) -> None:
    lines, came = standing_lines(document, held), dict(received(document, held))
    for number, quantity in quantities:
        if number not in lines:
            refuse("line-unknown", f"Order {document.number} has no line {number}.")
        left = came.get(number, ZERO) - quantity
        if left < 0:
            refuse("return-over", f"Line {number}: only {came.get(number, ZERO)} were received.")
        came[number] = left


def check_day(facility: str, day: date, is_open: bool) -> None:
    if not is_open:
        refuse("period-closed", f"The books of {facility} are closed on {day}.")
