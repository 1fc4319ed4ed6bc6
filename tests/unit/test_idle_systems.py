"""A system that is down and that nobody uses is asked whether it is back: when, and what counts as an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from activities.circuits import Breaker
from activities.idle_systems import IdleWatch, probes_of
from activities.ports import Ports
from domain.bulkheads import SYSTEMS
from domain.circuit import CircuitRules
from domain.outside_errors import (
    ContractDriftError,
    ErrorReport,
    OutsideError,
    RefusedError,
    TemporarilyUnavailableError,
)

RULES = CircuitRules(failures=1, cases=1, probe_seconds=0.01, longest_seconds=0.01, idle_seconds=0.001)
REPORT = ErrorReport(system="erp", code="unreachable", message="no route to host")
DOWN = TemporarilyUnavailableError("erp", "timeout", "still nothing")
STRANGE = ContractDriftError("erp", "shape-unknown", "a page of a proxy")
NO = RefusedError("erp", "http-403", "who are you?")
PATIENCE_SECONDS = 20


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class System:
    """Answers as it is told to, the last answer for ever; None is an answer. Until it `speaks` it takes the call."""

    def __init__(self, *answers: OutsideError | None) -> None:
        self.answers, self.asked = list(answers), 0
        self.speaks = asyncio.Event()
        self.speaks.set()
        self._changed = asyncio.Condition()

    async def probe(self) -> None:
        async with self._changed:
            self.asked += 1
            self._changed.notify_all()
        await self.speaks.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    async def until_asked(self, times: int) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: self.asked >= times), PATIENCE_SECONDS)


async def nothing() -> int:
    return 0


@asynccontextmanager
async def watching(
    breaker: Breaker, system: System, waiting: Callable[[], Awaitable[int]] = nothing, answer_seconds: float = 15
) -> AsyncIterator[None]:
    task = asyncio.create_task(IdleWatch(breaker, system.probe, waiting, answer_seconds).run())
    try:
        yield
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError), ended


class Told(Breaker):
    """An open circuit that passes on what it is told."""

    def __init__(self) -> None:
        super().__init__("erp", RULES)
        self.told: asyncio.Queue[ErrorReport] = asyncio.Queue()
        self.hold()

    def still_down(self, report: ErrorReport) -> None:
        super().still_down(report)
        self.told.put_nowait(report)


def down(rules: CircuitRules = RULES) -> Breaker:
    breaker = Breaker("erp", rules)
    breaker.hold()
    return breaker


async def test_it_is_asked_until_it_answers_and_then_no_more() -> None:
    breaker, system = down(), System(DOWN, STRANGE, DOWN, None)
    async with watching(breaker, system):
        assert await breaker.closed(PATIENCE_SECONDS)
        assert system.asked == 4
        assert breaker.last is not None
        assert breaker.last.message == "still nothing"
        breaker.failed("a", REPORT)
        await system.until_asked(5)  # the next outage
    assert not breaker.is_open


async def test_a_refusal_is_an_answer() -> None:
    breaker = down()
    async with watching(breaker, System(NO)):
        assert await breaker.closed(PATIENCE_SECONDS)


async def test_one_that_takes_the_call_and_says_nothing_has_not_answered_and_is_asked_once() -> None:
    breaker, system = Told(), System(None)
    system.speaks.clear()
    async with watching(breaker, system, answer_seconds=0.01):
        for _ in range(3):
            assert (await asyncio.wait_for(breaker.told.get(), PATIENCE_SECONDS)).code == "time-out"
        assert (breaker.is_open, system.asked) == (True, 1)
        system.speaks.set()
        assert await breaker.closed(PATIENCE_SECONDS)


async def test_what_waits_is_the_trial_and_nothing_else_is_asked() -> None:
    """Also while Temporal does not say whether anything waits."""
    told: list[int | None] = [3, None, 1, 0]

    async def waiting() -> int:
        count = told.pop(0)
        if count is None:
            raise TemporarilyUnavailableError("temporal", "unavailable", "not now")
        return count

    breaker, system = down(), System(None)
    async with watching(breaker, system, waiting):
        assert await breaker.closed(PATIENCE_SECONDS)
    assert (told, system.asked) == ([], 1)


async def test_what_a_step_met_of_late_says_more() -> None:
    """Between two tries of a step nothing waits, and the question that is asked here may be one that still works."""
    clock = Clock()
    breaker = Breaker("erp", RULES.model_copy(update={"idle_seconds": 120}), clock)
    breaker.failed("a", REPORT)
    clock.now += 119
    assert not breaker.is_idle
    clock.now += 1
    assert breaker.is_idle
    breaker.still_down(REPORT)
    assert breaker.is_idle, "asking is no use of the system"


async def test_it_is_asked_when_a_trial_is_due_and_not_before() -> None:
    clock, system = Clock(), System(DOWN)
    breaker = Breaker("erp", CircuitRules(failures=1, cases=1, probe_seconds=5, longest_seconds=30), clock)
    breaker.hold()
    async with watching(breaker, system):
        await system.until_asked(1)
        await asyncio.sleep(0)
        for _ in range(20):
            breaker._tell()  # wakes whoever waits, before the time
            await asyncio.sleep(0)
        assert system.asked == 1
        clock.now += 10
        breaker._tell()
        await system.until_asked(2)


async def test_it_opens_no_circuit() -> None:
    breaker = Breaker("erp", RULES)
    breaker.still_down(REPORT)
    assert not breaker.is_open


class Part:
    """Some system, which notes that it was asked."""

    def __init__(self, name: str, asked: list[str]) -> None:
        self._name, self._asked = name, asked

    async def health(self) -> None:
        self._asked.append(self._name)


def worker_of(asked: list[str], *targets: str) -> Ports:
    """What the steps use of a worker with these targets of accounts; without any it does purchases alone."""
    part: Any = {name: Part(name, asked) for name in ("erp", "mail", "bank", "hris", "licences", "lists", *targets)}
    hiring = SimpleNamespace(
        hris=part["hris"],
        licences=part["licences"],
        exclusions=part["lists"],
        identities={name: part[name] for name in targets},
    )
    ports = SimpleNamespace(
        erp=part["erp"],
        suppliers=part["mail"],
        invoicing=SimpleNamespace(bank=part["bank"]) if targets else None,
        hiring=hiring if targets else None,
    )
    return cast(Ports, ports)


async def test_each_system_with_a_circuit_is_asked_all_its_parts() -> None:
    asked: list[str] = []
    probes = probes_of(worker_of(asked, "identity", "directory", "pharmacy"))
    assert set(probes) == set(SYSTEMS)
    for system in SYSTEMS:
        await probes[system]()
    assert asked == ["erp", "hris", "identity", "pharmacy", "directory", "licences", "lists", "bank", "mail"]


def test_a_worker_of_purchases_alone_asks_what_these_use() -> None:
    assert set(probes_of(worker_of([]))) == {"erp", "mail"}
