"""What every commitment ledger does, wherever it keeps its books."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from domain.ports.commitments import CommitmentPort, ReservationResult, Shortfall
from tests.fixtures.commitments import a_budget, a_line, budget_key, dollars, standing

BOOKED = ReservationResult(reserved=True)


class TestReserving:
    async def test_takes_from_what_is_free(self, ledger: CommitmentPort) -> None:
        result = await ledger.reserve("k1", "case", [a_line(1, "70.10")], [a_budget(100, spent=20)], "stop")
        assert result == BOOKED
        assert await standing(ledger) == (Decimal("9.90"), Decimal("70.10"), 0, 20)

    async def test_books_all_or_nothing(self, ledger: CommitmentPort) -> None:
        lines = [a_line(1, 60), a_line(2, 50, "4200")]
        budgets = [a_budget(100), a_budget(40, spent=5, cost_centre="4200")]
        result = await ledger.reserve("k1", "case", lines, budgets, "stop")
        lacking = Shortfall(key=budget_key("4200"), asked=dollars(50), free=dollars(35))
        assert result == ReservationResult(reserved=False, shortfalls=(lacking,))
        assert await standing(ledger) == (100, 0, 0, 0)
        assert await standing(ledger, "4200") == (35, 0, 0, 5)

    async def test_what_was_refused_may_be_tried_again_under_its_key(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 60)], [a_budget(50)], "stop")
        assert await ledger.reserve("k1", "case", [a_line(1, 60)], [a_budget(80)], "stop") == BOOKED
        assert await standing(ledger) == (20, 60, 0, 0)

    async def test_warns_and_books_beyond_the_budget(self, ledger: CommitmentPort) -> None:
        result = await ledger.reserve("k1", "case", [a_line(1, 120)], [a_budget(100)], "warn")
        lacking = Shortfall(key=budget_key(), asked=dollars(120), free=dollars(100))
        assert result == ReservationResult(reserved=True, shortfalls=(lacking,))
        assert await standing(ledger) == (-20, 120, 0, 0)

    async def test_ignores_the_budget_when_told_to(self, ledger: CommitmentPort) -> None:
        assert await ledger.reserve("k1", "case", [a_line(1, 120)], [a_budget(100)], "ignore") == BOOKED
        assert await standing(ledger) == (-20, 120, 0, 0)

    async def test_without_a_budget_in_the_erp_there_is_no_limit(self, ledger: CommitmentPort) -> None:
        assert await ledger.reserve("k1", "case", [a_line(1, 120)], [], "stop") == BOOKED
        assert await standing(ledger) == (-120, 120, 0, 0)

    async def test_a_later_round_replaces_the_earlier_one(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 90), a_line(2, 10, "4200")], [a_budget(100)], "stop")
        assert await ledger.reserve("k2", "case", [a_line(1, 95)], [a_budget(100)], "stop") == BOOKED
        assert await standing(ledger) == (5, 95, 0, 0)
        assert await standing(ledger, "4200") == (0, 0, 0, 0)

    async def test_a_refused_round_leaves_the_earlier_one(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 90)], [a_budget(100)], "stop")
        result = await ledger.reserve("k2", "case", [a_line(1, 101)], [a_budget(100)], "stop")
        assert result.shortfalls == (Shortfall(key=budget_key(), asked=dollars(101), free=dollars(100)),)
        assert await standing(ledger) == (10, 90, 0, 0)

    async def test_a_line_that_is_ordered_is_not_reserved_again(self, ledger: CommitmentPort) -> None:
        lines = [a_line(1, 30), a_line(2, 30)]
        await ledger.reserve("k1", "case", lines, [a_budget(100)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, 30)])
        await ledger.reserve("k3", "case", [a_line(1, 30), a_line(2, 40)], [a_budget(100)], "stop")
        assert await standing(ledger) == (30, 40, 30, 0)

    async def test_an_invoiced_line_is_not_reserved_again(self, ledger: CommitmentPort) -> None:
        await ledger.move_to_order("k1", "case", [a_line(1, 30)])
        await ledger.invoice("k2", "case", [a_line(1, 30)])
        await ledger.reserve("k3", "case", [a_line(1, 30), a_line(2, 5)], [a_budget(100)], "stop")
        assert await standing(ledger) == (65, 5, 0, 30)

    async def test_shares_on_one_budget_line_add_up(self, ledger: CommitmentPort) -> None:
        result = await ledger.reserve("k1", "case", [a_line(1, 60), a_line(1, 41)], [a_budget(100)], "stop")
        assert result.shortfalls[0].asked == dollars(101)

    async def test_cases_do_not_touch_one_another(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case-1", [a_line(1, 30)], [a_budget(100)], "stop")
        await ledger.reserve("k2", "case-2", [a_line(1, 40)], [a_budget(100)], "stop")
        await ledger.release("k3", "case-1")
        assert await standing(ledger) == (60, 40, 0, 0)

    async def test_a_negative_amount_is_no_commitment(self, ledger: CommitmentPort) -> None:
        with pytest.raises(ValueError, match="never negative"):
            await ledger.reserve("k1", "case", [a_line(1, -1)], [a_budget(100)], "stop")
        assert await ledger.positions([budget_key()]) == ()


class TestFromOrderToInvoice:
    async def test_the_order_takes_the_place_of_the_reservation(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 50), a_line(2, 20)], [a_budget(100)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, "45.50")])
        assert await standing(ledger) == (Decimal("34.50"), 20, Decimal("45.50"), 0)

    async def test_a_changed_order_sets_the_new_amounts(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 50)], [a_budget(100)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, 50)])
        await ledger.move_to_order("k3", "case", [a_line(1, 10), a_line(1, 50, "4200")])
        assert await standing(ledger) == (90, 0, 10, 0)
        assert await standing(ledger, "4200") == (-50, 0, 50, 0)

    async def test_a_changed_order_keeps_what_is_invoiced_out_of_it(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 50)], [a_budget(100)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, 50)])
        await ledger.invoice("k3", "case", [a_line(1, 20)])
        await ledger.move_to_order("k4", "case", [a_line(1, 60)])
        assert await standing(ledger) == (40, 0, 40, 20)

    async def test_an_invoice_above_the_order_takes_all_of_it(self, ledger: CommitmentPort) -> None:
        await ledger.reserve("k1", "case", [a_line(1, 50)], [a_budget(100, spent=5)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, 50)])
        await ledger.invoice("k3", "case", [a_line(1, 30)])
        assert await standing(ledger) == (45, 0, 20, 35)
        await ledger.invoice("k4", "case", [a_line(1, 25)])
        assert await standing(ledger) == (40, 0, 0, 60)

    async def test_release_frees_what_is_reserved_and_ordered_of_some_lines_or_all(
        self, ledger: CommitmentPort
    ) -> None:
        await ledger.reserve("k1", "case", [a_line(n, 10) for n in (1, 2, 3)], [a_budget(100)], "stop")
        await ledger.move_to_order("k2", "case", [a_line(1, 10), a_line(2, 10)])
        await ledger.invoice("k3", "case", [a_line(1, 4)])
        await ledger.release("k4", "case", [2, 9])
        assert await standing(ledger) == (80, 10, 6, 4)
        await ledger.release("k5", "case")
        assert await standing(ledger) == (96, 0, 0, 4)
        await ledger.release("k6", "unknown case")


class TestRepeating:
    async def test_a_key_has_its_effect_once(self, ledger: CommitmentPort) -> None:
        for _ in range(2):
            first = await ledger.reserve("k1", "case", [a_line(1, 120)], [a_budget(100)], "warn")
            assert len(first.shortfalls) == 1
            await ledger.move_to_order("k2", "case", [a_line(1, 90)])
            await ledger.invoice("k3", "case", [a_line(1, 30)])
        assert await standing(ledger) == (10, 0, 60, 30)
        await ledger.release("k4", "case")
        assert await ledger.reserve("k1", "case", [a_line(1, 5)], [a_budget(100)], "stop") == first
        await ledger.move_to_order("k2", "case", [a_line(1, 90)])
        assert await standing(ledger) == (70, 0, 0, 30)

    async def test_six_at_once_book_once(self, ledger: CommitmentPort) -> None:
        await ledger.move_to_order("k1", "case", [a_line(1, 90)])
        await asyncio.gather(*(ledger.invoice("k2", "case", [a_line(1, 30)]) for _ in range(6)))
        assert await standing(ledger) == (-90, 0, 60, 30)


class TestManyAtOnce:
    async def test_fifty_reservations_never_overspend_a_budget(self, ledger: CommitmentPort) -> None:
        """Half of them name the two budget lines in one order, half in the other."""
        budgets = [a_budget(200), a_budget(300, cost_centre="4200")]

        async def ask(number: int) -> bool:
            lines = [a_line(1, 10), a_line(2, 10, "4200")]
            lines = lines if number % 2 else lines[::-1]
            return (await ledger.reserve(f"k{number}", f"case-{number}", lines, budgets, "stop")).reserved

        answers = await asyncio.gather(*(ask(number) for number in range(50)))
        assert sum(answers) == 20
        assert await standing(ledger) == (0, 200, 0, 0)
        assert await standing(ledger, "4200") == (100, 200, 0, 0)

    async def test_operations_of_one_case_take_their_turns(self, ledger: CommitmentPort) -> None:
        budgets = [a_budget(1000)]
        await ledger.reserve("k0", "case", [a_line(1, 10)], budgets, "stop")
        rounds = [ledger.reserve(f"k{n}", "case", [a_line(1, n)], budgets, "stop") for n in range(1, 11)]
        orders = [ledger.move_to_order(f"o{n}", f"other-{n}", [a_line(1, 7)]) for n in range(10)]
        await asyncio.gather(*rounds, *orders)
        free, reserved, ordered, _ = await standing(ledger)
        assert (free + reserved, ordered) == (930, 70)
        assert 1 <= reserved <= 10


async def test_positions_are_those_that_exist_by_name(ledger: CommitmentPort) -> None:
    await ledger.reserve("k1", "case", [a_line(1, 1, "4200"), a_line(2, 1)], [a_budget(10)], "stop")
    asked = [budget_key("4200"), budget_key("9999"), budget_key(), budget_key()]
    assert [position.key.cost_centre for position in await ledger.positions(asked)] == ["4100", "4200"]
    assert await ledger.positions([]) == ()
