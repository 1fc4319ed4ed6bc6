"""The general ledger of the ERP in memory: documents that balance to the cent, and never change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from adapters.memory.erp_books import HeldOrder, refuse
from domain import voucher_rules
from domain.reference_system import PostingAccounts
from domain.requisition import CostShare


@dataclass(frozen=True)
class Entry:
    """One side of a booking: `amount` is debited when it is positive and credited when it is negative."""

    account: str
    amount: Decimal
    cost_centre: str = ""
    order_number: str = ""
    order_line: int | None = None


@dataclass(frozen=True)
class Document:
    number: str
    facility: str
    currency: str
    booked_on: date
    entries: tuple[Entry, ...]


class MemoryLedger:
    """Refuses a document that does not balance (RefusedError 'not-balanced')."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}

    def book(self, number: str, facility: str, currency: str, day: date, entries: Iterable[Entry]) -> None:
        kept = tuple(each for each in entries if each.amount)
        if sum((each.amount for each in kept), Decimal(0)):
            refuse("not-balanced", f"Document {number} does not balance.")
        if kept:
            self.documents[number] = Document(number, facility, currency, day, kept)

    def reverse(self, number: str, by: str, day: date) -> None:
        """Book the document `by`, which mirrors the document `number`."""
        old = self.documents.get(number)
        if old is not None:
            mirrored = (replace(each, amount=-each.amount) for each in old.entries)
            self.book(by, old.facility, old.currency, day, mirrored)

    def balances(self) -> dict[str, Decimal]:
        """By account, debits less credits."""
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for document in self.documents.values():
            for entry in document.entries:
                found[entry.account] += entry.amount
        return dict(sorted(found.items()))

    def credit_of(self, account: str, order_number: str) -> Decimal:
        """Credits less debits of the account for one order."""
        entries = (entry for document in self.documents.values() for entry in document.entries)
        return -sum((e.amount for e in entries if (e.account, e.order_number) == (account, order_number)), Decimal(0))


def charged(amount: Decimal, costs: Sequence[CostShare], currency: str) -> tuple[Entry, ...]:
    """`amount` on the accounts of `costs`, to the cent."""
    shares = voucher_rules.charged(amount, costs, currency)
    return tuple(Entry(share.account or "", part, share.cost_centre) for share, part in shares)


def accrual_entries(order: HeldOrder, accounts: PostingAccounts) -> tuple[Entry, ...]:
    """What brings the order's accrual to what was received and not billed: against the costs of each line."""
    entries: list[Entry] = []
    for number, line in order.lines.items():
        change = order.unbilled(number) - order.accrued.get(number, Decimal(0))
        costs = charged(change, line.costs, order.draft.currency)
        accrual = Entry(accounts.accrual, -change)
        entries += (replace(each, order_number=order.number, order_line=number) for each in (*costs, accrual))
    return tuple(entries)
