"""A purchase that is approved from the approver's mailbox: real process, real mail, and the page behind the link."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from joserfc.jwk import KeySet

from activities.outbox_relay import OutboxRelay
from adapters.directory_files import FileDirectory
from adapters.mail.links import MailLinks
from adapters.mail.notifier import MailNotifier
from api.app import create_app
from api.case_client import TemporalCaseClient
from api.link_policy import LinkPolicy
from tests.fixtures.links import RING
from tests.fixtures.mail import SmtpSink
from tests.fixtures.small_hospital import PEOPLE
from tests.fixtures.world import World
from tests.http.fakes import Gateway

GATEWAY = "https://corridor.hospital.example"


@pytest.fixture
async def http(world: World, issuer_keys: KeySet) -> AsyncIterator[httpx.AsyncClient]:
    gateway = Gateway(issuer_keys)
    gateway.now = datetime.now(UTC)
    services = replace(
        gateway.services,
        cases=TemporalCaseClient(world.client, GATEWAY, world.task_queue),
        reader=world.evidence,
        claims=world.evidence,
        directory=FileDirectory(PEOPLE),
        links=LinkPolicy(lambda: RING, portal_url=GATEWAY, wait_seconds=20),
    )
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=GATEWAY) as client:
        yield client


async def test_a_purchase_is_approved_from_the_mailbox(
    world: World, http: httpx.AsyncClient, smtp_sink: SmtpSink
) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    directory = FileDirectory(PEOPLE)
    notifier = MailNotifier(directory, smtp_sink.settings(), links=MailLinks(lambda: RING, GATEWAY))
    relay = OutboxRelay(world.evidence.outbox, [notifier], lambda: datetime.now(UTC))
    assert await relay.drain_once(datetime.now(UTC)) > 0

    owners = {each.email for each in await directory.holders(task.role, task.facility)} - {"nina@north.example"}
    mails = {str(mail["To"]): mail for mail in smtp_sink.mails if "Approve" in str(mail["Subject"])}
    assert set(mails) == owners
    body = mails["carla@north.example"].get_body(("plain",))
    assert body is not None
    (link,) = re.findall(rf"{GATEWAY}/v1/links/\S+", body.get_content())

    for _ in range(2):  # a mail scanner, and the approver
        page = await http.get(link)
        assert (page.status_code, len(world.evidence.all_tasks(case.name))) == (200, 1), page.text
    assert case.name in page.text
    proof = re.findall(r'name="form" value="([^"]+)"', page.text)[0]
    answer = await http.post(link, data={"form": proof, "action": "approve", "comment": "From the train"})
    assert answer.status_code == 200, answer.text
    assert "Carla approved" in answer.text

    await case.ordered()
    entry = next(each.entry for each in world.evidence.entries(case.name) if each.entry.kind == "decision.applied")
    assert (entry.actor, entry.detail["issuer"], entry.detail["comment"]) == ("carla", "e-mail link", "From the train")
    assert "Carla approved" in (await http.get(link)).text
    assert (await http.post(link, data={"form": proof, "action": "reject", "comment": "x"})).status_code == 409
    assert len(case.orders()) == 1
