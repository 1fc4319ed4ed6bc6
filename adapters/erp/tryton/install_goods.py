"""The catalogue of a new Tryton, what suppliers ask for it, and what the store rooms hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from stdnum import ean

from adapters.erp.tryton.encoding import binary
from adapters.erp.tryton.install_books import Books, facilities
from adapters.erp.tryton.install_parties import Parties
from adapters.erp.tryton.loading import Loader, Values
from domain.master_data import Contract, Item, StockLevel
from domain.quantity import Quantity
from domain.reference_system import ReferenceSystem

GTIN, UNSPSC, SUBSTITUTE = "GTIN:", "UNSPSC:", "SUBSTITUTE:"
ACCOUNT = "account "
ISSUED = "/issued"
"""What the code of a facility's place of goods that are handed out ends in."""
EACH = Quantity(value=Decimal(1), unit="EA", pack_size=1)
# Deliveries of half a box happen; so do 2.5 hours.
_UNIT_DIGITS = 4


class Goods:
    """The ids of units by symbol, categories by code, and of products and templates by the item's code."""

    def __init__(self) -> None:
        self.units: dict[str, int] = {}
        self.categories: dict[str, int] = {}
        self.templates: dict[str, int] = {}
        self.products: dict[str, int] = {}


def unit_symbol(unit: Quantity) -> str:
    """How a unit and its pack are called in Tryton: 'BX/100' is a box of a hundred."""
    return f"{unit.unit}/{unit.pack_size}"


async def load_goods(
    loader: Loader, system: ReferenceSystem, books: Books, parties: Parties, goods: Goods, today: date
) -> None:
    """Units, categories, products, supplier prices, contracts that run `today`, warehouses and their stock."""
    await _units(loader, system, goods)
    await _categories(loader, system, books, goods)
    await _products(loader, system, goods)
    prices = await loader.create("purchase.product_supplier", _prices(system, books, parties, goods))
    asked = [each.starts <= today <= each.ends for each in system.contracts] + [each.active for each in system.items]
    over = [price for price, runs in zip(prices, asked, strict=True) if not runs]
    if over:  # Tryton makes nothing that is over already
        await loader.write("purchase.product_supplier", over, active=False)
    storage = await _warehouses(loader, facilities(system))
    await _stock(loader, system.stock, books, goods, storage)


async def _units(loader: Loader, system: ReferenceSystem, goods: Goods) -> None:
    category = await loader.create_one("product.uom.category", name="Packs")
    packs = {unit_symbol(each): each.pack_size for each in (EACH, *(item.unit for item in system.items))}
    goods.units = await loader.create_named(
        "product.uom",
        {
            symbol: {
                **{"name": symbol, "symbol": symbol, "category": category, "digits": _UNIT_DIGITS},
                **{"factor": float(pack), "rate": round(1.0 / pack, 12), "rounding": 10.0**-_UNIT_DIGITS},
            }
            for symbol, pack in packs.items()
        },
    )


async def _categories(loader: Loader, system: ReferenceSystem, books: Books, goods: Goods) -> None:
    """An accounting category for each account, and below one of its name the categories that are booked to it."""
    accounting = await loader.create_named(
        "product.category",
        {
            each.code: {
                **{"name": f"{each.code} {each.name}", "code": each.code, "accounting": True},
                "account_expense": books.accounts[each.code],
            }
            for each in system.accounts
        },
    )
    parents = await loader.create_named(
        "product.category",
        {each.code: {"name": each.name, "code": f"{ACCOUNT}{each.code}"} for each in system.accounts},
    )
    default = {name: each.code for each in system.accounts for name in each.categories}
    goods.categories = accounting | await loader.create_named(
        "product.category",
        {
            name: {"name": name, "code": name, "parent": parents.get(default.get(name, ""))}
            for name in sorted({*default, *(each.category for each in system.items)})
        },
    )


async def _products(loader: Loader, system: ReferenceSystem, goods: Goods) -> None:
    goods.templates = await loader.create_named(
        "product.template", {each.code: _template(each, goods) for each in system.items}
    )
    rows = await loader.client.search_read("product.product", [], ["id", "template"])
    products = {int(row["template"]): int(row["id"]) for row in rows}
    goods.products = {code: products[template] for code, template in goods.templates.items()}
    gone = [each.code for each in system.items if not each.active]
    if gone:
        await loader.write("product.product", [goods.products[code] for code in gone], active=False)
        await loader.write("product.template", [goods.templates[code] for code in gone], active=False)


def _template(item: Item, goods: Goods) -> Values:
    unit = goods.units[unit_symbol(item.unit)]
    product = {"identifiers": [["create", _identifiers(item)]], "cost_price": item.price.amount}
    return {
        "name": item.description,
        "code": item.code,
        "type": "goods",
        "default_uom": unit,
        "purchase_uom": unit,
        "purchasable": True,
        "account_category": goods.categories[item.account],
        "categories": [["add", [goods.categories[item.category]]]],
        "products": [["create", [product]]],
    }


def _identifiers(item: Item) -> list[Values]:
    found: list[Values] = []
    if item.gtin:
        valid = ean.is_valid(item.gtin)
        found.append({"type": "ean" if valid else None, "code": item.gtin if valid else f"{GTIN}{item.gtin}"})
    if item.unspsc:
        found.append({"type": None, "code": f"{UNSPSC}{item.unspsc}"})
    if item.substitute:
        found.append({"type": None, "code": f"{SUBSTITUTE}{item.substitute}"})
    return found


def _prices(system: ReferenceSystem, books: Books, parties: Parties, goods: Goods) -> list[Values]:
    """Contracts before the catalogue: Tryton takes the first supplier price that fits."""
    common = {"company": books.company}
    contracts = [
        common
        | _priced(goods, each.item, parties.suppliers[each.supplier], 1)
        | {"code": each.number, "currency": books.currencies[each.tiers[0].price.currency]}
        | {"prices": [["create", _tiers(each)]]}
        for each in system.contracts
    ]
    catalogue = [
        common
        | _priced(goods, each.code, parties.suppliers[each.supplier], 2)
        | {"currency": books.currencies[each.price.currency]}
        | {"prices": [["create", [{"quantity": 0.0, "unit_price": each.price.amount}]]]}
        for each in system.items
    ]
    return contracts + catalogue


def _priced(goods: Goods, item: str, supplier: int, sequence: int) -> Values:
    return {
        "template": goods.templates[item],
        "product": goods.products[item],
        "party": supplier,
        "sequence": sequence,
    }


def _tiers(contract: Contract) -> list[Values]:
    """The last that fits counts, so the smallest quantity comes first."""
    tiers = sorted(contract.tiers, key=lambda each: each.minimum)
    return [
        {"sequence": place, "quantity": binary(each.minimum), "unit_price": each.price.amount}
        for place, each in enumerate(tiers, start=1)
    ]


async def _warehouses(loader: Loader, names: Sequence[str]) -> dict[str, int]:
    """A warehouse for each facility, with places of its own; returns the storage places."""
    places: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for place in ("Input", "Output", "Storage"):
        made = await loader.create_named(
            "stock.location",
            {name: {"name": f"{name} {place}", "code": f"{name}/{place.lower()}", "type": "storage"} for name in names},
        )
        for name, each in made.items():
            places[name][f"{place.lower()}_location"] = each
    lost = {"lost_found_location": await loader.only("stock.location", [["type", "=", "lost_found"]])}
    warehouses = await loader.create_named(
        "stock.location",
        {
            name: {"name": f"{name} warehouse", "code": name, "type": "warehouse", **places[name], **lost}
            for name in names
        },
    )
    # Where goods are that were handed out or delivered: in the house, and not in the store room.
    await loader.create(
        "stock.location",
        [
            {"name": f"{name} issued", "code": f"{name}{ISSUED}", "type": "storage", "parent": warehouses[name]}
            for name in names
        ],
    )
    return {name: places[name]["storage_location"] for name in names}


async def _stock(
    loader: Loader, stock: Sequence[StockLevel], books: Books, goods: Goods, storage: dict[str, int]
) -> None:
    """Opening balances, counted on the first day of the first fiscal year."""
    on = date(min(books.years), 1, 1)
    counted: defaultdict[str, list[Values]] = defaultdict(list)
    for each in stock:
        if each.item in goods.products:
            counted[each.facility].append({"product": goods.products[each.item], "quantity": binary(each.available)})
    made = await loader.create(
        "stock.inventory",
        [
            {
                **{"location": storage[facility], "date": on, "company": books.company, "empty_quantity": "keep"},
                "lines": [["create", lines]],
            }
            for facility, lines in counted.items()
        ],
    )
    if made:
        await loader.client.press("stock.inventory", "confirm", made)
