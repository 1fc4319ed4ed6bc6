"""Quantities and prices of bills, counted as the order counts them.

An order is placed in whole packs; a bill may well charge a part of one. So nothing is rounded up here, other than in
`Quantity.converted`, which says what to order.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from domain.model import Value
from domain.money import Money
from domain.quantity import Quantity

# UN/ECE Recommendation 20 and 21 codes of documents for units that orders write otherwise: 'one' and 'piece' are each,
# and the package codes of Recommendation 21 are written with a leading X in electronic invoices.
_SAME_AS = {"C62": "EA", "H87": "EA", "PCE": "EA", "XBX": "BX", "XCS": "CS", "XPK": "PK", "XCT": "CT", "XRO": "RL"}
_SAME_AS |= {"XBO": "BT", "XKI": "KT", "SET": "ST", "NPR": "PR", "E51": "E48"}
_PIECES = frozenset({"EA", "BX", "CS", "PK", "CT", "RL", "PR", "ST", "BT", "KT"})
_SIX_PLACES = Decimal("0.000001")


class Conversion(Value):
    """One unit of the bill is `numerator` / `denominator` units of the order: exact also where the quotient is not."""

    numerator: int = 1
    denominator: int = 1

    def quantity(self, billed: Decimal) -> Decimal:
        """In the order's unit, to six decimal places, as quantities are kept."""
        if self.numerator == self.denominator:
            return billed
        exact = billed * self.numerator / self.denominator
        kept = exact.quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN)
        whole = kept.to_integral_value()
        return whole if kept == whole else kept.normalize()

    def exact(self, billed: Decimal) -> bool:
        """Whether `quantity` had nothing to round."""
        return self.quantity(billed) * self.denominator == billed * self.numerator

    def price(self, unit_price: Money) -> Money:
        """Per unit of the order, to six decimal places."""
        if self.numerator == self.denominator:
            return unit_price
        return unit_price.times(Decimal(self.denominator) / self.numerator)


SAME = Conversion()


def usual_unit(unit: str) -> str:
    """The code that orders use for the unit of a document."""
    return _SAME_AS.get(unit, unit)


def conversion(billed: Quantity, ordered: Quantity) -> Conversion | None:
    """How the unit of a bill counts in that of its order line; None where nobody can know.

    As in `Quantity.converted`: the same unit without a pack size stands for the order's pack, and others convert when
    both are known to hold pieces.
    """
    unit, wanted = usual_unit(billed.unit), usual_unit(ordered.unit)
    if unit == wanted and billed.pack_size in (1, ordered.pack_size):
        return SAME
    if _counts_pieces(unit, billed.pack_size) and _counts_pieces(wanted, ordered.pack_size):
        return Conversion(numerator=billed.pack_size, denominator=ordered.pack_size)
    return None


def _counts_pieces(unit: str, pack_size: int) -> bool:
    return unit in _PIECES and (unit == "EA" or pack_size > 1)
