"""What every ERP behind the port does. A new ERP adapter is finished when it passes this."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from domain.master_data import BudgetKey
from domain.outside_errors import RefusedError
from domain.ports.erp import ErpPort
from domain.purchase import OrderDraft, PlacedOrder
from tests.fixtures.erp_contract import costs, drawn, numbered, query
from tests.fixtures.purchasing import (
    GLOVES_BUDGET,
    TODAY,
    goods_receipt,
    goods_return,
    order_draft,
    order_line,
    small_system,
    usd,
)


class TestMasterData:
    async def test_answers_what_was_asked_and_leaves_out_what_it_does_not_know(self, erp: ErpPort) -> None:
        data = await erp.master_data(
            query("GLOVES", "NOTHING", cost_centres=("4100", "4900", "9999"), suppliers=("SHUT",), accounts=("699999",))
        )
        system = small_system()
        assert data.cost_centres == (system.cost_centres[0], system.cost_centres[2])
        assert data.items == (system.items[0],)
        assert data.suppliers == (system.suppliers[0], system.suppliers[2])
        assert [(level.item, level.available) for level in data.stock] == [("GLOVES", Decimal(10))]
        assert data.accounts == ("610000", "620000")
        assert data.category_accounts == (("medical-supplies", "610000"), ("office", "620000"), ("surgical", "610000"))
        assert data.fiscal_year == 2026
        assert data.period_open

    async def test_substitutes_come_along_with_their_own_substitutes(self, erp: ErpPort) -> None:
        data = await erp.master_data(query("OLD-GLOVES"))
        assert [item.code for item in data.items] == ["GLOVES", "OLD-GLOVES", "OLDER-GLOVES"]
        assert [supplier.code for supplier in data.suppliers] == ["MEDIX"]

    async def test_contracts_come_along_whether_or_not_they_still_run(self, erp: ErpPort) -> None:
        data = await erp.master_data(query("GLOVES", "MASKS"))
        assert data.contracts == (
            small_system().contracts[0],
            small_system().contracts[1].model_copy(update={"drawn": usd("0")}),
        )

    async def test_says_when_the_books_are_closed(self, erp: ErpPort) -> None:
        assert not (await erp.master_data(query(on=date(2026, 2, 28)))).period_open

    async def test_is_empty_for_an_empty_question(self, erp: ErpPort) -> None:
        data = await erp.master_data(query())
        assert (data.items, data.suppliers, data.cost_centres, data.contracts, data.stock) == ((), (), (), (), ())

    async def test_budgets_that_exist(self, erp: ErpPort) -> None:
        unknown = BudgetKey(facility="north", cost_centre="4200", account="610000", fiscal_year=2026)
        assert await erp.budgets([unknown, GLOVES_BUDGET, GLOVES_BUDGET]) == small_system().budgets

    async def test_is_healthy(self, erp: ErpPort) -> None:
        await erp.health()


class TestPlacingAnOrder:
    async def test_gives_back_what_was_ordered_under_the_erps_number(self, erp: ErpPort) -> None:
        split = (*costs(percent="33.3"), *costs("4200", "620000", "66.7"))
        draft = order_draft(
            "order-1", order_line(2, costs=split), order_line(1, item=None, quantity="2.5", price="0.333")
        )
        placed = await erp.place_order(draft)
        assert placed == PlacedOrder(
            number=numbered(erp, 1),
            external_id="order-1",
            supplier="MEDIX",
            status="open",
            total=usd("125.83"),
            lines=(draft.lines[1], draft.lines[0]),
        )
        assert await erp.find_order("order-1") == placed

    async def test_numbers_count_up_within_the_year(self, erp: ErpPort) -> None:
        numbers = [
            (await erp.place_order(order_draft(name, ordered_on=day))).number
            for name, day in (("a", TODAY), ("b", TODAY), ("c", date(2027, 1, 1)))
        ]
        assert numbers == [numbered(erp, 1), numbered(erp, 2), numbered(erp, 1, year=2027, of_all=3)]

    async def test_the_same_external_id_gives_the_same_order_for_ever(self, erp: ErpPort) -> None:
        first = await erp.place_order(order_draft("order-1"))
        assert await erp.place_order(order_draft("order-1", order_line(7), supplier="SHUT")) == first
        assert await erp.find_order("order-2") is None

    async def test_six_at_once_make_one_order(self, erp: ErpPort) -> None:
        draft = order_draft("order-1", order_line(contract="C-1"))
        placed = await asyncio.gather(*(erp.place_order(draft) for _ in range(6)))
        assert {order.number for order in placed} == {numbered(erp, 1)}
        assert (await erp.place_order(order_draft("order-2"))).number == numbered(erp, 2)
        assert await drawn(erp) == Decimal(225)

    @pytest.mark.parametrize(
        ("draft", "code"),
        [
            (order_draft(supplier="NOBODY"), "supplier-unknown"),
            (order_draft(supplier="SHUT"), "supplier-blocked"),
            (order_draft(ordered_on=date(2026, 2, 1)), "period-closed"),
            (order_draft().model_copy(update={"lines": ()}), "order-empty"),
            (order_draft("o", order_line(item="NOTHING")), "item-unknown"),
            (order_draft("o", order_line(quantity="0")), "quantity-zero"),
            (order_draft("o", order_line(quantity="-1")), "data-invalid"),
            (order_draft("o", order_line(1), order_line(1)), "data-invalid"),
            (order_draft("o", order_line(costs=costs("9999"))), "cost-centre-closed"),
            (order_draft("o", order_line(costs=costs("4900"))), "cost-centre-closed"),
            (order_draft("o", order_line(costs=costs(account=None))), "account-unknown"),
            (order_draft("o", order_line(costs=costs(account="600001"))), "account-unknown"),
            (order_draft("o", order_line(costs=costs(account="699999"))), "account-unknown"),
            (order_draft("o", order_line(costs=costs(percent="99.99"))), "cost-split"),
            (order_draft("o", order_line(contract="C-404")), "contract-unknown"),
            (order_draft("o", order_line(item="MASKS", contract="C-1")), "contract-unknown"),
            (order_draft("o", order_line(contract="C-1"), supplier="OTHER"), "contract-unknown"),
            (order_draft("o", order_line(contract="C-OLD")), "contract-expired"),
            (order_draft("o", order_line(quantity="73", contract="C-1")), "contract-exhausted"),
            (order_draft().model_copy(update={"currency": "EUR"}), "currency-differs"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_refuses_and_keeps_nothing(self, erp: ErpPort, draft: OrderDraft, code: str) -> None:
        with pytest.raises(RefusedError) as refusal:
            await erp.place_order(draft)
        assert (refusal.value.system, refusal.value.code) == ("erp", code)
        assert refusal.value.message
        assert await erp.find_order("o") is None
        assert await drawn(erp) == Decimal(100)
        assert (await erp.place_order(order_draft("next"))).number == numbered(erp, 1)

    async def test_a_refused_order_is_taken_under_the_same_id_once_it_is_corrected(self, erp: ErpPort) -> None:
        with pytest.raises(RefusedError):
            await erp.place_order(order_draft("order-1", supplier="SHUT"))
        assert (await erp.place_order(order_draft("order-1"))).supplier == "MEDIX"

    async def test_draws_its_contract_to_the_last_cent(self, erp: ErpPort) -> None:
        await erp.place_order(order_draft("a", order_line(quantity="72", contract="C-1")))
        assert await drawn(erp) == Decimal(1000)
        with pytest.raises(RefusedError, match="contract-exhausted"):
            await erp.place_order(order_draft("b", order_line(quantity="1", price="0.01", contract="C-1")))


class TestChangingAnOrder:
    async def test_sets_price_quantity_and_date_of_a_line_and_nothing_else(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft("o", order_line(1, contract="C-1"), order_line(2)))
        change = order_line(1, quantity="8", price="13.00").model_copy(
            update={"need_by": date(2026, 5, 1), "description": "something else"}
        )
        changed = await erp.change_order(placed.number, "change-1", [change])
        assert changed.lines[0] == change.model_copy(update={"description": "gloves, nitrile", "contract": "C-1"})
        assert changed.lines[1] == placed.lines[1]
        assert changed.total == usd("229.00")
        assert await drawn(erp) == Decimal(204)

    async def test_a_repeated_change_changes_nothing(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.change_order(placed.number, "change-1", [order_line(quantity="8")])
        latest = await erp.change_order(placed.number, "change-2", [order_line(quantity="9")])
        assert await erp.change_order(placed.number, "change-1", [order_line(quantity="8")]) == latest

    async def test_a_quantity_of_zero_cancels_the_line_and_the_last_line_the_order(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft("o", order_line(1, contract="C-1"), order_line(2)))
        one_left = await erp.change_order(placed.number, "change-1", [order_line(1, quantity="0")])
        assert (one_left.status, one_left.total) == ("open", usd("125.00"))
        assert await drawn(erp) == Decimal(100)
        none_left = await erp.change_order(placed.number, "change-2", [order_line(2, quantity="0")])
        assert none_left.status == "cancelled"

    async def test_an_order_reduced_to_what_came_in_is_received(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r", goods_receipt(placed.number, {1: "6"}))
        assert (await erp.change_order(placed.number, "c", [order_line(quantity="6")])).status == "received"

    async def test_refuses_below_what_was_received(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        received = await erp.post_receipt("r", goods_receipt(placed.number, {1: "6"}))
        with pytest.raises(RefusedError, match="order-below-received"):
            await erp.change_order(placed.number, "c", [order_line(quantity="5")])
        assert await erp.find_order("order-1") == received

    async def test_refuses_what_the_contract_cannot_carry_and_nets_within_one_change(self, erp: ErpPort) -> None:
        lines = (order_line(1, quantity="60", contract="C-1"), order_line(2, quantity="10", contract="C-1"))
        placed = await erp.place_order(order_draft("o", *lines))
        with pytest.raises(RefusedError, match="contract-exhausted"):
            await erp.change_order(placed.number, "c1", [order_line(1, quantity="63")])
        swapped = [order_line(2, quantity="60"), order_line(1, quantity="10")]
        assert (await erp.change_order(placed.number, "c2", swapped)).total == usd("875.00")

    async def test_refuses_unknown_orders_lines_and_a_borrowed_change_id(self, erp: ErpPort) -> None:
        with pytest.raises(RefusedError, match="order-unknown"):
            await erp.change_order("PO-2026-999999", "c", [order_line()])
        first = await erp.place_order(order_draft("a"))
        second = await erp.place_order(order_draft("b"))
        with pytest.raises(RefusedError, match="line-unknown"):
            await erp.change_order(first.number, "c", [order_line(9)])
        await erp.change_order(first.number, "c", [order_line(quantity="8")])
        with pytest.raises(RefusedError, match="external-id-taken"):
            await erp.change_order(second.number, "c", [order_line(quantity="8")])


class TestReceiving:
    async def test_adds_up_and_marks_the_order_received(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft("o", order_line(1), order_line(2, quantity="1.5")))
        part = await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}, rejected="2"))
        assert (part.status, part.received) == ("open", {1: Decimal(4)})
        whole = await erp.post_receipt("r2", goods_receipt(placed.number, {1: "6", 2: "1.5"}))
        assert (whole.status, whole.received) == ("received", {1: Decimal(10), 2: Decimal("1.5")})

    async def test_a_repeated_receipt_is_booked_once(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        receipt = goods_receipt(placed.number, {1: "4"})
        booked = await asyncio.gather(*(erp.post_receipt("r1", receipt) for _ in range(6)))
        assert {order.received[1] for order in booked} == {Decimal(4)}

    async def test_takes_its_own_tolerance_and_not_more(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "10"}))
        over = await erp.post_receipt("r2", goods_receipt(placed.number, {1: "1"}))
        assert over.received == {1: Decimal(11)}
        with pytest.raises(RefusedError, match="receipt-over"):
            await erp.post_receipt("r3", goods_receipt(placed.number, {1: "0.1"}))

    async def test_one_refused_line_refuses_the_whole_receipt(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft("o", order_line(1), order_line(2)))
        with pytest.raises(RefusedError, match="receipt-over"):
            await erp.post_receipt("r1", goods_receipt(placed.number, {1: "1", 2: "12"}))
        assert await erp.find_order("o") == placed

    async def test_refuses_closed_books_by_the_utc_day(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft(ordered_on=date(2026, 1, 31)))
        with pytest.raises(RefusedError, match="period-closed"):
            await erp.post_receipt("r1", goods_receipt(placed.number, {1: "1"}, day=date(2026, 2, 28)))
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "1"}, day=date(2026, 1, 31)))

    async def test_refuses_unknown_orders_and_lines(self, erp: ErpPort) -> None:
        with pytest.raises(RefusedError, match="order-unknown"):
            await erp.post_receipt("r", goods_receipt("PO-2026-999999", {1: "1"}))
        placed = await erp.place_order(order_draft())
        with pytest.raises(RefusedError, match="line-unknown"):
            await erp.post_receipt("r", goods_receipt(placed.number, {9: "1"}))


class TestReturning:
    async def test_opens_the_order_again_for_what_went_back(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "10"}))
        for _ in range(2):
            returned = await erp.post_return("b1", goods_return(placed.number, {1: "3"}))
            assert (returned.status, returned.received) == ("open", {1: Decimal(7)})

    async def test_refuses_more_than_came_in(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "2"}))
        with pytest.raises(RefusedError, match="return-over"):
            await erp.post_return("b1", goods_return(placed.number, {1: "2.01"}))
        with pytest.raises(RefusedError, match="external-id-taken"):
            await erp.post_return("r1", goods_return(placed.number, {1: "1"}))

    async def test_a_closed_order_takes_returns_and_stays_closed(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "10"}))
        await erp.close_order(placed.number, False, "complete")
        returned = await erp.post_return("b1", goods_return(placed.number, {1: "10"}))
        assert (returned.status, returned.received) == ("closed", {})


class TestEndingAnOrder:
    async def test_cancelling_frees_the_contract_and_repeats_without_effect(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft("o", order_line(contract="C-1")))
        for _ in range(2):
            cancelled = await erp.cancel_order(placed.number, "withdrawn")
            assert (cancelled.status, cancelled.total) == ("cancelled", placed.total)
        assert await drawn(erp) == Decimal(100)

    async def test_an_order_with_goods_is_not_cancelled_until_they_went_back(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "1"}))
        with pytest.raises(RefusedError, match="order-received"):
            await erp.cancel_order(placed.number, "withdrawn")
        await erp.post_return("b1", goods_return(placed.number, {1: "1"}))
        assert (await erp.cancel_order(placed.number, "withdrawn")).status == "cancelled"

    @pytest.mark.parametrize(("short", "status"), [(True, "closed-short"), (False, "closed")])
    async def test_closing_frees_what_was_not_delivered(self, erp: ErpPort, short: bool, status: str) -> None:
        placed = await erp.place_order(order_draft("o", order_line(contract="C-1")))
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))
        for again in (short, not short):
            assert (await erp.close_order(placed.number, again, "no more to come")).status == status
        assert await drawn(erp) == Decimal(150)

    @pytest.mark.parametrize("end", ["cancel", "close"])
    async def test_an_ended_order_takes_nothing_more(self, erp: ErpPort, end: str) -> None:
        placed = await erp.place_order(order_draft())
        if end == "cancel":
            await erp.cancel_order(placed.number, "withdrawn")
            with pytest.raises(RefusedError, match="order-closed"):
                await erp.close_order(placed.number, True, "too late")
        else:
            await erp.close_order(placed.number, True, "no more to come")
            with pytest.raises(RefusedError, match="order-closed"):
                await erp.cancel_order(placed.number, "too late")
        with pytest.raises(RefusedError, match="order-closed"):
            await erp.post_receipt("r1", goods_receipt(placed.number, {1: "1"}))
        with pytest.raises(RefusedError, match="order-closed"):
            await erp.change_order(placed.number, "c1", [order_line(quantity="1")])

    async def test_what_was_booked_before_the_end_is_answered_after_it(self, erp: ErpPort) -> None:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))
        closed = await erp.close_order(placed.number, True, "no more to come")
        assert await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"})) == closed
