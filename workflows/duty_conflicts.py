"""Duties combined outside, where they could not be refused: compliance looks at them before the case closes."""

from __future__ import annotations

from temporalio import workflow

from domain.duties import Duty
from domain.exceptions import Finding
from domain.segregation import conflict
from domain.tasks import Task
from workflows.case import CaseWorkflow
from workflows.questions import answer_to, open_exception


class DutyConflicts:
    """What was done in another system stays done: goods that came are booked, whoever took them in."""

    def __init__(self, case: CaseWorkflow) -> None:
        self._case = case
        self._tasks: list[Task] = []

    def exercised(self, person: str, duty: Duty) -> None:
        """Note the duty; when the policy forbids the combination, ask compliance. It shows with the next step."""
        file, policy, now = self._case.file, self._case.policy, workflow.now()
        done, facility = file.ledger.duties(), file.snapshot.facility
        rule = conflict(policy.segregation, person, duty, done, (), facility, file.case_id, now)
        file.ledger.note_duty(person, duty, now)
        file.show(duties=file.duties())
        if rule is None:
            return
        other = rule.first if duty == rule.second else rule.second
        finding = Finding(
            code="duties-conflict",
            message=f"{person} acted as {duty} and as {other}: {rule.reason}",
            evidence={"rule": rule.name, "person": person, "duty": duty},
        )
        self._tasks.append(open_exception(self._case, finding, f"duties/{rule.name}"))

    async def answered(self) -> None:
        """Wait until compliance has answered for each."""
        while self._tasks:
            await answer_to(self._case, self._tasks[0])
            self._tasks.pop(0)
