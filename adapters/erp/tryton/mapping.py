"""Tryton's rows in our words: pure functions. docs/adapters/tryton.md has the table, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from adapters.erp.tryton import wire
from adapters.erp.tryton.documents import HeldLine, HeldPurchase
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.ledger import ACCRUAL
from domain.master_data import Budget, BudgetKey, Contract, CostCentre, Item, PriceTier, Supplier, SupplierRisk
from domain.money import Money
from domain.payables import BlockedFor
from domain.quantity import Quantity

_RISKS: Mapping[str, SupplierRisk] = {f"Risk: {risk}": risk for risk in ("low", "elevated", "high", "new")}
_GTIN, _UNSPSC, _GLN, _SUBSTITUTE = "GTIN:", "UNSPSC:", "GLN:", "SUBSTITUTE:"
_EAN = "ean"
ACCOUNT_CATEGORY = "account "
"""A category of goods stands below one of this name and its account's code."""


def cost_centre(row: wire.AnalyticAccount, owner: str) -> CostCentre:
    return CostCentre(
        code=row.code or "",
        name=row.name,
        facility="" if row.parent is None else row.parent.code or "",
        open=is_open(row),
        owner=owner,
    )


def is_open(row: wire.AnalyticAccount) -> bool:
    return row.active and row.state == "opened"


def supplier(row: wire.Party) -> Supplier:
    named = {each.name for each in row.categories}
    countries = [each.country.code for each in row.addresses if each.country is not None]
    return Supplier(
        code=row.code or "",
        name=row.name or "",
        email=_mail(row.contact_mechanisms),
        currency="" if row.supplier_currency is None else row.supplier_currency.code or "",
        blocked_for=tuple(what for what in blocked_for(row) if what != "posting"),
        lead_days=0 if row.supplier_lead_time is None else row.supplier_lead_time.days,
        gln=_identifier(row.identifiers, _GLN),
        country=countries[0] if countries else "US",
        risk=next((_RISKS[name] for name in sorted(named) if name in _RISKS), "low"),
    )


def blocked_for(row: wire.Party) -> tuple[BlockedFor, ...]:
    named = {each.name for each in row.categories}
    every: tuple[BlockedFor, ...] = ("orders", "posting", "payment")
    return tuple(what for what in every if f"Blocked: {what}" in named)


def _mail(contacts: Iterable[wire.Contact]) -> str:
    """Where orders go: the address of that name, or the first one."""
    mails = [each for each in contacts if each.type == "email" and each.value]
    mails.sort(key=lambda each: (each.name != "orders", each.id))
    return (mails[0].value or "") if mails else ""


def _identifier(identifiers: Iterable[wire.Identifier], prefix: str) -> str:
    return next((each.code[len(prefix) :] for each in identifiers if each.code and each.code.startswith(prefix)), "")


def substitute(row: wire.Product) -> str | None:
    return _identifier(row.identifiers, _SUBSTITUTE) or None


def _gtin(row: wire.Product) -> str:
    """Tryton checks what is called an EAN; a number that is none of those has a word before it."""
    eans = (each.code for each in row.identifiers if each.type == _EAN and each.code)
    return next(eans, None) or _identifier(row.identifiers, _GTIN)


def item(row: wire.Product) -> Item:
    """Raises ContractDriftError for a product that cannot be bought by catalogue: without a supplier, price or
    account."""
    listed = [each for each in row.template.product_suppliers if not each.code and each.prices]
    category = row.template.account_category
    if not listed or category is None or category.account_expense is None or not row.template.categories:
        raise drifted(f"product {row.code}, which has no supplier, price, category or expense account")
    source = min(listed, key=lambda each: each.id)
    unit, pack_size = unit_of(row.template.default_uom.symbol)
    return Item(
        code=row.code or "",
        description=row.template.name or "",
        category=row.template.categories[0].code or "",
        account=category.account_expense.code or "",
        unit=Quantity(value=Decimal(1), unit=unit, pack_size=pack_size),
        price=_tiers(source)[0].price,
        supplier=source.party.code or "",
        gtin=_gtin(row),
        unspsc=_identifier(row.identifiers, _UNSPSC),
        active=row.active,
        substitute=substitute(row),
    )


def unit_of(symbol: str) -> tuple[str, int]:
    """'BX/100' is a box of 100."""
    unit, _, size = symbol.partition("/")
    return unit, int(size) if size.isdigit() else 1


def unit_symbol(quantity: Quantity) -> str:
    return f"{quantity.unit}/{quantity.pack_size}"


def _tiers(source: wire.ProductSupplier) -> tuple[PriceTier, ...]:
    prices = sorted(source.prices, key=lambda each: each.quantity)
    return tuple(
        PriceTier(
            minimum=plain(each.quantity), price=Money(amount=each.unit_price, currency=source.currency.code or "")
        )
        for each in prices
    )


def contracts(row: wire.Product, known: Mapping[str, Contract]) -> dict[str, Contract]:
    """The contracts of a product by number: parties and prices are Tryton's, days and limit those of `known`."""
    return {
        source.code: known[source.code].model_copy(
            update={"supplier": source.party.code or "", "item": row.code or "", "tiers": _tiers(source)}
        )
        for source in row.template.product_suppliers
        if source.code and source.code in known and source.prices
    }


def category_accounts(rows: Iterable[wire.ProductCategory]) -> tuple[tuple[str, str], ...]:
    placed = ((row.code, (row.parent and row.parent.code) or "") for row in rows)
    return tuple(
        sorted(
            (code, parent.removeprefix(ACCOUNT_CATEGORY))
            for code, parent in placed
            if code and parent.startswith(ACCOUNT_CATEGORY)
        )
    )


def budget(key: BudgetKey, line: wire.BudgetLine, booked: Iterable[wire.AnalyticLine], currency: str) -> Budget:
    """Tryton's amounts of expense accounts are credit less debit: negative."""
    spent = sum(
        (each.debit - each.credit for each in booked if _is_of(each, key)),
        Decimal(0),
    )
    return Budget(
        key=key,
        total=Money(amount=-(line.total_amount or Decimal(0)), currency=currency),
        spent=Money(amount=spent, currency=currency),
    )


def _is_of(line: wire.AnalyticLine, key: BudgetKey) -> bool:
    where = (line.account.code, line.move_line.account.code, line.date.year)
    ours = (line.move_line.move.description or "").startswith(ACCRUAL)
    return not ours and where == (key.cost_centre, key.account, key.fiscal_year)


def held_purchase(row: wire.Purchase) -> HeldPurchase:
    """Raises ContractDriftError for lines without a number, a quantity or a price: somebody else's order."""
    return HeldPurchase(
        id=row.id,
        number=row.number or "",
        state=row.state,
        party=row.party,
        warehouse=row.warehouse,
        lines={_sequence(line): _held_line(line) for line in row.lines if line.type == "line"},
    )


def plain(quantity: Decimal) -> Decimal:
    """Without the zeros that binary numbers bring: 8.0 is 8."""
    whole = quantity.to_integral_value()
    return whole if whole == quantity else quantity.normalize()


def _sequence(line: wire.PurchaseLine) -> int:
    if line.sequence is None:
        raise drifted("an order's line without a number")
    return line.sequence


def _held_line(line: wire.PurchaseLine) -> HeldLine:
    if line.quantity is None or line.unit_price is None:
        raise drifted("an order's line without a quantity or price")
    done = (each.quantity for each in line.moves if each.state == "done")
    waiting = (each for each in line.moves if each.state in {"draft", "staging"} and each.shipment is None)
    return HeldLine(
        id=line.id,
        product=line.product,
        unit=line.unit,
        quantity=plain(line.quantity),
        unit_price=line.unit_price,
        description=line.description or "",
        moved=plain(sum(done, Decimal(0))),
        pending=tuple(each.id for each in waiting),
    )
