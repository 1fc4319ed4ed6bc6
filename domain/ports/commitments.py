"""The commitment ledger: what of each budget line is reserved, ordered and invoiced.

At every moment, for every budget line: total = free + reserved + ordered + invoiced (the ERP's own spending counts as
invoiced). Each call is one transaction, and repeating it under the same `key` changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from domain.master_data import Budget, BudgetKey
from domain.model import Value
from domain.money import Money


class CommitmentLine(Value):
    """An amount on one budget line for one requisition line."""

    line: int
    budget: BudgetKey
    amount: Money


class BudgetPosition(Value):
    """How a budget line stands. `free` is negative when an override let it be passed."""

    key: BudgetKey
    total: Money
    reserved: Money
    ordered: Money
    invoiced: Money
    free: Money


class Shortfall(Value):
    """A budget line that cannot carry what is asked of it: `asked` more than `free`."""

    key: BudgetKey
    asked: Money
    free: Money


class ReservationResult(Value):
    """`reserved` is False when `behaviour` is 'stop' and some budget lacks the money; then nothing was booked."""

    reserved: bool
    shortfalls: tuple[Shortfall, ...] = ()


class CommitmentPort(Protocol):
    async def reserve(
        self,
        key: str,
        case_id: str,
        lines: Sequence[CommitmentLine],
        budgets: Sequence[Budget],
        behaviour: Literal["stop", "warn", "ignore"],
    ) -> ReservationResult:
        """Set the case's reservation to exactly `lines` (a later round replaces an earlier one, whole or not at all).

        Budget lines without a budget in the ERP have no limit and are booked all the same.
        """

    async def move_to_order(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        """Move amounts from reserved to ordered; `lines` carry the order's amounts, which may differ from the
        reserved.
        """

    async def invoice(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        """Move amounts from ordered to invoiced."""

    async def credit(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        """Take invoiced amounts back, never below zero: a bill was reversed, or a credit note came."""

    async def ordered(self, case_id: str) -> tuple[CommitmentLine, ...]:
        """What the case still holds as ordered, by requisition line and budget line."""

    async def release(self, key: str, case_id: str, lines: Sequence[int] | None = None) -> None:
        """Free what the case still holds as reserved or ordered, of the given requisition lines or of all."""

    async def positions(self, keys: Sequence[BudgetKey]) -> tuple[BudgetPosition, ...]: ...
