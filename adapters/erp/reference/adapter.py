"""The ERP ports over the reference ERP. Each method is one call, and each call is one transaction there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import TypeAdapter

from adapters.erp.reference import mapping, wire
from adapters.erp.reference.employees import ReferenceEmployees
from adapters.erp.reference.errors import ERP
from adapters.erp.reference.payables import ReferencePayables
from adapters.sql_system import Limits, SqlClient, Wire
from domain.master_data import Budget, BudgetKey, MasterData
from domain.ports.erp import MasterDataQuery
from domain.purchase import GoodsReceipt, GoodsReturn, OrderDraft, OrderLine, PlacedOrder, StockIssue

_ORDER = TypeAdapter(wire.WireOrder)
_MAYBE_ORDER: TypeAdapter[wire.WireOrder | None] = TypeAdapter(wire.WireOrder | None)
_MASTER_DATA = TypeAdapter(wire.WireMasterData)
_BUDGETS = TypeAdapter(tuple[wire.WireBudget, ...])
_ISSUED = TypeAdapter(wire.WireIssued)
_RETURNED = TypeAdapter(wire.WireReturned)
_HEALTH = TypeAdapter(wire.WireHealth)


class ReferenceErp(ReferencePayables, ReferenceEmployees):
    """`domain.ports.erp.ErpPort`, `domain.ports.payables.PayablesPort` and `domain.ports.hris.EmployeePort`. Raises the
    errors of `domain.outside_errors`, with `system` 'erp'.
    """

    @classmethod
    @asynccontextmanager
    async def connect(cls, dsn: str, limits: Limits | None = None) -> AsyncIterator[ReferenceErp]:
        """Ready for the ERP's database at `dsn`. It connects on the first call, so it also begins while the ERP is
        down.
        """
        client = await SqlClient.open(dsn, limits or Limits(), ERP)
        try:
            yield cls(client)
        finally:
            await client.close()

    async def health(self) -> None:
        await self._ask("health", Wire(), _HEALTH)

    async def master_data(self, query: MasterDataQuery) -> MasterData:
        return mapping.master_data(await self._ask("read_master_data", mapping.master_data_query(query), _MASTER_DATA))

    async def budgets(self, keys: Sequence[BudgetKey]) -> tuple[Budget, ...]:
        rows = await self._ask("read_budgets", [mapping.budget_key(key) for key in keys], _BUDGETS)
        return tuple(mapping.budget(row) for row in rows)

    async def issue_stock(self, issue: StockIssue) -> str:
        return (await self._ask("issue_stock", mapping.stock_issue(issue), _ISSUED)).number

    async def return_stock(self, external_id: str, reason: str) -> None:
        await self._ask("return_stock", wire.WireIssueReturn(external_id=external_id, reason=reason), _RETURNED)

    async def place_order(self, draft: OrderDraft) -> PlacedOrder:
        return await self._order("place_order", mapping.new_order(draft))

    async def find_order(self, external_id: str) -> PlacedOrder | None:
        found = await self._ask("find_order", wire.WireExternalId(external_id=external_id), _MAYBE_ORDER)
        return None if found is None else mapping.placed_order(found)

    async def change_order(self, number: str, external_id: str, lines: Sequence[OrderLine]) -> PlacedOrder:
        return await self._order("change_order", mapping.order_change(number, external_id, lines))

    async def cancel_order(self, number: str, reason: str) -> PlacedOrder:
        return await self._order("cancel_order", wire.WireCancellation(number=number, reason=reason))

    async def close_order(self, number: str, short: bool, reason: str) -> PlacedOrder:
        return await self._order("close_order", wire.WireClosing(number=number, short=short, reason=reason))

    async def post_receipt(self, external_id: str, receipt: GoodsReceipt) -> PlacedOrder:
        return await self._order("post_receipt", mapping.receipt_movement(external_id, receipt))

    async def post_return(self, external_id: str, goods_return: GoodsReturn) -> PlacedOrder:
        return await self._order("post_return", mapping.return_movement(external_id, goods_return))

    async def _order(self, function: str, request: Wire) -> PlacedOrder:
        return mapping.placed_order(await self._ask(function, request, _ORDER))
