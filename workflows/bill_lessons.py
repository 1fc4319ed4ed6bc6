"""What people decided about an invoice, for the assistant to learn from."""

from __future__ import annotations

from temporalio import workflow

from domain.exceptions import Finding
from domain.ports.assistant import Question, RecordedSuggestion, Suggestion
from domain.suggesting import beside_decision, exception_features
from domain.tasks import Decision, Task
from workflows.case import CaseWorkflow
from workflows.messages.invoice_to_payment import InvoiceHeader

MOST_REMEMBERED = 50
"""Decisions of one case that the assistant learns from."""


class Lessons:
    """Answers of people beside what was suggested; they are handed over when the case closes."""

    def __init__(self, case: CaseWorkflow, facility: str) -> None:
        self._case, self._facility = case, facility
        self._learned: list[RecordedSuggestion] = []

    @property
    def learned(self) -> tuple[RecordedSuggestion, ...]:
        return tuple(self._learned)

    def take(
        self,
        finding: Finding,
        task: Task,
        decision: Decision,
        suggestions: dict[str, Suggestion],
        supplier: str,
        header: InvoiceHeader,
    ) -> None:
        """The action that was chosen, and the owner and the coding that somebody named."""
        features = exception_features(finding.code, supplier, header.amount, tuple(task.actions))
        question = Question(kind="exception", facility=self._facility, features=features)
        self._add(question, suggestions.get(finding.code), decision.action, task.task_id, decision)
        if decision.invoice is None:
            return
        features = {"supplier": supplier, "description": header.seller}
        if decision.invoice.owner:
            question = Question(kind="owner", facility=self._facility, features=features)
            name = f"{task.task_id}:owner"
            self._add(question, suggestions.get("owner"), decision.invoice.owner, name, decision)
        for line in decision.invoice.lines:
            if line.costs:
                described = {**features, "description": line.description or header.seller}
                question = Question(kind="coding", facility=self._facility, features=described)
                answer = f"{line.costs[0].account}/{line.costs[0].cost_centre}"
                name = f"{task.task_id}:coding.{line.line}"
                self._add(question, suggestions.get("coding"), answer, name, decision)

    def _add(
        self, question: Question, suggestion: Suggestion | None, decided: str, name: str, decision: Decision
    ) -> None:
        rule = self._case.policy.assistant
        if rule.mode == "off" or len(self._learned) >= MOST_REMEMBERED:
            return
        self._learned.append(
            beside_decision(
                name,
                self._case.file.case_id,
                question,
                suggestion,
                rule,
                decided,
                decision.actor.person,
                workflow.now(),
            )
        )
