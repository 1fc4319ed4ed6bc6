"""The approvals of one case: stage after stage, the questions of a stage side by side.

What is asked of whom, and what is approved already, is decided by `domain.approval_plan`; this asks and waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from domain.approval_plan import (
    AddedApprover,
    Ask,
    Given,
    directly_before,
    implied,
    implied_given,
    next_stage,
    short_of,
    stages,
)
from domain.case_actions import MOST_ADDED, ActionRefusal, ActionRequest
from domain.exceptions import Finding
from domain.routing import Route
from workflows.approval_question import ApprovalQuestion, ForApproval
from workflows.case import CaseWorkflow, RequestChanged
from workflows.questions import ask


class Approval:
    """A question that was answered stays answered until the policy asks for it anew."""

    def __init__(self, case: CaseWorkflow, given: Mapping[str, Given] | None = None, version: int = 1) -> None:
        self._case = case
        self.given: dict[str, Given] = dict(given or {})
        self.version = version
        self._added: list[AddedApprover] = []
        self._collecting = False

    async def obtain(self, route: Route, request: ForApproval) -> None:
        """Ask everybody whom the policy names and who has not approved. Raises CaseEnded when one rejects."""
        self._collecting = True
        try:
            while True:
                planned = self._planned(route, request)
                if not planned:
                    await self._ask_for_an_approver()
                    continue
                asks = next_stage(planned, self.given)
                if not asks:
                    return
                await self._ask_for_more_approvers(asks, request)
                await self._stage(asks, directly_before(planned, self.given), request)
        finally:
            self._collecting = False

    def add(self, request: ActionRequest) -> ActionRefusal | None:
        """One more person must approve, after everybody whom the policy names."""
        person = request.person
        if person is None:
            return "person-required"
        if not self._collecting:
            return "not-in-this-stage"
        by, appointed = request.actor, request.actor.has_role("process-owner") and not self._is_requester(request)
        known = next((each for each in self._added if each.person == person), None)
        if known is not None and (known.appointed or not appointed):
            return "duplicate"
        if known is None and len(self._added) >= MOST_ADDED:
            return "too-many"
        others = [each for each in self._added if each.person != person]
        self._added = [
            *others,
            AddedApprover(person=person, by=by.person, reason=request.comment, appointed=appointed),
        ]
        return None

    def _is_requester(self, request: ActionRequest) -> bool:
        return request.actor.person in self._case.requesters

    def _planned(self, route: Route, request: ForApproval) -> tuple[tuple[Ask, ...], ...]:
        case = self._case
        return stages(case.policy, route, request.approvers, request.amount, case.requesters, tuple(self._added))

    async def _ask_for_an_approver(self) -> None:
        """Nobody is named: the process owner may add an approver to the case and have it tried again."""
        finding = Finding(code="approver-missing", message="No rule of the policy names an approver")
        await ask(self._case, finding, "approval")

    async def _ask_for_more_approvers(self, asks: tuple[Ask, ...], request: ForApproval) -> None:
        """Where more must approve than the directory knows, the process owner is asked before people wait in vain."""
        for each in asks:
            missing = short_of(each, request.approvers, self._case.requesters)
            if missing is not None:
                await ask(self._case, Finding(code="approver-missing", message=missing), f"approval/{each.key}")

    async def _stage(self, asks: tuple[Ask, ...], before: tuple[Given, ...], request: ForApproval) -> None:
        left = [each for each in asks if not self._is_implied(each, before, request)]
        questions = [ApprovalQuestion(self._case, each, request, self.version) for each in left]
        for question in questions:
            question.open()
        if questions:
            await questions[0].announce(f"Ask {', '.join(each.whom for each in questions)} to approve")
        answers = await asyncio.gather(*(question.approved() for question in questions), return_exceptions=True)
        for question, answer in zip(questions, answers, strict=True):
            given = question.answered_before_the_change() if isinstance(answer, RequestChanged) else answer
            if isinstance(given, Given):
                self.given[question.ask.key] = given
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    def _is_implied(self, each: Ask, before: tuple[Given, ...], request: ForApproval) -> bool:
        """The policy's rule that the same person in the next stage decides once."""
        case = self._case
        actor = implied(case.policy, each, before, case.file.snapshot.facility)
        if actor is None:
            return False
        earlier = next(given for given in before if actor in given.approved_by)
        self.given[each.key] = implied_given(each, actor, earlier.key, request.amount)
        case.file.note(
            "approval.implied",
            f"{each.role}: {actor.person} approved the stage before and is not asked again",
            actor=actor.person,
            rule="same-person-decides-once",
            level=each.key,
        )
        return True
