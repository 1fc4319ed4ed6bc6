"""What a bill takes from the commitments: what its order lines had committed, and the rest directly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from domain.commitment_lines import budget_key
from domain.master_data import BudgetKey
from domain.money import Money
from domain.payables import OrderPosition, PostingLine
from domain.ports.commitments import CommitmentLine
from domain.requisition import CostShare


def of_order(
    posting: Sequence[PostingLine], order: OrderPosition, ordered: Sequence[CommitmentLine], fiscal_year: int
) -> tuple[CommitmentLine, ...]:
    """What the posting bills on the order, by budget line, always positive (a credit note gives it back).

    It is split as the commitment is that is still open on the line; where nothing is open any more, as the order's
    costs are, in the fiscal year of the posting.
    """
    found: list[CommitmentLine] = []
    costs = {each.line.line: each.line.costs for each in order.lines}
    for line, amount in _billed(posting, order.number).items():
        open_parts = [each for each in ordered if each.line == line]
        if open_parts:
            weights = [each.amount.amount for each in open_parts]
            budgets = [each.budget for each in open_parts]
        else:
            shares = [share for share in costs.get(line, ()) if share.account is not None]
            weights = [share.percent for share in shares]
            budgets = [budget_key(share, order.facility, fiscal_year) for share in shares]
        found += _split(line, amount, budgets, weights)
    return tuple(found)


def of_coding(posting: Sequence[PostingLine], facility: str, fiscal_year: int) -> tuple[CommitmentLine, ...]:
    """What lines without an order charge to the budgets of their own coding, always positive."""
    found: list[CommitmentLine] = []
    for line in posting:
        shares = [share for share in line.costs if share.account is not None]
        if line.order_number or not shares:
            continue
        budgets = [budget_key(share, facility, fiscal_year) for share in shares]
        amount = -line.amount if line.amount.amount < 0 else line.amount
        found += _split(line.line, amount, budgets, _percents(shares))
    return tuple(found)


def _percents(shares: Iterable[CostShare]) -> list[Decimal]:
    return [share.percent for share in shares]


def _billed(posting: Sequence[PostingLine], order_number: str) -> Mapping[int, Money]:
    """What was billed by order line, without sign; lines that sum to nothing are left out."""
    sums: dict[int, Money] = {}
    for each in posting:
        if each.order_number == order_number and each.order_line is not None:
            known = sums.get(each.order_line)
            sums[each.order_line] = each.amount if known is None else known + each.amount
    return {line: -amount if amount.amount < 0 else amount for line, amount in sums.items() if amount}


def _split(line: int, amount: Money, budgets: Sequence[BudgetKey], weights: Sequence[Decimal]) -> list[CommitmentLine]:
    if not budgets or not amount:
        return []
    parts = amount.split(list(weights))
    return [
        CommitmentLine(line=line, budget=budget, amount=part)
        for budget, part in zip(budgets, parts, strict=True)
        if part
    ]
