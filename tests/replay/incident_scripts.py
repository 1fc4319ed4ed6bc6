"""Recorded incidents: answered too late, and cleared because the cause is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.incidents import TemporalIncidents
from domain.exceptions import Finding
from tests.fixtures.world import Case
from tests.replay.scripts import RecordedWorld, at_rest, decide, script

NOTICED = Finding(
    code="policy-refused",
    message="The changed policy files have 1 fault and are not used",
    evidence={"faults": ["system.yaml:3 editions: is missing"]},
)


async def noticed(world: RecordedWorld, text: str) -> Case:
    """An incident at its first rest."""
    with world.temporal.with_time_skipping_disabled():
        name = await _incidents(world).open("policy", text, NOTICED, world.policy, datetime.now(UTC))
    case = Case(world, world.client.get_workflow_handle(name))
    await at_rest(case.handle)
    return case


def _incidents(world: RecordedWorld) -> TemporalIncidents:
    return TemporalIncidents(world.client, world.evidence, world.task_queue)


@script
async def incident_answered(world: RecordedWorld) -> Case:
    case = await noticed(world, "recorded: answered")
    await case.skip(timedelta(hours=8, minutes=10))
    await case.task("sla-breached")
    await at_rest(case.handle)
    await decide(case, "sla-breached", "accept", by="paul")
    await case.decide("policy-refused", "accept", by="cleo")
    await case.result()
    return case


@script
async def incident_cleared(world: RecordedWorld) -> Case:
    case = await noticed(world, "recorded: cleared")
    await _incidents(world).clear(case.name, "the policy files are sound again")
    await case.result()
    return case


@script
async def incident_updated(world: RecordedWorld) -> Case:
    """More becomes known of the cause while somebody is asked."""
    case = await noticed(world, "recorded: updated")
    more = NOTICED.model_copy(update={"message": "The changed policy files have 2 faults and are not used"})
    await _incidents(world).update(case.name, more)
    await at_rest(case.handle)
    await case.decide("policy-refused", "accept", by="cleo")
    await case.result()
    return case


@script
async def incident_ended(world: RecordedWorld) -> Case:
    """Handed from one to another, and ended by the process owner."""
    case = await noticed(world, "recorded: ended")
    task = await case.task("policy-refused")
    await case.hand_over(task.task_id, "cleo", "cora")
    await at_rest(case.handle)
    await case.ask_for("cancel", "paul")
    await case.result()
    return case
