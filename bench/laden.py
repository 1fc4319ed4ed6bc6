"""A workflow that decides nothing and has no effect, but carries what a case carries: as many bytes to and from each
step, in each signal and at the start, and as many changes of search attributes.

What lies between the bare workflow and this one is Temporal's price for the data; what lies between this one and a case
is Corridor's own.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client

from bench.driving import Answer, Handle, Subject
from bench.shapes import Element, Shape, answers
from workflows import search_attributes

QUEUE = "laden"


def load(size: int) -> str:
    """A text that takes about `size` bytes as JSON."""
    return "x" * max(0, size - 2)


@activity.defn(name="carry")
async def carry(given: str, returned: int) -> str:  # noqa: ARG001 - it is carried, and that is all
    return load(returned)


@workflow.defn(name="Laden")
class Laden:
    def __init__(self) -> None:
        self._signals = 0

    @workflow.run
    async def run(self, elements: list[Element], given: str) -> None:  # noqa: ARG002 - it is carried
        waits = shown = 0
        for element in elements:
            match element.kind:
                case "step":
                    await workflow.execute_activity(
                        carry,
                        args=[load(element.given), element.returned],
                        start_to_close_timeout=timedelta(seconds=30),
                    )
                case "shown":
                    shown += 1
                    workflow.upsert_search_attributes(
                        [
                            search_attributes.STAGE.value_set("approval"),
                            search_attributes.AWAITING_ROLE.value_set(f"role {shown}"),
                            search_attributes.EXCEPTION.value_set("none"),
                            search_attributes.SUPPLIERS.value_set(["S-1"]),
                            search_attributes.AWAITING_SINCE.value_set(workflow.now()),
                            search_attributes.DUE_AT.value_set(workflow.now()),
                            search_attributes.AMOUNT.value_set(float(shown)),
                        ]
                    )
                case "wait" | "timed wait":
                    waits += 1
                    await self._until(waits, timed=element.kind == "timed wait")

    async def _until(self, signals: int, timed: bool) -> None:
        timeout = timedelta(days=1) if timed else None
        await workflow.wait_condition(lambda: self._signals >= signals, timeout=timeout)

    @workflow.signal
    def go(self, given: str) -> None:  # noqa: ARG002 - it is carried
        self._signals += 1


def subject(client: Client, shape: Shape) -> Subject:
    async def start(number: int) -> Handle:
        given = [list(shape.elements), load(shape.given)]
        return await client.start_workflow("Laden", args=given, id=f"laden-{number}", task_queue=QUEUE)

    signal_bytes = max((each.given for each in shape.elements if each.kind in ("wait", "timed wait")), default=0)

    def go(times: int) -> Answer:
        async def signal(handle: Handle) -> None:
            for _ in range(times):
                await handle.signal(Laden.go, load(signal_bytes))

        return signal

    return Subject("laden workflow", start, answers(shape.kinds, "carry", go))
