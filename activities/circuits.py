"""Circuits at work: what each step met is counted, and work for a system that does not answer is not taken."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    CustomSlotSupplier,
    ExecuteActivityInput,
    Interceptor,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
)

from domain.bulkheads import OutsideSystem, WorkQueue, system_of_queue
from domain.circuit import ABOUT_ONE_RECORD, Circuit, CircuitRules, system_at_fault
from domain.outside_errors import ErrorReport, RefusedError, TemporarilyUnavailableError
from workflows.errors import HELD
from workflows.steps.queues import queue_of

ProbeQueue = Literal["probe"]
"""Where no step waits: the turn of whoever asks a system that no step asks."""


class Breaker:
    """The circuit of one system in this process, for everybody who waits for it. Used from one event loop."""

    def __init__(self, system: OutsideSystem, rules: CircuitRules, clock: Callable[[], float] = time.monotonic) -> None:
        self.system, self.rules = system, rules
        self.last: ErrorReport | None = None
        """The failure that was met last."""
        self._circuit, self._clock = Circuit(rules), clock
        self._changed = asyncio.Event()
        self._failed_at: float | None = None

    @property
    def is_open(self) -> bool:
        return self._circuit.is_open

    @property
    def is_idle(self) -> bool:
        """Whether nobody has tried the system for long, so that nobody would notice that it is back."""
        return self._failed_at is None or self._clock() - self._failed_at >= self.rules.idle_seconds

    def failed(self, case: str, report: ErrorReport) -> None:
        """A step of the case failed."""
        self._failed_at = self._clock()
        self._met(case, report)

    def still_down(self, report: ErrorReport) -> None:
        """Whoever asked in place of a step got no answer. It opens no circuit."""
        if self.is_open:
            self._met("", report)

    def _met(self, case: str, report: ErrorReport) -> None:
        self.last = report
        self._circuit.failed(case, self._clock())
        self._tell()

    def answered(self) -> None:
        if self.is_open:
            self._circuit.answered()
            self._tell()
        else:
            self._circuit.answered()

    def hold(self) -> None:
        """Begin with an open circuit: the system was down when another process looked. A trial is made at once."""
        if not self.is_open:
            self._circuit.open(self._clock())
            self._tell()

    async def admission(self, queue: WorkQueue | ProbeQueue) -> bool:
        """Wait until work of the queue may be taken; True when it is a trial, which the caller reports as over."""
        while not self._circuit.admit(queue, self._clock()):
            await self._change(self._circuit.wait(self._clock()) or None)
        return self.is_open

    def trial_over(self, queue: WorkQueue | ProbeQueue) -> None:
        self._circuit.trial_over(queue)
        self._tell()

    async def opened(self) -> None:
        """Wait until the circuit is open."""
        while not self.is_open:
            await self._change(None)

    async def closed(self, within_seconds: float) -> bool:
        """Wait until the circuit is closed; False when the time is over first."""
        until = self._clock() + within_seconds
        while self.is_open and (left := until - self._clock()) > 0:
            await self._change(left)
        return not self.is_open

    async def _change(self, seconds: float | None) -> None:
        changed = self._changed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for would swallow a cancellation that comes with the change
                await changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


Breakers = Mapping[OutsideSystem, Breaker]


class _Permit(SlotPermit):
    def __init__(self, loop: asyncio.AbstractEventLoop, trial: bool) -> None:
        super().__init__()
        self.loop, self.trial = loop, trial


class HeldSlots(CustomSlotSupplier):
    """So many steps of a queue at once, and none while the circuit is open, except for its trials.

    A worker asks the server for work only with a slot in hand: what is held waits on the server, in its order there.
    """

    def __init__(self, at_once: int, breaker: Breaker, queue: WorkQueue) -> None:
        self._free, self._breaker, self._queue = asyncio.Semaphore(at_once), breaker, queue

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:  # noqa: ARG002 - the SDK's
        await self._free.acquire()
        try:
            trial = await self._breaker.admission(self._queue)
        except BaseException:
            self._free.release()
            raise
        return _Permit(asyncio.get_running_loop(), trial)

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:  # noqa: ARG002 - the SDK's
        """No step of an outside system is started past its queue."""
        return None

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """Nothing follows from it."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        """The SDK calls this from threads of its own."""
        permit = ctx.permit
        assert isinstance(permit, _Permit)  # noqa: S101 (narrows; it was given out here)
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the worker with it
            permit.loop.call_soon_threadsafe(self._release, permit.trial)

    def _release(self, trial: bool) -> None:
        self._free.release()
        if trial:
            self._breaker.trial_over(self._queue)


class Circuits(Interceptor):
    """An interceptor for workers: counts what their steps met. A failure of a system whose circuit is open says so, and
    the case waits instead of asking somebody."""

    def __init__(self, breakers: Breakers) -> None:
        self._breakers = breakers

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - theirs
        return _Counting(next, self._breakers)


class _Counting(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, breakers: Breakers) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._breakers = breakers

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        queue = queue_of(info.activity_type, input.args[0] if input.args else None)
        case = info.workflow_id or info.activity_id
        try:
            result = await super().execute_activity(input)
        except ApplicationError as error:
            if self._counted(error, queue, case):
                raise ApplicationError(error.message, *error.details, HELD, type=error.type) from error
            raise
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            own = self._of(system_of_queue(queue))
            if own is not None and details is not None and details.timed_out:
                own.failed(case, ErrorReport(system=own.system, code="time-out", message="no answer in time"))
            raise
        own = self._of(system_of_queue(queue))
        if own is not None:
            own.answered()
        return result

    def _of(self, system: OutsideSystem | None) -> Breaker | None:
        return None if system is None else self._breakers.get(system)

    def _counted(self, error: ApplicationError, queue: WorkQueue, case: str) -> bool:
        """Whether it is a failure of a system that is held."""
        report = error.details[0] if error.details else None
        if not isinstance(report, ErrorReport):
            return False
        breaker = self._of(system_at_fault(report.system, queue))
        if breaker is None:
            return False
        passing = error.type == TemporarilyUnavailableError.__name__
        if error.type == RefusedError.__name__ or (passing and report.code in ABOUT_ONE_RECORD):
            breaker.answered()
        elif passing:
            breaker.failed(case, report)
        return passing and breaker.is_open
