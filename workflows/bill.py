"""One invoice while it is under way: what is known of it, and the steps and questions that its stages share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

from temporalio import workflow

from domain.business_time import local_day
from domain.case import CaseStatus
from domain.exceptions import CATALOGUE, Finding
from domain.invoice_control import CallBack
from domain.matching import Accepted
from domain.ports.assistant import Suggestion
from domain.suggesting import shown
from domain.tasks import Action, Decision, InvoiceCorrection, Task
from workflows.bill_lessons import Lessons
from workflows.case import Build, CaseEnded, CaseWorkflow
from workflows.errors import StepFailure
from workflows.messages.invoice_to_payment import InvoiceHeader, InvoiceInput
from workflows.questions import accepted_by_policy, answer_to, ask_about_failure, open_exception
from workflows.steps.invoice_inputs import ConfirmAccountInput, ControlOutcome, CorrectInput, MatchOutcome
from workflows.steps.invoicing import InvoicingSteps

TWO_PERSONS = frozenset({"bank-account-changed", "bank-account-mismatch"})
ENDING: frozenset[Action] = frozenset({"reject", "return-to-supplier", "confirm-duplicate", "cancel"})
LETS_PASS: frozenset[Action] = frozenset({"accept", "verify", "not-duplicate"})
# What a bill offers where the catalogue speaks of purchases.
INSTEAD: dict[str, tuple[Action, ...]] = {
    "supplier-unknown": ("map", "retry", "return-to-supplier", "reject"),
    "supplier-blocked": ("retry", "return-to-supplier", "reject"),
    "unit-mismatch": ("code", "return-to-supplier", "reject"),
}
CODED = frozenset({"coding-required", "coding-invalid", "owner-missing"})
_BESIDE: tuple[str, ...] = ("coding", "owner")


class Bill:
    """The invoice in hand. `accepted` are the exceptions that people or rules let pass before matching, `let_pass`
    those of matching."""

    def __init__(self, case: CaseWorkflow, start: InvoiceInput) -> None:
        self.case, self.start = case, start
        self.header: InvoiceHeader = start.header
        self.version, self.round = 1, 0
        self.supplier, self.supplier_name = "", ""
        self.chosen_supplier = ""
        self.owner = ""
        self.accepted: set[str] = set()
        self.let_pass: dict[str, Accepted] = {}
        self.controlled: ControlOutcome | None = None
        self.matched: MatchOutcome | None = None
        self.codes: list[str] = []
        self.end_state = "rejected"
        self.answer_supplier = False
        self.lessons = Lessons(case, start.facility)

    @property
    def today(self) -> date:
        return local_day(workflow.now(), self.case.policy.facility.calendar)

    async def step(
        self, step: Any, build: Build, summary: str, slot: str, actions: tuple[Action, ...] = ("retry", "cancel")
    ) -> Any:
        """A step that the case cannot go on without: its failure is an exception until it succeeds. Where `actions`
        offer to skip it, None says that somebody did."""
        seq = self.case.file.next_seq()
        while True:
            result = await self.case.try_step(step, build, summary, seq)
            if not isinstance(result, StepFailure):
                return result
            decision = await ask_about_failure(self.case, result, summary, slot, actions)
            if decision is not None and decision.action == "skip":
                return None

    # Asking

    def passed_by_rule(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Those that a rule of the policy accepts, each put on record. None of a bill in another currency than that of
        the rules' limits."""
        if self.header.amount.currency != self.case.policy.facility.currency:
            return ()
        return tuple(each for each in findings if accepted_by_policy(self.case, each))

    async def ask(
        self, findings: Sequence[Finding], slot: str, suggestions: dict[str, Suggestion]
    ) -> tuple[tuple[Finding, Decision], ...]:
        """Raise the findings at once, so that their owners work side by side. Whoever ends the case ends all of it."""
        tasks = [(each, self.open(each, slot, suggestions)) for each in findings]
        await self.case.announce(f"Ask about {len(tasks)} exception(s)")
        answers = await asyncio.gather(
            *(self._answer(finding, task, suggestions) for finding, task in tasks), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, CaseEnded):
                raise answer
        self.case.check_ended()
        return tuple(answer for answer in answers if not isinstance(answer, BaseException))

    def open(self, finding: Finding, slot: str, suggestions: dict[str, Suggestion]) -> Task:
        self.codes.append(finding.code)
        suggestion = suggestions.get(finding.code)
        visible = suggestion if suggestion is not None and self._is_shown(suggestion) else None
        extra: dict[str, Any] = {
            name: suggestions[name].model_dump(mode="json")
            for name in _BESIDE
            if finding.code in ("coding-required", "owner-missing")
            and name in suggestions
            and self._is_shown(suggestions[name])
        }
        suggested: dict[str, Any] = {} if visible is None else visible.model_dump(mode="json")
        suggested.update(extra)
        return open_exception(
            self.case,
            finding,
            f"{slot}/{finding.code}",
            actions=INSTEAD.get(finding.code, ()),
            needs=2 if finding.code in TWO_PERSONS else 1,
            suggested=suggested or None,
            excluded=_changers(finding) if finding.code in TWO_PERSONS else (),
        )

    def _is_shown(self, suggestion: Suggestion) -> bool:
        return shown(suggestion, self.case.policy.assistant)

    async def _answer(
        self, finding: Finding, task: Task, suggestions: dict[str, Suggestion]
    ) -> tuple[Finding, Decision]:
        decision = await answer_to(self.case, task)
        self.remember(finding, task, decision, suggestions)
        self.end_if_asked(finding, decision)
        if self.case.file.ledger.open_tasks() and self.case.ended is None:
            await self.case.announce("Record the answer, while others are awaited")
        return finding, decision

    def end_if_asked(self, finding: Finding, decision: Decision) -> None:
        """Raises CaseEnded when the answer is that the invoice is not taken up."""
        if decision.action not in ENDING:
            return
        if decision.action == "confirm-duplicate":
            self.end_state = "duplicate"
        self.answer_supplier = decision.action in ("return-to-supplier", "confirm-duplicate")
        status: CaseStatus = "cancelled" if decision.action == "cancel" else "rejected"
        reason = decision.comment or CATALOGUE[finding.code].title
        self.codes = [finding.code]
        raise self.case.end(status, reason, decision.actor.person)

    def remember(self, finding: Finding, task: Task, decision: Decision, suggestions: dict[str, Suggestion]) -> None:
        """What the assistant learns from: the person's answer, beside what was suggested."""
        self.lessons.take(finding, task, decision, suggestions, self.supplier, self.header)

    # Answers

    async def correct(self, decision: Decision) -> bool:
        """Write the next version of the copy; False when the correction does not fit, which is put on record."""
        correction: InvoiceCorrection | None = decision.invoice
        if correction is None:
            self.case.file.note(
                "correction.refused",
                "A correction of an invoice names what changes in 'invoice'",
                actor=decision.actor.person,
            )
            return False
        outcome = await self.step(
            InvoicingSteps.correct_invoice,
            lambda journal, seq: CorrectInput(
                journal=journal,
                seq=seq,
                version=self.version,
                correction=correction,
                by=decision.actor.person,
                why=decision.comment,
                at=workflow.now(),
                accepted=tuple(sorted(self.accepted)),
                supplier=self.supplier,
            ),
            "Correct the working copy",
            "correction",
        )
        if outcome.faults:
            self.case.file.note("correction.refused", "; ".join(outcome.faults), actor=decision.actor.person)
            return False
        self.version, self.accepted = outcome.version, set(outcome.accepted)
        self.let_pass = {}
        if correction.supplier:
            self.chosen_supplier = correction.supplier
        self.owner = correction.owner or self.owner
        return True

    async def confirm_account(self, finding: Finding, decision: Decision) -> None:
        """Two persons confirmed the account; the call is kept with the supplier, so that it is not asked again."""
        note, approvals = decision.call_back, self.case.file.ledger.approvals(decision.task_id)
        fingerprints = tuple(str(each) for each in finding.evidence.get("confirm", ()))
        if note is None or not fingerprints:
            return
        people = tuple(dict.fromkeys(each.decision.actor.person for each in approvals))
        await self.step(
            InvoicingSteps.confirm_account,
            lambda journal, seq: ConfirmAccountInput(
                journal=journal,
                seq=seq,
                supplier=self.supplier,
                account_fingerprints=fingerprints,
                confirmed_by=people,
                call_back=CallBack(phone=note.phone, spoken_with=note.spoken_with, called_at=note.called_at),
                at=workflow.now(),
            ),
            "Record the confirmed account",
            "account",
        )
        self.accepted.add(finding.code)


def _changers(finding: Finding) -> tuple[str, ...]:
    """Whoever entered the account is not one of those who confirm it."""
    master = finding.evidence.get("master", ())
    return tuple(sorted({str(each["changed_by"]) for each in master if each.get("changed_by")}))
