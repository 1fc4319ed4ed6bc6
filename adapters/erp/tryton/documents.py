"""What Corridor keeps of each document in Tryton: the part that Tryton has no fields for. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from adapters.erp.tryton.ledger import LedgerMove
from domain.model import Value
from domain.money import Money
from domain.ports.erp_claims import ClaimKey
from domain.ports.hris import EmployeeRecord
from domain.purchase import OrderDraft, OrderLine, OrderStatus, PlacedOrder

ZERO = Decimal(0)


Ending = Literal["closed", "closed-short", "cancelled"]


class OrderDocument(Value):
    """An order: what was asked for, where it is in Tryton, and what Tryton does not say of it.

    `lines` are as they stand; while the order runs, quantities and prices of Tryton count. `unmoved` is what came in of
    lines without a catalogue item, which Tryton's stock does not move; `returned` is what went back. An end that is not
    `settled` is not in Tryton yet. `billed` and `billed_amount` are what bills took of each line, `accrued` what is
    owed for its goods without a bill, `moved_on` the day of the latest receipt or return, and `unbooked` the bookings
    that are due and not made yet.
    """

    draft: OrderDraft
    lines: dict[int, OrderLine]
    purchase: int | None = None
    number: str = ""
    ended: Literal[""] | Ending = ""
    settled: bool = True
    drawn: dict[int, Decimal] = {}
    returned: dict[int, Decimal] = {}
    unmoved: dict[int, Decimal] = {}
    billed: dict[int, Decimal] = {}
    billed_amount: dict[int, Decimal] = {}
    accrued: dict[int, Decimal] = {}
    moved_on: date | None = None
    unbooked: tuple[LedgerMove, ...] = ()

    def draws(self, received: Mapping[int, Decimal] | None = None) -> dict[int, Decimal]:
        """What each line draws from its contract: its whole amount, or with `received` that of what came in."""
        return {number: _draw(line, received) for number, line in self.lines.items() if line.contract}


class MovementDocument(Value):
    """A receipt or return under its external id; `booked` once all of it is done."""

    kind: Literal["receipt", "return"]
    order: str
    booked: bool = False


class ChangeDocument(Value):
    order: str
    applied: bool = False


class ContractDocument(Value):
    drawn: Decimal


class IssueDocument(Value):
    """What the store room handed out; `returned` once it took it back."""

    shipment: int | None = None
    number: str = ""
    returned: bool = False


class EmployeeDocument(Value):
    """An employee as Corridor recorded it; `employee` is Tryton's id."""

    employee: int
    record: EmployeeRecord


class HireDocument(Value):
    """Whose hire it is; without a worker number it was taken back before it was recorded."""

    worker_number: str = ""
    ended: bool = False


class HeldLine(Value):
    """A line as Tryton holds it. `moved` is what came in and is not deducted for returns; `pending` are the ids of
    movements that nobody has begun."""

    id: int
    product: int | None
    unit: int | None
    quantity: Decimal
    unit_price: Decimal
    description: str
    moved: Decimal
    pending: tuple[int, ...] = ()


class HeldPurchase(Value):
    id: int
    number: str
    state: str
    party: int
    warehouse: int | None
    lines: dict[int, HeldLine]


def received(document: OrderDocument, held: HeldPurchase) -> dict[int, Decimal]:
    """Accepted less returned, by line; lines of which nothing came are left out."""
    counts = {
        number: (held.lines[number].moved if number in held.lines else ZERO)
        + document.unmoved.get(number, ZERO)
        - document.returned.get(number, ZERO)
        for number in document.lines
    }
    return {number: count for number, count in sorted(counts.items()) if count}


def standing_lines(document: OrderDocument, held: HeldPurchase) -> dict[int, OrderLine]:
    """The lines with Tryton's quantities and prices; of an order that has ended, as they stood then."""
    if document.ended:
        return document.lines
    return {
        number: line if number not in held.lines else _as_held(line, held.lines[number], document.draft.currency)
        for number, line in document.lines.items()
    }


def status(document: OrderDocument, held: HeldPurchase) -> OrderStatus:
    if document.ended:
        return document.ended
    lines, came = standing_lines(document, held), received(document, held)
    quantities = {number: line.quantity.value for number, line in lines.items()}
    if held.state == "cancelled" or not any(quantities.values()):
        return "cancelled"
    if all(came.get(number, ZERO) >= wanted for number, wanted in quantities.items()):
        return "received"
    return "open"


def view(document: OrderDocument, held: HeldPurchase) -> PlacedOrder:
    lines = standing_lines(document, held)
    return PlacedOrder(
        number=held.number or document.number,
        external_id=document.draft.external_id,
        supplier=document.draft.supplier,
        status=status(document, held),
        total=Money.total((line.amount for line in lines.values()), document.draft.currency),
        lines=tuple(lines[number] for number in sorted(lines)),
        received=received(document, held),
    )


def order_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="order", key=external_id)


def number_key(number: str) -> ClaimKey:
    """Leads from Tryton's number to the external id."""
    return ClaimKey(kind="order-number", key=number)


def movement_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="movement", key=external_id)


def change_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="change", key=external_id)


def contract_key(number: str) -> ClaimKey:
    return ClaimKey(kind="contract", key=number)


def issue_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="issue", key=external_id)


def employee_key(worker_number: str) -> ClaimKey:
    return ClaimKey(kind="employee", key=worker_number)


def hire_key(external_id: str) -> ClaimKey:
    return ClaimKey(kind="hire", key=external_id)


def _draw(line: OrderLine, came: Mapping[int, Decimal] | None) -> Decimal:
    quantity = line.quantity.value
    if came is not None:
        quantity = min(quantity, came.get(line.line, ZERO))
    return line.unit_price.times(quantity).rounded().amount


def _as_held(line: OrderLine, held: HeldLine, currency: str) -> OrderLine:
    if (line.quantity.value, line.unit_price.amount) == (held.quantity, held.unit_price):
        return line
    return line.model_copy(
        update={
            "quantity": line.quantity.of(held.quantity),
            "unit_price": Money(amount=held.unit_price, currency=currency),
        }
    )
