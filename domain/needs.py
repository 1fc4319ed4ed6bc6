"""What a requisition line asks for, once the catalogue was consulted: item, unit, supplier."""

from __future__ import annotations

from decimal import Decimal

from domain.finding_log import FindingLog
from domain.intake import MAX_LINE_AMOUNT
from domain.master_data import Item, MasterData
from domain.model import Value
from domain.money import Money
from domain.quantity import Quantity, UnitMismatchError
from domain.requisition import RequisitionLine

_SIX_PLACES = Decimal("0.000001")


class Need(Value):
    """A line in the catalogue's terms; `item` is None for free text.

    `quantity` is in the item's own unit, `requested` is the requester's price per that unit. `list_price` is what the
    catalogue says, None when it says nothing in the requisition's currency.
    """

    line: int
    item: Item | None
    description: str
    category: str
    quantity: Quantity
    requested: Money | None
    list_price: Money | None
    supplier: str | None
    substituted_for: str | None = None

    @property
    def item_code(self) -> str | None:
        return self.item.code if self.item else None


def resolve(line: RequisitionLine, master: MasterData, substitute: bool, currency: str, log: FindingLog) -> Need | None:
    """The need behind a line, or None when a person must first say what is meant.

    `substitute` lets an item that is no longer supplied be replaced by the one that the catalogue names for it.
    """
    if line.item is None:
        return _free_text(line, log)
    items = {item.code: item for item in master.items}
    asked = items.get(line.item)
    if asked is None:
        log.ask("item-unknown", f"The catalogue has no item {line.item}.", line.line, item=line.item)
        return None
    item = _active(asked, items, substitute)
    if item is None:
        log.ask(
            "item-inactive",
            f"Item {asked.code} ({asked.description}) is no longer supplied and nothing may replace it.",
            line.line,
            item=asked.code,
            description=asked.description,
            substitute=asked.substitute,
            substitutes_allowed=substitute,
        )
        return None
    return _catalogue(line, asked, item, currency, log)


def _free_text(line: RequisitionLine, log: FindingLog) -> Need | None:
    if not line.description or not line.category:
        log.ask("item-unknown", "The line names neither an item nor what is needed.", line.line)
        return None
    return Need(
        line=line.line,
        item=None,
        description=line.description,
        category=line.category,
        quantity=line.quantity,
        requested=line.unit_price,
        list_price=None,
        supplier=line.supplier,
    )


def _active(asked: Item, items: dict[str, Item], substitute: bool) -> Item | None:
    """The item itself or, when allowed, the first active one in its chain of substitutes."""
    item: Item | None = asked
    seen: set[str] = set()
    while item is not None and not item.active:
        seen.add(item.code)
        following = item.substitute if substitute else None
        item = items.get(following) if following and following not in seen else None
    return item


def _catalogue(line: RequisitionLine, asked: Item, item: Item, currency: str, log: FindingLog) -> Need | None:
    try:
        in_asked = line.quantity.converted(asked.unit)
        quantity = in_asked.converted(item.unit)
    except UnitMismatchError as error:
        log.ask(
            "unit-mismatch",
            f"Item {item.code} is sold by {item.unit.unit} of {item.unit.pack_size}: {error}.",
            line.line,
            item=item.code,
            requested=str(line.quantity),
            catalogue_unit=item.unit.unit,
            catalogue_pack_size=item.unit.pack_size,
        )
        return None
    replaced = item.code != asked.code
    list_price = item.price if item.price.currency == currency and item.price.amount > 0 else None
    supplier = line.supplier
    if supplier is None or (replaced and supplier == asked.supplier):
        supplier = item.supplier
    _note_changes(line, asked, item, quantity, log)
    return Need(
        line=line.line,
        item=item,
        description=item.description,
        category=item.category,
        quantity=quantity,
        # The price that was asked for belongs to the item that was asked for: the substitute has its own, if any.
        requested=None if replaced and list_price else _per_unit_of(line, in_asked),
        list_price=list_price,
        supplier=supplier,
        substituted_for=asked.code if replaced else None,
    )


def _note_changes(line: RequisitionLine, asked: Item, item: Item, quantity: Quantity, log: FindingLog) -> None:
    if item.code != asked.code:
        log.note(line.line, f"item {asked.code} is replaced by its substitute {item.code} ({item.description}).")
    if (quantity.value, quantity.unit) != (line.quantity.value, line.quantity.unit):
        log.note(line.line, f"{line.quantity} is bought as {quantity}.")
    if line.category is not None and line.category != item.category:
        log.note(line.line, f"the catalogue's category {item.category} counts, not {line.category}.")


def _per_unit_of(line: RequisitionLine, counted: Quantity) -> Money | None:
    """The requested price per unit of the catalogue, when the line was asked for in another pack.

    None when it is too small to be a price there.
    """
    price, packs = line.unit_price, line.quantity
    if price is None or (packs.unit == counted.unit and packs.pack_size in (1, counted.pack_size)):
        return price
    scaled = price.amount * counted.pack_size / packs.pack_size
    # Kept within what a Money holds; converted quantities are whole packs, so that such a line is asked about anyway.
    bounded = Money(amount=min(scaled, MAX_LINE_AMOUNT + 1).quantize(_SIX_PLACES), currency=price.currency)
    return bounded or None
