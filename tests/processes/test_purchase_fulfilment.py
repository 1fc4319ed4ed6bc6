"""Orders, acknowledgements, receipts, settlement and their undoing, on the real server."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.purchase import AcknowledgedLine, PlacedOrder, ReceivedLine
from tests.fixtures.small_hospital import line, usd
from tests.fixtures.world import Case, World

DOWN = TemporarilyUnavailableError("erp", "no-answer", "the ERP does not answer")


async def approved(world: World, *lines: object, **over: object) -> Case:
    case = await world.start(world.requisition(*lines, **over))  # type: ignore[arg-type]  # passed through as given
    await case.decide("approval", "approve", by="carla")
    return case


async def ordered(world: World, *lines: object) -> tuple[Case, PlacedOrder]:
    case = await approved(world, *lines)
    (order,) = await case.ordered()
    return case, order


async def test_each_supplier_gets_its_own_order(world: World) -> None:
    case = await approved(world, line(1, "GLOVES"), line(2, "MASKS"))
    orders = await case.ordered(2)
    assert sorted(order.supplier for order in orders) == ["S-1", "S-2"]
    for order in orders:
        await case.fulfil(order)
    result = await case.result()
    assert result.status == "completed"
    assert {outcome.status for outcome in result.orders} == {"closed"}


async def test_own_stock_is_taken_first_and_only_the_rest_is_ordered(world: World) -> None:
    case, order = await ordered(world, line(item="GAUZE", quantity="10"))
    assert [each.quantity.value for each in order.lines] == [Decimal(4)]
    assert world.erp.stock_of("north", "GAUZE") == 0
    await case.fulfil(order)
    assert (await case.result()).status == "completed"


async def test_a_request_that_stock_covers_orders_nothing(world: World) -> None:
    case = await approved(world, line(item="GAUZE", quantity="2"))
    result = await case.result()
    assert (result.status, result.orders) == ("completed", ())
    assert world.erp.stock_of("north", "GAUZE") == 4


async def test_cancelling_returns_stock_and_tells_the_supplier(world: World) -> None:
    case, _ = await ordered(world, line(1, "GAUZE", "10"))
    assert await case.ask_for("cancel", "bo") == "applied"
    result = await case.result()
    assert result.status == "cancelled"
    assert [order.status for order in case.orders()] == ["cancelled"]
    assert world.erp.stock_of("north", "GAUZE") == 6
    assert len(case.sent("cancellation")) == 1


async def test_a_silent_supplier_is_chased_then_the_buyer_decides(world: World) -> None:
    case, order = await ordered(world)
    await case.skip(timedelta(days=5))
    await case.until(lambda: len(case.sent("reminder")) == 1)
    await case.skip(timedelta(days=5))
    task = await case.task("acknowledgement-missing")
    assert task.role == "buyer"
    await case.decide("acknowledgement-missing", "accept")
    await case.receive(order)
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_a_changed_price_is_the_buyers_and_changes_the_order(world: World) -> None:
    case, order = await ordered(world)
    changed = AcknowledgedLine(line=1, status="changed", unit_price=usd("10.00"))
    await case.acknowledge(order, lines=(changed,))
    task = await case.task("acknowledgement-differs")
    assert task.subject["evidence"]["differences"][0]["what"] == "price"
    await case.decide("acknowledgement-differs", "accept")
    # The increase passes the amendment rule, so that the approver is asked again.
    await case.decide("approval", "approve", by="carla")
    await case.until(lambda: case.orders()[0].total == usd("100.00"))
    await case.receive(order)
    await case.settle(order)
    assert (await case.result()).orders[0].total == usd("100.00")


async def test_partial_receipts_add_up(world: World) -> None:
    case, order = await ordered(world)
    await case.acknowledge(order)
    await case.receive(order, {1: "4"})
    await case.until(lambda: case.orders()[0].received == {1: Decimal(4)})
    await case.receive(order, {1: "6"})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_more_than_the_tolerance_is_asked_and_can_be_sent_back(world: World) -> None:
    case, order = await ordered(world)
    await case.acknowledge(order)
    await case.receive(order, {1: "11"})
    await case.decide("receipt-over", "reject", by="rosa")
    await case.until(lambda: case.orders()[0].received == {1: Decimal(10)})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_rejected_goods_are_awaited_again_or_the_order_is_closed_short(world: World) -> None:
    case, order = await ordered(world)
    await case.acknowledge(order)
    rows = (ReceivedLine(line=1, accepted=Decimal(7), rejected=Decimal(3), reason="torn"),)
    await case.receive(order, lines=rows)
    await case.decide("goods-rejected", "close-short", by="bo")
    await case.settle(order)
    result = await case.result()
    assert (result.status, result.orders[0].status) == ("closed-short", "closed-short")


async def test_returned_goods_reopen_the_order(world: World) -> None:
    case, order = await ordered(world)
    await case.acknowledge(order)
    await case.receive(order, {1: "9"})
    await case.until(lambda: case.orders()[0].received == {1: Decimal(9)})
    await case.give_back(order, 1, "2")
    await case.decide("goods-rejected", "wait", by="bo")
    await case.receive(order, {1: "3"})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_when_nobody_reports_the_goods_the_requester_is_asked(world: World) -> None:
    case, order = await ordered(world)
    await case.acknowledge(order)
    await case.until(lambda: "order.acknowledged" in case.kinds())
    await case.skip(timedelta(days=40))
    task = await case.task("receipt")
    assert task.people == ("nina",)
    await case.decide("receipt", "confirm-receipt", by="nina")
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert case.orders()[0].received == {1: Decimal(10)}


async def test_one_line_can_be_cancelled_after_the_order(world: World) -> None:
    case, order = await ordered(world, line(1, "GLOVES"), line(2, "GAUZE", "20"))
    await case.acknowledge(order)
    await case.until(lambda: "order.acknowledged" in case.kinds())
    assert await case.ask_for("cancel-line", "bo", line=2) == "applied"
    await case.until(lambda: len(case.sent("change")) == 1)
    await case.receive(order, {1: "10"})
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert case.orders()[0].total == usd("90.00")


async def test_an_order_whose_last_line_is_cancelled_ends_without_goods(world: World) -> None:
    case = await approved(world, line(1, "GLOVES"), line(2, "MASKS"))
    gloves, masks = sorted(await case.ordered(2), key=lambda order: order.supplier)
    for order in (gloves, masks):
        await case.acknowledge(order)
    await case.until(lambda: case.kinds().count("order.acknowledged") == 2)
    assert await case.ask_for("cancel-line", "bo", line=2) == "applied"
    await case.receive(gloves)
    await case.settle(gloves)
    result = await case.result()
    assert {outcome.supplier: outcome.status for outcome in result.orders} == {"S-1": "closed", "S-2": "cancelled"}


async def test_a_line_can_be_cancelled_while_its_supplier_is_silent(world: World) -> None:
    case = await approved(world, line(1, "GLOVES"), line(2, "MASKS"))
    gloves, _ = sorted(await case.ordered(2), key=lambda order: order.supplier)
    assert await case.ask_for("cancel-line", "bo", line=2) == "applied"
    await case.until(lambda: len(case.sent("cancellation")) == 1)
    await case.fulfil(gloves)
    assert {outcome.status for outcome in (await case.result()).orders} == {"closed", "cancelled"}


async def test_an_emergency_goes_out_at_once_and_is_answered_for_afterwards(world: World) -> None:
    request = world.requisition(urgency="emergency", justification="The ward has no gloves left at all")
    case = await world.start(request)
    (order,) = await case.ordered()
    task = await case.task("retrospective-approval")
    assert task.role == "department-director"
    await case.decide("retrospective-approval", "reject", by="dirk", comment="Stock was in the store")
    await case.fulfil(order)
    await case.decide("retrospective-refused", "record", by="cleo")
    result = await case.result()
    assert result.status == "completed"
    snapshot = await world.evidence.case(case.name)
    assert snapshot is not None
    assert snapshot.emergency


async def test_an_emergency_over_the_cap_waits_for_approval(world: World) -> None:
    request = world.requisition(
        line(quantity="900"), urgency="emergency", justification="The ward has no gloves left at all"
    )
    case = await world.start(request)
    await case.task("approval")
    assert not case.orders()


async def test_events_count_once_and_strangers_are_kept_with_a_reason(world: World) -> None:
    case, order = await ordered(world)
    receipt = {"event_id": "the-same-event"}
    await case.receive(order, {1: "4"}, **receipt)
    await case.receive(order, {1: "4"}, **receipt)
    await case.receive(order.model_copy(update={"number": "PO-NONE"}), {1: "1"}, event_id="stray")
    record = await case.handle.query("event_record", "stray")
    assert record["because"] == "unknown-order"
    await case.until(lambda: case.orders()[0].received == {1: Decimal(4)})
    await case.receive(order, {1: "6"})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_a_down_erp_is_asked_about_and_the_case_goes_on_by_itself(world: World) -> None:
    world.faults.fail("place_order", DOWN, times=9)
    case = await approved(world)
    await case.skip(timedelta(minutes=5))
    task = await case.task("target-unavailable")
    assert task.role == "integration-support"
    await case.skip(timedelta(minutes=15))
    (order,) = await case.ordered()
    await case.fulfil(order)
    assert (await case.result()).status == "completed"


async def test_an_answer_that_got_lost_makes_no_second_order(world: World) -> None:
    world.faults.fail("place_order", DOWN, times=2, when="after")
    case, order = await ordered(world)
    await case.fulfil(order)
    await case.result()
    assert len(case.orders()) == 1


async def test_a_refused_order_is_corrected_and_retried(world: World) -> None:
    world.faults.fail("place_order", RefusedError("erp", "account-unknown", "no account 999999"))
    case = await approved(world)
    task = await case.task("account-unknown")
    await case.answer(task, "correct", "frida", corrections=({"line": 1, "quantity": "9"},))
    (order,) = await case.ordered()
    assert order.external_id.endswith(":2")
    assert order.lines[0].quantity.value == 9


async def test_a_correction_may_not_pass_what_was_approved(world: World) -> None:
    world.faults.fail("place_order", RefusedError("erp", "order-refused", "not like this"))
    case = await approved(world)
    await case.decide("order-refused", "correct", by="bo", corrections=({"line": 1, "quantity": "99"},))
    await case.ordered()
    assert "correction.refused" in case.kinds()
    assert case.orders()[0].lines[0].quantity.value == 10


async def test_what_cannot_be_undone_is_taken_over_by_a_person(world: World) -> None:
    case, _ = await ordered(world)
    world.faults.fail("cancel_order", RefusedError("erp", "order-locked", "locked by a colleague"), times=2)
    assert await case.ask_for("cancel", "bo") == "applied"
    await case.decide("target-refused", "retry", by="ines")
    await case.decide("target-refused", "skip", by="ines", comment="I will do it by hand")
    assert (await case.result()).status == "cancelled"
    assert "undo.taken-over" in case.kinds()


async def test_cancelling_after_a_receipt_closes_short(world: World) -> None:
    case, order = await ordered(world)
    await case.receive(order, {1: "4"})
    await case.until(lambda: case.orders()[0].received == {1: Decimal(4)})
    assert await case.ask_for("cancel", "bo") == "applied"
    await case.settle(order)
    result = await case.result()
    assert result.status == "closed-short"
    assert [each.status for each in case.orders()] == ["closed-short"]
