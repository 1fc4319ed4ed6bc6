"""A look at Tryton's own tables, for those who count what there is without asking the adapter."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from adapters.sql_system import SqlSystem, connected
from domain.model import Value

TABLES = SqlSystem(name="erp", title="Tryton's database", refusal="")


class PurchaseSummary(Value):
    """One purchase, whoever made it; `case_id` is empty when Corridor did not. `total` is without tax. One that is
    `delivered` stays in the state 'processing' until its bill is booked."""

    number: str
    external_id: str
    case_id: str
    supplier: str
    state: str
    delivered: bool
    ordered_on: date | None
    total: Decimal


_PURCHASES = """
SELECT coalesce(p.number, '') AS number, coalesce(p.reference, '') AS external_id,
    coalesce(p.description, '') AS case_id, s.code AS supplier, p.state,
    p.shipment_state = 'received' AS delivered, p.purchase_date AS ordered_on,
    coalesce(sum(l.unit_price * l.quantity::numeric), 0) AS total
FROM purchase_purchase p
JOIN party_party s ON s.id = p.party
LEFT JOIN purchase_line l ON l.purchase = p.id
GROUP BY p.id, s.code
ORDER BY p.number
"""


async def purchase_summaries(dsn: str) -> tuple[PurchaseSummary, ...]:
    """Every purchase, by number. Raises the errors of `domain.outside_errors`."""
    async with connected(dsn, TABLES) as connection:
        return tuple(PurchaseSummary.model_validate(dict(row)) for row in await connection.fetch(_PURCHASES))


_EMPLOYEES = """
SELECT p.code, coalesce(e.end_date <> e.start_date, true) AS active
FROM company_employee e JOIN party_party p ON p.id = e.party
"""


async def employees(dsn: str) -> dict[str, bool]:
    """By the code of their party, whether they were not taken back: one who was has the same first and last day. Raises
    the errors of `domain.outside_errors`."""
    async with connected(dsn, TABLES) as connection:
        return {str(row["code"]): bool(row["active"]) for row in await connection.fetch(_EMPLOYEES)}
