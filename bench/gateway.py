"""The gateway in this process: real tokens, real validation, the real way to Temporal; only the network is left out."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.types import Message, Scope

from adapters.directory_files import FileDirectory
from adapters.invoice_documents import DocumentReader
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
from api.app import create_app
from api.case_client import CaseClient, TemporalCaseClient
from api.security import JwtVerifier, TokenVerifier
from api.services import Services
from bench.purchases import Hospital
from domain.facility import Facility
from domain.policy.model import FrozenPolicy
from tests.fixtures.small_hospital import PEOPLE, policy

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


class NoCases(TemporalCaseClient):
    """For gateways of which nothing but what is kept is asked."""

    def __init__(self) -> None:
        """Connected to nothing."""


def now() -> datetime:
    return datetime.now(UTC)


def services_of(tokens: TokenVerifier | None = None, **given: Any) -> Services:
    """All that a gateway needs: what is not `given` is empty and in memory."""
    evidence, register = MemoryEvidence(), MemoryInvoiceRegister()
    empty: dict[str, Any] = {
        "cases": NoCases(),
        "reader": evidence,
        "claims": evidence,
        "checkpoints": MemoryCheckpoints(evidence),
        "keeper": MemoryKeeper(evidence),
        "policies": OnePolicy(policy()),
        "tokens": tokens,
        "event_sources": (),
        "directory": FileDirectory(PEOPLE),
        "delegations": MemoryDelegations(),
        "overrides": MemoryOverrides(),
        "notices": MemoryNotices(evidence.outbox),
        "documents": MemoryDocuments(),
        "invoice_reader": DocumentReader(),
        "register": register,
        "payments": MemoryPaymentLedger(register),
        "hires": MemoryHireStandings(),
        "hire_files": MemoryHireFileLedger(),
        "now": now,
    }
    return Services(**{**empty, **given})


def services_over(hospital: Hospital, cases: CaseClient, tokens: TokenVerifier) -> Services:
    """A gateway's services over the hospital's stores."""
    evidence = hospital.evidence
    return services_of(
        tokens,
        cases=cases,
        reader=evidence,
        claims=evidence,
        checkpoints=MemoryCheckpoints(evidence),
        keeper=MemoryKeeper(evidence),
        policies=OnePolicy(hospital.policy),
        notices=MemoryNotices(evidence.outbox),
    )


def gateway_of(hospital: Hospital, task_queue: str) -> Gateway:
    """A gateway over the hospital's stores, whose cases start on `task_queue`."""
    cases = TemporalCaseClient(hospital.client, task_queue=task_queue)
    return Gateway(lambda tokens: services_over(hospital, cases, tokens))


@dataclass(frozen=True)
class Answer:
    """`at` is when its last part came, by `time.perf_counter`."""

    status: int
    body: bytes
    at: float


class Gateway:
    """A gateway in this process, asked as its web server asks it: no HTTP client and no socket are measured with it."""

    def __init__(self, services: Callable[[TokenVerifier], Services], keys: RSAKey | None = None) -> None:
        self._key = keys or RSAKey.generate_key(2048, {"kid": "bench"})
        self._tokens: dict[str, str] = {}
        verifier = JwtVerifier(Keys(self._key), ISSUER, AUDIENCE, now)
        self._app = create_app(services(verifier))

    def _token(self, person: str, roles: Sequence[str], facilities: Sequence[str]) -> str:
        if person not in self._tokens:
            claims = {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": person,
                "roles": list(roles),
                "facilities": list(facilities),
                "exp": int(now().timestamp()) + 3600,
            }
            self._tokens[person] = jwt.encode({"alg": "RS256", "kid": "bench"}, claims, self._key, ["RS256"])
        return self._tokens[person]

    def posting(self, path: str, body: Any, person: str) -> Callable[[], Awaitable[float]]:
        """A post as one of the small hospital's people, with all done already that the caller does. It gives the
        instant at which the whole answer was handed to the web server: log and metrics come after that. Raises
        RuntimeError for every answer but success: refusals would be fast.
        """
        known = next(each for each in PEOPLE if each.person == person)
        content = json.dumps(body).encode()
        scope = _scope("POST", path, self._token(person, known.roles, known.facilities), content)

        async def post() -> float:
            return _succeeded(path, await self._asked(scope, content)).at

        return post

    async def get(self, path: str, person: str, roles: Sequence[str], facilities: Sequence[str]) -> Any:
        """What is answered to a person with these roles. Raises RuntimeError as `posting` does."""
        answer = await self._asked(_scope("GET", path, self._token(person, roles, facilities)))
        return json.loads(_succeeded(path, answer).body)

    async def _asked(self, scope: Scope, content: bytes = b"") -> Answer:
        received = iter(({"type": "http.request", "body": content}, {"type": "http.disconnect"}))
        sent: list[tuple[Message, float]] = []

        async def receive() -> Message:
            return next(received)

        async def send(message: Message) -> None:
            sent.append((message, time.perf_counter()))

        await self._app(scope, receive, send)
        return Answer(
            status=sent[0][0]["status"],
            body=b"".join(message.get("body", b"") for message, _ in sent),
            at=sent[-1][1],
        )


def _scope(method: str, path: str, token: str, content: bytes = b"") -> Scope:
    """Of one request, as a web server makes it."""
    headers = {"host": "gateway", "authorization": f"Bearer {token}"}
    if content:
        headers |= {"content-type": "application/json", "content-length": str(len(content))}
    target, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(target),
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("gateway", 80),
    }


def _succeeded(path: str, answer: Answer) -> Answer:
    if not 200 <= answer.status < 300:
        raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()}")
    return answer
