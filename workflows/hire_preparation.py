"""What happens before anything is done for a hire: who the person is, the plan, and the approvals that it needs."""

from __future__ import annotations

import json
from datetime import date

from domain.exceptions import Finding
from domain.hire import Hire
from domain.person_match import PersonMatch
from domain.routing import RequestFacts, Route, route
from domain.tasks import Decision
from workflows.approval import Approval
from workflows.approval_question import ForApproval
from workflows.hire_case import HireCase
from workflows.questions import ask
from workflows.steps.hire_inputs import IdentifyInput, IdentifyOutcome, PlanInput, PlanOutcome
from workflows.steps.hiring import HiringSteps

NEW = "new"


class Identification:
    """Nobody is hired twice, and nobody gets another person's account: what is not certain a person decides."""

    def __init__(self, case: HireCase) -> None:
        self._case = case

    async def run(self) -> None:
        """Until it is settled who the person is. Raises CaseEnded when the case is not needed."""
        case, decided = self._case, ""
        while True:
            case.file.show(stage="identification", next_step="It is looked up whether the person is known already")
            outcome: IdentifyOutcome | Decision = await case.effect(
                HiringSteps.identify_person,
                case.given(IdentifyInput, hire=case.hire, parameters=case.rules.parameters, decided=decided),
                "Look the person up",
                "identity",
            )
            if isinstance(outcome, Decision):
                continue
            if not outcome.findings:
                self._take(outcome.match)
                return
            decided = await self._ask(outcome.findings[0], decided)

    def _take(self, match: PersonMatch) -> None:
        case = self._case
        case.revive = match.worker_id if match.kind == "rehire" else ""
        case.file.note("person.identified", match.why or f"The person is {match.kind}", match=match.kind)

    async def _ask(self, finding: Finding, decided: str) -> str:
        case = self._case
        decision = await ask(case, finding, "identity")
        named = decision.hire.worker_id if decision.hire is not None else None
        if decision.action == "create":
            return NEW
        if decision.action == "revive" and named:
            return named
        if decision.action == "link":
            raise case.end(
                "cancelled",
                f"The person is {named or 'known'} already, and needs no hire: {decision.comment}",
                decision.actor.person,
            )
        return decided


class Planning:
    """The plan, and the questions that it raises. What people let pass stays let pass when it is made anew."""

    def __init__(self, case: HireCase) -> None:
        self._case = case
        self._accepted: set[str] = set()
        self._removed: set[str] = set()
        self._mitigated: dict[str, date] = {}
        self._checked_start: date | None = None

    async def run(self, hire: Hire) -> PlanOutcome | None:
        """The plan that may be followed; None when the hire was changed while somebody was asked about it."""
        case = self._case
        while True:
            outcome: PlanOutcome | Decision = await case.effect(
                HiringSteps.plan_hire,
                case.given(
                    PlanInput,
                    hire=hire,
                    policy=case.policy,
                    today=case.board.today,
                    worker_id=case.worker_id or case.revive,
                    accepted=lambda: tuple(sorted(self._accepted)),
                    removed=lambda: tuple(sorted(self._removed)),
                    mitigated=lambda: dict(self._mitigated),
                    checked_start=self._checked_start,
                ),
                "Make the plan",
                "plan",
            )
            if isinstance(outcome, Decision):
                continue
            if not outcome.findings:
                self._checked_start = hire.start_on
                return outcome
            for finding in outcome.findings:
                decision = await case.ask_finding(finding, "plan")
                if decision is None:
                    return None
                self._heed(finding, decision)

    def _heed(self, finding: Finding, decision: Decision) -> None:
        if decision.action == "accept":
            self._accepted.add(finding.code)
        elif decision.action == "remove":
            entitlement = finding.evidence.get("entitlement") or finding.evidence.get("second")
            asked = finding.evidence.get("requested") or [entitlement]
            self._removed.update(str(each) for each in asked)
        elif decision.action == "mitigate" and decision.hire is not None and decision.hire.until is not None:
            self._mitigated[str(finding.evidence.get("rule"))] = decision.hire.until


class HireApproval:
    """Approvals stand until what was approved becomes more, or another thing."""

    def __init__(self, case: HireCase) -> None:
        self._case = case
        self._approved: dict[str, str] = {}
        self._version = 0
        self.approval = Approval(case)

    async def obtain(self, hire: Hire, outcome: PlanOutcome) -> None:
        """Ask whoever the policy names for what is not approved yet. Raises CaseEnded when one rejects."""
        case, wanted = self._case, subjects(hire, outcome)
        asks = tuple(each for each in outcome.asks if self._approved.get(each) != wanted[each])
        case.file.show(amount=outcome.amount, categories=tuple(f"hire-{each}" for each in outcome.asks))
        if not asks:
            return
        case.file.show(stage="approval", next_step="The plan is begun once all levels have approved")
        self._version += 1
        self.approval = Approval(case, version=self._version)
        request = ForApproval(
            subject=self._shown(hire, outcome, asks),
            amount=outcome.amount,
            categories=asks,
            urgency="routine",
            approvers=outcome.approvers,
        )
        await self.approval.obtain(self._route(hire, outcome, asks), request)
        self._approved.update({each: wanted[each] for each in asks})

    def _route(self, hire: Hire, outcome: PlanOutcome, asks: tuple[str, ...]) -> Route:
        case = self._case
        facts = RequestFacts(
            amount=outcome.amount,
            categories=asks,
            cost_centres=(hire.cost_centre,),
            requester_level=outcome.approvers.requester_level,
        )
        return route(case.policy.model_copy(update={"routing": case.rules.approvals}), facts)

    def _shown(self, hire: Hire, outcome: PlanOutcome, asks: tuple[str, ...]) -> dict[str, object]:
        """What approvers see; it is all that they need to decide on a phone."""
        return {
            "title": self._case.file.snapshot.title,
            "asked": list(asks),
            "name": hire.person.name.full,
            "position": hire.position,
            "department": hire.department,
            "employment_type": hire.employment_type,
            "start_on": hire.start_on.isoformat(),
            "end_on": hire.end_on and hire.end_on.isoformat(),
            "manager": hire.manager,
            "requester": hire.requester,
            "justification": hire.justification,
            "equipment": str(outcome.amount) if outcome.amount.amount else "",
            "extra_access": [each.model_dump(mode="json") for each in hire.extra_access],
        }


def subjects(hire: Hire, outcome: PlanOutcome) -> dict[str, str]:
    """What each approval is about: another text is another thing to approve."""
    place = json.dumps([hire.position, hire.cost_centre, hire.employment_type])
    asked = {each.entitlement for each in hire.extra_access}
    access = sorted(
        f"{item.entitlement} until {item.until}"
        for item in outcome.plan.items
        if item.kind == "access" and (item.privileged or item.entitlement in asked)
    )
    return {
        "position": place,
        "unbudgeted-position": place,
        "extra-access": json.dumps(access),
        "privileged-access": json.dumps(access),
        "equipment": str(outcome.amount),
    }
