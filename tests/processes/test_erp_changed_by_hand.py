"""People work in the ERP itself: the case of the order follows, or somebody is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.erp_changes import SweepPlace
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.policy.model import AcceptanceRule
from domain.purchase import PlacedOrder
from tests.fixtures.followed_world import FollowedWorld
from tests.fixtures.small_hospital import line, policy, usd
from tests.fixtures.world import Case
from workflows.messages.incident import incident_case_id

BY_HAND = "order-changed-outside"


async def ordered(world: FollowedWorld, *lines: object) -> tuple[Case, PlacedOrder]:
    case = await world.start(world.requisition(*lines))  # type: ignore[arg-type]  # passed through as given
    await case.decide("approval", "approve", by="carla")
    (order,) = await case.ordered()
    await case.acknowledge(order)
    return case, order


async def restart_from(world: FollowedWorld, place: SweepPlace | None) -> None:
    """As after a store was restored: the place is an old one."""
    assert place is not None
    await world.places.keep(world.by_hand.name, place)


async def test_goods_that_the_store_booked_are_received_and_not_booked_again(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.receive(order.number, {1: "4"})
    assert (await followed.collect()).changes == 1
    await case.until(lambda: "goods.booked" in case.kinds())
    assert case.orders()[0].received == {1: Decimal(4)}
    assert not followed.faults.calls_of("post_receipt")
    await followed.by_hand.receive(order.number, {1: "6"})
    assert (await followed.collect()).changes == 1
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert case.orders()[0].received == {1: Decimal(10)}


async def test_each_change_is_told_once_and_an_old_place_does_no_harm(followed: FollowedWorld) -> None:
    before = await followed.places.place(followed.by_hand.name)
    case, order = await ordered(followed, line(quantity="10"))
    change = await followed.by_hand.receive(order.number, {1: "4"})
    assert (await followed.collect()).changes == 1
    assert (await followed.collect()).changes == 0
    await restart_from(followed, before)
    assert (await followed.collect()).changes == 1
    await case.receive(order, {1: "6"})
    await case.settle(order)
    assert (await case.result()).status == "completed"
    told = [each for each in case.entries() if each.kind == "erp.changed"]
    assert [each.detail["event_id"] for each in told] == [change]
    assert case.orders()[0].received == {1: Decimal(10)}
    await restart_from(followed, before)  # the case has closed by now, and knows the change
    assert (await followed.collect()).unknown == 0


async def test_goods_that_went_back_in_the_erp_are_awaited_again(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.receive(order.number, {1: "9"})
    await followed.collect()
    await case.until(lambda: "goods.booked" in case.kinds())
    await followed.by_hand.give_back(order.number, {1: "9"})
    await followed.collect()
    await case.decide("goods-rejected", "close-short")
    await case.result()
    assert "goods.return-booked" in case.kinds()
    assert not followed.faults.calls_of("post_return")
    assert case.orders()[0].received == {}


async def test_an_order_that_was_cancelled_in_the_erp_is_cancelled_when_the_buyer_says_so(
    followed: FollowedWorld,
) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "0"})
    await followed.collect()
    task = await case.task(BY_HAND)
    assert task.role == "buyer"
    assert task.why.startswith(f"bo changed the order in the ERP itself ({followed.name},0): order {order.number}; S-1")
    await case.decide(BY_HAND, "accept")
    result = await case.result()
    assert (result.status, [each.status for each in result.orders]) == ("completed", ["cancelled"])
    assert len(case.sent("cancellation")) == 1
    assert await followed.commitments.ordered(case.name) == ()
    assert not followed.faults.calls_of("change_order")


async def test_a_smaller_order_is_taken_over_and_the_supplier_hears_of_it(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "7"})
    await followed.collect()
    await case.decide(BY_HAND, "accept")
    await case.until(lambda: len(case.sent("change")) == 1)
    assert [each.quantity.value for each in case.sent("change")[0].order.lines] == [Decimal(7)]
    await case.receive(order, {1: "7"})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_a_rule_of_the_policy_may_take_over_small_orders_without_a_question(followed: FollowedWorld) -> None:
    rule = AcceptanceRule(
        name="small-orders-follow-the-erp", reason="for the test", code=BY_HAND, max_amount=Decimal(500)
    )
    followed.policy = policy(acceptance=(rule,))
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "7"})
    await followed.collect()
    await case.until(lambda: len(case.sent("change")) == 1)
    assert "exception.accepted-by-rule" in case.kinds()
    await case.receive(order, {1: "7"})
    await case.settle(order)
    assert (await case.result()).status == "completed"


async def test_what_was_taken_back_meanwhile_changes_nothing(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "7"})
    await followed.collect()
    first = await case.task(BY_HAND)
    await followed.by_hand.change(order.number, {1: "10"})
    await followed.collect()
    await case.answer(first, "accept", "bo")
    await case.decide(BY_HAND, "accept")  # nothing is taken over that the buyer has not seen
    await case.receive(order)
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert case.sent("change") == []


async def test_the_buyer_may_end_the_case_instead(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "0"})
    await followed.collect()
    await case.decide(BY_HAND, "cancel")
    assert (await case.result()).status == "cancelled"
    assert [each.status for each in case.orders()] == ["cancelled"]
    assert len(case.sent("cancellation")) == 1


async def test_a_dearer_order_is_approved_anew(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.change(order.number, {1: "1000"})
    await followed.collect()
    await case.decide(BY_HAND, "accept")
    task = await case.task("approval")
    assert task.subject["after"] != task.subject["before"]
    await case.decide("approval", "reject", by="carla")
    assert (await case.result()).status == "rejected"


async def test_a_bill_of_the_order_settles_it_when_accounts_payable_say_so(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await case.receive(order)
    followed.by_hand.post_bill("S-1", "B-7", order.total, order=order)
    await followed.collect()
    task = await case.task("bill-posted-outside")
    assert task.role == "accounts-payable"
    await case.decide("bill-posted-outside", "accept")
    assert (await case.result()).status == "completed"


async def test_a_bill_that_no_case_knows_is_an_incident_of_accounts_payable_once(followed: FollowedWorld) -> None:
    before = await followed.places.place(followed.by_hand.name)
    change = followed.by_hand.post_bill("S-1", f"B-{followed.name}", usd("10.00"))
    assert (await followed.collect()).unknown == 1
    incident = followed.incident(incident_case_id("north", "erp-change", change))
    task = await incident.task("bill-unknown")
    assert (task.role, task.subject["evidence"]["reference"]) == ("accounts-payable", f"B-{followed.name}")
    assert (await followed.collect()).changes == 0
    await incident.decide("bill-unknown", "accept")
    await incident.handle.result()
    await restart_from(followed, before)
    assert (await followed.collect()).unknown == 0
    assert len([each for each in incident.tasks() if each.exception_code == "bill-unknown"]) == 1


async def test_what_is_changed_after_the_case_has_closed_is_an_incident_of_the_buyer(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await case.receive(order, {1: "4"})
    await case.until(lambda: "goods.booked" in case.kinds())
    await case.ask_for("close-short", "bo")
    await case.settle(order)
    await case.result()
    change = followed.by_hand.cancel_delivery(case.orders()[0])
    assert (await followed.collect()).unknown == 1
    incident = followed.incident(incident_case_id("north", "erp-change", change))
    assert (await incident.task("changed-after-closing")).role == "buyer"


async def test_an_erp_that_is_down_leaves_the_place_where_it_is(followed: FollowedWorld) -> None:
    case, order = await ordered(followed, line(quantity="10"))
    await followed.by_hand.receive(order.number, {1: "10"})
    place = await followed.places.place(followed.by_hand.name)
    followed.faults.fail("changes", TemporarilyUnavailableError("erp", "unreachable", "no answer"), times=2)
    followed.faults.fail("keep", TemporarilyUnavailableError("erp-sweeps", "unreachable", "no answer"), when="after")
    assert (await followed.collect()).changes <= 1
    assert await followed.places.place(followed.by_hand.name) != place
    assert len(followed.faults.calls_of("changes")) >= 3
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert len([each for each in case.entries() if each.kind == "erp.changed"]) == 1


async def test_an_erp_that_refuses_to_be_asked_is_told_to_support(followed: FollowedWorld) -> None:
    place = await followed.places.place(followed.by_hand.name)
    followed.faults.fail("changes", RefusedError("erp", f"no-{followed.name}", "no access"))
    await followed.collect()
    assert await followed.places.place(followed.by_hand.name) == place
    text = f"no-{followed.name} on {datetime.now(UTC).date()}"
    incident = followed.incident(incident_case_id("north", "erp-change", text))
    assert (await incident.task("target-refused")).role == "integration-support"


async def test_a_change_is_not_lost_while_its_order_waits(followed: FollowedWorld) -> None:
    """The requester is asked where the goods are; the store has booked them, and the question is withdrawn."""
    case, order = await ordered(followed, line(quantity="10"))
    await case.skip(timedelta(days=60))
    await case.task("receipt")
    await followed.by_hand.receive(order.number, {1: "10"})
    await followed.collect()
    await case.settle(order)
    assert (await case.result()).status == "completed"
    assert [each.status for each in case.tasks() if each.kind == "receipt"] == ["cancelled"]
