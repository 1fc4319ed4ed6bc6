"""What is bought and at which price: catalogue, contracts, stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from biip import ParseError
from biip.gtin import Gtin

from adapters.reference_files.dates import resolve_day
from adapters.reference_files.tables import CURRENCY, Faults, Row, read_table, to_decimal, unique
from domain.master_data import Contract, Item, PriceTier, StockLevel, Supplier
from domain.money import Money
from domain.quantity import UNITS, Quantity
from domain.reference_system import Account

_ITEM_COLUMNS = [
    "code",
    "description",
    "category",
    "unit",
    "pack_size",
    "price",
    "supplier",
    "gtin",
    "unspsc",
    "active",
    "substitute",
]
_UNSPSC_DIGITS = 8
_NO_TIERS: tuple[PriceTier, ...] = ()


def _gtin(text: str) -> str:
    """A GTIN of any length, as written. The digits and the check digit are verified (GS1 General Specifications)."""
    try:
        return Gtin.parse(text).value
    except ParseError as error:
        raise ValueError(str(error)) from None


def read_items(
    directory: Path, accounts: Sequence[Account], suppliers: Sequence[Supplier], faults: Faults
) -> tuple[Item, ...]:
    """The catalogue. An item is booked to the account that its category has by default."""
    rows = read_table(directory, "catalogue.csv", _ITEM_COLUMNS, faults)
    unique(rows, "code")
    account_of = {category: account.code for account in accounts for category in account.categories}
    known = {supplier.code for supplier in suppliers}
    pairs = [(row, _item(row, account_of, known)) for row in rows]
    _check_gtins_differ(pairs)
    _check_substitutes(pairs)
    return tuple(item for _, item in pairs)


def _item(row: Row, account_of: dict[str, str], suppliers: set[str]) -> Item:
    category = row.text("category")
    if category not in account_of:
        row.fault(f"category '{category}' has no account in accounts.csv")
    if row.text("supplier") not in suppliers:
        row.fault(f"supplier '{row.text('supplier')}' is not in suppliers.csv")
    if row.text("gtin"):
        row.parsed("gtin", _gtin, "")
    if len(row.text("unspsc")) != _UNSPSC_DIGITS or not row.text("unspsc").isdecimal():
        row.fault(f"unspsc is '{row.text('unspsc')}': write {_UNSPSC_DIGITS} digits")
    if row.decimal("price") == 0:
        row.fault("price must be more than zero")
    return Item(
        code=row.required("code"),
        description=row.required("description"),
        category=category,
        account=account_of.get(category, ""),
        unit=_unit(row),
        price=row.money("price"),
        supplier=row.text("supplier"),
        gtin=row.text("gtin"),
        unspsc=row.text("unspsc"),
        active=row.flag("active"),
        substitute=row.text("substitute") or None,
    )


def _unit(row: Row) -> Quantity:
    unit = row.text("unit")
    if unit not in UNITS:
        row.fault(f"unit '{unit}' is unknown: write one of {', '.join(UNITS)}")
        unit = "EA"
    return Quantity(value=Decimal(1), unit=unit, pack_size=row.whole("pack_size"))


def _check_gtins_differ(pairs: Sequence[tuple[Row, Item]]) -> None:
    seen: dict[str, str] = {}
    for row, item in pairs:
        if item.gtin and item.gtin in seen:
            row.fault(f"gtin {item.gtin} is that of {seen[item.gtin]} already")
        seen.setdefault(item.gtin, item.code)


def _check_substitutes(pairs: Sequence[tuple[Row, Item]]) -> None:
    by_code = {item.code: item for _, item in pairs}
    for row, item in pairs:
        if item.substitute is None:
            continue
        other = by_code.get(item.substitute)
        if item.active:
            row.fault(f"is active and has the substitute {item.substitute}: only an inactive item has one")
        elif other is None or not other.active:
            row.fault(f"substitute '{item.substitute}' is no active item of the catalogue")
        elif (other.category, other.unit) != (item.category, item.unit):
            row.fault(f"substitute {other.code} must have the same category, unit and pack size")


def read_contracts(
    directory: Path, today: date, items: Sequence[Item], suppliers: Sequence[Supplier], faults: Faults
) -> tuple[Contract, ...]:
    columns = ["number", "supplier", "item", "starts", "ends", "limit", "drawn", "tiers"]
    rows = read_table(directory, "contracts.csv", columns, faults)
    unique(rows, "number")
    item_codes, supplier_codes = {item.code for item in items}, {supplier.code for supplier in suppliers}
    return tuple(_contract(row, today, item_codes, supplier_codes) for row in rows)


def _contract(row: Row, today: date, items: set[str], suppliers: set[str]) -> Contract:
    if row.text("supplier") not in suppliers:
        row.fault(f"supplier '{row.text('supplier')}' is not in suppliers.csv")
    if row.text("item") not in items:
        row.fault(f"item '{row.text('item')}' is not in catalogue.csv")
    starts = row.parsed("starts", lambda text: resolve_day(text, today), today)
    ends = row.parsed("ends", lambda text: resolve_day(text, today), today)
    if ends < starts:
        row.fault("ends before it starts")
    tiers: tuple[PriceTier, ...] = row.parsed("tiers", _tiers, _NO_TIERS)
    limit, drawn = row.money_or_none("limit"), row.money_or_none("drawn")
    if drawn is not None and limit is None:
        row.fault("drawn needs a limit")
    return Contract(
        number=row.required("number"),
        supplier=row.text("supplier"),
        item=row.text("item"),
        tiers=tiers,
        starts=starts,
        ends=ends,
        limit=limit,
        drawn=drawn,
    )


def _tiers(text: str) -> tuple[PriceTier, ...]:
    """'1: 8.90; 50: 8.54': the unit price from that many units on, in ascending order."""
    tiers = []
    for part in text.split(";"):
        minimum, colon, price = part.partition(":")
        if not colon:
            raise ValueError(f"'{part.strip()}' is no tier: write minimum: price; minimum: price")
        amount = Money(amount=to_decimal(price), currency=CURRENCY)
        tiers.append(PriceTier(minimum=to_decimal(minimum), price=amount))
    minima = [tier.minimum for tier in tiers]
    if minima != sorted(set(minima)):
        raise ValueError("the minimum must rise from tier to tier")
    return tuple(tiers)


def read_stock(directory: Path, facilities: set[str], items: Sequence[Item], faults: Faults) -> tuple[StockLevel, ...]:
    rows = read_table(directory, "stock.csv", ("facility", "item", "available"), faults)
    unique(rows, "facility", "item")
    codes = {item.code for item in items}
    for row in rows:
        if row.text("facility") not in facilities:
            row.fault(f"facility '{row.text('facility')}' has no cost centre in cost_centres.csv")
        if row.text("item") not in codes:
            row.fault(f"item '{row.text('item')}' is not in catalogue.csv")
    return tuple(
        StockLevel(facility=row.text("facility"), item=row.text("item"), available=row.decimal("available"))
        for row in rows
    )
