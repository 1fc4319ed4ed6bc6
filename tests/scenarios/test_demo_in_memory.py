"""The demonstration over the real process and the real gateway, with every port in memory.

All example cases run side by side: people, suppliers and clerks act through the public API, and what was ordered is
counted in the system of record.
"""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from activities.ports import Ports
from adapters.directory_files import FileDirectory
from adapters.invoice_documents import DocumentReader
from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.commitments import MemoryCommitments
from adapters.memory.delegations import MemoryDelegations
from adapters.memory.documents import MemoryDocuments
from adapters.memory.erp import MemoryErp
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.hire_file_ledger import MemoryHireFileLedger
from adapters.memory.hire_standings import MemoryHireStandings
from adapters.memory.invoice_register import MemoryInvoiceRegister
from adapters.memory.keeping import MemoryKeeper
from adapters.memory.notices import MemoryNotices
from adapters.memory.overrides import MemoryOverrides
from adapters.memory.payment_ledger import MemoryPaymentLedger
from adapters.memory.suppliers import MemorySupplierChannel
from adapters.policy_files import FilePolicyStore
from adapters.reference_files import load
from api.app import create_app
from api.case_client import TemporalCaseClient
from api.event_sources import EventSource
from api.security import TokenError
from api.services import Services
from cli.demo.api import WebhookSigner
from cli.demo.player import run_demo
from domain.people import Actor, Person
from worker import build_worker

ROOT = Path(__file__).parents[2]
SOURCE = "urn:example:outside"
TYPES = tuple(
    f"corridor.{each}" for each in ("order.acknowledged", "goods.received", "goods.returned", "order.settled")
)
KEY = "whsec_" + base64.b64encode(b"a key that is made up for tests!").decode()
QUEUE = "demo-in-memory"
DEADLINE_SECONDS = 200


class PersonIsToken:
    """A verifier to whom a person's id is a valid token."""

    def __init__(self, people: tuple[Person, ...]) -> None:
        self._people = {person.person: person for person in people if person.active}

    async def verify(self, token: str) -> Actor:
        person = self._people.get(token)
        if person is None:
            raise TokenError("unknown")
        return Actor(person=person.person, name=person.name, roles=person.roles, facilities=person.facilities)


async def _same(persona: str) -> str:
    return persona


@dataclass
class Stack:
    """A gateway to talk to, and the system of record behind it."""

    http: httpx.AsyncClient
    erp: MemoryErp

    async def orders_by_case(self) -> Mapping[str, int]:
        return Counter(order.external_id.split(":", 1)[0] for order in self.erp.orders)


@pytest.fixture
async def stack(temporal: WorkflowEnvironment) -> AsyncIterator[Stack]:
    system = load(ROOT / "examples", datetime.now(UTC).date())
    erp, evidence = MemoryErp(system), MemoryEvidence()
    ports = Ports(
        erp=erp,
        commitments=MemoryCommitments(),
        suppliers=MemorySupplierChannel(),
        directory=FileDirectory(system.people),
        evidence=evidence,
        reader=evidence,
    )
    app = create_app(
        Services(
            cases=TemporalCaseClient(temporal.client, task_queue=QUEUE),
            reader=evidence,
            claims=evidence,
            checkpoints=MemoryCheckpoints(evidence),
            keeper=MemoryKeeper(evidence),
            policies=FilePolicyStore(ROOT / "policies"),
            tokens=PersonIsToken(system.people),
            event_sources=(EventSource(source=SOURCE, secrets=(SecretStr(KEY),), types=TYPES),),
            directory=ports.directory,
            delegations=MemoryDelegations(),
            overrides=MemoryOverrides(),
            notices=MemoryNotices(evidence.outbox),
            documents=MemoryDocuments(),
            invoice_reader=DocumentReader(),
            register=(register := MemoryInvoiceRegister()),
            payments=MemoryPaymentLedger(register),
            hires=MemoryHireStandings(),
            hire_files=MemoryHireFileLedger(),
            now=lambda: datetime.now(UTC),
        )
    )
    async with AsyncExitStack() as around:
        around.enter_context(temporal.with_time_skipping_disabled())
        await around.enter_async_context(build_worker(temporal.client, ports, QUEUE))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")
        yield Stack(await around.enter_async_context(http), erp)


async def test_every_example_ends_as_its_story_tells(stack: Stack) -> None:
    seen: list[tuple[int, int]] = []
    signer = WebhookSigner({SOURCE: KEY}, {SOURCE: TYPES})
    verdict, _ = await run_demo(
        stack.http,
        _same,
        signer,
        stack.orders_by_case,
        ROOT / "examples",
        deadline_seconds=DEADLINE_SECONDS,
        progress=lambda over, total: seen.append((over, total)),
    )
    assert not verdict.reasons, "\n".join(verdict.reasons)
    assert verdict.matched
    assert seen[-1] == (len(verdict.cases), len(verdict.cases))
    assert sum(case.orders for case in verdict.cases) == len(stack.erp.orders)
