"""What the invoices that a credit note takes back charged for the same goods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.invoice import Invoice, InvoiceLine
from domain.money import Money


class CreditedPrices:
    """Unit prices by whatever names the goods, in the unit that they were billed in."""

    def __init__(self, credited: Sequence[Invoice]) -> None:
        self._by_key: dict[tuple[str, ...], Money] = {}
        for invoice in credited:
            for line in invoice.lines:
                for key in _keys(line):
                    self._by_key.setdefault(key, line.unit_price)

    def of(self, line: InvoiceLine) -> Money | None:
        """The price that was billed; None when no credited line has the same goods in the same unit and currency."""
        if not self._by_key:
            return None
        found = (self._by_key[key] for key in _keys(line) if key in self._by_key)
        return next((each for each in found if each.currency == line.unit_price.currency), None)


def _keys(line: InvoiceLine) -> Iterator[tuple[str, ...]]:
    unit = (line.quantity.unit, str(line.quantity.pack_size))
    if line.order_number and line.order_line is not None:
        yield ("order", line.order_number, str(line.order_line), *unit)
    for name, text in (("ours", line.buyer_item), ("gtin", line.gtin), ("theirs", line.seller_item)):
        if text:
            yield (name, text, *unit)
    if line.description:
        yield ("words", line.description.casefold(), *unit)
