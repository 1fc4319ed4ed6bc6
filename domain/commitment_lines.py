"""Which budget line carries how much of a requisition or an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.master_data import BudgetKey
from domain.money import Money
from domain.ports.commitments import CommitmentLine
from domain.purchase import PlacedOrder, SourcedLine
from domain.requisition import CostShare


def budget_key(share: CostShare, facility: str, fiscal_year: int) -> BudgetKey:
    """The budget line of one cost share. Raises ValueError while the share has no account."""
    if share.account is None:
        raise ValueError(f"cost centre {share.cost_centre} has no account yet")
    return BudgetKey(facility=facility, cost_centre=share.cost_centre, account=share.account, fiscal_year=fiscal_year)


def reservation(lines: Sequence[SourcedLine], facility: str, fiscal_year: int) -> tuple[CommitmentLine, ...]:
    """What the lines will cost outside, by requisition line and budget line, to the cent.

    Own stock was paid for when it was bought, so only what is to be ordered is reserved.
    """
    return _carried(((line.line, line.order_amount, line.costs) for line in lines), facility, fiscal_year)


def order_commitment(order: PlacedOrder, facility: str, fiscal_year: int) -> tuple[CommitmentLine, ...]:
    """What a placed order costs, by requisition line and budget line, to the cent; cancelled lines cost nothing."""
    return _carried(((line.line, line.amount, line.costs) for line in order.lines), facility, fiscal_year)


def _carried(
    amounts: Iterable[tuple[int, Money, Sequence[CostShare]]], facility: str, fiscal_year: int
) -> tuple[CommitmentLine, ...]:
    sums: dict[tuple[int, BudgetKey], Money] = {}
    for line, amount, costs in amounts:
        if not amount:
            continue
        for share, part in zip(costs, amount.split([share.percent for share in costs]), strict=True):
            key = (line, budget_key(share, facility, fiscal_year))
            sums[key] = sums.get(key, Money.zero(amount.currency)) + part
    return tuple(CommitmentLine(line=line, budget=key, amount=part) for (line, key), part in sums.items() if part)
