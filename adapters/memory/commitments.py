"""The commitment ledger in memory. No method pauses, so that concurrent calls of one event loop never interleave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from domain.commitments import (
    Behaviour,
    Booking,
    BudgetLine,
    BudgetLines,
    Holding,
    Holdings,
    Movement,
    Place,
    book,
    book_reservation,
    credit,
    currencies,
    invoice,
    move_to_order,
    refreshed,
    release,
    still_ordered,
)
from domain.master_data import Budget, BudgetKey
from domain.ports.commitments import BudgetPosition, CommitmentLine, ReservationResult


class MemoryCommitments:
    """`domain.ports.commitments.CommitmentPort`."""

    def __init__(self) -> None:
        self._holdings: defaultdict[str, dict[Place, Holding]] = defaultdict(dict)
        self._budgets: dict[BudgetKey, BudgetLine] = {}
        self._done: dict[str, ReservationResult] = {}
        self._movements: defaultdict[str, list[Movement]] = defaultdict(list)

    def movements(self, case_id: str) -> tuple[Movement, ...]:
        """Every change of what the case holds, in order."""
        return tuple(self._movements[case_id])

    async def reserve(
        self,
        key: str,
        case_id: str,
        lines: Sequence[CommitmentLine],
        budgets: Sequence[Budget],
        behaviour: Behaviour,
    ) -> ReservationResult:
        if key in self._done:
            return self._done[key]
        before = self._holdings[case_id]
        latest = refreshed(self._touched(before, lines), {line.budget for line in lines}, budgets)
        booking = book_reservation(before, lines, latest, behaviour)
        self._keep(key, case_id, booking)
        return booking.result

    async def move_to_order(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        self._book(key, case_id, lines, move_to_order(self._holdings[case_id], lines))

    async def invoice(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        self._book(key, case_id, lines, invoice(self._holdings[case_id], lines))

    async def credit(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        self._book(key, case_id, lines, credit(self._holdings[case_id], lines))

    async def ordered(self, case_id: str) -> tuple[CommitmentLine, ...]:
        return still_ordered(self._holdings[case_id])

    async def release(self, key: str, case_id: str, lines: Sequence[int] | None = None) -> None:
        self._book(key, case_id, (), release(self._holdings[case_id], lines))

    async def positions(self, keys: Sequence[BudgetKey]) -> tuple[BudgetPosition, ...]:
        return tuple(self._budgets[key].position() for key in sorted(set(keys), key=str) if key in self._budgets)

    def _book(self, key: str, case_id: str, lines: Sequence[CommitmentLine], after: Holdings) -> None:
        if key not in self._done:
            before = self._holdings[case_id]
            self._keep(key, case_id, book(before, after, self._touched(before, lines)))

    def _touched(self, before: Holdings, lines: Sequence[CommitmentLine]) -> BudgetLines:
        touched = currencies(before, lines)
        return {key: self._budgets.get(key) or BudgetLine.unused(key, currency) for key, currency in touched.items()}

    def _keep(self, key: str, case_id: str, booking: Booking) -> None:
        self._budgets |= {line.key: line for line in booking.budgets}
        self._holdings[case_id] |= {holding.place: holding for holding in booking.holdings}
        self._movements[case_id].extend(booking.movements)
        if booking.result.reserved:
            self._done[key] = booking.result
