"""Outside systems that are down and that nobody uses: asked whether they are back, in place of the steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from activities.circuits import Breaker
from activities.errors import report_of
from activities.ports import Ports
from domain.bulkheads import OutsideSystem
from domain.outside_errors import ErrorReport, OutsideError, RefusedError

Probe = Callable[[], Awaitable[object]]
"""The smallest question that a system answers. Raises the errors of `domain.outside_errors`; has no effect."""
Probes = Mapping[OutsideSystem, Probe]

ANSWER_SECONDS = 15


def probes_of(ports: Ports) -> Probes:
    """What is asked of each system that the steps use."""
    found: dict[OutsideSystem, Probe] = {"erp": ports.erp.health, "mail": ports.suppliers.health}
    if ports.invoicing is not None:
        found["bank"] = ports.invoicing.bank.health
    if (hiring := ports.hiring) is not None:
        found["hris"] = hiring.hris.health
        found["screening"] = _all([hiring.licences.health, hiring.exclusions.health])
        # As the queues have it: the directory is a system of its own, and all other targets are one.
        directory = hiring.identities.get("directory")
        if directory is not None:
            found["directory"] = directory.health
        others = [each.health for name, each in hiring.identities.items() if name != "directory"]
        if others:
            found["identity"] = _all(others)
    return found


def _all(probes: Sequence[Probe]) -> Probe:
    """A system of several parts is back when each of them answers."""

    async def ask() -> None:
        for probe in probes:
            await probe()

    return ask


class IdleWatch:
    """Closes the circuit of a system that is back although no step tries it; its incident is closed with that.

    The system is asked when a trial is due, and only when nothing waits for it and nothing failed at it of late: what a
    step meets says more than an answer to a small question. `waiting` counts the steps that wait. An answer that takes
    `answer_seconds` is none yet. There is one question at a time: a folder that hangs keeps one thread, and not more.
    """

    def __init__(
        self,
        breaker: Breaker,
        probe: Probe,
        waiting: Callable[[], Awaitable[int]],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._breaker, self._probe, self._waiting = breaker, probe, waiting
        self._answer_seconds = answer_seconds
        self._asked: asyncio.Future[object] | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            await self._watch()
        finally:
            if self._asked is not None:
                self._asked.cancel()

    async def _watch(self) -> None:
        while True:
            await self._breaker.opened()
            if not await self._breaker.admission("probe"):
                continue
            try:
                idle = await self._is_idle()
                if idle:
                    await self._ask()
            finally:
                self._breaker.trial_over("probe")
            if not idle:
                await self._breaker.closed(self._breaker.rules.probe_seconds)

    async def _is_idle(self) -> bool:
        """While Temporal does not say what waits, something may."""
        try:
            return self._breaker.is_idle and await self._waiting() == 0
        except OutsideError:
            return False

    async def _ask(self) -> None:
        """A refusal is an answer. One of an unknown shape may come from whatever stands in for the system."""
        if self._asked is None or self._asked.done():  # what was answered meanwhile may be as old as another outage
            self._asked = asyncio.ensure_future(self._probe())
            self._asked.add_done_callback(_looked_at)
        asked = self._asked
        if not (await asyncio.wait({asked}, timeout=self._answer_seconds))[0]:
            late = ErrorReport(system=self._breaker.system, code="time-out", message="no answer in time")
            self._breaker.still_down(late)
            return
        self._asked = None
        try:
            await asked
        except RefusedError:
            self._breaker.answered()
        except OutsideError as error:
            self._breaker.still_down(report_of(error))
        else:
            self._breaker.answered()


def _looked_at(asked: asyncio.Future[object]) -> None:
    """An answer that comes too late to count is no defect that the log should tell of."""
    if not asked.cancelled():
        asked.exception()
