"""Cases in flight: each is started, answered by its people as soon as it waits for them, and awaited to its end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

Handle = WorkflowHandle[Any, Any]
Answer = Callable[[Handle], Awaitable[None]]
StepCount = tuple[str, int]
"""A step by its name, and its how manieth execution within the case it is (from 1)."""
FEWEST = 6
"""Of so many cases a rate is made at least, however slow the machine."""
PATIENCE_SECONDS = 240
"""How long a case may take in all: far more than any does that is answered at once."""
MOST_A_SECOND = 20
"""For so many cases a second all is prepared; what a faster machine takes besides is made while it is measured."""
AFTER_EACH: StepCount = ("", 0)
"""After whatever step."""


@dataclass(frozen=True)
class Subject:
    """What is measured: how a case starts, and what its people do after which step. `prepare` makes ready what so many
    cases need from outside, such as the documents of suppliers, which is no part of what a case takes.
    """

    name: str
    start: Callable[[int], Awaitable[Handle]]
    answers: Mapping[StepCount, Answer]
    prepare: Callable[[int], Awaitable[None]] | None = None


@dataclass
class Steps(Interceptor):
    """Tells the driver of every step that was executed, without asking the server."""

    _queues: dict[str, asyncio.Queue[str]] = field(default_factory=dict)

    def intercept_activity(self, following: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Telling(following, self)

    def of(self, workflow_id: str) -> asyncio.Queue[str]:
        return self._queues.setdefault(workflow_id, asyncio.Queue())

    def forget(self, workflow_id: str) -> None:
        self._queues.pop(workflow_id, None)


class _Telling(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, steps: Steps) -> None:
        super().__init__(following)
        self._steps = steps

    async def execute_activity(self, given: ExecuteActivityInput) -> Any:
        result = await self.next.execute_activity(given)
        info = activity.info()
        self._steps.of(info.workflow_id or "").put_nowait(info.activity_type)
        return result


class StuckError(Exception):
    """A measured case went another way than its people expect; says which, and after which steps it stood still."""


async def see_through(subject: Subject, steps: Steps, number: int) -> Handle:
    """One case from its start to its end. Raises StuckError, and what its people or the case itself raise."""
    handle = await subject.start(number)
    taken: Counter[str] = Counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _answered(subject, handle, steps.of(handle.id), taken)
            await handle.result()
    except TimeoutError:
        raise StuckError(f"{subject.name} {handle.id} stands still after {dict(taken)}") from None
    finally:
        steps.forget(handle.id)
    return handle


async def _answered(subject: Subject, handle: Handle, queue: asyncio.Queue[str], taken: Counter[str]) -> None:
    """Until everybody who is expected to has answered."""
    waiting = set(subject.answers) - {AFTER_EACH}
    while waiting:
        step = await queue.get()
        taken[step] += 1
        for key in (AFTER_EACH, (step, taken[step])):
            waiting.discard(key)
            if answer := subject.answers.get(key):
                await answer(handle)


@dataclass(frozen=True)
class Throughput:
    """`cpu_seconds` are those of this process: the worker, the people of its cases, and stores in memory."""

    cases: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.cases / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        return 1000 * self.cpu_seconds / self.cases


async def throughput(subject: Subject, steps: Steps, numbers: Any, in_flight: int, seconds: float) -> Throughput:
    """Completed cases while `in_flight` of them are kept going, after a fifth of the time to get going: for `seconds`,
    and until there are FEWEST. Raises what a case raises, in a group.
    """
    if subject.prepare is not None:
        await subject.prepare(in_flight + round(1.2 * seconds * MOST_A_SECOND))
    warm = time.monotonic() + seconds / 5
    until = warm + seconds
    done = 0
    begun: tuple[float, float] | None = None
    ended = (0.0, 0.0)

    async def keep_going() -> None:
        nonlocal done, begun, ended
        while time.monotonic() < until or done < FEWEST:
            await see_through(subject, steps, next(numbers))
            if begun is None and time.monotonic() >= warm:
                begun = ended = time.monotonic(), time.process_time()  # from one end to another
            elif begun is not None and (done < FEWEST or time.monotonic() < until):
                done += 1
                ended = time.monotonic(), time.process_time()

    async with asyncio.TaskGroup() as cases:  # what one raises ends all: nobody waits for the answers of the others
        for _ in range(in_flight):
            cases.create_task(keep_going())
    first = begun or ended
    return Throughput(done, ended[0] - first[0], ended[1] - first[1])
