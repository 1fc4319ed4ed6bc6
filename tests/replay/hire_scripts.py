"""Recorded hires, and what runs at intervals over everybody who works here. Their import adds their scripts.

One thing is done after the other, by a plan in which each item waits for the one before it: which of two steps side by
side ends first would be up to chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.memory.hris import MemoryHris
from domain.hire import EquipmentNeed, HireChange, HireEnd
from domain.hire_rules import PlanRule
from domain.hris_system import KnownWorker
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from tests.fixtures.hire_world import PLAN, HireCase
from tests.fixtures.small_hospital import FACILITY, policy
from tests.fixtures.small_hris import small_hris
from tests.fixtures.workforce import Workforce
from tests.fixtures.world import PATIENCE_SECONDS, Case
from tests.replay.recorded import IDENTITY
from tests.replay.scripts import AROUND_THE_CLOCK, SCRIPTS, at_rest, decide
from worker import build_worker
from workflows.case import STEP_RETRIES
from workflows.messages import hire_to_provision as messages
from workflows.messages.hire_to_provision import RESCREEN_WORKFORCE
from workflows.messages.workforce import END_ACCESS

NEXT_RETRIES = timedelta(minutes=6)


def one_after_the_other(plan: tuple[PlanRule, ...]) -> tuple[PlanRule, ...]:
    """Each item waits for the one before it."""
    before = (None, *plan[:-1])
    return tuple(
        each if earlier is None else each.model_copy(update={"after": (earlier.item,)})
        for each, earlier in zip(plan, before, strict=True)
    )


class RecordedHires(Workforce):
    """A world of hires without chance."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.name = "recorded"
        people = tuple(KnownWorker(record=each) for each in self.people)
        base = small_hris()
        self.hris = MemoryHris(base.model_copy(update={"workers": (*base.workers, *people)}))
        self.policy = policy(facility=FACILITY.model_copy(update={"calendar": AROUND_THE_CLOCK}))
        self.rules = self.rules.model_copy(update={"plan": one_after_the_other(PLAN)})

    @property
    def task_queue(self) -> str:
        return "recorded-hires"

    @asynccontextmanager
    async def working(self) -> AsyncIterator[RecordedHires]:
        async with build_worker(
            self.client, self.ports(), self.task_queue, identity=IDENTITY, max_concurrent_activities=1
        ):
            yield self

    async def submitted(self, name: str, **over: Any) -> HireCase:
        """A hire at its first rest."""
        case = await self.start_hire(self.hire(number=f"REC-{name}", **over))
        await at_rest(case.handle)
        return case

    async def ready(self, name: str, **over: Any) -> HireCase:
        """A hire that waits for its start day."""
        case = await self.submitted(name, **over)
        await decide(case, "owner", "approve", by="carla")
        await complete(case)
        return case

    async def ran(self, process: str, waits: timedelta = timedelta(0), name: str = "") -> Case:
        """What runs at intervals, once."""
        run = f"recorded-{process}-{name}".removesuffix("-")
        with self.temporal.with_time_skipping_disabled():
            handle = await self.client.start_workflow(process, id=run, task_queue=self.task_queue)
        case = Case(self, handle)
        if waits:
            await case.skip(waits)
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        return case


Script = Callable[[RecordedHires], Awaitable[Case]]


def script(run: Script) -> Script:
    """Keep the history of the case that `run` leads to its end, in a world of hires."""

    async def in_its_world(world: Any) -> Case:
        async with RecordedHires(world.temporal).working() as hires:
            return await run(hires)

    SCRIPTS[run.__name__] = in_its_world
    return run


async def complete(case: HireCase) -> None:
    """The badge is made, by whoever makes badges."""
    await case.decide("badge", "complete")
    await at_rest(case.handle)


async def at_work(case: HireCase) -> None:
    await case.to_start_day()
    await case.until(lambda: "account.open" in case.kinds())
    await at_rest(case.handle)
    await decide(case, "arrival", "confirm-arrival", by="mia")


@script
async def hire_works(world: RecordedHires) -> Case:
    case = await world.ready("WORKS")
    await at_work(case)
    await decide(case, "i9-2", "complete", by="hanna")
    await case.skip(timedelta(days=40))
    await case.outcome()
    return case


@script
async def hire_refused(world: RecordedHires) -> Case:
    case = await world.submitted("REFUSED")
    await case.decide("owner", "reject", by="carla")
    await case.outcome()
    return case


@script
async def hire_rescinded(world: RecordedHires) -> Case:
    case = await world.ready("RESCINDED")
    await case.ask_for("rescind", "hanna")
    await at_rest(case.handle)
    await case.decide("badge", "complete")
    await case.outcome()
    return case


@script
async def hire_no_show(world: RecordedHires) -> Case:
    case = await world.ready("NO-SHOW")
    await case.to_start_day()
    await case.until(lambda: "account.open" in case.kinds())
    await at_rest(case.handle)
    await decide(case, "arrival", "no-show", by="mia")
    await case.decide("badge", "complete")
    await case.outcome()
    return case


@script
async def hire_corrected(world: RecordedHires) -> Case:
    """Moved to another department and day when all is made, and then told to be the wrong person."""
    case = await world.ready("CORRECTED")
    hire = world.hire(number="REC-CORRECTED")
    other = hire.model_copy(update={"department": "wards", "start_on": world.start_on + timedelta(days=7)})
    await case.ask_for("correct-hire", "hanna", hire=other)
    await at_rest(case.handle)
    await decide(case, "owner", "approve", by="carla")
    await case.until(lambda: "plan.changed" in case.kinds())
    await at_rest(case.handle)
    told = {"change_id": "hr-1", "kind": "wrong-person", "reason": "told by HR", "by": "hanna"}
    await case.handle.signal(messages.HIRE_ENDED, HireEnd.model_validate({**told, "received_at": datetime.now(UTC)}))
    await at_rest(case.handle)
    await case.decide("badge", "complete")
    await case.outcome()
    return case


@script
async def hire_questioned(world: RecordedHires) -> Case:
    """A refused account is tried again, and an outage is waited for."""
    world.faults.fail("create", RefusedError("identity", "refused", "not now"))
    world.faults.fail(
        "join", TemporarilyUnavailableError("identity", "down", "no answer"), times=STEP_RETRIES.maximum_attempts
    )
    case = await world.submitted("QUESTIONED")
    await decide(case, "owner", "approve", by="carla")
    await case.decide("target-refused", "retry", by="ines")
    await case.skip(NEXT_RETRIES)
    await case.task("target-unavailable")
    await at_rest(case.handle)
    await decide(case, "target-unavailable", "retry", by="ines")
    await complete(case)
    await case.ask_for("rescind", "hanna")
    await at_rest(case.handle)
    await case.decide("badge", "complete")
    await case.outcome()
    return case


@script
async def hire_equipped(world: RecordedHires) -> Case:
    """A purchase is under way when the offer is withdrawn."""
    case = await world.ready("EQUIPPED", equipment=(EquipmentNeed(item="GLOVES"),))
    await case.until(lambda: bool(case.purchases()))
    purchase = Case(world, world.client.get_workflow_handle(case.purchases()[0]))
    await at_rest(purchase.handle)
    await at_rest(case.handle)
    await case.ask_for("rescind", "hanna")
    await at_rest(case.handle)
    await case.decide("badge", "complete")
    await case.outcome()
    return case


@script
async def rescreened(world: RecordedHires) -> Case:
    """One of three resembles an entry of a list."""
    world.listed(1)
    return await world.ran(RESCREEN_WORKFORCE)


@script
async def access_ended(world: RecordedHires) -> Case:
    """One entry could not be ended the day before; now a target does not answer at first, and then all are."""
    await world.lend(0, -2)
    await world.lend(1, -1)
    world.faults.fail("leave", RefusedError("identity", "refused", "not now"))
    await world.ran(END_ACCESS, name="the-day-before")
    world.faults.fail("leave", TemporarilyUnavailableError("identity", "down", "no answer"))
    await world.lend(2, -1)
    return await world.ran(END_ACCESS, timedelta(minutes=10))


@script
async def access_refused(world: RecordedHires) -> Case:
    """A target refuses to end an entry, and support is asked."""
    await world.lend(0, -2)
    world.faults.fail("leave", RefusedError("identity", "refused", "not now"))
    return await world.ran(END_ACCESS, name="refused")


async def suspected(world: RecordedHires) -> Case:
    """The incident about somebody who resembles an entry of a list."""
    world.listed(1)
    await world.ran(RESCREEN_WORKFORCE, name="suspected")
    case, _ = await world.task_of("exclusion-candidate")
    await at_rest(case.handle)
    return case


@script
async def suspect_cleared(world: RecordedHires) -> Case:
    case = await suspected(world)
    await case.decide("exclusion-candidate", "clear", by="cleo")
    await case.handle.result()
    return case


@script
async def suspect_stopped(world: RecordedHires) -> Case:
    """It is them: no system lets them in any more."""
    await world.lend(1, None)
    case = await suspected(world)
    await case.decide("exclusion-candidate", "stop", by="cleo")
    await case.handle.result()
    return case


@script
async def hire_reported(world: RecordedHires) -> Case:
    """HR tells of a change, and the approval of it is handed over."""
    case = await world.submitted("REPORTED")
    hire = world.hire(number="REC-REPORTED", title="Charge nurse")
    told = HireChange(change_id="hr-1", hire=hire, by="hanna", received_at=datetime.now(UTC))
    await case.handle.signal(messages.HIRE_CHANGED, told)
    await at_rest(case.handle)
    task = await case.task("owner")
    await case.hand_over(task.task_id, "carla", "dora")
    await at_rest(case.handle)
    await case.decide("owner", "reject", by="dora")
    await case.outcome()
    return case
