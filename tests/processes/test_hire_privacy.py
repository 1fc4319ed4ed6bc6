"""What a hire leaves where everybody may look, or where nobody thinks of keeping it, says nothing of the person."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import date

import httpx
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from adapters.telemetry.sdk import sdk_runtime
from domain.credentials import ExclusionEntry, LicenceRecord
from domain.hire import Hire, LicenceClaim
from domain.outside_errors import RefusedError
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.world import Case

NPI = "1679576722"
SECRETS = (
    "quastenflosser",
    "wilhelmine",
    "zwickelmeier",
    "1977-07-17",
    "19770717",
    "home.example",
    NPI,
    "LIC-5550123",
    "crescent road",
)


class WatchedWorld(HireWorld):
    """A world whose worker counts what it does, as a platform's monitoring reads it."""

    def __init__(self, temporal: WorkflowEnvironment, client: Client, metrics: str) -> None:
        super().__init__(temporal)
        self.client, self.metrics = client, metrics


@pytest.fixture
async def watched(temporal: WorkflowEnvironment) -> AsyncIterator[WatchedWorld]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    known = temporal.client
    client = await Client.connect(
        known.service_client.config.target_host,
        namespace=known.namespace,
        data_converter=known.data_converter,
        runtime=sdk_runtime(address),
    )
    world = WatchedWorld(temporal, client, f"http://{address}/metrics")
    npi = row("npi-check", "npi", -1, done_by="credentialing")
    world.rules = world.rules.model_copy(update={"plan": (*PLAN, LAPTOP, npi)})
    async with world.working():
        yield world


def recognisable(world: WatchedWorld) -> Hire:
    """Somebody whom every register has something to ask about."""
    licence = LicenceClaim(kind="rn", state="NY", number="LIC-5550123")
    world.licences.take_in(
        LicenceRecord(
            status="active", number=licence.number, state="NY", kind="rn", name_on_record="ZWICKELMEIER, WILHELMINE"
        )
    )
    world.exclusions.entries.append(
        ExclusionEntry(list_name="LEIE", entry_id="1", family="Quastenflosser", given="Wilhelmine", kind="1128a1")
    )
    return world.hire(
        given="Wilhelmine",
        family="Quastenflosser",
        birth_date=date(1977, 7, 17),
        personal_email="wilhelmine@home.example",
        npi=NPI,
        licences=(licence,),
        deliver_to="Crescent Road 7",
    )


def found_in(*texts: object) -> list[str]:
    whole = " ".join(str(text) for text in texts).casefold()
    return [secret for secret in SECRETS if secret.casefold() in whole]


async def seen_by_operators(case: Case) -> str:
    """All that the server shows of a case without opening a payload of its input or results."""
    told = await case.handle.describe()
    parts: list[object] = [told.id, told.task_queue, told.search_attributes, await told.memo()]
    parts += [await told.static_summary(), await told.static_details()]
    metadata = await case.handle.query("__temporal_workflow_metadata")
    parts.append(metadata)
    return " ".join(str(each) for each in (*parts, *[each async for each in marks(case)]))


async def marks(case: Case) -> AsyncIterator[str]:
    """Ids, types, queues and summaries of the events of its history."""
    async for event in case.handle.fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        yield f"{scheduled.activity_id} {scheduled.activity_type.name} {scheduled.task_queue.name}"
        yield str(event.user_metadata)
        yield str(event.upsert_workflow_search_attributes_event_attributes)
        yield event.start_child_workflow_execution_initiated_event_attributes.workflow_id
        yield str(event.activity_task_failed_event_attributes.failure.message)
        yield event.workflow_execution_signaled_event_attributes.signal_name


def kept_of(case: Case) -> Iterator[str]:
    """What lists, worklists and inboxes show: titles, subjects, and the lines of the timeline."""
    yield case.world.evidence.snapshot_of(case.name).model_dump_json()
    for task in case.tasks():
        yield f"{task.task_id} {task.title} {task.why} {task.rule} {task.slot} {task.role}"
    for notice in case.world.evidence.notices_of(case.name):
        yield f"{notice.notice_id} {notice.event} {notice.subject}"
    for entry in case.entries():
        yield f"{entry.kind} {entry.summary}"


async def questions_of(case: HireCase) -> None:
    """Every register asks, a system refuses the name, and nobody comes in the end."""
    await case.decide("owner", "approve")
    await case.decide("exclusion-candidate", "clear")
    await case.decide("licence-unverified", "verify")
    await case.decide("username-taken", "correct", hire={"user_name": "chosen.name"})
    await case.decide("badge", "complete")
    await case.until(lambda: case.states().get("access:chart") == "done" and len(case.purchases()) == 1)


async def test_nothing_that_operators_lists_or_logs_show_is_personal(
    watched: WatchedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hire = recognisable(watched)
    watched.faults.fail("create", RefusedError("identity", "username-taken", "it is somebody else's"), times=20)
    case = await watched.start_hire(hire)
    await questions_of(case)
    renamed = hire.person.model_copy(update={"name": hire.person.name.model_copy(update={"family": "Zwickelmeier"})})
    assert await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"person": renamed})) == "applied"
    await case.until(lambda: "plan.changed" in case.kinds())
    await case.until(lambda: case.kinds().count("worker.prepared") == 2)
    (purchase,) = (Case(watched, watched.client.get_workflow_handle(each)) for each in case.purchases())
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    for each in (case, purchase):
        assert found_in(await seen_by_operators(each)) == []
        assert found_in(*kept_of(each)) == []
    assert len(caplog.records) > 0
    assert found_in(*(record.getMessage() for record in caplog.records), caplog.text) == []
    async with httpx.AsyncClient() as monitoring:
        page = (await monitoring.get(watched.metrics)).text
    assert "temporal_" in page
    assert found_in(page) == []


async def test_the_scan_finds_what_is_there(watched: WatchedWorld) -> None:
    hire = recognisable(watched)
    case = await watched.start_hire(hire)
    task = await case.task("owner")
    assert "quastenflosser" in found_in(task.subject), "who approves must know who it is"
    assert set(found_in(hire.model_dump_json())) >= {"1977-07-17", "home.example", NPI, "crescent road"}
