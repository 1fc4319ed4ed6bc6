"""The gateway in this process: real tokens, real validation, the real way to Temporal; only the network is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from adapters.directory_files import FileDirectory
from adapters.invoice_documents import DocumentReader
from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.delegations import MemoryDelegations
from adapters.memory.documents import MemoryDocuments
from adapters.memory.hire_file_ledger import MemoryHireFileLedger
from adapters.memory.hire_standings import MemoryHireStandings
from adapters.memory.invoice_register import MemoryInvoiceRegister
from adapters.memory.keeping import MemoryKeeper
from adapters.memory.notices import MemoryNotices
from adapters.memory.overrides import MemoryOverrides
from adapters.memory.payment_ledger import MemoryPaymentLedger
from api.app import create_app
from api.case_client import CaseClient, TemporalCaseClient
from api.security import JwtVerifier, TokenVerifier
from api.services import Services
from bench.purchases import Hospital
from domain.facility import Facility
from domain.policy.model import FrozenPolicy
from tests.fixtures.small_hospital import PEOPLE

ISSUER, AUDIENCE = "https://login.example", "corridor"


class Keys:
    """The issuer's public key."""

    def __init__(self, key: RSAKey) -> None:
        self._keys = KeySet([key])

    async def keys(self, kid: str | None) -> KeySet:  # noqa: ARG002 - there is one key only
        return self._keys


class OnePolicy:
    """`domain.ports.policies.PolicyStore` of one facility."""

    def __init__(self, policy: FrozenPolicy) -> None:
        self._policy = policy

    def facilities(self) -> tuple[Facility, ...]:
        return (self._policy.facility,)

    def effective(self, facility: str, on: object) -> FrozenPolicy | None:  # noqa: ARG002 - it is effective always
        return self._policy if facility == self._policy.facility.code else None


def now() -> datetime:
    return datetime.now(UTC)


def services_of(hospital: Hospital, cases: CaseClient, tokens: TokenVerifier) -> Services:
    """All that a gateway needs, over the hospital's stores."""
    register = MemoryInvoiceRegister()
    return Services(
        cases=cases,
        reader=hospital.evidence,
        claims=hospital.evidence,
        checkpoints=MemoryCheckpoints(hospital.evidence),
        keeper=MemoryKeeper(hospital.evidence),
        policies=OnePolicy(hospital.policy),
        tokens=tokens,
        event_sources=(),
        directory=FileDirectory(PEOPLE),
        delegations=MemoryDelegations(),
        overrides=MemoryOverrides(),
        notices=MemoryNotices(hospital.evidence.outbox),
        documents=MemoryDocuments(),
        invoice_reader=DocumentReader(),
        register=register,
        payments=MemoryPaymentLedger(register),
        hires=MemoryHireStandings(),
        hire_files=MemoryHireFileLedger(),
        now=now,
    )


class Gateway:
    """An HTTP client of a gateway over the hospital's stores; cases start on `task_queue`."""

    def __init__(self, hospital: Hospital, task_queue: str) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "bench"})
        self._tokens: dict[str, str] = {}
        verifier = JwtVerifier(Keys(self._key), ISSUER, AUDIENCE, now)
        services = services_of(hospital, TemporalCaseClient(hospital.client, task_queue=task_queue), verifier)
        transport = httpx.ASGITransport(create_app(services))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    def _headers(self, person: str) -> dict[str, str]:
        if person not in self._tokens:
            known = next(each for each in PEOPLE if each.person == person)
            claims = {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": person,
                "roles": list(known.roles),
                "facilities": list(known.facilities),
                "exp": int(now().timestamp()) + 3600,
            }
            self._tokens[person] = jwt.encode({"alg": "RS256", "kid": "bench"}, claims, self._key, ["RS256"])
        return {"Authorization": f"Bearer {self._tokens[person]}"}

    async def post(self, path: str, body: Any, person: str) -> None:
        """Raises RuntimeError for every answer but success: refusals would be fast."""
        answer = await self.http.post(path, json=body, headers=self._headers(person))
        if not answer.is_success:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
