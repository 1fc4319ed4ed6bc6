"""What accounts payable read out of Tryton: suppliers with their bank accounts, orders as bills are matched against
them, and the accounts that money leaves from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from adapters.erp.tryton import mapping, wire
from adapters.erp.tryton import mapping_payables as payables
from adapters.erp.tryton.documents import OrderDocument
from adapters.erp.tryton.orders import PURCHASE
from adapters.erp.tryton.payments import TrytonPayments
from adapters.erp.tryton.wire_payables import BankAccount, CategorisedProduct, PartyNames, PayableParty
from domain.payables import OrderPosition, PayableSupplier, SupplierQuery
from domain.payment import DebtorAccount
from domain.similar_names import resembles

_MOST_CANDIDATES = 20
_MOST_ORDERS = 200
"""How many of a supplier's latest orders at a facility are looked through for unbilled goods."""


class TrytonPayables(TrytonPayments):
    """`domain.ports.payables.PayablesPort`, with what it is built on."""

    async def payable_suppliers(self, query: SupplierQuery) -> tuple[PayableSupplier, ...]:
        wanted = set(query.codes)
        if query.tax_ids or query.glns or query.name:
            wanted |= await self._named(query)
        if query.account_fingerprints:
            wanted |= await self._owning(set(query.account_fingerprints))
        if not wanted:
            return ()
        rows = await self._rows(PayableParty, [["code", "in", sorted(wanted)]])
        held = await self._bank_accounts([["owners.code", "in", sorted(wanted)]])
        found = (
            payables.supplier(row, (each for each in held if _is_of(each, row.id)), self._supplement) for row in rows
        )
        return tuple(sorted((each for each in found if each.currency), key=lambda each: each.code))

    async def _named(self, query: SupplierQuery) -> set[str]:
        """Suppliers that the query names for certain, and some whose names are like the one in it. Tryton compares
        neither tax ids however they are written nor names that only resemble: all suppliers' names are looked at."""
        rows = [row for row in await self._rows(PartyNames, []) if row.code and row.supplier_currency is not None]
        exact = {row.code or "" for row in rows if payables.is_named(query, row)}
        similar = sorted(row.code or "" for row in rows if query.name and row.name and resembles(query.name, row.name))
        return exact | set([code for code in similar if code not in exact][:_MOST_CANDIDATES])

    async def _owning(self, fingerprints: set[str]) -> set[str]:
        """Who has an account of one of these fingerprints: they cannot be searched for, all accounts are looked at."""
        held = await self._bank_accounts([["owners.code", "!=", None]])
        return {
            owner.code or ""
            for each in held
            if payables.payee_account(each, "").fingerprint in fingerprints
            for owner in each.owners
        }

    async def _bank_accounts(self, domain: list[Any]) -> list[BankAccount]:
        """Those that are in use, the oldest first."""
        rows = await self._rows(BankAccount, domain)
        return sorted((row for row in rows if row.active and row.numbers), key=lambda row: row.id)

    async def debtor_accounts(self, facility: str) -> tuple[DebtorAccount, ...]:
        shared = self._supplement.shared_facility
        owners = {payables.owner_code(each) for each in (shared, facility)}
        held = await self._bank_accounts([["owners.code", "in", sorted(owners)]])
        found: dict[str, DebtorAccount] = {}
        for place in (shared, facility):
            for row in held:
                for owner in row.owners:
                    if owner.code == payables.owner_code(place):
                        account = payables.debtor_account(row, owner, self._supplement)
                        found[account.currency] = account
        return tuple(found[currency] for currency in sorted(found))

    async def order_positions(self, numbers: Sequence[str]) -> tuple[OrderPosition, ...]:
        wanted = sorted(set(numbers))
        names = await self._claims.read_all("order-number", tuple(wanted))
        return await self._positions([str(json.loads(names[number])) for number in wanted if number in names])

    async def open_order_positions(self, supplier: str, facility: str, limit: int) -> tuple[OrderPosition, ...]:
        domain = [
            ["party.code", "=", supplier],
            ["warehouse.code", "=", facility],
            ["state", "in", ["confirmed", "processing", "done"]],
        ]
        latest = [("purchase_date", "DESC"), ("id", "DESC")]
        rows = await self._client.search_read(PURCHASE, domain, ["reference"], limit=_MOST_ORDERS, order=latest)
        found = await self._positions([str(row["reference"] or "") for row in rows])
        owing = [each for each in found if each.status != "cancelled" and _has_unbilled(each)]
        return tuple(owing[:limit])

    async def _positions(self, names: Sequence[str]) -> tuple[OrderPosition, ...]:
        """Of the orders with these external ids that Corridor placed, in their order."""
        bodies = await self._claims.read_all("order", tuple(names))
        documents = {name: OrderDocument.model_validate_json(bodies[name]) for name in names if name in bodies}
        placed = [each for each in documents.values() if each.purchase is not None and each.number]
        if not placed:
            return ()
        rows = await self._rows(wire.Purchase, [["id", "in", [each.purchase for each in placed]]])
        held = {row.id: mapping.held_purchase(row) for row in rows}
        categories = await self._categories(placed)
        return tuple(
            payables.position(each, held[each.purchase], categories)
            for each in placed
            if each.purchase is not None and each.purchase in held
        )

    async def _categories(self, documents: Iterable[OrderDocument]) -> dict[str, str]:
        """By item, where the order itself does not name them."""
        wanted = {
            line.item
            for each in documents
            for number, line in each.lines.items()
            if line.item is not None and not each.draft.categories.get(number)
        }
        rows = await self._rows(CategorisedProduct, [["code", "in", sorted(wanted)]]) if wanted else []
        return {row.code: row.template.categories[0].code or "" for row in rows if row.code and row.template.categories}


def _is_of(account: BankAccount, party: int) -> bool:
    return any(owner.id == party for owner in account.owners)


def _has_unbilled(position: OrderPosition) -> bool:
    return any(line.received > line.billed for line in position.lines)
