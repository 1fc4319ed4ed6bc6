"""A purchase whose payloads are encrypted: what the server keeps, what it shows, and that it goes on under any key."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from adapters.key_files import KeyFiles, add_key, new_ring
from adapters.temporal_payloads import PlainPayloads, data_converter, is_encrypted
from api.app import create_app
from api.case_client import TemporalCaseClient
from api.codec_desk import CodecDesk
from cli.replaying import replayer_of
from domain.case import case_id
from domain.outside_errors import RefusedError
from domain.requisition import Requisition
from domain.tasks import Decision
from tests.fixtures.small_hospital import PEOPLE
from tests.fixtures.world import Case, World, actor
from tests.http.fakes import Gateway, new_keys
from workflows import search_attributes
from workflows.messages import procure_to_pay as messages

AT = datetime(2026, 3, 2, tzinfo=UTC)
WHY = "Ms Telling-Name of ward 3 reacts to latex"
PLACE = "Room of Ms Telling-Name"
SECRETS = (b"Telling", b"latex", b"nina", b"carla", b"because of the test", b"90.00")


class SealedWorld(World):
    """A world whose worker and gateway share a ring of keys, and take nothing that is not under one of them."""

    def __init__(self, temporal: WorkflowEnvironment, keys: Path) -> None:
        super().__init__(temporal)
        self.keys = keys
        self.outsider = temporal.client
        self.client = client_with(temporal.client, keys, "refuse")

    async def submit(self, requisition: Requisition) -> Case:
        """As the gateway does it, with all that the Web UI is told at the start."""
        gateway = TemporalCaseClient(self.client, "https://corridor.example", self.task_queue)
        with self.temporal.with_time_skipping_disabled():
            await gateway.start(self.input_of(requisition))
        name = case_id("procure-to-pay", requisition.facility, requisition.number)
        return Case(self, self.client.get_workflow_handle(name, result_type=messages.PurchaseResult))

    def telling(self) -> Requisition:
        """A requisition that says much about a person."""
        return self.requisition(justification=WHY, deliver_to=PLACE)


def client_with(plain: Client, keys: Path, unencrypted: PlainPayloads = "accept") -> Client:
    converter = data_converter(KeyFiles(keys).payload, unencrypted)
    return Client(plain.service_client, namespace=plain.namespace, data_converter=converter)


@pytest.fixture
async def sealed(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[SealedWorld]:
    new_ring(tmp_path, "payload", AT)
    world = SealedWorld(temporal, tmp_path)
    async with world.working():
        yield world


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload anywhere below, except the search attributes, which the server must read."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.name == "search_attributes":
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for each in value.values():
                    yield from payloads_in(each)
        elif field.is_repeated:
            for each in value:
                yield from payloads_in(each)
        else:
            yield from payloads_in(value)


async def stored(case: Case) -> WorkflowHistory:
    return await case.handle.fetch_history()


async def nothing_is_told(case: Case) -> list[Payload]:
    """The payloads of the history, after a look at every byte of it."""
    history = await stored(case)
    found = [payload for event in history.events for payload in payloads_in(event)]
    # What the SDK writes for itself, such as a patch's name, is no content of a case.
    open_ones = [each for each in found if not is_encrypted(each) and each.data not in (b"", b"null")]
    assert open_ones == []
    description = (await case.handle.describe()).raw_description.SerializeToString()
    for kept in (*(event.SerializeToString() for event in history.events), description):
        for secret in SECRETS:
            assert secret not in kept, f"the server keeps {secret!r} in plain"
    return found


async def through_the_endpoint(keys: Path, payloads: list[Payload]) -> list[Payload]:
    """What the Web UI of an auditor shows of them."""
    gateway = Gateway(new_keys())
    services = replace(gateway.services, codec_desk=CodecDesk(KeyFiles(keys).payload), metrics=CollectorRegistry())
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        body = MessageToDict(Payloads(payloads=payloads))
        answer = await http.post("/codec/decode", json=body, headers=gateway.as_("k.mensah", "auditor"))
    return list(ParseDict(answer.json(), Payloads()).payloads)


async def fulfilled(case: Case) -> None:
    (order,) = await case.ordered()
    await case.fulfil(order)
    assert (await case.result()).status == "completed"


async def test_a_whole_purchase_leaves_nothing_readable_on_the_server(sealed: SealedWorld) -> None:
    sealed.faults.fail("place_order", RefusedError("erp", "blocked", "Ms Telling-Name may not order"))
    case = await sealed.submit(sealed.telling())
    await case.decide("approval", "approve", comment="for Ms Telling-Name")
    await case.decide("exception", "retry")
    await fulfilled(case)
    found = await nothing_is_told(case)
    assert len(found) > 20
    assert {each.metadata["encryption-case"].decode() for each in found if is_encrypted(each)} == {case.name}
    opened = b"".join(each.data for each in await through_the_endpoint(sealed.keys, found))
    assert all(secret in opened for secret in (b"Telling", b"latex", b"nina", b"may not order", b"REQ-"))


async def test_reminders_and_escalations_go_on_in_skipped_time(sealed: SealedWorld) -> None:
    case = await sealed.submit(sealed.telling())
    await case.task("approval")
    await case.skip(timedelta(days=30))
    await case.until(lambda: any(each.escalated_from == "cost-centre-owner" for each in case.tasks()))
    await nothing_is_told(case)


async def test_keys_are_rotated_while_a_case_runs(sealed: SealedWorld) -> None:
    case = await sealed.submit(sealed.telling())
    await case.task("approval")
    second = add_key(sealed.keys, "payload", AT, current=True)
    await case.decide("approval", "approve")
    await fulfilled(case)
    used = [each.metadata["encryption-key-id"].decode() for each in await nothing_is_told(case) if is_encrypted(each)]
    assert list(dict.fromkeys(used)) == list(KeyFiles(sealed.keys).payload().ids)
    assert used[-1] == second


async def test_a_recorded_case_is_replayed_with_the_keys_and_not_without(sealed: SealedWorld, tmp_path: Path) -> None:
    case = await sealed.submit(sealed.telling())
    await case.decide("approval", "approve")
    await fulfilled(case)
    history = await stored(case)
    other = tmp_path / "other"
    new_ring(other, "payload", AT)
    for keys, opens in ((sealed.keys, True), (other, False)):
        replayer = replayer_of(client_with(sealed.outsider, keys))
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        assert (result.replay_failure is None) == opens
        if not opens:
            assert "is not in the ring" in str(result.replay_failure)


async def test_a_plain_case_from_before_goes_on_under_keys(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    new_ring(tmp_path, "payload", AT)
    world = World(temporal)
    async with world.working():
        case = await world.start(world.requisition())
        await case.task("approval")
    world.client = client_with(temporal.client, tmp_path)
    async with world.working():
        case = Case(world, world.client.get_workflow_handle(case.name, result_type=messages.PurchaseResult))
        await case.decide("approval", "approve")
        await fulfilled(case)
    kinds = [is_encrypted(each) for event in (await stored(case)).events for each in payloads_in(event)]
    assert kinds.count(True) > 5 and kinds.count(False) > 5


async def test_who_has_no_key_decides_nothing(sealed: SealedWorld) -> None:
    """Somebody with access to Temporal itself, such as its Web UI, makes up a decision of the approver."""
    case = await sealed.submit(sealed.telling())
    task = await case.task("approval")
    forged = Decision(
        decision_id="made-up-decision",
        task_id=task.task_id,
        action="approve",
        actor=actor("carla"),
        subject_version=task.subject_version,
        comment="",
    )
    outsider = sealed.outsider.get_workflow_handle(case.name)
    await outsider.signal(messages.DECISION_MADE, forged)
    asked = await case.handle.query(messages.DECISION_RECORD, "made-up-decision")
    assert asked is None
    record = await case.decide("approval", "approve")
    assert record.status == "applied"


async def test_a_copied_decision_of_another_case_decides_nothing(sealed: SealedWorld) -> None:
    case, other = await sealed.submit(sealed.telling()), await sealed.submit(sealed.telling())
    await case.decide("approval", "approve")
    await other.task("approval")
    (copied,) = [
        event.workflow_execution_signaled_event_attributes.input.payloads[0]
        for event in (await stored(case)).events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    relabelled = Payload()
    relabelled.CopyFrom(copied)
    relabelled.metadata["encryption-case"] = other.name.encode()
    for payload in (copied, relabelled):
        await signal_raw(sealed.outsider, other.name, payload)
    assert (await other.decide("approval", "approve")).status == "applied"
    await nothing_is_told(other)


async def signal_raw(client: Client, case: str, payload: Payload) -> None:
    """A signal with exactly these bytes, as whoever reaches the server can send it."""
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case),
            signal_name=messages.DECISION_MADE,
            input=Payloads(payloads=[payload]),
            request_id=uuid4().hex,
        )
    )


async def test_search_attributes_and_ids_say_nothing_about_a_person(sealed: SealedWorld) -> None:
    case = await sealed.submit(sealed.telling())
    await case.decide("approval", "approve")
    await fulfilled(case)
    described = await case.handle.describe()
    shown = {pair.key.name: str(pair.value) for pair in described.typed_search_attributes}
    assert set(shown) <= {key.name for key in search_attributes.REGISTERED} | {"BuildIds"}
    assert len(shown) > 5
    people = {each.person for each in PEOPLE} | {each.name for each in PEOPLE}
    words = set(re.findall(r"\w+", " ".join([case.name, *shown, *shown.values()]).lower()))
    assert not words & {word for name in people for word in re.findall(r"\w+", name.lower())}
    assert "telling" not in words
