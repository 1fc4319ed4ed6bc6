"""Who waits for a circuit, and who is let through."""

from __future__ import annotations

import asyncio

from temporalio.worker import SlotReserveContext

from activities.circuits import Breaker, HeldSlots
from domain.circuit import CircuitRules
from domain.outside_errors import ErrorReport

REPORT = ErrorReport(system="erp", code="timeout", message="no answer")
AT_ONCE = CircuitRules(failures=2, cases=1, probe_seconds=0.001, longest_seconds=0.001)
NEVER = CircuitRules(failures=2, cases=1, probe_seconds=3600, longest_seconds=3600)
PATIENCE_SECONDS = 20


def down(rules: CircuitRules) -> Breaker:
    breaker = Breaker("erp", rules)
    breaker.failed("a", REPORT)
    breaker.failed("b", REPORT)
    assert breaker.is_open
    return breaker


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_whoever_waits_goes_on_with_the_first_answer() -> None:
    breaker = down(NEVER)
    waiting = [asyncio.create_task(breaker.admission("erp")) for _ in range(3)]
    await settled()
    assert not any(each.done() for each in waiting)
    breaker.answered()
    assert await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_SECONDS) == [False, False, False]


async def test_one_of_those_who_wait_makes_the_trial_and_the_next_when_it_is_over() -> None:
    breaker = down(AT_ONCE)
    waiting = [asyncio.create_task(breaker.admission("erp")) for _ in range(2)]
    done, left = await asyncio.wait(waiting, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    assert [each.result() for each in done] == [True]
    assert len(left) == 1
    breaker.trial_over("erp")
    assert await asyncio.wait_for(left.pop(), PATIENCE_SECONDS)


async def test_whoever_waits_for_the_end_of_an_outage_is_told_when_it_lasts() -> None:
    breaker = down(NEVER)
    assert not await breaker.closed(0.01)
    breaker.answered()
    assert await breaker.closed(0)


async def test_a_system_that_was_down_before_is_tried_at_once() -> None:
    breaker = Breaker("erp", NEVER)
    breaker.hold()
    await asyncio.wait_for(breaker.opened(), PATIENCE_SECONDS)
    assert await asyncio.wait_for(breaker.admission("erp"), PATIENCE_SECONDS)


async def test_a_slot_is_free_again_when_nobody_waits_for_it_any_more() -> None:
    breaker = down(NEVER)
    slots = HeldSlots(1, breaker, "erp")
    asked: SlotReserveContext = object()  # type: ignore[assignment]  # the SDK alone makes one; it is not looked at
    held = asyncio.create_task(slots.reserve_slot(asked))
    await settled()
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    breaker.answered()
    await asyncio.wait_for(slots.reserve_slot(asked), PATIENCE_SECONDS)
    assert slots.try_reserve_slot(asked) is None
