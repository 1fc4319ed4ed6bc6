"""Master data and budgets out of Tryton: one question for each sort of record, related records included."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from adapters.erp.tryton import mapping, wire
from adapters.erp.tryton.calls import TrytonCalls
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.documents import ContractDocument
from adapters.erp.tryton.remembering import Remembered
from domain.master_data import Budget, BudgetKey, Contract, CostCentre, MasterData, StockLevel, Supplier
from domain.money import Money
from domain.ports.erp import MasterDataQuery
from domain.ports.erp_claims import ErpClaims
from domain.reference_system import ReferenceSystem

_SUBSTITUTES_DEEP = 10


class TrytonMaster(TrytonCalls):
    def __init__(
        self,
        client: TrytonClient,
        claims: ErpClaims,
        supplement: ReferenceSystem,
        extension: bool | None = None,
        approver: TrytonClient | None = None,
    ) -> None:
        super().__init__(client, claims, supplement, extension, approver)
        seconds = client.settings.remember
        self._known_parties = Remembered[str, wire.Party](seconds)
        self._known_centres = Remembered[str, wire.AnalyticAccount](seconds)
        self._known_accounts = Remembered[str, wire.Account](seconds)
        self._known_periods = Remembered[date, wire.Period](seconds)
        self._known_categories = Remembered[str, tuple[tuple[str, str], ...]](seconds)

    async def master_data(self, query: MasterDataQuery) -> MasterData:
        products = await self._products(query.items)
        items = tuple(mapping.item(products[code]) for code in sorted(products))
        suppliers, centres, categories, period, stock = await asyncio.gather(
            self._suppliers({*query.suppliers, *(item.supplier for item in items)}),
            self._cost_centres(query.cost_centres),
            self._category_accounts(),
            self._period(query.on),
            self._stock(query.facility, products),
        )
        accounts = {*query.accounts, *(item.account for item in items), *(account for _, account in categories)}
        contracts, open_accounts = await asyncio.gather(
            self._contracts(products, {each.code for each in suppliers}), self._open_accounts(accounts)
        )
        return MasterData(
            cost_centres=centres,
            items=items,
            suppliers=suppliers,
            contracts=contracts,
            stock=stock,
            accounts=open_accounts,
            category_accounts=categories,
            fiscal_year=query.on.year if period is None else int(period.fiscalyear.name),
            period_open=self._is_open(query.facility, query.on, period),
        )

    async def budgets(self, keys: Sequence[BudgetKey]) -> tuple[Budget, ...]:
        if not keys:
            return ()
        centres, accounts = {key.cost_centre for key in keys}, {key.account for key in keys}
        years = {str(key.fiscal_year) for key in keys}
        lines, booked, known = await asyncio.gather(
            self._rows(
                wire.BudgetLine,
                [
                    ["account.code", "in", sorted(accounts)],
                    ["budget.name", "in", sorted(centres)],
                    ["budget.fiscalyear.name", "in", sorted(years)],
                ],
            ),
            self._booked(centres, accounts, {key.fiscal_year for key in keys}),
            self._cost_centres(tuple(centres)),
        )
        places = {centre.code: centre.facility for centre in known}
        by_name = {
            (each.budget.name, each.account and each.account.code, each.budget.fiscalyear.name): each for each in lines
        }
        found: dict[str, Budget] = {}
        for key in keys:
            line = by_name.get((key.cost_centre, key.account, str(key.fiscal_year)))
            if line is not None and places.get(key.cost_centre) == key.facility:
                found[str(key)] = mapping.budget(key, line, booked, await self._currency())
        return tuple(found[name] for name in sorted(found))

    async def _booked(
        self, centres: Iterable[str], accounts: Iterable[str], years: Iterable[int]
    ) -> list[wire.AnalyticLine]:
        """What the books show on those cost centres and accounts."""
        days = [["date", ">=", date(min(years), 1, 1)], ["date", "<=", date(max(years), 12, 31)]]
        where = [["account.code", "in", sorted(centres)], ["move_line.account.code", "in", sorted(accounts)]]
        return await self._rows(wire.AnalyticLine, [*where, *days])

    async def _currency(self) -> str:
        """The company's, of which there is one."""
        if self._company_currency is None:
            rows = await self._rows(wire.Company, [], limit=1)
            self._company_currency = rows[0].currency.code or ""
        return self._company_currency

    async def _products(self, codes: Sequence[str]) -> dict[str, wire.Product]:
        """With the substitutes of their substitutes."""
        found: dict[str, wire.Product] = {}
        wanted = set(codes)
        for _ in range(_SUBSTITUTES_DEEP):
            if not wanted:
                break
            rows = await self._rows(wire.Product, [["code", "in", sorted(wanted)]])
            found |= {row.code: row for row in rows if row.code}
            substitutes = (mapping.substitute(row) for row in rows)
            wanted = {code for code in substitutes if code and code not in found}
        return found

    async def _suppliers(self, codes: Iterable[str]) -> tuple[Supplier, ...]:
        return tuple(
            mapping.supplier(row) for row in sorted(await self._parties(codes), key=lambda row: row.code or "")
        )

    async def _parties(self, codes: Iterable[str]) -> list[wire.Party]:
        return list((await self._known_parties.of(codes, self._ask_parties)).values())

    async def _parties_now(self, codes: Iterable[str]) -> list[wire.Party]:
        """As they are this moment: whoever is blocked gets nothing more."""
        found = await self._ask_parties(list(codes))
        self._known_parties.keep(found)
        return list(found.values())

    async def _ask_parties(self, codes: list[str]) -> dict[str, wire.Party]:
        rows = await self._rows(wire.Party, [["code", "in", sorted(codes)]])
        return {row.code: row for row in rows if row.code}

    async def _cost_centres(self, codes: Iterable[str]) -> tuple[CostCentre, ...]:
        rows = await self._analytic(codes)
        return tuple(mapping.cost_centre(rows[code], self._owners.get(code, "")) for code in sorted(rows))

    async def _analytic(self, codes: Iterable[str]) -> dict[str, wire.AnalyticAccount]:
        async def ask(missing: list[str]) -> dict[str, wire.AnalyticAccount]:
            rows = await self._rows(wire.AnalyticAccount, [["code", "in", sorted(missing)], ["type", "=", "normal"]])
            return {row.code: row for row in rows if row.code}

        return await self._known_centres.of(codes, ask)

    async def _category_accounts(self) -> tuple[tuple[str, str], ...]:
        async def ask(names: list[str]) -> dict[str, tuple[tuple[str, str], ...]]:
            rows = await self._rows(wire.ProductCategory, [["parent.code", "like", f"{mapping.ACCOUNT_CATEGORY}%"]])
            return dict.fromkeys(names, mapping.category_accounts(rows))

        return (await self._known_categories.of(("all",), ask))["all"]

    async def _open_accounts(self, codes: Iterable[str]) -> tuple[str, ...]:
        async def ask(missing: list[str]) -> dict[str, wire.Account]:
            rows = await self._rows(wire.Account, [["code", "in", sorted(missing)]])
            return {row.code: row for row in rows if row.code}

        known = await self._known_accounts.of(codes, ask)
        return tuple(sorted(code for code, row in known.items() if row.active and not row.closed))

    async def _period(self, on: date) -> wire.Period | None:
        async def ask(days: list[date]) -> dict[date, wire.Period]:
            (day,) = days
            around = [["start_date", "<=", day], ["end_date", ">=", day], ["type", "=", "standard"]]
            return dict(zip(days, await self._rows(wire.Period, around, limit=1), strict=False))

        return (await self._known_periods.of((on,), ask)).get(on)

    def _is_open(self, facility: str, on: date, period: wire.Period | None) -> bool:
        """Tryton closes a period for the whole company; a single facility's is closed by the supplement."""
        closed = self._supplement.closed_periods
        here = any(each.facility == facility and each.starts <= on <= each.ends for each in closed)
        return not here and (period is None or period.state == "open")

    async def _stock(self, facility: str, products: dict[str, wire.Product]) -> tuple[StockLevel, ...]:
        """What is in the store room now; an item of which there is nothing is left out."""
        place = await self._location(facility)
        if place is None or place.storage_location is None or not products:
            return ()
        rows = await self._client.read(
            "product.product",
            [products[code].id for code in sorted(products)],
            ["code", "quantity"],
            context={"locations": [place.storage_location], "with_childs": True},
        )
        levels = (
            StockLevel(facility=facility, item=str(row["code"]), available=mapping.plain(Decimal(row["quantity"] or 0)))
            for row in rows
        )
        return tuple(level for level in levels if level.available)

    async def _contracts(self, products: dict[str, wire.Product], suppliers: set[str]) -> tuple[Contract, ...]:
        known = {each.number: each for each in self._supplement.contracts}
        found: dict[str, Contract] = {}
        for product in products.values():
            found |= mapping.contracts(product, known)
        chosen = tuple(found[number] for number in sorted(found) if found[number].supplier in suppliers)
        drawn = await self._claims.read_all("contract", tuple(each.number for each in chosen))
        return tuple(self._with_draw(each, drawn.get(each.number)) for each in chosen)

    def _with_draw(self, contract: Contract, body: str | None) -> Contract:
        currency = contract.tiers[0].price.currency
        if body is not None:
            drawn = Money(amount=ContractDocument.model_validate_json(body).drawn, currency=currency)
        else:
            drawn = contract.drawn or Money.zero(currency)
        return contract.model_copy(update={"drawn": drawn})
