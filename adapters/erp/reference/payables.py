"""The payables port over the reference ERP. Each method is one call, and each call is one transaction there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import TypeAdapter

from adapters.erp.reference import mapping_payables as mapping
from adapters.erp.reference import wire_payables as wire
from adapters.erp.reference.wire import WireExternalId
from adapters.sql_system import SqlCalls
from domain.payables import (
    InvoicePosting,
    OrderPosition,
    PayableSupplier,
    PaymentPosting,
    PostedInvoice,
    SupplierQuery,
)
from domain.payment import DebtorAccount

_SUPPLIERS = TypeAdapter(tuple[wire.WirePayableSupplier, ...])
_POSITIONS = TypeAdapter(tuple[wire.WirePosition, ...])
_VOUCHER = TypeAdapter(wire.WireVoucher)
_MAYBE_VOUCHER: TypeAdapter[wire.WireVoucher | None] = TypeAdapter(wire.WireVoucher | None)
_BOOKED = TypeAdapter(wire.WireBooked)
_REVERSED = TypeAdapter(wire.WireReversed)
_DEBTORS = TypeAdapter(tuple[wire.WireDebtorAccount, ...])


class ReferencePayables(SqlCalls):
    """`domain.ports.payables.PayablesPort`. Raises the errors of `domain.outside_errors`, with `system` 'erp'."""

    async def payable_suppliers(self, query: SupplierQuery) -> tuple[PayableSupplier, ...]:
        rows = await self._ask("read_payable_suppliers", mapping.supplier_query(query), _SUPPLIERS)
        return tuple(mapping.payable_supplier(row) for row in rows)

    async def order_positions(self, numbers: Sequence[str]) -> tuple[OrderPosition, ...]:
        rows = await self._ask("read_order_positions", wire.WireOrderNumbers(numbers=tuple(numbers)), _POSITIONS)
        return tuple(mapping.position(row) for row in rows)

    async def open_order_positions(self, supplier: str, facility: str, limit: int) -> tuple[OrderPosition, ...]:
        request = wire.WireOpenOrders(supplier=supplier, facility=facility, most=limit)
        return tuple(mapping.position(row) for row in await self._ask("read_open_order_positions", request, _POSITIONS))

    async def post_invoice(self, posting: InvoicePosting) -> PostedInvoice:
        return mapping.posted_invoice(await self._ask("post_invoice", mapping.invoice_posting(posting), _VOUCHER))

    async def find_posted(self, external_id: str) -> PostedInvoice | None:
        found = await self._ask("find_posted", WireExternalId(external_id=external_id), _MAYBE_VOUCHER)
        return None if found is None else mapping.posted_invoice(found)

    async def reverse_invoice(self, external_id: str, reason: str, on: date) -> PostedInvoice | None:
        request = wire.WireReversal(external_id=external_id, reason=reason, on=on)
        found = await self._ask("reverse_invoice", request, _MAYBE_VOUCHER)
        return None if found is None else mapping.posted_invoice(found)

    async def post_payment(self, payment: PaymentPosting) -> str:
        return (await self._ask("post_payment", mapping.payment(payment), _BOOKED)).number

    async def reverse_payment(self, external_id: str, reason: str, on: date) -> None:
        request = wire.WireReversal(external_id=external_id, reason=reason, on=on)
        await self._ask("reverse_payment", request, _REVERSED)

    async def debtor_accounts(self, facility: str) -> tuple[DebtorAccount, ...]:
        rows = await self._ask("read_debtor_accounts", wire.WireDebtorQuery(facility=facility), _DEBTORS)
        return tuple(mapping.debtor_account(row) for row in rows)
