"""From what is needed to what is ordered, acknowledged, received and settled."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.model import Request, Value
from domain.money import ExactDecimal, Money
from domain.people import PersonId
from domain.quantity import Quantity
from domain.requisition import CostShare, LineNumber, ShortText, Text

EventId = Annotated[str, Field(min_length=1, max_length=200)]
OrderNumber = Annotated[str, Field(min_length=1, max_length=40)]


class SourcedLine(Value):
    """A requisition line after the checks: what exactly, from whom, at which price, on which accounts.

    `to_order` and `from_stock` are counts in the unit of `quantity`; together they are its value.
    """

    line: int
    item: str | None
    description: str
    category: str
    quantity: Quantity
    from_stock: Decimal
    to_order: Decimal
    unit_price: Money
    supplier: str
    contract: str | None = None
    gtin: str = ""
    unspsc: str = ""
    substituted_for: str | None = None
    need_by: date
    deliver_to: str
    costs: tuple[CostShare, ...]

    @property
    def order_amount(self) -> Money:
        return self.unit_price.times(self.to_order).rounded()

    @property
    def amount(self) -> Money:
        return self.unit_price.times(self.quantity.value).rounded()


class OrderLine(Value):
    """`line` is the requisition's line number, kept through order, receipt and invoice."""

    line: int
    item: str | None
    description: str
    quantity: Quantity
    unit_price: Money
    need_by: date
    deliver_to: str
    costs: tuple[CostShare, ...]
    contract: str | None = None
    gtin: str = ""
    unspsc: str = ""

    @property
    def amount(self) -> Money:
        return self.unit_price.times(self.quantity.value).rounded()


class OrderDraft(Value):
    """What the ERP is asked to order. `external_id` is unique per order for ever: asking again returns the same
    order. `categories` are those of the lines, which the system of record need not keep.
    """

    external_id: str
    case_id: str
    facility: str
    supplier: str
    requester: str
    currency: str
    ordered_on: date
    lines: tuple[OrderLine, ...]
    categories: dict[int, str] = {}

    @property
    def total(self) -> Money:
        return Money.total((line.amount for line in self.lines), self.currency)


OrderStatus = Literal["open", "received", "closed", "closed-short", "cancelled"]


class PlacedOrder(Value):
    """An order as the ERP holds it, with the number that the ERP gave it. Quantities are counts in the line's unit."""

    number: OrderNumber
    external_id: str
    supplier: str
    status: OrderStatus
    total: Money
    lines: tuple[OrderLine, ...]
    received: dict[int, Decimal] = {}
    """Accepted quantity by line, returns deducted."""


class StockIssueLine(Value):
    line: int
    item: str
    quantity: Decimal
    cost_centre: str


class StockIssue(Value):
    """A request to the store room to hand out what it has. `external_id` as in OrderDraft."""

    external_id: str
    case_id: str
    facility: str
    deliver_to: str
    lines: tuple[StockIssueLine, ...]


class AcknowledgedLine(Request):
    """The supplier's answer to one order line (X12 855 ACK, UBL OrderResponse)."""

    line: LineNumber
    status: Literal["accepted", "changed", "backordered", "rejected"] = "accepted"
    quantity: ExactDecimal | None = None
    unit_price: Money | None = None
    delivery_date: date | None = None
    note: Text = ""


class Acknowledgement(Request):
    """`lines` may be empty: then the whole order is accepted as it stands."""

    event_id: EventId
    order_number: OrderNumber
    acknowledged_at: AwareDatetime
    lines: Annotated[tuple[AcknowledgedLine, ...], Field(max_length=200)] = ()


class ReceivedLine(Request):
    """`accepted` and `rejected` are counts in the order line's unit; a rejected part carries its reason."""

    line: LineNumber
    accepted: Annotated[ExactDecimal, Field(ge=0)]
    rejected: Annotated[ExactDecimal, Field(ge=0)] = Decimal(0)
    reason: Text = ""


class GoodsReceipt(Request):
    """Goods that came in. `delivery_note` is the supplier's number of the delivery."""

    event_id: EventId
    order_number: OrderNumber
    received_at: AwareDatetime
    received_by: PersonId
    delivery_note: ShortText
    lines: Annotated[tuple[ReceivedLine, ...], Field(min_length=1, max_length=200)]


class ReturnedLine(Request):
    line: LineNumber
    quantity: Annotated[ExactDecimal, Field(gt=0)]
    reason: ShortText


class GoodsReturn(Request):
    """Goods that were accepted and go back; the order is open again for their quantity."""

    event_id: EventId
    order_number: OrderNumber
    returned_at: AwareDatetime
    returned_by: PersonId
    lines: Annotated[tuple[ReturnedLine, ...], Field(min_length=1, max_length=200)]


class Settlement(Request):
    """The supplier's bill for an order is settled, in part or, when `final`, for good."""

    event_id: EventId
    order_number: OrderNumber
    settled_at: AwareDatetime
    amount: Money
    final: bool = True
    reference: ShortText


class DispatchProof(Value):
    """That an order left for the supplier: by which channel, to whom, what the other side answered, and what was
    sent.
    """

    channel: Literal["email"]
    recipient: str
    message_id: str
    answer: str
    dispatched_at: datetime
    document_sha256: dict[str, str] = {}
