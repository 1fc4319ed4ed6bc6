"""How long a caller waits, with the gateway and without: taken in turns, one call at a time."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from temporalio.common import Priority

from api.start_payload import start_payload
from bench import bare
from bench.driving import PATIENCE_SECONDS, Handle, Steps
from bench.gateway import gateway_of
from bench.purchases import Hospital
from workflows import search_attributes
from workflows.messages.procure_to_pay import MEMO_FINGERPRINT

Call = Callable[[], Awaitable[float]]
"""Gives the instant (of `time.perf_counter`) at which whoever called has the answer."""
QUEUE_WITHOUT_WORKER = "nobody"


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one kind of call."""

    milliseconds: Sequence[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[98]


@dataclass(frozen=True)
class Pair:
    """Our call and the bare one; `laden` is the one that carries what ours carries, where there is such a call."""

    ours: Latency
    bare: Latency
    laden: Latency | None = None

    @property
    def ratio(self) -> float:
        return self.ours.p50 / self.bare.p50

    @property
    def laden_ratio(self) -> float | None:
        return None if self.laden is None else self.ours.p50 / self.laden.p50


async def _timed(call: Call) -> float:
    begun = time.perf_counter()
    return (await call() - begun) * 1000


async def _in_turns(calls: Iterator[tuple[Call, ...]], seconds: float, warm_up: int = 10) -> Pair:
    """Ours and those that it is measured against in turns, so that whatever else the machine does hits all of them."""
    rounds: list[list[float]] = []
    until = time.monotonic() + seconds
    for count, turn in enumerate(calls):
        times = [await _timed(call) for call in turn]
        if count >= warm_up:
            rounds.append(times)
        if time.monotonic() >= until and len(rounds) > 1:
            break
    return Pair(*map(Latency, zip(*rounds, strict=True)))


async def intake(hospital: Hospital, numbers: Iterator[int], seconds: float) -> Pair:
    """`POST /v1/requisitions` against `client.start_workflow`, with nothing and with all that a case starts with; no
    worker takes the cases up.
    """
    gateway = gateway_of(hospital, QUEUE_WITHOUT_WORKER)

    def calls() -> Iterator[tuple[Call, ...]]:
        for number in numbers:
            body = hospital.requisition(number).model_dump(mode="json", exclude_defaults=True)
            post = gateway.posting("/v1/requisitions", body, "nina")

            async def start(number: int = number) -> float:
                await hospital.client.start_workflow("Bare", [], id=f"bare-{number}", task_queue=QUEUE_WITHOUT_WORKER)
                return time.perf_counter()

            yield post, start, _laden_start(hospital, number)

    return await _in_turns(calls(), seconds)


def _laden_start(hospital: Hospital, number: int) -> Call:
    """The start of a case by whoever has all of it at hand, ready to be sent."""
    purchase = hospital.purchase(number)
    given = start_payload(purchase)
    shown = search_attributes.at_start("procure-to-pay", purchase.requisition.facility, purchase.requisition.urgency)

    async def start() -> float:
        await hospital.client.start_workflow(
            "Laden",
            given,
            id=f"laden-start-{number}",
            task_queue=QUEUE_WITHOUT_WORKER,
            memo={MEMO_FINGERPRINT: purchase.request_sha256},
            search_attributes=shown,
            static_summary=purchase.case_id,
            static_details=purchase.case_id,
            priority=Priority(priority_key=3, fairness_key=purchase.requisition.facility),
        )
        return time.perf_counter()

    return start


async def decisions(hospital: Hospital, steps: Steps, numbers: Iterator[int], count: int) -> Pair:
    """`POST /v1/tasks/{id}/decision` until its outcome is known, against a signal and a query."""
    gateway = gateway_of(hospital, QUEUE_WITHOUT_WORKER)
    taken = [next(numbers) for _ in range(count)]
    waiting = bare.subject(hospital.client, ["step", "wait"])
    cases = await asyncio.gather(*(hospital.start(number) for number in taken))
    plain = await asyncio.gather(*(waiting.start(number) for number in taken))
    await asyncio.gather(*(_until(steps, case.id, "announce") for case in cases))
    await asyncio.gather(*(_until(steps, each.id, "nothing") for each in plain))

    def calls() -> Iterator[tuple[Call, ...]]:
        for case, each in zip(cases, plain, strict=True):

            async def decide(case: str = case.id) -> float:
                (task,) = await hospital.evidence.tasks_of_case(case)
                body = {"action": "approve", "subject_version": task.subject_version}
                return await gateway.posting(f"/v1/tasks/{task.task_id}/decision", body, "carla")()

            async def signal_and_query(each: Handle = each) -> float:
                await each.signal(bare.Bare.go)
                await each.query(bare.Bare.signals)
                return time.perf_counter()

            yield decide, signal_and_query

    pair = await _in_turns(calls(), seconds=60, warm_up=3)
    for each in (*cases, *plain):
        steps.forget(each.id)
    return pair


async def _until(steps: Steps, workflow_id: str, step: str) -> None:
    """Raises TimeoutError when the step does not come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await steps.of(workflow_id).get() != step:
            pass
