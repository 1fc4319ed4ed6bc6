"""What integration support is told of a system that is down, whatever else is down with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from activities.circuits import Breaker
from activities.outages import OutageWatch, central_policy
from domain.circuit import CircuitRules
from domain.exceptions import Finding
from domain.outside_errors import ErrorReport, TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from tests.fixtures.small_hospital import policy
from tests.http.fakes import FewFacilities

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
RULES = CircuitRules(failures=1, cases=1, probe_seconds=0.01, longest_seconds=0.01)
SLOW = CircuitRules(failures=1, cases=1, probe_seconds=3600, longest_seconds=3600)
REPORT = ErrorReport(system="erp", code="unreachable", message="no route to host")
PATIENCE_SECONDS = 20


class Desk:
    """Incidents in memory. `refuses` so many calls are not answered."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.left_over: tuple[str, ...] = ()
        self.refuses = 0
        self.changed = asyncio.Condition()

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, at: datetime) -> str:
        await self._tell("open", f"{subject} {text} at {policy.facility.code}: {finding.message} ({at:%H:%M})")
        return "housekeeping.north.outage-erp-1"

    async def update(self, case_id: str, finding: Finding) -> None:
        await self._tell("update", f"{case_id}: {finding.evidence['waiting']}")

    async def clear(self, case_id: str, reason: str) -> None:
        await self._tell("clear", f"{case_id}: {reason}")

    async def open_cases(self, code: str) -> tuple[str, ...]:
        await self._tell("look", code)
        return self.left_over

    async def since(self, case_id: str) -> datetime | None:
        await self._tell("since", case_id)
        return None

    async def _tell(self, what: str, text: str) -> None:
        async with self.changed:
            if self.refuses:
                self.refuses -= 1
                what = "refused"
            self.told.append((what, text))
            self.changed.notify_all()
        if what == "refused":
            raise TemporarilyUnavailableError("temporal", "unavailable", "not now")

    def kinds(self) -> list[str]:
        return [what for what, _ in self.told]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(condition), PATIENCE_SECONDS)


@asynccontextmanager
async def watching(desk: Desk, breaker: Breaker, *waiting: int) -> AsyncIterator[None]:
    """`waiting` are the numbers of steps that wait, as they are asked for one after the other; the last one stays."""
    left = list(waiting or (3,))

    async def count() -> int:
        return left.pop(0) if len(left) > 1 else left[0]

    watch = OutageWatch(breaker, desk, policy, count, lambda: NOW, report_seconds=0.01, again_seconds=0.01)
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_support_is_told_once_then_of_what_changes_and_then_that_it_is_over() -> None:
    desk, breaker = Desk(), Breaker("erp", RULES)
    async with watching(desk, breaker, 5, 5, 80):
        breaker.failed("case", REPORT)
        await desk.until(lambda: "update" in desk.kinds())
        breaker.answered()
        await desk.until(lambda: "clear" in desk.kinds())
    assert desk.kinds() == ["look", "open", "update", "clear"]
    assert desk.told[1][1] == (
        "outage-erp erp at north: erp has not answered since 2026-11-21 08:30 UTC, and last said: no route to host. "
        "5 step(s) wait for it. It is tried again by itself, and the cases go on as soon as it answers (08:30)"
    )
    assert desk.told[2][1] == "housekeeping.north.outage-erp-1: 80"
    assert desk.told[3][1] == "housekeeping.north.outage-erp-1: erp answers again"


async def test_what_cannot_be_told_is_told_as_soon_as_it_can_be() -> None:
    desk, breaker = Desk(), Breaker("erp", RULES)
    desk.refuses = 2
    async with watching(desk, breaker):
        await desk.until(lambda: desk.kinds() == ["refused", "refused", "look"])
        desk.refuses = 1
        breaker.failed("case", REPORT)
        await desk.until(lambda: "open" in desk.kinds())
        desk.refuses = 1
        breaker.answered()
        await desk.until(lambda: "clear" in desk.kinds())
    assert desk.kinds() == ["refused", "refused", "look", "refused", "open", "refused", "clear"]


async def test_what_is_over_before_the_first_trial_is_nobodys_business() -> None:
    desk, breaker = Desk(), Breaker("erp", SLOW)
    async with watching(desk, breaker):
        await desk.until(lambda: desk.kinds() == ["look"])
        breaker.failed("case", REPORT)
        await asyncio.sleep(0)
        breaker.answered()
        await asyncio.sleep(0)
    assert desk.kinds() == ["look"]


async def test_an_incident_that_was_left_open_is_taken_on_and_others_are_left_alone() -> None:
    desk, breaker = Desk(), Breaker("erp", SLOW)
    desk.left_over = ("housekeeping.north.outage-bank-7", "housekeeping.north.outage-erp-9")
    async with watching(desk, breaker):
        await desk.until(lambda: "update" in desk.kinds())
        assert breaker.is_open
        breaker.answered()
        await desk.until(lambda: "clear" in desk.kinds())
    assert desk.told[1] == ("since", "housekeeping.north.outage-erp-9")
    assert desk.told[-1] == ("clear", "housekeeping.north.outage-erp-9: erp answers again")
    assert not any("bank" in text for what, text in desk.told if what != "look")


def test_support_is_that_of_the_shared_services_or_of_the_first_facility() -> None:
    known = central_policy(FewFacilities(), NOW)
    assert known is not None
    assert known.facility.code == "north"
