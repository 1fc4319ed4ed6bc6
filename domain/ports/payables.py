"""The system of record for suppliers' bills: master data, order positions, postings and payments.

Every effect takes an external id that is unique for ever: asking again gives the same result and does nothing new. All
methods raise the errors of `domain.outside_errors`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.payables import (
    InvoicePosting,
    OrderPosition,
    PayableSupplier,
    PaymentPosting,
    PostedInvoice,
    SupplierQuery,
)
from domain.payment import DebtorAccount


class PayablesPort(Protocol):
    async def payable_suppliers(self, query: SupplierQuery) -> tuple[PayableSupplier, ...]: ...

    async def order_positions(self, numbers: Sequence[str]) -> tuple[OrderPosition, ...]:
        """Orders that exist among `numbers`, with what was received and billed."""

    async def open_order_positions(self, supplier: str, facility: str, limit: int) -> tuple[OrderPosition, ...]:
        """Orders of the supplier with something received and not billed, the latest first."""

    async def post_invoice(self, posting: InvoicePosting) -> PostedInvoice:
        """Book the bill: clear the accrual, book the variance and the tax, and owe the amount.

        Refuses a supplier that is blocked for posting, a closed period (code 'period-closed'), an unknown or closed
        cost centre or account ('coding-invalid'), the same supplier's number twice ('duplicate-suspected'), and
        quantities beyond what was ordered ('quantity-over-ordered').
        """

    async def find_posted(self, external_id: str) -> PostedInvoice | None: ...

    async def reverse_invoice(self, external_id: str, reason: str, on: date) -> PostedInvoice | None:
        """Undo the posting; refuses when anything was paid on it. None when it was never posted."""

    async def post_payment(self, payment: PaymentPosting) -> str:
        """Book that money left the bank; returns the ERP's number. Refuses more than an invoice has open."""

    async def reverse_payment(self, external_id: str, reason: str, on: date) -> None:
        """The money came back: its invoices are open again. Nothing to do when it was never booked."""

    async def debtor_accounts(self, facility: str) -> tuple[DebtorAccount, ...]:
        """The bank accounts that a facility pays from, one per currency; the shared-service centre's where it has none
        of its own."""
