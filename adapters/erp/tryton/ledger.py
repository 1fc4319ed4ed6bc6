"""Bookings that Tryton does not make by itself, as values: moves of the general ledger, and what they are for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.model import Value

ACCRUAL = "accrual:"
"""What the description of a move begins with that books goods which no bill names yet. Corridor counts what they cost
in its own ledger of commitments: a budget's spending leaves them out."""


class LedgerEntry(Value):
    """One side of a booking: `amount` is debited when it is positive and credited when it is negative. `party` is
    Tryton's id, where the account wants one."""

    account: str
    amount: Decimal
    cost_centre: str = ""
    note: str = ""
    party: int | None = None


class LedgerMove(Value):
    """A move under its external id, in the company's currency. Its entries sum to zero."""

    external_id: str
    on: date
    entries: tuple[LedgerEntry, ...]

    def mirrored(self, external_id: str, on: date) -> LedgerMove:
        entries = tuple(each.model_copy(update={"amount": -each.amount}) for each in self.entries)
        return LedgerMove(external_id=external_id, on=on, entries=entries)


def order_note(number: str, line: int) -> str:
    """How bookings name the line of an order that they are for."""
    return f"{number}/{line}"
