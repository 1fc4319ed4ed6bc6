"""Tells integration support of an outside system that is down: once, whatever number of cases waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

import structlog

from activities.circuits import Breaker
from domain.business_time import local_day
from domain.case import parse_case_id
from domain.exceptions import Finding
from domain.outside_errors import OutsideError
from domain.policy.model import FrozenPolicy
from domain.ports.policies import PolicyStore

CODE = "system-outage"
Answer = TypeVar("Answer")
FIRST_REPORT_SECONDS, LONGEST_REPORT_SECONDS, AGAIN_SECONDS = 60, 900, 10
_log = structlog.get_logger("worker")


class OutageIncidents(Protocol):
    """Raises the errors of `domain.outside_errors` when Temporal or the evidence store does not answer."""

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, at: datetime) -> str:
        """Ask the owner of the finding, unless the same is asked already; returns the id of the case."""

    async def update(self, case_id: str, finding: Finding) -> None:
        """More is known of what was noticed."""

    async def clear(self, case_id: str, reason: str) -> None:
        """The cause is gone."""

    async def open_cases(self, code: str) -> tuple[str, ...]:
        """Running incidents with this code of the catalogue."""

    async def since(self, case_id: str) -> datetime | None:
        """When the incident was noticed (UTC)."""


def central_policy(policies: PolicyStore, now: datetime) -> FrozenPolicy | None:
    """Of the shared-service centre, or of the first facility where there is none; whose support is asked."""
    places = sorted(policies.facilities(), key=lambda place: place.kind != "shared-services")
    if not places:
        return None
    policy = policies.effective(places[0].code, local_day(now, places[0].calendar))
    return None if policy is None else policy.of_process("housekeeping")


class OutageWatch:
    """Watches the circuit of one system. The incident is what lasts: whoever starts while it runs begins with the
    circuit open, tries the system, and closes the incident when it answers.

    `waiting` counts the steps that wait for the system; `now` gives the current instant (UTC). What is known is told
    after `report_seconds` and then at growing distances; what cannot be told is tried again after `again_seconds`.
    """

    def __init__(
        self,
        breaker: Breaker,
        incidents: OutageIncidents,
        policy: Callable[[], FrozenPolicy | None],
        waiting: Callable[[], Awaitable[int]],
        now: Callable[[], datetime],
        report_seconds: float = FIRST_REPORT_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._breaker, self._incidents, self._policy = breaker, incidents, policy
        self._waiting, self._now, self._report_seconds = waiting, now, report_seconds
        self._again_seconds = again_seconds
        self._case: str | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        since = await self._at_last(self._left_over)
        while True:
            await self._breaker.opened()
            # What is over at the first trial already is nothing that anybody needs to look into.
            patience_seconds = self._breaker.rules.probe_seconds * 1.5
            if since is not None or not await self._breaker.closed(patience_seconds):
                await self._outage(since or self._now())
            since = None

    async def _left_over(self) -> datetime | None:
        """Take on the incident that an earlier process left open; returns since when it is."""
        for case in await self._incidents.open_cases(CODE):
            key = parse_case_id(case)
            if key is not None and key.key.startswith(f"{self._subject}-"):
                self._case = case
                self._breaker.hold()
                return await self._incidents.since(case) or self._now()
        return None

    async def _outage(self, since: datetime) -> None:
        _log.warning("system.down", system=self._breaker.system)
        pause, told = self._report_seconds, await self._report(since, "")
        while not await self._breaker.closed(pause if told else self._again_seconds):
            told = await self._report(since, told)
            pause = min(pause * 2, LONGEST_REPORT_SECONDS)
        _log.warning("system.back", system=self._breaker.system)
        await self._at_last(self._clear)

    async def _report(self, since: datetime, told: str) -> str:
        """What is told by now; nothing when it cannot be told at present."""
        try:
            finding = await self._finding(since)
            if finding.message == told:
                return told
            if self._case is not None:
                await self._incidents.update(self._case, finding)
            elif (policy := self._policy()) is not None:
                self._case = await self._incidents.open(
                    self._subject, self._breaker.system, finding, policy, self._now()
                )
        except OutsideError as error:
            _log.warning("system.untold", system=self._breaker.system, code=error.code)
            return ""
        return finding.message

    async def _clear(self) -> None:
        if self._case is not None:
            await self._incidents.clear(self._case, f"{self._breaker.system} answers again")
        self._case = None

    async def _finding(self, since: datetime) -> Finding:
        system, last, waiting = self._breaker.system, self._breaker.last, await self._waiting()
        said = f", and last said: {last.message}" if last is not None else ""
        return Finding(
            code=CODE,
            message=f"{system} has not answered since {since:%Y-%m-%d %H:%M} UTC{said}. {waiting} step(s) wait for it. "
            "It is tried again by itself, and the cases go on as soon as it answers",
            evidence={
                "system": system,
                "since": since.isoformat(),
                "waiting": waiting,
                "last": None if last is None else last.model_dump(),
            },
        )

    @property
    def _subject(self) -> str:
        return f"outage-{self._breaker.system}"

    async def _at_last(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer, as soon as Temporal and the evidence store give one."""
        while True:
            try:
                return await ask()
            except OutsideError as error:
                _log.warning("system.untold", system=error.system, code=error.code)
                await asyncio.sleep(self._again_seconds)
