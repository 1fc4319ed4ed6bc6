"""What each step takes. Every input carries the journal, so that what happened is recorded with the next effect."""

from __future__ import annotations

from datetime import date

from domain.case import Journal
from domain.facility import Facility
from domain.model import Value
from domain.policy.model import FrozenPolicy
from domain.ports.commitments import CommitmentLine
from domain.purchase import GoodsReceipt, GoodsReturn, OrderDraft, OrderLine, PlacedOrder, Settlement, StockIssue
from domain.requisition import Requisition


class StepInput(Value):
    """`seq` is kept free in the timeline for the entry that the step itself writes when it is done."""

    journal: Journal
    seq: int

    @property
    def case_id(self) -> str:
        return self.journal.snapshot.case_id


class CheckInput(StepInput):
    """`accepted` are (code, line) pairs that a person accepted; `today` is the facility's day. `ordered_for` is the
    hire that the goods are for: it was approved with them, so its manager may be charged, and other hires are other
    needs."""

    requisition: Requisition
    policy: FrozenPolicy
    today: date
    accepted: tuple[tuple[str, int | None], ...] = ()
    cancelled_lines: tuple[int, ...] = ()
    ordered_for: str = ""


class ReserveInput(StepInput):
    key: str
    lines: tuple[CommitmentLine, ...]
    behaviour: str


class StockInput(StepInput):
    issue: StockIssue


class UndoStockInput(StepInput):
    external_id: str
    reason: str


class PlaceOrderInput(StepInput):
    draft: OrderDraft
    fiscal_year: int


class SendOrderInput(StepInput):
    """`key` makes repeated sending the same message; `occasion` as in the supplier port.

    `issued_on` is the facility's day on which the documents are dated, also when they are sent again.
    """

    order: PlacedOrder
    facility: Facility
    key: str
    occasion: str = "order"
    version: int = 1
    issued_on: date | None = None


class ChangeOrderInput(StepInput):
    number: str
    external_id: str
    lines: tuple[OrderLine, ...]
    fiscal_year: int


class EndOrderInput(StepInput):
    """Cancel an order of which nothing was received."""

    external_id: str
    reason: str


class FollowOrderInput(StepInput):
    """Take over the order of the external id `order_id` as people changed it; `key` is that of the commitment's
    change."""

    order_id: str
    key: str
    fiscal_year: int


class ReceiptInput(StepInput):
    """`booked_on` is the external id of the order on which the ERP has booked it already; empty: it is to be booked."""

    external_id: str
    receipt: GoodsReceipt
    booked_on: str = ""


class ReturnInput(StepInput):
    """`booked_on` as in ReceiptInput."""

    external_id: str
    goods_return: GoodsReturn
    booked_on: str = ""


class CloseOrderInput(StepInput):
    """Close an order for good: book the settlement, if there is one, and free what stays unused."""

    number: str
    key: str
    short: bool
    reason: str
    settlement: Settlement | None = None
    settled: tuple[CommitmentLine, ...] = ()
    lines: tuple[int, ...] = ()


class ReleaseInput(StepInput):
    key: str


class CloseCaseInput(StepInput):
    """Free what the case still holds, and record its end."""

    key: str


class AnnounceResult(Value):
    """`unmanned` are the tasks that nobody in the directory may answer."""

    unmanned: tuple[str, ...] = ()
