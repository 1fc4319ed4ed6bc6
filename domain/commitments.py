"""The rules of the commitment ledger, over what a case holds and how its budget lines stand.

A rule says what a case holds afterwards; `book` turns the difference into movements and applies them to the budget
lines. At every moment, for every budget line: total = free + reserved + ordered + invoiced, and no amount that is held
is ever negative. Stores differ in how they keep and lock these values, never in the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from domain.master_data import Budget, BudgetKey
from domain.model import Value
from domain.money import Money
from domain.ports.commitments import BudgetPosition, CommitmentLine, ReservationResult, Shortfall

Behaviour = Literal["stop", "warn", "ignore"]
Place = tuple[int, BudgetKey]
"""Where a case holds money: a requisition line on a budget line."""


class Holding(Value):
    """What a case holds for one requisition line on one budget line."""

    line: int
    budget: BudgetKey
    reserved: Money
    ordered: Money
    invoiced: Money

    @property
    def place(self) -> Place:
        return self.line, self.budget


Holdings = Mapping[Place, Holding]


class Movement(Value):
    """By how much each amount of a holding changed: the ledger's history. Any of them may be negative."""

    line: int
    budget: BudgetKey
    reserved: Money
    ordered: Money
    invoiced: Money


class BudgetLine(Value):
    """The sums of all cases on one budget line. `total` None: the ERP has no budget there, so there is no limit.

    `spent` is the ERP's own spending; `invoiced` is what went through this ledger.
    """

    key: BudgetKey
    total: Money | None
    spent: Money
    reserved: Money
    ordered: Money
    invoiced: Money

    @classmethod
    def unused(cls, key: BudgetKey, currency: str) -> BudgetLine:
        zero = Money.zero(currency)
        return cls(key=key, total=None, spent=zero, reserved=zero, ordered=zero, invoiced=zero)

    def position(self) -> BudgetPosition:
        """As the port shows it. Without a limit the total is zero, and what is committed shows as negative `free`."""
        total = self.total or Money.zero(self.spent.currency)
        invoiced = self.invoiced + self.spent
        return BudgetPosition(
            key=self.key,
            total=total,
            reserved=self.reserved,
            ordered=self.ordered,
            invoiced=invoiced,
            free=total - self.reserved - self.ordered - invoiced,
        )

    def moved(self, movement: Movement) -> BudgetLine:
        return self.model_copy(
            update={
                "reserved": self.reserved + movement.reserved,
                "ordered": self.ordered + movement.ordered,
                "invoiced": self.invoiced + movement.invoiced,
            }
        )


BudgetLines = Mapping[BudgetKey, BudgetLine]


class Booking(Value):
    """What a store has to keep: the holdings and budget lines that changed, and why."""

    result: ReservationResult = ReservationResult(reserved=True)
    holdings: tuple[Holding, ...] = ()
    budgets: tuple[BudgetLine, ...] = ()
    movements: tuple[Movement, ...] = ()


def reserve(before: Holdings, lines: Sequence[CommitmentLine]) -> Holdings:
    """The case's reservation becomes exactly `lines`. A requisition line that is ordered or invoiced stays as it is:
    its money is committed already.
    """
    committed = {holding.line for holding in before.values() if holding.ordered or holding.invoiced}
    after = {place: _with(holding, reserved=_nothing(holding.reserved)) for place, holding in before.items()}
    for place, amount in _sums(lines).items():
        if place[0] not in committed:
            after[place] = _with(after.get(place) or _empty(place, amount), reserved=amount)
    return after


def move_to_order(before: Holdings, lines: Sequence[CommitmentLine]) -> Holdings:
    """The requisition lines of `lines` are no longer reserved, and are ordered with these amounts, less what of them is
    invoiced already. A later call for the same requisition lines sets the amounts of the changed order.
    """
    after = _freed(before, {line.line for line in lines})
    for place, amount in _sums(lines).items():
        holding = after.get(place) or _empty(place, amount)
        after[place] = _with(holding, ordered=_less(amount, holding.invoiced))
    return after


def invoice(before: Holdings, lines: Sequence[CommitmentLine]) -> Holdings:
    """The amounts are no longer ordered but invoiced; an invoice above the order takes all of it."""
    after = dict(before)
    for place, amount in _sums(lines).items():
        holding = after.get(place) or _empty(place, amount)
        after[place] = _with(holding, ordered=_less(holding.ordered, amount), invoiced=holding.invoiced + amount)
    return after


def credit(before: Holdings, lines: Sequence[CommitmentLine]) -> Holdings:
    """The amounts are invoiced no longer, and free again: never more than was invoiced."""
    after = dict(before)
    for place, amount in _sums(lines).items():
        if place in after:
            after[place] = _with(after[place], invoiced=_less(after[place].invoiced, amount))
    return after


def still_ordered(holdings: Holdings) -> tuple[CommitmentLine, ...]:
    """What is held as ordered, by requisition line and budget line."""
    return tuple(
        CommitmentLine(line=holding.line, budget=holding.budget, amount=holding.ordered)
        for _, holding in sorted(holdings.items(), key=_order)
        if holding.ordered
    )


def release(before: Holdings, lines: Sequence[int] | None) -> Holdings:
    """Nothing of the requisition lines (None: of the case) is reserved or ordered any more; invoiced stays."""
    return _freed(before, {holding.line for holding in before.values()} if lines is None else set(lines))


def refreshed(budgets: BudgetLines, keys: Iterable[BudgetKey], known: Sequence[Budget]) -> dict[BudgetKey, BudgetLine]:
    """The budget lines with the ERP's latest amounts for `keys`; those that are not in `known` have no limit now."""
    amounts = {budget.key: budget for budget in known}
    after = dict(budgets)
    for key in keys:
        budget, line = amounts.get(key), after[key]
        total, spent = (budget.total, budget.spent) if budget else (None, _nothing(line.spent))
        after[key] = line.model_copy(update={"total": total, "spent": spent})
    return after


def shortfalls(before: Holdings, after: Holdings, budgets: BudgetLines) -> tuple[Shortfall, ...]:
    """The limited budget lines that cannot carry what is reserved on them `after`, by name. What the case had reserved
    `before` counts as free.
    """
    lacking: list[Shortfall] = []
    for key in sorted({holding.budget for holding in after.values() if holding.reserved}, key=str):
        if budgets[key].total is None:
            continue
        free = budgets[key].position().free + _reserved_on(before, key, budgets)
        asked = _reserved_on(after, key, budgets)
        if asked > free:
            lacking.append(Shortfall(key=key, asked=asked, free=free))
    return tuple(lacking)


def book_reservation(
    before: Holdings, lines: Sequence[CommitmentLine], budgets: BudgetLines, behaviour: Behaviour
) -> Booking:
    """Reserve all of `lines` or nothing. `budgets` carry the ERP's latest amounts; these are kept even when the
    reservation is not.
    """
    after = reserve(before, lines)
    lacking = () if behaviour == "ignore" else shortfalls(before, after, budgets)
    if lacking and behaviour == "stop":
        result = ReservationResult(reserved=False, shortfalls=lacking)
        return Booking(result=result, budgets=tuple(budgets.values()))
    booking = book(before, after, budgets)
    return booking.model_copy(update={"result": ReservationResult(reserved=True, shortfalls=lacking)})


def book(before: Holdings, after: Holdings, budgets: BudgetLines) -> Booking:
    """The movements between the two, and the budget lines after them."""
    changed = [holding for place, holding in sorted(after.items(), key=_order) if before.get(place) != holding]
    movements = tuple(_movement(before.get(holding.place), holding) for holding in changed)
    lines = dict(budgets)
    for movement in movements:
        lines[movement.budget] = lines[movement.budget].moved(movement)
    return Booking(holdings=tuple(changed), budgets=tuple(lines.values()), movements=movements)


def currencies(before: Holdings, lines: Sequence[CommitmentLine]) -> dict[BudgetKey, str]:
    """The budget lines that an operation may touch, sorted, each with its currency: what a store has to lock."""
    touched = {holding.budget: holding.reserved.currency for holding in before.values()}
    touched |= {line.budget: line.amount.currency for line in lines}
    return dict(sorted(touched.items(), key=lambda item: str(item[0])))


def _order(item: tuple[Place, Holding]) -> tuple[int, str]:
    (line, budget), _ = item
    return line, str(budget)


def _movement(old: Holding | None, new: Holding) -> Movement:
    old = old or _empty(new.place, new.reserved)
    return Movement(
        line=new.line,
        budget=new.budget,
        reserved=new.reserved - old.reserved,
        ordered=new.ordered - old.ordered,
        invoiced=new.invoiced - old.invoiced,
    )


def _reserved_on(holdings: Holdings, key: BudgetKey, budgets: BudgetLines) -> Money:
    amounts = (holding.reserved for holding in holdings.values() if holding.budget == key)
    return Money.total(amounts, budgets[key].spent.currency)


def _freed(before: Holdings, lines: set[int]) -> dict[Place, Holding]:
    return {
        place: _with(holding, reserved=_nothing(holding.reserved), ordered=_nothing(holding.ordered))
        if holding.line in lines
        else holding
        for place, holding in before.items()
    }


def _sums(lines: Sequence[CommitmentLine]) -> dict[Place, Money]:
    """Amounts by place; two cost shares on one budget line add up. Raises ValueError for a negative amount."""
    sums: dict[Place, Money] = {}
    for line in lines:
        if line.amount.amount < 0:
            raise ValueError(f"a commitment is never negative: line {line.line} has {line.amount}")
        place = (line.line, line.budget)
        sums[place] = sums[place] + line.amount if place in sums else line.amount
    return sums


def _with(holding: Holding, **amounts: Money) -> Holding:
    return holding.model_copy(update=amounts)


def _empty(place: Place, like: Money) -> Holding:
    zero = _nothing(like)
    return Holding(line=place[0], budget=place[1], reserved=zero, ordered=zero, invoiced=zero)


def _nothing(like: Money) -> Money:
    return Money.zero(like.currency)


def _less(amount: Money, taken: Money) -> Money:
    """What is left of `amount`, never below zero."""
    return amount - taken if amount > taken else _nothing(amount)
