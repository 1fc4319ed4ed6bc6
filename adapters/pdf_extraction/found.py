"""What was found on a page, before it becomes an invoice; and how much it is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.capture import Place

# How sure a reading is, by how it came about. docs/pdf-capture.md explains each.
BY_TEMPLATE = Decimal("0.95")
ADDS_UP = Decimal("0.9")  # an amount that fits all others to the cent
BY_LABEL = Decimal("0.8")
BY_COLUMN = Decimal("0.75")
BY_POSITION = Decimal("0.5")
CONTRADICTED = Decimal("0.4")  # an amount that does not fit the others
NOT_READ = Decimal(0)

FoundValue = str | Decimal | date


@dataclass(frozen=True)
class Found:
    """`text` as the page has it, `value` as we understand it."""

    value: FoundValue
    text: str
    confidence: Decimal
    place: Place | None = None


FoundLine = dict[str, Found]
"""By description, item, gtin, quantity, unit, price, amount, tax_rate, order."""


@dataclass
class FoundInvoice:
    """`fields` by the names of `labels.LABELS`; `template` is the one that matched."""

    fields: dict[str, Found]
    lines: list[FoundLine]
    template: str = ""
