"""The reference system's master data as statements for the reference ERP, each with its rows."""

from __future__ import annotations

from typing import Any

from adapters.erp.reference.load_payables import payable_loads
from adapters.erp.reference.upsert import upsert
from domain.reference_system import ReferenceSystem


def loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    """Statements and their rows, in the order in which the tables refer to one another."""
    return [
        (
            upsert("account", "code text, name text, open boolean", key="code"),
            [each.model_dump(include={"code", "name", "open"}) for each in system.accounts],
        ),
        (
            upsert("category_account", "category text, account text", key="category"),
            [{"category": name, "account": each.code} for each in system.accounts for name in each.categories],
        ),
        (
            upsert("cost_centre", "code text, name text, facility text, open boolean, owner text", key="code"),
            [each.model_dump() for each in system.cost_centres],
        ),
        (
            upsert(
                "supplier",
                "code text, name text, email text, currency text, blocked_orders boolean, blocked_payment boolean, "
                "lead_days integer, gln text, country text, risk text",
                key="code",
            ),
            [
                each.model_dump()
                | {"blocked_orders": "orders" in each.blocked_for, "blocked_payment": "payment" in each.blocked_for}
                for each in system.suppliers
            ],
        ),
        (
            upsert(
                "item",
                "code text, description text, category text, account text, unit text, unit_quantity numeric, "
                "pack_size integer, price numeric, currency text, supplier text, gtin text, unspsc text, "
                "active boolean, substitute text",
                key="code",
            ),
            [
                each.model_dump()
                | {"unit": each.unit.unit, "unit_quantity": each.unit.value, "pack_size": each.unit.pack_size}
                | {"price": each.price.amount, "currency": each.price.currency}
                for each in system.items
            ],
        ),
        *_contract_loads(system),
        (
            upsert("stock", "facility text, item text, available numeric", key="facility, item", keep="available"),
            [each.model_dump() for each in system.stock],
        ),
        (
            upsert(
                "budget",
                "facility text, cost_centre text, account text, fiscal_year integer, total numeric, spent numeric, "
                "currency text",
                key="facility, cost_centre, account, fiscal_year",
            ),
            [
                each.key.model_dump()
                | {"total": each.total.amount, "spent": each.spent.amount, "currency": each.total.currency}
                for each in system.budgets
            ],
        ),
        *_closed_period_loads(system),
        *payable_loads(system),
    ]


def _contract_loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    contracts = [
        each.model_dump()
        | {"currency": each.tiers[0].price.currency}
        | {"value_limit": None if each.limit is None else each.limit.amount}
        | {"drawn": 0 if each.drawn is None else each.drawn.amount}
        for each in system.contracts
    ]
    tiers = [
        {"contract": each.number, "minimum": tier.minimum, "price": tier.price.amount}
        for each in system.contracts
        for tier in each.tiers
    ]
    columns = (
        "number text, supplier text, item text, starts date, ends date, currency text, value_limit numeric, "
        "drawn numeric"
    )
    return [
        (upsert("contract", columns, key="number", keep="drawn"), contracts),
        (
            "DELETE FROM erp.contract_tier t USING jsonb_to_recordset($1::jsonb) AS r (number text) "
            "WHERE t.contract = r.number",
            contracts,
        ),
        (upsert("contract_tier", "contract text, minimum numeric, price numeric", key="contract, minimum"), tiers),
    ]


def _closed_period_loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    periods = [each.model_dump() for each in system.closed_periods]
    return [
        (
            "DELETE FROM erp.closed_period p USING jsonb_to_recordset($1::jsonb) AS r (facility text) "
            "WHERE p.facility = r.facility",
            periods,
        ),
        (upsert("closed_period", "facility text, starts date, ends date", key="facility, starts, ends"), periods),
    ]
