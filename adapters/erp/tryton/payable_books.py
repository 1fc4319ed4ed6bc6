"""A look at bills, payments and balances in Tryton's own tables, for those who count without asking the adapter.
Amounts are in the company's currency."""

from __future__ import annotations

from decimal import Decimal

from adapters.erp.tryton.books import TABLES
from adapters.sql_system import connected
from domain.model import Value


class BillSummary(Value):
    """One bill of a supplier, whoever made it; `case_id` is empty when Corridor did not. `amount` is what is owed,
    `withheld` what is disputed; `status` is 'draft', 'posted', 'paid' or 'reversed'. Credit notes are negative."""

    number: str
    external_id: str
    case_id: str
    supplier_number: str
    status: str
    amount: Decimal
    withheld: Decimal
    paid: Decimal
    open: Decimal


class PaymentSummary(Value):
    """Money that left for one bill. A payment of several bills is several of them under its `external_id`; `status` is
    Tryton's, or 'booked' and 'reversed' for what left and came back."""

    external_id: str
    status: str
    amount: Decimal


# Money is in payments whose clearing is booked; discounts and credit notes are lines that are tied to the bill.
_BILLS = """
SELECT coalesce(i.number, '') AS number, coalesce(i.description, '') AS external_id,
    coalesce(split_part(i.comment, E'\\n', 1), '') AS case_id, coalesce(i.reference, '') AS supplier_number,
    CASE WHEN i.state = 'cancelled' THEN 'reversed' ELSE i.state END AS status,
    owed.amount, withheld.amount AS withheld, paid.amount AS paid,
    CASE WHEN i.state = 'posted' THEN owed.amount - paid.amount ELSE 0 END AS open
FROM account_invoice i
CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.credit - l.debit), 0) AS amount
    FROM account_move_line l WHERE l.move = i.move AND l.account = i.account
) owed
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(l.quantity::numeric * l.unit_price), 0) AS amount
    FROM account_invoice_line l WHERE l.invoice = i.id AND l.description = 'withheld'
) withheld
CROSS JOIN LATERAL (
    SELECT coalesce(sum(part.amount), 0) AS amount FROM (
        SELECT p.amount FROM account_payment p JOIN account_move_line l ON l.id = p.line
        WHERE l.move = i.move AND p.state = 'succeeded'
        UNION ALL
        SELECT l.debit - l.credit FROM "account_invoice-account_move_line" x
        JOIN account_move_line l ON l.id = x.line
        WHERE x.invoice = i.id
    ) part
) paid
WHERE i.type = 'in'
ORDER BY i.number, i.id
"""

_PAYMENTS = """
SELECT split_part(coalesce(reference, ''), '/', 1) AS external_id, amount,
    CASE state WHEN 'succeeded' THEN 'booked' WHEN 'failed' THEN 'reversed' ELSE state END AS status
FROM account_payment WHERE kind = 'payable' ORDER BY id
"""

_BALANCES = """
SELECT a.code, sum(l.debit - l.credit) AS balance
FROM account_move_line l
JOIN account_move m ON m.id = l.move AND m.state = 'posted'
JOIN account_account a ON a.id = l.account
GROUP BY a.code ORDER BY a.code
"""


async def invoice_summaries(dsn: str) -> tuple[BillSummary, ...]:
    """Every bill, by number. Raises the errors of `domain.outside_errors`."""
    async with connected(dsn, TABLES) as connection:
        return tuple(BillSummary.model_validate(dict(row)) for row in await connection.fetch(_BILLS))


async def payment_summaries(dsn: str) -> tuple[PaymentSummary, ...]:
    """Everything that was paid. Raises the errors of `domain.outside_errors`."""
    async with connected(dsn, TABLES) as connection:
        return tuple(PaymentSummary.model_validate(dict(row)) for row in await connection.fetch(_PAYMENTS))


async def balances(dsn: str) -> dict[str, Decimal]:
    """What is booked by account: debits less credits. Raises the errors of `domain.outside_errors`."""
    async with connected(dsn, TABLES) as connection:
        return {str(row["code"]): Decimal(row["balance"]) for row in await connection.fetch(_BALANCES)}
