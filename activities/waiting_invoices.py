"""Invoices that wait for goods hear of them as soon as they are booked."""

from __future__ import annotations

from domain.ports.case_messages import CaseMessenger
from domain.ports.invoice_register import InvoiceRegister
from workflows.messages.invoice_to_payment import GOODS_BOOKED, GoodsBooked


class WaitingInvoices:
    def __init__(self, register: InvoiceRegister, messenger: CaseMessenger) -> None:
        self._register, self._messenger = register, messenger

    async def tell(self, order_number: str, event_id: str) -> None:
        """Tell every invoice that names the order. One that is closed has nothing to wait for."""
        for case in await self._register.cases_of_orders((order_number,)):
            await self._messenger.tell(case, GOODS_BOOKED, GoodsBooked(order_number=order_number, event_id=event_id))
