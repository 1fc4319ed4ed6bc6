"""The way to a supplier: documents out, with proof."""

from datetime import date
from typing import Protocol

from domain.facility import Facility
from domain.master_data import Supplier
from domain.model import Value
from domain.purchase import DispatchProof, PlacedOrder


class OrderDispatch(Value):
    """An order to be sent. `version` counts what was sent under the same number; `occasion` tells a first sending
    from a
    reminder, a change or a cancellation."""

    order: PlacedOrder
    supplier: Supplier
    facility: Facility
    case_id: str
    version: int = 1
    occasion: str = "order"
    """One of 'order', 'reminder', 'change', 'cancellation'."""
    issued_on: date | None = None
    """Day of the order in the facility's calendar, as the documents state it; the day of sending when it is None."""
    key: str
    """Idempotency key: sending again under the same key repeats the same message id."""


class SupplierChannel(Protocol):
    async def health(self) -> None:
        """Raise when nothing could be sent now. Nothing is sent."""

    async def send_order(self, dispatch: OrderDispatch) -> DispatchProof:
        """Send the order as PDF and UBL 2.1 Order by e-mail. Raises the errors of `domain.outside_errors`."""
