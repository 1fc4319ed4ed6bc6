"""The system of record for purchasing: master data, stock, orders and receipts.

Every effect takes an external id that is unique for ever: asking again gives the same result and does nothing new. All
methods raise the errors of `domain.outside_errors`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.master_data import Budget, BudgetKey, MasterData
from domain.model import Value
from domain.purchase import GoodsReceipt, GoodsReturn, OrderDraft, OrderLine, PlacedOrder, StockIssue


class MasterDataQuery(Value):
    """What the checks of one requisition need to know. Items and suppliers that are referred to come along: the
    substitute of an inactive item, and the supplier of each item."""

    facility: str
    on: date
    cost_centres: tuple[str, ...]
    items: tuple[str, ...]
    suppliers: tuple[str, ...]
    accounts: tuple[str, ...] = ()


class ErpPort(Protocol):
    async def health(self) -> None:
        """Raise when the ERP does not answer."""

    async def master_data(self, query: MasterDataQuery) -> MasterData: ...

    async def budgets(self, keys: Sequence[BudgetKey]) -> tuple[Budget, ...]:
        """Budget lines that exist among `keys`; an account without a budget line is absent."""

    async def issue_stock(self, issue: StockIssue) -> str:
        """Take the quantities out of the store room; returns the issue's number. Refuses when there is too little."""

    async def return_stock(self, external_id: str, reason: str) -> None:
        """Undo `issue_stock` of that external id; nothing to do when it was never made or is undone already."""

    async def place_order(self, draft: OrderDraft) -> PlacedOrder:
        """Create and release the order; refuses a blocked supplier, unknown account, closed period or cost centre."""

    async def find_order(self, external_id: str) -> PlacedOrder | None: ...

    async def change_order(self, number: str, external_id: str, lines: Sequence[OrderLine]) -> PlacedOrder:
        """Set price, quantity and date of the given lines; a quantity of zero cancels the line. Refuses below
        received.
        """

    async def cancel_order(self, number: str, reason: str) -> PlacedOrder:
        """Cancel what is not received; refuses when anything was received. Repeating it changes nothing."""

    async def close_order(self, number: str, short: bool, reason: str) -> PlacedOrder:
        """Close for further receipts; `short` says that something was never delivered. Repeating it changes nothing."""

    async def post_receipt(self, external_id: str, receipt: GoodsReceipt) -> PlacedOrder:
        """Book what was accepted; refuses beyond the ERP's own tolerance, and on a closed or cancelled order."""

    async def post_return(self, external_id: str, goods_return: GoodsReturn) -> PlacedOrder:
        """Book goods back to the supplier; refuses more than was received."""
