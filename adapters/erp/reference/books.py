"""A look at the reference ERP's bills, payments and general ledger, for those who count. Amounts are in `currency`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from adapters.erp.reference.install import connected
from domain.model import Value


class InvoiceSummary(Value):
    """One bill as the ERP's books show it, whoever caused it. `variance` is what it booked beyond the orders' prices,
    `lines` counts its lines; `status` is 'posted', 'paid' or 'reversed'. Credit notes are negative."""

    number: str
    external_id: str
    case_id: str
    facility: str
    supplier: str
    supplier_number: str
    kind: str
    currency: str
    posted_on: date
    due_on: date
    amount: Decimal
    tax: Decimal
    withheld: Decimal
    paid: Decimal
    open: Decimal
    variance: Decimal
    status: str
    lines: int


class PaymentSummary(Value):
    """One payment: `amount` left the bank, `discount` was kept; `invoices` are the external ids of the bills that it
    settles. `status` is 'booked' or 'reversed'."""

    number: str
    external_id: str
    case_id: str
    facility: str
    supplier: str
    currency: str
    paid_on: date
    amount: Decimal
    discount: Decimal
    reference: str
    status: str
    invoices: tuple[str, ...]


class AccountBalance(Value):
    """An account of the general ledger in one facility: `balance` is debits less credits."""

    facility: str
    currency: str
    account: str
    name: str
    debit: Decimal
    credit: Decimal
    balance: Decimal


async def invoice_summaries(dsn: str, case_ids: Sequence[str] | None = None) -> tuple[InvoiceSummary, ...]:
    """The bills in the books, of some invoice cases or of all, by number."""
    async with connected(dsn) as connection:
        rows = await connection.fetch(
            "SELECT * FROM erp.invoice_summary WHERE $1::text[] IS NULL OR case_id = ANY ($1) ORDER BY number",
            None if case_ids is None else list(case_ids),
        )
        return tuple(InvoiceSummary.model_validate(dict(row)) for row in rows)


async def payment_summaries(
    dsn: str, case_ids: Sequence[str] | None = None, invoices: Sequence[str] | None = None
) -> tuple[PaymentSummary, ...]:
    """The payments in the books by number: all, those of some payment run cases, or those that settle any of the bills
    with these external ids."""
    async with connected(dsn) as connection:
        rows = await connection.fetch(
            "SELECT * FROM erp.payment_summary WHERE ($1::text[] IS NULL OR case_id = ANY ($1)) "
            "AND ($2::text[] IS NULL OR invoices && $2) ORDER BY number",
            None if case_ids is None else list(case_ids),
            None if invoices is None else list(invoices),
        )
        return tuple(PaymentSummary.model_validate(dict(row)) for row in rows)


async def trial_balance(dsn: str) -> tuple[AccountBalance, ...]:
    """Every account with entries, by facility, currency and account; the balances of a facility sum to zero."""
    async with connected(dsn) as connection:
        rows = await connection.fetch("SELECT * FROM erp.trial_balance ORDER BY facility, currency, account")
        return tuple(AccountBalance.model_validate(dict(row)) for row in rows)


async def accrual_of(dsn: str, order_number: str) -> Decimal:
    """What is owed for goods of the order that no bill names yet, at the order's prices."""
    async with connected(dsn) as connection:
        found = await connection.fetchval(
            "SELECT coalesce(sum(credit - debit), 0) FROM erp.ledger_entry "
            "WHERE order_number = $1 AND account = erp.ledger_account('accrual')",
            order_number,
        )
        return Decimal(found)
