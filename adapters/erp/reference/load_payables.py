"""What accounts payable need to know, as statements for the reference ERP."""

from __future__ import annotations

from typing import Any

from adapters.erp.reference.upsert import upsert
from domain.invoice import PayeeAccount
from domain.payables import PayableSupplier
from domain.reference_system import ReferenceSystem

Load = tuple[str, list[dict[str, Any]]]
_ACCOUNT = "iban text, bic text, routing_number text, account_number text"


def payable_loads(system: ReferenceSystem) -> list[Load]:
    """Statements and their rows. A supplier that is named has exactly the accounts that are named with it."""
    suppliers = [_supplier(each) for each in system.payable_suppliers]
    return [
        (
            upsert(
                "supplier_payables",
                "supplier text, tax_id text, remittance_email text, senders text[], blocked text[], excluded boolean, "
                "net_days integer, discount_percent numeric, discount_days integer, method text",
                key="supplier",
            ),
            suppliers,
        ),
        (
            "DELETE FROM erp.supplier_account a USING jsonb_to_recordset($1::jsonb) AS r (supplier text) "
            "WHERE a.supplier = r.supplier",
            suppliers,
        ),
        (
            upsert(
                "supplier_account",
                f"supplier text, position integer, {_ACCOUNT}, name text, fingerprint text, changed_on date, "
                "changed_by text",
                key="supplier, position",
            ),
            [row for each in system.payable_suppliers for row in _accounts(each)],
        ),
        (
            upsert(
                "debtor_account",
                f"facility text, currency text, name text, {_ACCOUNT}, holder text, bank_name text, company_id text",
                key="facility, currency",
            ),
            [
                each.model_dump(include={"facility", "currency", "name", "bank_name", "company_id"})
                | _numbers(each.account)
                | {"holder": each.account.name}
                for each in system.debtor_accounts
            ],
        ),
        (
            upsert("posting_account", "role text, code text", key="role"),
            [{"role": role, "code": code} for role, code in system.posting_accounts],
        ),
    ]


def _supplier(supplier: PayableSupplier) -> dict[str, Any]:
    return {
        "supplier": supplier.code,
        "blocked": supplier.blocked_for,
        **supplier.model_dump(include={"tax_id", "remittance_email", "senders", "excluded", "method"}),
        **supplier.terms.model_dump(),
    }


def _accounts(supplier: PayableSupplier) -> list[dict[str, Any]]:
    return [
        {
            "supplier": supplier.code,
            "position": position,
            "name": held.account.name,
            "fingerprint": held.account.fingerprint,
            "changed_on": held.changed_on,
            "changed_by": held.changed_by,
            **_numbers(held.account),
        }
        for position, held in enumerate(supplier.accounts, start=1)
    ]


def _numbers(account: PayeeAccount) -> dict[str, Any]:
    return account.model_dump(include={"iban", "bic", "routing_number", "account_number"})
