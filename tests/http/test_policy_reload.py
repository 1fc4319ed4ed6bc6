"""The gateway while its policy files change: what new cases get, what open ones keep, and who is told of a fault."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from structlog.typing import EventDict

from adapters.policy_files import WatchedPolicyStore
from api.app import create_app
from api.background import follow
from api.policy_watch import OTHERWISE_WRONG, SOUND_AGAIN, PolicyWatch
from domain.exceptions import Finding
from domain.outside_errors import TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from tests.fixtures.policies import PolicyFiles
from tests.http.fakes import Gateway, a_requisition

LATE = datetime(2026, 11, 23, 15, tzinfo=UTC)


@dataclass
class FakeIncidents:
    """Incidents as a list; `down` makes Temporal unreachable."""

    opened: list[tuple[str, Finding, FrozenPolicy]] = field(default_factory=list)
    cleared: list[tuple[str, str]] = field(default_factory=list)
    left_over: tuple[str, ...] = ()
    down: bool = False

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, at: datetime) -> str:
        self._answer()
        assert at == LATE
        self.opened.append((text, finding, policy))
        return f"housekeeping.{policy.facility.code}.{subject}-{len(self.opened)}"

    async def clear(self, case_id: str, reason: str) -> None:
        self._answer()
        self.cleared.append((case_id, reason))

    async def open_cases(self, code: str) -> tuple[str, ...]:
        self._answer()
        assert code == "policy-refused"
        return self.left_over

    def _answer(self) -> None:
        if self.down:
            raise TemporarilyUnavailableError("temporal", "unavailable", "no answer")


class Watched:
    """Files, the store that follows them, and who is told."""

    def __init__(self, files: PolicyFiles) -> None:
        self.files = files
        minutes = itertools.count()
        self.store = WatchedPolicyStore(files.folder, lambda: LATE + timedelta(minutes=next(minutes)))
        self.incidents = FakeIncidents()
        self.metrics = CollectorRegistry()
        self.watch = PolicyWatch(self.store, self.incidents, lambda: LATE, self.metrics, timedelta(seconds=0.1))

    async def change(self, file: str, *changes: tuple[str, str]) -> None:
        self.files.replace(file, *changes)
        await self.look()

    async def look(self) -> None:
        """Until the files came to rest."""
        await self.watch.look()
        await self.watch.look()

    def metric(self, name: str) -> list[str]:
        text = generate_latest(self.metrics).decode()
        return [line for line in text.splitlines() if line.startswith(name)]


@pytest.fixture
def watched(policy_files: PolicyFiles) -> Watched:
    return Watched(policy_files)


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


BROKEN = ("value: ignore", "value: shrug")
MENDED = ("value: shrug", "value: ignore")


async def test_new_cases_get_the_new_policy_and_open_ones_keep_theirs(watched: Watched, gateway: Gateway) -> None:
    gateway.now = LATE
    gateway.app = create_app(replace(gateway.services, policies=watched.store))
    gateway.http._transport.app = gateway.app  # type: ignore[attr-defined]  # the same client, before another app
    caller = gateway.as_("nina")

    async def submit(number: str) -> FrozenPolicy:
        body = a_requisition(number=number, need_by="2026-12-20")
        answer = await gateway.http.post("/v1/requisitions", json=body, headers=caller)
        assert answer.status_code == 202, answer.text
        return gateway.cases.inputs[answer.json()["case_id"]].policy

    first = await submit("REQ-1")
    await watched.change(
        "system.yaml", ("amount_from: 1000\n", "amount_from: 900\n"), ("given: {amount: 999.99", "given: {amount: 899")
    )
    second = await submit("REQ-2")
    again = await submit("REQ-1")  # the same request once more is the same case, with the policy that it froze
    assert again is first
    limits = [
        policy.routing[1].amount_from
        for policy in (first, second, gateway.cases.inputs["procure-to-pay.north.REQ-1"].policy)
    ]
    assert limits == [Decimal(1000), Decimal(900), Decimal(1000)]
    assert first.sha256 != second.sha256
    await watched.change("shared.yaml", BROKEN)
    assert await submit("REQ-3") == second


async def test_a_refused_change_is_brought_before_compliance_once(watched: Watched, logged: list[EventDict]) -> None:
    await watched.change("shared.yaml", BROKEN)
    await watched.look()
    ((text, finding, policy),) = watched.incidents.opened
    assert "shrug is not among" in text
    assert (finding.code, policy.facility.code) == ("policy-refused", "shared")
    assert finding.message.startswith(
        "The changed policy files have 1 fault and are not used; 2026.11-1 stays in force."
    )
    assert finding.evidence["faults"] == [text]
    refusals = [line for line in logged if line["event"] == "policy.refused"]
    assert [(line["log_level"], line["in_force"]) for line in refusals] == [("error", "2026.11-1")]
    assert watched.metric("corridor_policy_faults") == ["corridor_policy_faults 1.0"]
    (since,) = watched.metric("corridor_policy_refused_since_seconds")
    assert watched.store.refusal is not None
    assert float(since.split()[1]) == watched.store.refusal.since.timestamp()


async def test_mended_files_clear_the_incident(watched: Watched, logged: list[EventDict]) -> None:
    await watched.change("shared.yaml", BROKEN)
    await watched.change("shared.yaml", MENDED, ("value: 5000", "value: 4000"))
    assert watched.incidents.cleared == [("housekeeping.shared.policy-1", SOUND_AGAIN)]
    assert [line["event"] for line in logged if line["event"] == "policy.loaded"]
    assert watched.metric("corridor_policy_faults") == ["corridor_policy_faults 0.0"]
    assert watched.metric("corridor_policy_refused") == ["corridor_policy_refused_since_seconds 0.0"]
    policy = watched.store.effective("shared", LATE.date())
    assert policy is not None
    (in_force,) = watched.metric("corridor_policy_in_force")
    assert policy.sha256[:12] in in_force
    assert 'version="2026.11-1"' in in_force
    await watched.change("shared.yaml", BROKEN)
    assert len(watched.incidents.opened) == 2  # broken again is told again


async def test_files_that_are_wrong_in_another_way_are_another_incident(watched: Watched) -> None:
    await watched.change("shared.yaml", BROKEN)
    await watched.change("west.yaml", ("kind: hospital", "kind: castle"))
    assert watched.incidents.cleared == [("housekeeping.shared.policy-1", OTHERWISE_WRONG)]
    assert [len(finding.evidence["faults"]) for _, finding, _ in watched.incidents.opened] == [1, 2]


async def test_what_temporal_cannot_take_is_brought_later(watched: Watched, logged: list[EventDict]) -> None:
    watched.incidents.down = True
    await watched.change("shared.yaml", BROKEN)
    await watched.look()
    assert not watched.incidents.opened
    assert sum(line["event"] == "policy.refused" for line in logged) == 1
    assert any(line["event"] == "policy.incident_delayed" for line in logged)
    watched.incidents.down = False
    await watched.look()
    assert len(watched.incidents.opened) == 1
    watched.incidents.down = True
    await watched.change("shared.yaml", MENDED)
    watched.incidents.down = False
    await watched.look()
    assert watched.incidents.cleared == [("housekeeping.shared.policy-1", SOUND_AGAIN)]


async def test_incidents_of_an_earlier_process_are_cleared_once_the_files_are_sound(watched: Watched) -> None:
    watched.incidents.left_over = ("housekeeping.shared.policy-9",)
    await watched.look()
    assert watched.incidents.cleared == [("housekeeping.shared.policy-9", SOUND_AGAIN)]


async def test_many_faults_are_counted_where_there_is_no_room_for_them(watched: Watched) -> None:
    rules = "".join(f"  - {{parameter: nothing.here{n}, value: 1, effective_from: 2026-01-01, "
                    "owner: buyer, reason: There is no such parameter}\n" for n in range(300))  # fmt: skip
    await watched.change("shared.yaml", ("overrides:\n", f"overrides:\n{rules}"))
    ((text, finding, _),) = watched.incidents.opened
    assert text.count("\n") == 299
    assert finding.message.startswith("The changed policy files have 300 faults")
    assert finding.evidence["faults"][-1] == "and 100 more"


async def test_it_looks_until_it_is_stopped(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, twice = [0], asyncio.Event()

    async def look() -> None:
        looks[0] += 1
        if looks[0] == 1:
            raise RuntimeError("whatever happens, the next look comes")
        twice.set()

    monkeypatch.setattr(watched.watch, "look", look)
    async with AsyncExitStack() as resources:
        follow(watched.watch, resources)
        await asyncio.wait_for(twice.wait(), 10)
    assert all(task.get_name() != "policy-watch" or task.done() for task in asyncio.all_tasks())
