"""An incident from the notice to its end, and policy files that change while cases wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from adapters.policy_files import WatchedPolicyStore
from api.incidents import TemporalIncidents
from domain.exceptions import Finding
from domain.outside_errors import TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from tests.fixtures.policies import PolicyFiles
from tests.fixtures.small_hospital import line, policy
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from workflows.messages import incident as messages

NOTICED = Finding(
    code="policy-refused",
    message="The changed policy files have 2 faults and are not used",
    evidence={"faults": ["system.yaml:3 editions: is missing", "west.yaml:4 kind: castle is no kind"]},
)


def incidents(world: World) -> TemporalIncidents:
    return TemporalIncidents(world.client, world.evidence, world.task_queue)


async def noticed(world: World, text: str = "", finding: Finding = NOTICED) -> Case:
    """An incident that nobody else has, and its case."""
    with world.temporal.with_time_skipping_disabled():
        name = await incidents(world).open("policy", text or world.name, finding, policy(), datetime.now(UTC))
    handle: WorkflowHandle[Any, Any] = world.client.get_workflow_handle(name, result_type=messages.IncidentResult)
    return Case(world, handle)


async def result(case: Case) -> messages.IncidentResult:
    found = await asyncio.wait_for(case.handle.result(), PATIENCE_SECONDS)
    return messages.IncidentResult.model_validate(found, from_attributes=True)


async def test_the_compliance_officer_sees_every_fault_and_answers(world: World) -> None:
    case = await noticed(world)
    task = await case.task("policy-refused")
    assert (task.role, task.facility, task.kind, task.actions) == (
        "compliance-officer",
        "north",
        "exception",
        ("accept",),
    )
    assert task.subject["evidence"] == NOTICED.evidence
    assert task.why == NOTICED.message
    assert task.due_at is not None
    for wrong, because in (("nina", "not-authorised"), ("paul", "not-authorised")):
        assert (await case.answer(task, "accept", wrong)).because == because
    assert (await case.answer(task, "accept", "cleo", comment=" ")).because == "comment-required"
    assert (await case.decide("policy-refused", "accept", comment="The author mends it tonight")).status == "applied"
    ended = await result(case)
    assert (ended.status, ended.ended_by, ended.comment) == ("completed", "answer", "The author mends it tonight")
    shown = await world.evidence.case(case.name)
    assert shown is not None
    assert (shown.process, shown.status, shown.stage, shown.exception_code) == (
        "housekeeping",
        "completed",
        "closed",
        None,
    )
    assert case.kinds()[0] == "incident.noticed"
    assert case.kinds()[-1] == "case.closed"


async def test_an_incident_whose_cause_is_gone_needs_no_answer(world: World) -> None:
    case = await noticed(world)
    task = await case.task("policy-refused")
    await incidents(world).clear(case.name, "the policy files are sound again")
    ended = await result(case)
    assert (ended.status, ended.ended_by, ended.comment) == (
        "completed",
        "clearance",
        "the policy files are sound again",
    )
    (closed,) = case.tasks()
    assert (closed.status, closed.outcome) == ("cancelled", "the policy files are sound again")
    assert closed.task_id == task.task_id
    await incidents(world).clear(case.name, "once more")  # nothing happens to a closed case


async def test_a_clearance_that_is_faster_than_the_question(world: World) -> None:
    with world.temporal.with_time_skipping_disabled():
        given = messages.IncidentInput(
            case_id=messages.incident_case_id("north", "policy", f"fast-{world.name}"),
            facility="north", finding=NOTICED, policy=policy(), submitted_at=datetime.now(UTC),
        )  # fmt: skip
        handle = await world.client.start_workflow(
            messages.WORKFLOW_NAME, given, id=given.case_id, task_queue=world.task_queue, start_signal=messages.CLEARED,
            start_signal_args=[messages.Clearance(reason="mended")],
        )  # fmt: skip
    case = Case(world, handle)
    assert (await result(case)).ended_by == "clearance"
    assert not case.tasks()
    assert case.kinds()[-1] == "case.closed"


async def test_silence_tells_the_process_owner_and_ends_nothing(world: World) -> None:
    case = await noticed(world)
    await case.task("policy-refused")
    await case.skip(timedelta(days=6))
    breach = await case.task("sla-breached")
    assert breach.role == "process-owner"
    await case.decide("policy-refused", "accept", comment="Seen, and mended")
    assert (await result(case)).ended_by == "answer"
    assert all(task.status != "open" for task in case.tasks())


async def test_it_waits_for_a_store_that_does_not_answer(world: World) -> None:
    down = TemporarilyUnavailableError("evidence-store", "unreachable", "no answer")
    world.faults.fail("record", down, times=1)
    case = await noticed(world)
    await case.task("policy-refused")
    world.faults.fail("record", down, times=1)
    await case.decide("policy-refused", "accept", comment="Seen, and mended")
    assert (await result(case)).ended_by == "answer"
    assert case.kinds().count("exception.raised") == 1


async def test_an_operator_may_cancel_it(world: World) -> None:
    case = await noticed(world)
    await case.task("policy-refused")
    assert await case.ask_for("withdraw", "nina") == "not-authorised"
    assert await case.ask_for("cancel", "paul", comment="a test of the alarm") == "applied"
    ended = await result(case)
    assert (ended.status, ended.ended_by, ended.comment) == ("cancelled", "request", "a test of the alarm")


async def test_the_same_is_asked_once_and_again_when_it_comes_back(world: World) -> None:
    text = f"the same faults {world.name}"
    first = await noticed(world, text)
    assert (await noticed(world, text)).name == first.name
    assert (await noticed(world, f"{text}, and another")).name != first.name
    await first.task("policy-refused")
    assert first.name in await incidents(world).open_cases("policy-refused")
    assert first.name not in await incidents(world).open_cases("evidence-fault")
    await first.decide("policy-refused", "accept", comment="Seen and mended")
    await result(first)
    assert first.name not in await incidents(world).open_cases("policy-refused")
    again = await noticed(world, text)
    assert again.name == f"{first.name}-2"
    assert (await again.task("policy-refused")).task_id.startswith(again.name)


async def test_other_causes_take_the_same_way(world: World) -> None:
    finding = Finding(code="evidence-fault", message="An entry of a timeline was changed")
    case = await noticed(world, f"evidence {world.name}", finding)
    assert (await case.task("evidence-fault")).role == "compliance-officer"


async def test_clearing_what_never_was(world: World) -> None:
    await incidents(world).clear("housekeeping.north.policy-000000000000", "nothing to clear")
    with pytest.raises(RPCError):
        await world.client.get_workflow_handle("housekeeping.north.policy-000000000000").describe()


async def test_open_cases_keep_their_policy_while_the_files_change(world: World, policy_files: PolicyFiles) -> None:
    store = WatchedPolicyStore(policy_files.folder, lambda: datetime.now(UTC))

    def in_force() -> FrozenPolicy:
        found = store.effective("north", date(2026, 11, 23))
        assert found is not None
        return found

    world.policy = in_force()
    waiting = await world.start(world.requisition(line(quantity="50")))  # 450 USD: the owner alone
    task = await waiting.task("approval")
    policy_files.replace(
        "system.yaml",
        ("levels: [cost-centre-owner]\n", "levels: [cost-centre-owner, finance-controller]\n"),
        ("escalate_after_hours: 24", "escalate_after_hours: 10"),
    )
    store.look()
    store.look()
    world.policy = in_force()
    newer = await world.start(world.requisition(line(quantity="50")))
    changed = await newer.task("approval")
    assert changed.due_at is not None
    assert task.due_at is not None
    assert changed.due_at < task.due_at
    assert (await waiting.task("approval")) == task
    await waiting.decide("approval", "approve", by="carla")
    await waiting.ordered()  # nobody else was asked
    await newer.decide("approval", "approve", by="carla")
    assert (await newer.task("approval")).role == "finance-controller"
    assert not newer.orders()
    old, new = await world.evidence.case(waiting.name), await world.evidence.case(newer.name)
    assert old is not None
    assert new is not None
    assert old.policy_sha256 != new.policy_sha256 == world.policy.sha256
