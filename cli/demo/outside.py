"""The world outside one case: who posts it, how suppliers answer, what comes in, who intervenes, who pays."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.desk import Desk
from cli.demo.play import CasePlay
from cli.demo.script import OpenTask
from cli.demo.story import (
    DeliveryStep,
    Handover,
    Intervention,
    acknowledged_lines,
    amended_body,
    delegation_body,
    request_body,
)
from domain.people import Person
from domain.purchase import PlacedOrder

ACKNOWLEDGED, RECEIVED = "corridor.order.acknowledged", "corridor.goods.received"
RETURNED, SETTLED = "corridor.goods.returned", "corridor.order.settled"
_LOOK_AGAIN_SECONDS = 2.0
_REPEATS = 30


class Outside:
    """Plays one case to its end. `today` is the day that relative days count from."""

    def __init__(self, api: DemoApi, desk: Desk, people: Sequence[Person], play: CasePlay, today: date) -> None:
        self._api, self._desk, self._play, self._today = api, desk, play, today
        facility = str(play.example.request["facility"])
        self._clerk = next(
            person.person for person in people if "receiving-clerk" in person.roles and facility in person.facilities
        )
        self._sent: set[tuple[str, ...]] = set()
        self._orders, self._received = play.orders, play.received
        self._delivered = 0
        self._awaited: tuple[str, int] | None = None

    async def run(self, after: CasePlay | None, deadline_seconds: float) -> None:
        """Post the requisition and follow it until it is closed or fails."""
        play = self._play
        try:
            async with asyncio.timeout(deadline_seconds):
                if after is not None:
                    await after.checked.wait()
                await self._post()
                while not play.over:
                    play.changed.clear()
                    play.see(await self._api.case(play.case_id))
                    await self._go_on()
                    await self._until_changed()
                if play.order_numbers and not self._orders:
                    await self._read_orders()
                play.ordered.set()
                play.delivered.set()
        except TimeoutError:
            where = f"stage {play.stage or 'unknown'}, waiting for {play.snapshot.get('awaiting') or 'nothing'}"
            play.fail(f"not closed within {deadline_seconds:g} s: {where}")
        except (ProblemAnswerError, httpx.HTTPError) as error:
            play.fail(str(error) or type(error).__name__)

    async def _post(self) -> None:
        for each in self._play.script.story.delegations:
            body = {"delegation_id": uuid.uuid4().hex, **delegation_body(each, self._today)}
            await self._api.delegate(each.delegator, body)
        case_id = await self._api.submit(self._play.example.posted_by, request_body(self._play.example, self._today))
        if case_id != self._play.case_id:
            self._play.fail(f"the API calls the case {case_id}")

    async def _until_changed(self) -> None:
        if self._play.over:
            return
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                await self._play.changed.wait()
        except TimeoutError:
            return

    async def _go_on(self) -> None:
        play = self._play
        handover = play.script.handover_due(play.tasks)
        if handover is not None:
            await self._hand_over(*handover)
        for task in play.tasks:
            self._desk.ask_to_look(play, task)
        intervention = play.script.due(play.stage, self._delivered, play.tasks)
        if intervention is not None:
            await self._intervene(intervention)
        elif play.order_numbers and len(play.order_numbers) >= play.script.story.expect.orders:
            await self._fulfil()

    # What people do to the whole case

    async def _intervene(self, intervention: Intervention) -> None:
        play = self._play
        body: dict[str, Any] = {"action_id": uuid.uuid4().hex, "comment": intervention.comment}
        if intervention.line is not None:
            body["line"] = intervention.line
        if intervention.person is not None:
            body["person"] = intervention.person
        if intervention.action == "amend":
            body["requisition"] = amended_body(play.example, intervention, self._today)
        async with play.lock:
            for _ in range(_REPEATS):
                try:
                    record = await self._api.act(intervention.by, play.case_id, intervention.action, body)
                except ProblemAnswerError as error:
                    play.refused(str(error))
                    return
                if record is not None:
                    self._intervened(intervention, record)
                    return
        play.fail(f"no answer to '{intervention.action}'")

    def _intervened(self, intervention: Intervention, record: dict[str, Any]) -> None:
        if record["status"] == "applied":
            self._play.script.waiting.remove(intervention)
            self._play.changed.set()
        else:
            self._play.refused(f"'{intervention.action}' was ignored: {record['because']}")

    async def _hand_over(self, handover: Handover, task: OpenTask) -> None:
        """Have the question go to somebody else, for this once or for good."""
        play, handover_id = self._play, uuid.uuid4().hex
        body = {"to": handover.to, "comment": handover.comment}
        async with play.lock:
            try:
                if handover.how == "delegate":
                    await self._api.delegate_task(handover.by, task.task_id, {"delegation_id": handover_id, **body})
                elif not await self._reassigned(handover, task, {"change_id": handover_id, **body}):
                    return
            except ProblemAnswerError as error:
                play.refused(f"{handover.by}: {error}")
                return
            play.script.handovers.remove(handover)
            play.changed.set()

    async def _reassigned(self, handover: Handover, task: OpenTask, body: dict[str, Any]) -> bool:
        for _ in range(_REPEATS):
            record = await self._api.reassign(handover.by, task.task_id, body)
            if record is not None:
                return True
        self._play.fail(f"no answer to handing over {task.task_id}")
        return False

    # Suppliers and goods

    async def _fulfil(self) -> None:
        """The next thing that happens to the orders; one at a time, so that each is seen before the next."""
        if not await self._acknowledge():
            return
        if not self._play.ordered.is_set():
            await self._read_orders()
            self._play.ordered.set()
        if not self._delivered and not self._play.goods_may_come.is_set():
            return
        if not self._delivered and not self._goods_may_come():
            return
        if self._awaited is not None:
            code, decided = self._awaited
            if self._play.script.decided_exceptions[code] < decided:
                return
            self._awaited = None
        steps = self._play.script.steps()
        if self._delivered < len(steps):
            await self._deliver(steps[self._delivered])
        elif not self._play.script.waiting:
            self._play.delivered.set()
            if self._play.script.story.settlement and not self._play.billed and not self._play.bills_to_come:
                await self._settle()

    def _goods_may_come(self) -> bool:
        silent = self._play.script.story.supplier == "silent"
        stages = ("delivery", "acknowledgement") if silent else ("delivery",)
        return self._play.stage in stages and self._play.script.ready_for_goods()

    async def _acknowledge(self) -> bool:
        """Send the answers that are due; True when nothing is left to send."""
        story, done = self._play.script.story, True
        for number in self._play.order_numbers:
            for count in range(self._play.script.acknowledgements_due()):
                lines = acknowledged_lines(story.supplier[count], self._today) if story.supplier != "silent" else []
                data = {"order_number": number, "acknowledged_at": _now(), "lines": lines}
                done = await self._report(ACKNOWLEDGED, (str(count),), number, data) and done
        return done

    async def _deliver(self, step: DeliveryStep) -> None:
        await self._read_orders()
        before, sent, done = self._play.script.decided_exceptions[step.raises or ""], False, True
        for number, order in self._orders.items():
            received = dict(self._received.get(number, {}))
            if step.give_back:
                rows, kind = self._play.script.return_lines(step, order, received), RETURNED
                data = {"returned_at": _now(), "returned_by": step.received_by or self._clerk}
            else:
                rows, kind = self._play.script.receipt_lines(step, order, received), RECEIVED
                note = f"DN-{number}-{self._delivered + 1}"
                clerk = step.received_by or self._clerk
                data = {"received_at": _now(), "received_by": clerk, "delivery_note": note}
            part = (str(self._delivered),)
            if not rows or (kind, number, *part) in self._sent:
                continue
            if await self._report(kind, part, number, {"order_number": number, **data, "lines": rows}):
                self._received[number], sent = received, True
            else:
                done = False
        if done:
            self._delivered += 1
            self._awaited = (step.raises, before + 1) if step.raises and sent else None
            self._play.changed.set()

    async def _settle(self) -> None:
        for number, received in self._received.items():
            if any(quantity > 0 for quantity in received.values()):
                total = self._orders[number].total.model_dump(mode="json")
                data = {
                    "order_number": number,
                    "settled_at": _now(),
                    "amount": total,
                    "final": True,
                    "reference": f"INV-{number}",
                }
                await self._report(SETTLED, (), number, data)

    async def _read_orders(self) -> None:
        """The orders as they stand, from the timeline: what the supplier was sent, in the latest version."""
        for entry in await self._api.timeline(self._play.case_id):
            if entry["kind"] in ("order.placed", "order.changed"):
                order = PlacedOrder.model_validate(entry["detail"]["order"])
                self._orders[order.number] = order

    async def _report(self, kind: str, part: tuple[str, ...], number: str, data: dict[str, Any]) -> bool:
        """Send an event once; True when the case has it."""
        key = (kind, number, *part)
        if key in self._sent:
            return True
        try:
            outcome = await self._api.report(kind, number, data)
        except ProblemAnswerError as error:
            self._play.refused(str(error))
            return False
        record = outcome.get("record") or {}
        if record.get("status") == "ignored":
            self._play.refused(f"{kind} for {number} was ignored: {record.get('because')}")
            return False
        self._sent.add(key)
        return True


def _now() -> str:
    return datetime.now(UTC).isoformat()
