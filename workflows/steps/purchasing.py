"""What procure-to-pay asks of the outside: reads are gathered in one step, each effect is a step of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from domain.checks import Assessment
from domain.ports.commitments import ReservationResult
from domain.purchase import DispatchProof, PlacedOrder
from workflows.steps.inputs import (
    ChangeOrderInput,
    CheckInput,
    CloseOrderInput,
    EndOrderInput,
    FollowOrderInput,
    PlaceOrderInput,
    ReceiptInput,
    ReleaseInput,
    ReserveInput,
    ReturnInput,
    SendOrderInput,
    StockInput,
    UndoStockInput,
)


class PurchasingSteps(ABC):
    """Each step may be repeated with the same input: it then gives the same result and has no second effect.

    A step fails with an ApplicationError whose type is a class name of `domain.outside_errors` and whose first
    detail is an
    ErrorReport; only TemporarilyUnavailableError is worth repeating unchanged.
    """

    @activity.defn(name="check_requisition")
    @abstractmethod
    async def check_requisition(self, step: CheckInput) -> Assessment:
        """Read master data, stock, people and recent requests, and judge the requisition. No effect outside."""

    @activity.defn(name="reserve_commitments")
    @abstractmethod
    async def reserve_commitments(self, step: ReserveInput) -> ReservationResult:
        """Hold the money for the lines, all or nothing."""

    @activity.defn(name="release_commitments")
    @abstractmethod
    async def release_commitments(self, step: ReleaseInput) -> None:
        """Free what the case holds. Undoes reserve_commitments."""

    @activity.defn(name="issue_stock")
    @abstractmethod
    async def issue_stock(self, step: StockInput) -> str:
        """Have the store room hand out what it has; returns the issue's number."""

    @activity.defn(name="return_stock")
    @abstractmethod
    async def return_stock(self, step: UndoStockInput) -> None:
        """Undo issue_stock."""

    @activity.defn(name="place_order")
    @abstractmethod
    async def place_order(self, step: PlaceOrderInput) -> PlacedOrder:
        """Order in the ERP and move the money from reserved to ordered."""

    @activity.defn(name="send_order")
    @abstractmethod
    async def send_order(self, step: SendOrderInput) -> DispatchProof:
        """Send the order, a reminder, a change or a cancellation to the supplier."""

    @activity.defn(name="change_order")
    @abstractmethod
    async def change_order(self, step: ChangeOrderInput) -> PlacedOrder:
        """Change lines of a placed order, and the commitment with it."""

    @activity.defn(name="follow_order")
    @abstractmethod
    async def follow_order(self, step: FollowOrderInput) -> PlacedOrder:
        """Bring the commitment in line with an order that people changed in the ERP itself."""

    @activity.defn(name="cancel_order")
    @abstractmethod
    async def cancel_order(self, step: EndOrderInput) -> PlacedOrder | None:
        """Undo place_order, also when its answer was lost; None when there was no order."""

    @activity.defn(name="post_receipt")
    @abstractmethod
    async def post_receipt(self, step: ReceiptInput) -> PlacedOrder:
        """Book received goods in the ERP, unless it has booked them already."""

    @activity.defn(name="post_return")
    @abstractmethod
    async def post_return(self, step: ReturnInput) -> PlacedOrder:
        """Book goods that go back in the ERP, unless it has booked them already."""

    @activity.defn(name="close_order")
    @abstractmethod
    async def close_order(self, step: CloseOrderInput) -> PlacedOrder:
        """Close an order in the ERP, with its settlement and the commitment that is left."""
