"""Finding the order line that a line of a bill means.

What the line says itself comes before what the document says as a whole, and what identifies before what resembles:
order and line number; our item number; GTIN; an item number of the seller that is ours; the same words; and, where a
line names no item at all, the one order line of the very price that shares a word with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.invoice import Invoice, InvoiceLine
from domain.invoice_units import usual_unit
from domain.payables import OrderLinePosition, OrderPosition

Key = tuple[str, str] | tuple[str, str, Decimal]
_WORD = re.compile(r"\w{4,}")


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """A line of an order; compared by identity, because there is one object per order line."""

    order: OrderPosition
    position: OrderLinePosition

    @property
    def closed(self) -> bool:
        return self.order.status in ("closed", "closed-short", "cancelled")


@dataclass(frozen=True, slots=True)
class Search:
    """`found` is what the line bills. Otherwise `code` says what is wrong with the line, None when no order backs it.
    `how` tells people how a line was found that does not name its order line."""

    found: Ordered | None = None
    code: str | None = None
    how: str = ""


def plain_order_number(number: str) -> str:
    return "".join(number.upper().split())


class Need(Protocol):
    """What a line of a bill asks of an order line."""

    @property
    def credit(self) -> bool: ...

    def room(self, ordered: Ordered) -> Decimal:
        """What of the order line may still be billed, or taken back."""

    def fits(self, ordered: Ordered) -> bool:
        """Whether there is room for all of it."""


class Scope:
    """Some orders, their lines by everything that a bill may call them by. Lines stay in the sequence of the orders."""

    def __init__(self, orders: Sequence[Sequence[Ordered]]) -> None:
        self._single = len(orders) == 1
        self._lines = [each for lines in orders for each in lines]
        self._by_key: dict[Key, list[Ordered]] = {}
        self._by_line: dict[int, Ordered] = {}
        self._next: dict[tuple[Key, bool], int] = {}
        self._knows_words = False
        for ordered in self._lines:
            self._by_line.setdefault(ordered.position.line.line, ordered)
            for key in _certain_keys(ordered.position):
                self._by_key.setdefault(key, []).append(ordered)

    def by_number(self, line: int | None) -> Ordered | None:
        """A line number says something within one order alone."""
        return self._by_line.get(line) if line is not None and self._single else None

    def all_by(self, key: Key) -> list[Ordered]:
        """Most bills name their items: words and prices are looked up only for a line that does not."""
        if not self._knows_words and key[0] in ("words", "price"):
            self._knows_words = True
            for ordered in self._lines:
                for each in _resembling_keys(ordered.position):
                    self._by_key.setdefault(each, []).append(ordered)
        return self._by_key.get(key, [])

    def best(self, key: Key, need: Need) -> Ordered | None:
        """The first line with room for all of it, else the first with any room, else the first that is open at all.

        What has no room left is passed over for good, so that many lines of one item stay quick.
        """
        lines = self.all_by(key)
        if not lines:
            return None
        at = self._next.get((key, need.credit), 0)
        while at < len(lines) and need.room(lines[at]) <= 0:
            at += 1
        self._next[key, need.credit] = at
        first = None
        for each in lines[at : at + 20]:
            if need.room(each) > 0:
                if need.fits(each):
                    return each
                first = first or each
        return first or next((each for each in lines if not each.closed), lines[0])


class OrderBook:
    """The orders that an invoice may bill: its supplier's own, by number."""

    def __init__(self, invoice: Invoice, supplier: str, orders: Sequence[OrderPosition]) -> None:
        by_number = {plain_order_number(each.number): each for each in sorted(orders, key=lambda each: each.number)}
        self._own = {
            number: [Ordered(each, position) for position in each.lines]
            for number, each in by_number.items()
            if each.supplier == supplier
        }
        self._foreign = {number: each for number, each in by_number.items() if each.supplier != supplier}
        named = list(dict.fromkeys(plain_order_number(each) for each in invoice.order_numbers if each))
        self.unknown = tuple(each for each in named if each not in self._own)
        self._named = bool(named)
        self._header = Scope([self._own[each] for each in named if each in self._own])
        self._open = Scope([] if named else [each for each in self._own.values() if _is_open(each)])
        self._single: dict[str, Scope] = {}

    def foreign(self, number: str) -> OrderPosition | None:
        """An order of another supplier with this number."""
        return self._foreign.get(plain_order_number(number))

    def find(self, line: InvoiceLine, need: Need) -> Search:
        """The order line that is billed."""
        if line.order_number:
            return self._on_order(line, plain_order_number(line.order_number), need)
        if self._named:
            found = _searched(self._header, line, need)
            return found or Search(code="order-not-found" if self.unknown else "item-not-ordered")
        return self._on_open(line, need)

    def _on_order(self, line: InvoiceLine, number: str, need: Need) -> Search:
        if number not in self._own:
            return Search(code="order-not-found")
        if number not in self._single:
            self._single[number] = Scope([self._own[number]])
        return _searched(self._single[number], line, need) or Search(code="item-not-ordered")

    def _on_open(self, line: InvoiceLine, need: Need) -> Search:
        """A document that names no order may mean an open one: words alone are not believed, without the price."""
        for key in _keys_of_bill(line):
            if key[0] != "words" or len(key) == 3:
                ordered = self._open.best(key, need)
                if ordered is not None:
                    return Search(ordered, how=f"no order named; found on {ordered.order.number} by {key[0]}")
        return Search()


def _is_open(lines: Sequence[Ordered]) -> bool:
    return bool(lines) and not lines[0].closed


def _searched(scope: Scope, line: InvoiceLine, need: Need) -> Search | None:
    """A line number is believed unless our item number or the GTIN contradict it."""
    ordered = scope.by_number(line.order_line)
    if ordered is not None and not _contradicts(line, ordered):
        return Search(ordered)
    for key in _keys_of_bill(line):
        ordered = scope.best(key, need)
        if ordered is not None:
            return Search(ordered, how=f"found by {key[0]}")
    return _by_price_alone(scope, line)


def _by_price_alone(scope: Scope, line: InvoiceLine) -> Search | None:
    if line.buyer_item or line.gtin:
        return None
    alike = scope.all_by(("price", usual_unit(line.quantity.unit), line.unit_price.amount))
    words = set(_WORD.findall(line.description.casefold()))
    alike = [each for each in alike if words & set(_WORD.findall(each.position.line.description.casefold()))]
    return Search(alike[0], how="found by price and description") if len(alike) == 1 else None


def _contradicts(line: InvoiceLine, ordered: Ordered) -> bool:
    ours = ordered.position.line
    agreeing = differing = False
    for said, known in ((line.buyer_item, ours.item or ""), (_gtin(line.gtin), _gtin(ours.gtin))):
        if said and known:
            agreeing |= said.upper() == known.upper()
            differing |= said.upper() != known.upper()
    return differing and not agreeing


def _keys_of_bill(line: InvoiceLine) -> Iterator[Key]:
    """From the most certain to the least; of each, the order line of the same price first."""
    price = line.unit_price.amount / line.quantity.pack_size
    for name, text in (
        ("item", line.buyer_item.upper()),
        ("GTIN", _gtin(line.gtin)),
        ("item", line.seller_item.upper()),
    ):
        if text:
            yield (name, text, price)
            yield (name, text)
    words = _words(line.description)
    if words:
        yield ("words", words, price)
        yield ("words", words)


def _certain_keys(position: OrderLinePosition) -> Iterator[Key]:
    line = position.line
    for name, text in (("item", (line.item or "").upper()), ("GTIN", _gtin(line.gtin))):
        if text:
            yield (name, text)
            yield from ((name, text, each) for each in _prices(position))


def _resembling_keys(position: OrderLinePosition) -> Iterator[Key]:
    words = _words(position.line.description)
    if words:
        yield ("words", words)
        yield from (("words", words, each) for each in _prices(position))
    yield ("price", usual_unit(position.line.quantity.unit), position.line.unit_price.amount)


def _prices(position: OrderLinePosition) -> set[Decimal]:
    """Per unit and per piece: a bill may count either."""
    price, pack_size = position.line.unit_price.amount, position.line.quantity.pack_size
    return {price} if pack_size == 1 else {price, price / pack_size}


def _gtin(text: str) -> str:
    """GTIN-8, 12, 13 and 14 of one thing differ in leading zeros alone."""
    return text.replace(" ", "").lstrip("0")


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
