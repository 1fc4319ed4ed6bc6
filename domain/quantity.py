"""Quantities with a unit of measure and a pack size."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import Field

from domain.model import Value
from domain.money import ExactDecimal

# UN/ECE Recommendation 20 codes, as UBL and EDI use them, with the words that people use.
UNITS = {
    "EA": "each",
    "BX": "box",
    "CS": "case",
    "PK": "pack",
    "CT": "carton",
    "RL": "roll",
    "PR": "pair",
    "ST": "set",
    "BT": "bottle",
    "KT": "kit",
    "HUR": "hour",
    "MON": "month",
    "LTR": "litre",
    "KGM": "kilogram",
    "E48": "service unit",
}
# Units that hold pieces; the others (hours, litres ...) convert into nothing else.
_COUNTED = frozenset({"EA", "BX", "CS", "PK", "CT", "RL", "PR", "ST", "BT", "KT"})
UnitCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$", description="UN/ECE Recommendation 20 unit code")]


class UnitMismatchError(ValueError):
    """Two quantities in units that do not convert into each other were combined."""


class Quantity(Value):
    """`value` units, each of which holds `pack_size` base units (a box of 100 gloves: unit BX, pack_size 100)."""

    value: ExactDecimal
    unit: UnitCode = "EA"
    pack_size: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @property
    def base_units(self) -> Decimal:
        return self.value * self.pack_size

    def of(self, value: Decimal) -> Quantity:
        """The same unit and pack, another count."""
        return Quantity(value=value, unit=self.unit, pack_size=self.pack_size)

    def converted(self, unit: Quantity) -> Quantity:
        """This quantity counted in the unit and pack of `unit`, in whole packs, rounded up.

        The same unit without a pack size stands for the pack of `unit`. Other units convert when it is known how many
        pieces both hold: single pieces, or a pack size above one. Raises UnitMismatchError for all others.
        """
        if self.unit == unit.unit and self.pack_size in (1, unit.pack_size):
            return unit.of(self.value)
        if not (self._counts_pieces and unit._counts_pieces):
            raise UnitMismatchError(f"{self} does not convert into {unit.unit} of {unit.pack_size}")
        packs = (self.base_units / unit.pack_size).to_integral_value(rounding=ROUND_CEILING)
        return unit.of(packs)

    @property
    def _counts_pieces(self) -> bool:
        return self.unit in _COUNTED and (self.unit == "EA" or self.pack_size > 1)

    def __str__(self) -> str:
        pack = f" of {self.pack_size}" if self.pack_size != 1 else ""
        return f"{self.value.normalize():f} {self.unit}{pack}"
