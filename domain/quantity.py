"""Quantities with a unit of measure and a pack size."""

from __future__ import annotations

from decimal import Decimal
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

    def __str__(self) -> str:
        pack = f" of {self.pack_size}" if self.pack_size != 1 else ""
        return f"{self.value.normalize():f} {self.unit}{pack}"
