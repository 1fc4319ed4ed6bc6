"""A port behind a fault plan fails exactly when it is told to, before its effect or after it."""

from __future__ import annotations

import pytest

from adapters.memory.erp import MemoryErp
from adapters.memory.faults import FaultPlan, with_faults
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.purchasing import order_draft, small_system

DOWN = TemporarilyUnavailableError("erp", "timeout", "no answer")


async def test_before_the_effect_nothing_has_happened() -> None:
    plan, erp = FaultPlan(), MemoryErp(small_system())
    plan.fail("place_order", DOWN, times=2)
    failing = with_faults(erp, plan)
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailableError):
            await failing.place_order(order_draft())
    assert erp.orders == ()
    assert (await failing.place_order(order_draft())).number == "PO-2026-000001"
    assert [call.arguments for call in plan.calls_of("place_order")] == [(order_draft(),)] * 3


async def test_after_the_effect_only_the_answer_is_lost() -> None:
    plan, erp = FaultPlan(), MemoryErp(small_system())
    plan.fail("place_order", DOWN, when="after")
    failing = with_faults(erp, plan)
    with pytest.raises(TemporarilyUnavailableError):
        await failing.place_order(order_draft())
    assert len(erp.orders) == 1
    assert await failing.place_order(order_draft()) == erp.orders[0]


async def test_every_method_fails_once_and_can_be_healed() -> None:
    plan = FaultPlan()
    failing = with_faults(MemoryErp(small_system()), plan)
    plan.fail_each_once(DOWN)
    with pytest.raises(TemporarilyUnavailableError):
        await failing.health()
    await failing.health()
    plan.heal()
    assert await failing.find_order("order-1") is None
    assert [call.method for call in plan.calls] == ["health", "health", "find_order"]


async def test_what_is_no_call_passes_through() -> None:
    failing = with_faults(MemoryErp(small_system()), FaultPlan())
    assert failing.orders == ()
    with pytest.raises(AttributeError):
        _ = failing.nothing_like_that  # type: ignore[attr-defined]  # that is what is tested
