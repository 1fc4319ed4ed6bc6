"""What comes next in a story: a pure account of what was played already."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.story import Answer, DeliveryStep, Example, Handover, Intervention
from domain.purchase import PlacedOrder

_AGREED = Answer(action="approve")


class OpenTask(BaseModel):
    """What the demonstration needs to know of a task on a worklist."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str
    case_id: str
    kind: str
    slot: str
    role: str
    facility: str
    subject_version: int
    exception_code: str | None = None
    level: str = ""
    people: tuple[str, ...] = ()
    needs: int = 1
    approved_by: tuple[str, ...] = ()


class UnexpectedTaskError(Exception):
    """A task was opened that the story has no answer to."""


class CaseScript:
    """One example while it is played. `approvals` maps the approval tasks that were answered to their levels,
    `exceptions` those of exceptions to their codes, `decided` the levels to the number of their answers.
    """

    def __init__(self, example: Example) -> None:
        self.example, self.story = example, example.story
        self.approvals: dict[str, str] = {}
        self.exceptions: dict[str, str] = {}
        self.decided: dict[str, int] = defaultdict(int)
        self.waiting = list(self.story.interventions)
        self.handovers = list(self.story.handovers)
        self.decided_exceptions: dict[str, int] = defaultdict(int)

    # People

    def answer_to(self, task: OpenTask) -> Answer | None:
        """What the person answers; None when the story has them wait. Raises UnexpectedTaskError."""
        match task.kind:
            case "approval":
                return self._approval(task)
            case "retrospective-approval":
                return self.story.retrospective
            case "information" if self.story.information:
                return Answer(action="answer", comment=self.story.information)
            case "exception":
                return self._exception(task.exception_code or "")
        raise UnexpectedTaskError(f"nobody answers the task '{task.slot}' in the story")

    def _approval(self, task: OpenTask) -> Answer | None:
        if self.story.approvals == "none" or self._held_back(task.level):
            return None
        answers = self.story.approvals.get(task.level, ())
        given = self.decided[task.level]
        answer = answers[given] if given < len(answers) else _AGREED
        return None if answer.after is not None and not self.decided[answer.after] else answer

    def _held_back(self, level: str) -> bool:
        if any(each.level == level for each in self.handovers):
            return True
        return any(each.at == "approval" and each.after_approvals <= self._all_decided() for each in self.waiting)

    def _all_decided(self) -> int:
        return sum(self.decided.values())

    def _exception(self, code: str) -> Answer:
        given = self.decided_exceptions[code]
        answers = self.story.exceptions.get(code) or self.story.unforeseen.get(code, ())
        if given >= len(answers):
            raise UnexpectedTaskError(f"nobody answers the exception '{code}' in the story")
        return answers[given]

    def answered(self, task: OpenTask) -> None:
        """The case took the answer."""
        if task.kind == "approval":
            self.decided[task.level] += 1
            self.approvals[task.task_id] = task.level
        elif task.kind == "exception" and task.exception_code:
            self.decided_exceptions[task.exception_code] += 1
            self.exceptions[task.task_id] = task.exception_code

    def due(self, stage: str, deliveries: int, open_tasks: list[OpenTask]) -> Intervention | None:
        """The next intervention, when the case stands where the story has it happen."""
        if not self.waiting or self.waiting[0].at != stage:
            return None
        first = self.waiting[0]
        if first.after_deliveries > deliveries:
            return None
        if stage == "approval" and not self._asked_after(first, open_tasks):
            return None
        return first

    def _asked_after(self, intervention: Intervention, open_tasks: list[OpenTask]) -> bool:
        """Whether so many have decided and the next one is being asked."""
        asked = [task for task in open_tasks if task.kind == "approval" and task.task_id not in self.approvals]
        return bool(asked) and self._all_decided() >= intervention.after_approvals

    def handover_due(self, open_tasks: list[OpenTask]) -> tuple[Handover, OpenTask] | None:
        """The next question that is handed to somebody, once it is asked."""
        for each in self.handovers:
            for task in open_tasks:
                if task.kind == "approval" and task.level == each.level and task.task_id not in self.approvals:
                    return each, task
        return None

    def cancelled_lines(self) -> set[int]:
        done = self.story.interventions[: len(self.story.interventions) - len(self.waiting)]
        return {each.line for each in done if each.action == "cancel-line" and each.line is not None}

    # The dock

    def steps(self) -> tuple[DeliveryStep, ...]:
        """The deliveries of each order, in sequence."""
        if self.story.deliveries == "full":
            return (DeliveryStep(),)
        return () if self.story.deliveries == "none" else self.story.deliveries

    def receipt_lines(
        self, step: DeliveryStep, order: PlacedOrder, received: dict[int, Decimal]
    ) -> list[dict[str, Any]]:
        """What the clerk reports of one order; empty when nothing of the step concerns it. Adds to `received`."""
        gone, rows = self.cancelled_lines(), []
        for line in order.lines:
            left = line.quantity.value - received.get(line.line, Decimal(0))
            said = step.receive.get(str(line.line), "rest" if self.story.deliveries == "full" else "0")
            accepted = max(left, Decimal(0)) if said == "rest" else Decimal(said)
            rejected = Decimal(step.reject.get(str(line.line), "0"))
            if line.line in gone or not (accepted or rejected):
                continue
            received[line.line] = received.get(line.line, Decimal(0)) + accepted
            row = {"line": line.line, "accepted": str(accepted), "rejected": str(rejected), "reason": step.reason}
            rows.append(row)
        return rows

    def return_lines(
        self, step: DeliveryStep, order: PlacedOrder, received: dict[int, Decimal]
    ) -> list[dict[str, Any]]:
        """What goes back of one order. Takes from `received`."""
        rows = []
        for line in order.lines:
            quantity = Decimal(step.give_back.get(str(line.line), "0"))
            if quantity:
                received[line.line] = received.get(line.line, Decimal(0)) - quantity
                rows.append({"line": line.line, "quantity": str(quantity), "reason": step.reason})
        return rows

    # The supplier

    def acknowledgements_due(self) -> int:
        """How many answers the supplier has given by now: one, and one more each time that it was chased."""
        if self.story.supplier == "silent":
            return 0
        code = "acknowledgement-differs"
        decided = self.story.exceptions.get(code, ())[: self.decided_exceptions[code]]
        return 1 + sum(answer.action == "chase" for answer in decided)

    def ready_for_goods(self) -> bool:
        """Whether everything is decided that the story has decided before goods come."""
        later = {step.raises for step in self.steps()} | {"retrospective-refused"}
        before = [(code, answers) for code, answers in self.story.exceptions.items() if code not in later]
        return all(self.decided_exceptions[code] >= len(answers) for code, answers in before)
