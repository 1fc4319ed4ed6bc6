"""A gateway over everything in memory: cases that answer at once, an issuer with keys of its own, signed events."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from adapters.directory_files import FileDirectory
from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.delegations import MemoryDelegations
from adapters.memory.documents import MemoryDocuments
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.hire_file_ledger import MemoryHireFileLedger
from adapters.memory.hire_standings import MemoryHireStandings
from adapters.memory.invoice_register import MemoryInvoiceRegister
from adapters.memory.keeping import MemoryKeeper
from adapters.memory.notices import MemoryNotices
from adapters.memory.overrides import MemoryOverrides
from adapters.memory.payment_ledger import MemoryPaymentLedger
from adapters.signing import Ed25519Signer
from api.app import create_app
from api.event_sources import EventSource
from api.security import JwtVerifier
from api.services import Services
from domain.facility import Facility
from domain.invoice import PaymentTerms
from domain.invoice_control import RegisteredInvoice
from domain.payment import PayableInvoice, Payment, PaymentItem
from domain.people import Person
from domain.policy.model import FrozenPolicy
from domain.policy.routing_rule import RoutingRule
from domain.tasks import Task
from tests.fixtures.evidence import a_journal
from tests.fixtures.hire_rules import RULES as PLANNED
from tests.fixtures.invoices import PlainReader
from tests.fixtures.small_hospital import FACILITY, PEOPLE
from tests.http.fake_cases import RULES, FakeCases

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ISSUER, AUDIENCE = "https://login.example", "corridor"
MOST_BYTES = 50_000
POLICY_BEGINS = date(2026, 1, 1)
SECRET = "whsec_" + base64.b64encode(b"a secret of the warehouse system").decode()
HR_SECRET = "whsec_" + base64.b64encode(b"a secret of the personnel system").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"a secret of the supplier network").decode()
WAREHOUSE, NETWORK, HRIS = "urn:warehouse:north", "urn:supplier-network", "urn:hris"
HIRES = PLANNED.model_copy(
    update={
        "approvals": (
            RoutingRule(
                name="a-job", reason="a place is filled", owner="hr", categories=("position",), levels=("owner",)
            ),
            RoutingRule(
                name="power",
                reason="it opens more than the job needs",
                owner="security",
                categories=("extra-access", "privileged-access"),
                levels=("director",),
            ),
        )
    }
)
SOUTH = FACILITY.model_copy(update={"code": "south", "name": "South Hospital", "gln": "9524000000025"})


STRANGERS = (
    Person(
        person="sam",
        name="Sam South",
        email="sam@south.example",
        facility="south",
        facilities=("south",),
        roles=("cost-centre-owner",),
    ),
    Person(person="lena", name="Lena Left", email="", facility="north", facilities=("north",), active=False),
)


class ChangingDirectory(FileDirectory):
    """A directory in which people come, get other roles, or leave."""

    def change(self, person: str, **changes: Any) -> None:
        known = self._staff.person(person)
        assert known is not None, person
        self.put(known.model_copy(update=changes))

    def put(self, person: Person) -> None:
        self._staff = self._staff.with_person(person)


class FixedKeys:
    """An issuer's published keys."""

    def __init__(self, keys: KeySet) -> None:
        self.set = keys
        self.asked: list[str | None] = []

    async def keys(self, kid: str | None) -> KeySet:
        self.asked.append(kid)
        return self.set


class FewFacilities:
    """A policy store of North and South, and of those that are added, with the same rules for all."""

    def __init__(self) -> None:
        self._places = [FACILITY, SOUTH]

    def add(self, code: str) -> None:
        self._places.append(SOUTH.model_copy(update={"code": code, "name": code.title()}))

    def facilities(self) -> tuple[Facility, ...]:
        return tuple(self._places)

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        found = next((place for place in self.facilities() if place.code == facility), None)
        return (
            None if found is None or on < POLICY_BEGINS else RULES.model_copy(update={"facility": found, "hire": HIRES})
        )


class Gateway:
    """The app, the world behind it, and callers. An `app` that is given serves this world from now on."""

    def __init__(self, keys: KeySet, app: FastAPI | None = None) -> None:
        self.now = NOW
        self.keys = keys
        self.evidence = MemoryEvidence(clock=self.clock)
        self.cases = FakeCases(self.clock)
        self.delegations = MemoryDelegations()
        self.overrides = MemoryOverrides()
        self.places = FewFacilities()
        self.documents, self.reader = MemoryDocuments(), PlainReader()
        self.register = MemoryInvoiceRegister()
        self.payments = MemoryPaymentLedger(self.register)
        self.hires = MemoryHireStandings()
        self.hire_files = MemoryHireFileLedger()
        self.directory = ChangingDirectory([*PEOPLE, *STRANGERS])
        signer = Ed25519Signer({"k1": b"k" * 32}, "k1")
        self.checkpoints = MemoryCheckpoints(self.evidence, signer, signer)
        self.down: set[str] = set()
        verifier = JwtVerifier(FixedKeys(keys), ISSUER, AUDIENCE, self.clock)
        self.services = Services(
            cases=self.cases,
            reader=self.evidence,
            claims=self.evidence,
            checkpoints=self.checkpoints,
            keeper=MemoryKeeper(self.evidence),
            policies=self.places,
            tokens=verifier,
            event_sources=(
                EventSource(
                    source=WAREHOUSE,
                    secrets=(SecretStr(SECRET),),
                    types=("corridor.goods.received", "corridor.goods.returned"),
                    facilities=("north",),
                ),
                EventSource(
                    source=NETWORK,
                    secrets=(SecretStr(OTHER_SECRET),),
                    types=("corridor.order.acknowledged", "corridor.order.settled"),
                ),
                EventSource(
                    source=HRIS,
                    secrets=(SecretStr(HR_SECRET),),
                    types=("corridor.hr.hired", "corridor.hr.hire-changed", "corridor.hr.hire-ended"),
                    facilities=("north",),
                ),
            ),
            directory=self.directory,
            delegations=self.delegations,
            overrides=self.overrides,
            notices=MemoryNotices(self.evidence.outbox),
            documents=self.documents,
            invoice_reader=self.reader,
            register=self.register,
            payments=self.payments,
            hires=self.hires,
            hire_files=self.hire_files,
            now=self.clock,
            probes={"temporal": self._probe_of("temporal"), "database": self._probe_of("database")},
        )
        self.app: FastAPI = app or create_app(self.services, max_body_bytes=MOST_BYTES)
        self.app.state.services = self.services
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://gateway")

    def clock(self) -> datetime:
        return self.now

    async def ask(self, *tasks: Task, version: int = 1, **changes: Any) -> None:
        """Open tasks of one case, in the case and on the worklists."""
        case_id = tasks[0].case_id
        frozen = {"requester": "nina", "policy_sha256": RULES.sha256}
        await self.evidence.record(a_journal(case_id, version, tasks=tasks, **(frozen | changes)))
        for task in tasks:
            self.cases.open(task)

    async def catch_up(self, case_id: str, version: int = 2, **changes: Any) -> None:
        """Let the read model show what the case knows."""
        ledger = self.cases.ledgers[case_id]
        known = {"requester": "nina", "policy_sha256": RULES.sha256, "duties": ledger.duties()}
        await self.evidence.record(a_journal(case_id, version, tasks=ledger.tasks(), **(known | changes)))

    async def pay(self, *payments: Payment) -> None:
        """Have the runs of these payments claim them, of invoices that are posted and due."""
        for payment in payments:
            for item in payment.items:
                await self._offer(payment, item)
            claimed = await self.payments.claim(payment.run_id, [payment])
            assert {item.case_id for item in payment.items} <= set(claimed.claimed)

    async def _offer(self, payment: Payment, item: PaymentItem) -> None:
        known = item.model_dump(include={"case_id", "number", "kind", "amount"})
        known |= {"facility": payment.facility, "supplier": payment.supplier, "issued_on": POLICY_BEGINS}
        entry = {"document_sha256": "0" * 64, "state": "posted", "registered_at": self.now}
        entry["number"] = item.case_id  # no two invoices of a supplier have the same
        await self.register.register(RegisteredInvoice.model_validate(known | entry), POLICY_BEGINS)
        owed = payment.model_dump(include={"supplier_name", "method", "account"})
        owed |= {"due_on": item.due_on, "external_id": item.external_id, "terms": PaymentTerms()}
        await self.payments.offer(PayableInvoice.model_validate(known | owed))

    async def post(self, path: str, body: Any, person: str = "carla", *roles: str, **headers: str) -> httpx.Response:
        """Post as somebody, with the roles that the directory gives them unless others are named."""
        known = await self.directory.person(person)
        held = roles or (known.roles if known is not None else ())
        sent = self.as_(person, *held) | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, json=body, headers=sent)

    async def get(self, path: str, person: str = "carla", *roles: str, **claims: Any) -> httpx.Response:
        known = await self.directory.person(person)
        held = roles or (known.roles if known is not None else ())
        return await self.http.get(path, headers=self.as_(person, *held, **claims))

    def _probe_of(self, name: str) -> Callable[[], Any]:
        async def probe() -> None:
            if name in self.down:
                raise ConnectionError(name)

        return probe

    def token(self, person: str = "nina", *roles: str, **claims: Any) -> str:
        header = {"alg": "RS256", "kid": claims.pop("kid", "key-1")}
        given = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": person,
            "name": person.title(),
            "roles": list(roles or ("requester",)),
            "facilities": ["north"],
            "exp": int(self.now.timestamp()) + 600,
        }
        filled = {name: value for name, value in (given | claims).items() if value is not None}
        return jwt.encode(header, filled, self.keys)

    def as_(self, person: str = "nina", *roles: str, **claims: Any) -> dict[str, str]:
        """The headers of a caller."""
        return {"Authorization": f"Bearer {self.token(person, *roles, **claims)}"}

    async def send_event(
        self, event: Mapping[str, Any], secret: str = SECRET, at: datetime | None = None, **headers: str
    ) -> httpx.Response:
        body = json.dumps(event)
        moment = at or self.now
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", moment, body),
            "content-type": "application/cloudevents+json",
        }
        return await self.http.post("/v1/events", content=body, headers=signed | headers)


def new_keys(kid: str = "key-1") -> KeySet:
    return KeySet([RSAKey.generate_key(2048, parameters={"kid": kid, "use": "sig"})])


def a_requisition(**changes: Any) -> dict[str, Any]:
    given = {
        "number": "REQ-1",
        "facility": "north",
        "requester": "nina",
        "need_by": "2026-03-20",
        "deliver_to": "Ward 3",
        "lines": [a_line()],
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def a_line(**changes: Any) -> dict[str, Any]:
    given = {
        "line": 1,
        "item": "GLOVES",
        "quantity": {"value": "10", "unit": "BX", "pack_size": 100},
        "costs": [{"cost_centre": "N-100"}],
    }
    return given | changes


def pointers(response: httpx.Response) -> set[str]:
    return {each["pointer"] for each in response.json()["errors"]}


def slug(response: httpx.Response) -> str:
    """The problem's own name; checks on the way that the answer is a problem document."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    return str(body["type"]).removeprefix("urn:corridor:problem:")
