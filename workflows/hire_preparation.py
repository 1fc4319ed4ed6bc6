"""What happens before anything is done for a hire: who the person is, the plan, and the approvals that it needs."""

from __future__ import annotations

import json
from datetime import date

from domain.exceptions import Finding
from domain.hire import Hire
from domain.person_match import PersonMatch
from domain.routing import RequestFacts, Route, route
from domain.tasks import Action, Decision
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

    async def run(self, hire: Hire, made: bool = False) -> str:
        """Until it is settled who the person is: the id of the former worker who they are, or nothing. `made` says that
        the HRIS has this hire's worker by now: a correction makes nobody else of them. Raises CaseEnded when the case
        is not needed."""
        case, decided = self._case, ""
        while True:
            outcome: IdentifyOutcome | Decision = await case.effect(
                HiringSteps.identify_person,
                case.given(IdentifyInput, hire=hire, parameters=case.rules.parameters, decided=decided),
                "Look the person up",
                "identity",
            )
            if isinstance(outcome, Decision):
                continue
            match, findings = outcome.match, outcome.findings
            if made and match.kind == "rehire":
                findings = (_another(match),)
            if not findings:
                case.file.note("person.identified", match.why or f"The person is {match.kind}", match=match.kind)
                return match.worker_id if match.kind == "rehire" else ""
            decided = await self._ask(findings[0], decided, ("create", "cancel") if made else ())

    async def _ask(self, finding: Finding, decided: str, actions: tuple[Action, ...]) -> str:
        case = self._case
        decision = await ask(case, finding, "identity", actions)
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


def _another(match: PersonMatch) -> Finding:
    return Finding(
        code="identity-conflict",
        message=f"As corrected, the person would be somebody else than the worker of this hire. {match.why}",
        evidence={"candidates": [each.model_dump(mode="json") for each in match.candidates], "case_id": match.case_id},
    )


class Planning:
    """The plan, and the questions that it raises. What people let pass stays let pass when it is made anew."""

    def __init__(self, case: HireCase) -> None:
        self._case = case
        self._accepted: set[str] = set()
        self._removed: set[str] = set()
        self._mitigated: dict[str, date] = {}
        self._checked_start: date | None = None

    async def run(self, hire: Hire, revive: str) -> PlanOutcome:
        """The plan that may be followed; `revive` is the former worker who is hired again. Raises RequestChanged when
        the hire is corrected meanwhile."""
        case = self._case
        while True:
            outcome: PlanOutcome | Decision = await case.effect(
                HiringSteps.plan_hire,
                case.given(
                    PlanInput,
                    hire=hire,
                    policy=case.policy,
                    today=case.board.today,
                    worker_id=case.worker_id or revive,
                    accepted=lambda: tuple(sorted(self._accepted)),
                    removed=lambda: tuple(sorted(self._removed)),
                    mitigated=lambda: dict(self._mitigated),
                    checked_start=lambda: self._checked_start,
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
                if decision is not None:
                    self._heed(hire, finding, decision)

    def _heed(self, hire: Hire, finding: Finding, decision: Decision) -> None:
        if decision.action == "accept" and finding.code == "start-date-implausible":
            self._checked_start = hire.start_on  # of this day; another one is looked at again
        elif decision.action == "accept":
            self._accepted.add(finding.code)
        elif decision.action == "remove":
            self._removed.update(to_remove(finding))
        elif decision.action == "mitigate" and decision.hire is not None and decision.hire.until is not None:
            self._mitigated[str(finding.evidence.get("rule"))] = decision.hire.until


def to_remove(finding: Finding) -> tuple[str, ...]:
    """Which entitlements the plan goes on without: what was asked for beyond birthright first, and never what the
    worker has from before, which no plan takes away."""
    evidence = finding.evidence
    if entitlement := evidence.get("entitlement"):
        return (str(entitlement),)
    pair = [str(evidence.get(name)) for name in ("first", "second")]
    planned = [each for each in pair if each not in evidence.get("held_before", ())]
    asked = [each for each in planned if each in evidence.get("requested", ())]
    return tuple(asked or planned[-1:] or pair)


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
    job = [hire.job_family, hire.department, hire.end_on and hire.end_on.isoformat()]
    place = json.dumps([hire.position, hire.cost_centre, hire.employment_type, *job])
    asked = {each.entitlement for each in hire.extra_access}
    items = outcome.plan.items
    access = sorted(
        f"{item.entitlement} until {item.until}"
        for item in items
        if item.entitlement and (item.privileged or item.entitlement in asked)
    )
    bought = sorted(f"{item.quantity} {item.catalogue_item}" for item in items if item.kind == "equipment")
    return {
        "position": place,
        "unbudgeted-position": place,
        "extra-access": json.dumps(access),
        "privileged-access": json.dumps(access),
        "equipment": json.dumps([str(outcome.amount), *bought]),
    }
