"""The ledger's invariants under any sequence of operations: nothing lost, nothing negative, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.memory.commitments import MemoryCommitments
from domain.master_data import Budget, BudgetKey
from domain.money import Money
from domain.ports.commitments import BudgetPosition, CommitmentLine, ReservationResult
from tests.fixtures.commitments import a_budget, budget_key, require_balance

CENTRES = ("4100", "4200", "4300")
UNLIMITED = "4300"

cases = st.sampled_from(("case-1", "case-2"))
amounts = st.integers(0, 20_000).map(lambda cents: Money(amount=Decimal(cents) / 100, currency="USD"))
lines = st.lists(
    st.builds(
        CommitmentLine,
        line=st.integers(1, 3),
        budget=st.sampled_from(CENTRES).map(budget_key),
        amount=amounts,
    ),
    max_size=4,
)


def budgets(total: int, spent: int) -> list[Budget]:
    return [a_budget(total, spent, centre) for centre in CENTRES if centre != UNLIMITED]


class Ledger(RuleBasedStateMachine):
    """Two cases, three requisition lines and three budget lines, of which one has no limit."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.ledger = MemoryCommitments()
        self.keys = 0

    def teardown(self) -> None:
        self.loop.close()

    def do(self, operation: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(operation)

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def positions(self) -> tuple[BudgetPosition, ...]:
        found: tuple[BudgetPosition, ...] = self.do(self.ledger.positions([budget_key(centre) for centre in CENTRES]))
        return found

    @rule(
        case=cases,
        asked=lines,
        total=st.integers(0, 500),
        spent=st.integers(0, 50),
        behaviour=st.sampled_from(("stop", "warn", "ignore")),
    )
    def reserve(
        self,
        case: str,
        asked: list[CommitmentLine],
        total: int,
        spent: int,
        behaviour: Literal["stop", "warn", "ignore"],
    ) -> None:
        key, held = self.key(), self.ledger.movements(case)
        result: ReservationResult = self.do(self.ledger.reserve(key, case, asked, budgets(total, spent), behaviour))
        after = {position.key: position for position in self.positions()}
        assert not any(shortfall.key == budget_key(UNLIMITED) for shortfall in result.shortfalls)
        if behaviour == "stop":
            assert result.reserved == (not result.shortfalls)
        if not result.reserved:
            assert self.ledger.movements(case) == held
        elif not result.shortfalls and behaviour != "ignore":
            for centre in CENTRES:
                budget = budget_key(centre)
                if centre != UNLIMITED and self.reserved_by(case, budget):
                    assert after[budget].free.amount >= 0
        self.repeat_changes_nothing(result, key, case, asked, behaviour)

    def reserved_by(self, case: str, budget: BudgetKey) -> Decimal:
        """What one case has reserved on a budget line, by its movements."""
        moves = [move for move in self.ledger.movements(case) if move.budget == budget]
        return sum((move.reserved.amount for move in moves), Decimal(0))

    def repeat_changes_nothing(
        self,
        result: ReservationResult,
        key: str,
        case: str,
        asked: list[CommitmentLine],
        behaviour: Literal["stop", "warn", "ignore"],
    ) -> None:
        if result.reserved:
            before = self.positions()
            assert self.do(self.ledger.reserve(key, case, asked, budgets(1, 1), behaviour)) == result
            assert self.positions() == before

    @rule(case=cases, ordered=lines)
    def move_to_order(self, case: str, ordered: list[CommitmentLine]) -> None:
        key = self.key()
        self.do(self.ledger.move_to_order(key, case, ordered))
        before = self.positions()
        self.do(self.ledger.move_to_order(key, case, ordered))
        assert self.positions() == before

    @rule(case=cases, invoiced=lines)
    def invoice(self, case: str, invoiced: list[CommitmentLine]) -> None:
        key = self.key()
        self.do(self.ledger.invoice(key, case, invoiced))
        before = self.positions()
        self.do(self.ledger.invoice(key, case, invoiced))
        assert self.positions() == before

    @rule(case=cases, released=st.none() | st.lists(st.integers(1, 3), max_size=3))
    def release(self, case: str, released: list[int] | None) -> None:
        key = self.key()
        before = {position.key: position.invoiced for position in self.positions()}
        self.do(self.ledger.release(key, case, released))
        self.do(self.ledger.release(key, case, None))
        assert {position.key: position.invoiced for position in self.positions()} == before

    @invariant()
    def every_budget_line_balances(self) -> None:
        require_balance(self.positions())

    @invariant()
    def the_movements_of_all_cases_explain_every_amount(self) -> None:
        sums: Counter[tuple[str, str]] = Counter()
        for move in (*self.ledger.movements("case-1"), *self.ledger.movements("case-2")):
            for name in ("reserved", "ordered", "invoiced"):
                sums[str(move.budget), name] += getattr(move, name).amount
        for position in self.positions():
            assert position.reserved.amount == sums[str(position.key), "reserved"]
            assert position.ordered.amount == sums[str(position.key), "ordered"]
            assert position.invoiced.amount >= sums[str(position.key), "invoiced"]


Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLedger = Ledger.TestCase
