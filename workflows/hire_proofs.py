"""What must be proven before a person may work with patients: licences, NPI, certificates, exclusion lists."""

from __future__ import annotations

from domain.exceptions import Finding
from domain.hire_plan import PlanItem
from domain.tasks import Decision
from workflows.hire_case import HireCase
from workflows.steps.hire_inputs import (
    ClearHitInput,
    CredentialInput,
    CredentialKind,
    CredentialOutcome,
    ScreenInput,
    ScreenOutcome,
)
from workflows.steps.hiring import HiringSteps

KINDS: dict[str, CredentialKind] = {"licence": "licence", "npi": "npi", "certificate": "certificate"}


class Proofs:
    """A person may let pass what a register could not say, with what they saw; nothing passes by itself."""

    def __init__(self, case: HireCase) -> None:
        self._case = case

    async def check(self, item: PlanItem) -> None:
        """Until the credential is good, or somebody stops the case."""
        case = self._case
        accepted: tuple[str, ...] = ()
        while case.board.wanted(item):
            outcome: CredentialOutcome | Decision = await case.effect(
                HiringSteps.check_credential,
                case.given(
                    CredentialInput,
                    hire=case.hire,
                    kind=KINDS[item.kind],
                    credential=item.credential,
                    today=case.board.today,
                    parameters=case.rules.parameters,
                    licences=tuple(each for each in case.hire.licences if each.kind == item.credential),
                    certificates=tuple(each for each in case.hire.certificates if each.kind == item.credential),
                    accepted=accepted,
                ),
                f"Check: {item.title}",
                item.key,
            )
            if isinstance(outcome, Decision):
                continue
            if outcome.finding is None:
                case.board.mark(item.key, "done", outcome.note, exception_code="")
                return
            decision = await self._ask(item, outcome.finding)
            if decision is not None and decision.action in ("verify", "accept"):
                accepted = (*accepted, outcome.finding.code)

    async def screen(self, item: PlanItem) -> None:
        """Names on lists are candidates: a person clears each with a reason, or stops the case."""
        case = self._case
        # By the worker's id a cleared name stays cleared, in later screenings too.
        await case.until(lambda: bool(case.worker_id) or not case.board.awaits_worker or not case.board.wanted(item))
        while case.board.wanted(item):
            outcome: ScreenOutcome | Decision = await case.effect(
                HiringSteps.screen_person,
                case.given(
                    ScreenInput,
                    hire=case.hire,
                    parameters=case.rules.parameters,
                    subject=case.worker_id or case.file.case_id,
                ),
                f"Check: {item.title}",
                item.key,
            )
            if isinstance(outcome, Decision):
                continue
            if outcome.finding is None:
                lists = ", ".join(f"{each.list_name} of {each.as_of}" for each in outcome.result.lists)
                case.board.mark(item.key, "done", f"not found on {lists}" if lists else "", exception_code="")
                return
            decision = await self._ask(item, outcome.finding)
            if decision is not None and decision.action == "clear":
                cleared = tuple(hit.key for hit in outcome.result.hits if hit.key not in outcome.result.cleared)
                await case.effect(
                    HiringSteps.clear_hits,
                    case.given(ClearHitInput, keys=cleared, by=decision.actor.person, reason=decision.comment),
                    "Note that the names are other persons",
                    f"{item.key}/clear",
                    ("retry",),
                )

    async def _ask(self, item: PlanItem, finding: Finding) -> Decision | None:
        case = self._case
        case.board.mark(item.key, "waiting", finding.message, exception_code=finding.code)
        decision = await case.ask_finding(finding, item.key)
        if case.board.wanted(item):
            case.board.mark(item.key, "running", exception_code="")
        return decision
