"""Before anything is bought: the request is checked, the money is held, the approvals are collected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow

from domain.acceptances import still_accepted
from domain.amending import effect_of
from domain.approval_plan import still_given
from domain.business_time import fiscal_year, local_day
from domain.checks import Assessment
from domain.commitment_lines import reservation
from domain.exceptions import Finding
from domain.faults import InvalidRequestError
from domain.master_data import SupplierRisk
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.policy.tables import budget_behaviour
from domain.purchase import OrderDraft, SourcedLine
from domain.request_changes import changes_between
from domain.requisition import Requisition
from domain.routing import RequestFacts, Route, route
from domain.sourcing import apply_corrections
from domain.tasks import LineCorrection
from workflows.approval import Approval
from workflows.approval_question import ForApproval
from workflows.case import CaseWorkflow, RequestChanged
from workflows.compensation import Compensations
from workflows.errors import StepFailure
from workflows.questions import accepted_by_policy, ask, ask_about_failure, ask_all
from workflows.steps.inputs import CheckInput, ReleaseInput, ReserveInput
from workflows.steps.purchasing import PurchasingSteps


class Authorisation:
    """What gives a purchase its authority. It begins anew whenever the request changes before it is complete.
    `ordered_for` is the hire that the goods are for, if any."""

    def __init__(self, case: CaseWorkflow, undo: Compensations, requisition: Requisition, ordered_for: str) -> None:
        self._case, self._undo, self._ordered_for = case, undo, ordered_for
        self.requisition = requisition
        self.cancelled_lines: set[int] = set()
        self.approval = Approval(case)
        self._assessed: Assessment | None = None
        self._asked_total: Money | None = None
        self._asked_route: Route | None = None
        self._later_risks: tuple[SupplierRisk, ...] = ()
        self._authorised: Money | None = None
        self._accepted: set[tuple[str, int | None]] = set()
        self._reservations = 0

    @property
    def policy(self) -> FrozenPolicy:
        return self._case.policy

    @property
    def assessment(self) -> Assessment:
        if self._assessed is None:
            raise RuntimeError("the request is not checked yet")
        return self._assessed

    @property
    def lines(self) -> tuple[SourcedLine, ...]:
        return self.assessment.lines

    @property
    def fiscal_year(self) -> int:
        return fiscal_year(local_day(workflow.now(), self.policy.facility.calendar))

    def amend(self, requisition: Requisition) -> None:
        """Another version of the request takes the place of this one; open questions about the old one are void."""
        self._replace(requisition)
        self.changed()

    def cancel_line(self, line: int) -> None:
        self.cancelled_lines.add(line)
        self.changed()

    def changed(self) -> None:
        """Nobody answers any more what was asked about the request as it was; what they answered before counts."""
        self._case.file.cancel_open_tasks("the request was amended")
        self.approval.version += 1
        self._case.superseded = True

    def remaining_lines(self) -> set[int]:
        return {line.line for line in self.requisition.lines} - self.cancelled_lines

    async def obtain(self) -> None:
        """Check, hold the money and approve; begin anew whenever the request changes meanwhile."""
        while True:
            try:
                await self._check()
                await self._reserve()
                await self._approve()
            except RequestChanged:
                self._case.superseded = False
                self._case.file.cancel_open_tasks("the request was amended")
                continue
            return

    async def _check(self) -> None:
        """Judge the request against master data, until nothing is left that a person must decide."""
        while True:
            self._case.file.show(stage="checks", next_step="The request is checked against master data and agreements")
            self._assessed = await self._assess()
            self._show_assessment(self._assessed)
            if not self._assessed.findings:
                return
            await self._decide_findings(self._assessed.findings)
            if not self.remaining_lines():
                raise self._case.end("cancelled", "every line was cancelled")

    async def _assess(self) -> Assessment:
        calendar = self.policy.facility.calendar
        seq = self._case.file.next_seq()
        while True:
            result = await self._case.try_step(
                PurchasingSteps.check_requisition,
                lambda journal, seq: CheckInput(
                    journal=journal,
                    seq=seq,
                    requisition=self.requisition,
                    policy=self.policy,
                    today=local_day(workflow.now(), calendar),
                    accepted=tuple(sorted(self._accepted, key=str)),
                    cancelled_lines=tuple(sorted(self.cancelled_lines)),
                    ordered_for=self._ordered_for,
                ),
                "Check the requisition",
                seq,
            )
            if isinstance(result, Assessment):
                self._case.file.ledger.know(result.family_duties)
                return result
            await ask_about_failure(self._case, result, "Check the requisition", "checks", ("retry", "cancel"))

    def _show_assessment(self, assessed: Assessment) -> None:
        self._case.file.show(
            amount=assessed.amount,
            suppliers=tuple(sorted({line.supplier for line in assessed.lines if line.to_order})),
            cost_centres=tuple(sorted({share.cost_centre for line in assessed.lines for share in line.costs})),
            categories=tuple(sorted({line.category for line in assessed.lines})),
            emergency=self.requisition.urgency == "emergency" and assessed.amount.amount <= self.policy.emergency.cap,
        )

    async def _decide_findings(self, findings: tuple[Finding, ...]) -> None:
        corrections: list[LineCorrection] = []
        for finding, decision in await ask_all(self._case, findings, "checks"):
            if decision.action == "accept":
                self._accepted.add((finding.code, finding.line))
            elif decision.action == "cancel-line" and finding.line is not None:
                self.cancelled_lines.add(finding.line)
            corrections += decision.corrections
        if corrections:
            self._correct(corrections)

    def _correct(self, corrections: Sequence[LineCorrection]) -> None:
        """Apply what a person corrected; what does not fit the request is put on record, and asked again."""
        try:
            self._replace(apply_corrections(self.requisition, corrections))
        except InvalidRequestError as error:
            self._case.file.note("correction.refused", str(error))

    def _replace(self, requisition: Requisition) -> None:
        """What was accepted holds on only for lines that are what they were."""
        changes = changes_between(self.requisition, requisition)
        self._case.file.note(
            "request.changed",
            "The request was changed",
            before={each.part: each.before for each in changes},
            after={each.part: each.after for each in changes},
        )
        self._accepted = set(still_accepted(frozenset(self._accepted), self.requisition, requisition))
        self.requisition = requisition

    async def _reserve(self) -> None:
        """Hold the money. Where policy stops at the budget, the over-budget approver may let it pass."""
        shot = self._case.file.snapshot
        behaviour: str = budget_behaviour(self.policy, shot.cost_centres, shot.categories)
        self._case.file.show(stage="budget", next_step="The money is reserved")
        key = f"{self._case.file.case_id}:reserve"
        if not self._reservations:
            self._undo.register(
                "reserved money",
                PurchasingSteps.release_commitments,
                lambda journal, seq: ReleaseInput(journal=journal, seq=seq, key=f"{key}:undo"),
            )
        while True:
            self._reservations += 1
            result = await self._reserve_once(f"{key}:{self._reservations}", behaviour)
            if result is None or result.reserved:
                return
            shortfall = result.shortfalls[0]
            finding = Finding(
                code="budget-exceeded",
                message=f"{shortfall.key} has {shortfall.free} free, {shortfall.asked} is asked for",
                evidence={"shortfalls": [each.model_dump(mode="json") for each in result.shortfalls]},
            )
            if accepted_by_policy(self._case, finding):
                behaviour = "warn"
                continue
            decision = await ask(self._case, finding, "budget")
            if decision.action == "accept":
                behaviour = "warn"
            elif decision.action == "correct":
                self._correct(decision.corrections)
                self.changed()
            self._case.check_ended()

    async def _reserve_once(self, key: str, behaviour: str) -> Any:
        lines = reservation(self.lines, self.requisition.facility, self.fiscal_year)
        seq = self._case.file.next_seq()
        while True:
            result = await self._case.try_step(
                PurchasingSteps.reserve_commitments,
                lambda journal, seq: ReserveInput(journal=journal, seq=seq, key=key, lines=lines, behaviour=behaviour),
                "Reserve the money",
                seq,
            )
            if not isinstance(result, StepFailure):
                return result
            await ask_about_failure(self._case, result, "Reserve the money", "budget", ("retry", "cancel"))

    async def _approve(self) -> None:
        """Collect the approvals that the frozen policy asks for, unless an emergency has to go out first."""
        self._case.check_ended()
        if self._case.file.snapshot.emergency:
            self._case.file.note("approval.postponed", "Emergency under the cap: approval follows", actor="corridor")
            return
        routed = self.route()
        self._review_earlier_approvals(routed)
        self._case.file.show(stage="approval", next_step="The order is placed once all levels have approved")
        await self.approval.obtain(routed, self.for_approval())
        self._case.check_ended()

    def route(self) -> Route:
        shot = self._case.file.snapshot
        facts = RequestFacts(
            amount=shot.amount,
            categories=shot.categories,
            urgency=self.requisition.urgency,
            cost_centres=shot.cost_centres,
            risks=(*self.assessment.risks, *self._later_risks),
            requester_level=self.assessment.approvers.requester_level,
        )
        return route(self.policy, facts)

    def _review_earlier_approvals(self, routed: Route) -> None:
        """After an amendment approvals stand, but for those that the policy wants anew."""
        before, after = self._asked_total, self.assessment.amount
        was, self._asked_route = self._asked_route, routed
        if before is None or not self.approval.given:
            self._asked_total = after
            return
        kept, reasons = still_given(
            self.approval.given, was, routed, before, after, self.policy.amendment, self._case.requesters
        )
        self.approval.given = kept
        if reasons:
            self._case.file.note("approval.anew", f"Approvals are asked anew: {' '.join(reasons)}")
        if kept:
            self._case.file.note("approval.stands", f"Approved already, from {before} to {after}: {', '.join(kept)}")
        else:
            self._asked_total = after

    async def authorise_change(self, before: Money, after: Money) -> None:
        """A dearer order than approved goes back to the approvers when the amendment rule says so.

        `before` and `after` are totals of one order; the case's amount changes by their difference. What several orders
        rise by adds up.
        """
        rule, was, total = self.policy.amendment, self.route(), self._case.file.snapshot.amount
        self._case.file.show(amount=total + (after - before))
        amount = self._case.file.snapshot.amount
        effect = effect_of(before, after, was.rules, self.route().rules, rule)
        if not effect.needs_approval:
            before, after = self._authorised or self.assessment.amount, amount
            effect = effect_of(before, after, was.rules, self.route().rules, rule)
            if not effect.needs_approval or not workflow.patched("increases-add-up"):
                return
        self._authorised = amount
        kept, _ = still_given(self.approval.given, was, self.route(), before, after, rule)
        self.approval.version += 1
        self._case.file.note("approval.anew", f"The supplier's answer needs approval: {' '.join(effect.reasons)}")
        subject = {**self.subject(), "amount": str(amount), "before": str(before), "after": str(after)}
        again = Approval(self._case, kept, self.approval.version)
        await again.obtain(self.route(), self.for_approval(subject))

    async def authorise_correction(self, before: OrderDraft, after: OrderDraft) -> None:
        """An order that goes to another supplier or on other cost centres than were approved is routed anew: levels
        are asked that a rule demands which did not fire before.

        A supplier that was not looked at when the request was checked counts as new. What an emergency buys is
        approved afterwards, as it was bought.
        """
        shot, was = self._case.file.snapshot, self.route()
        elsewhere = {share.cost_centre for line in after.lines for share in line.costs} - set(shot.cost_centres)
        if after.supplier == before.supplier and not elsewhere:
            return
        if after.supplier not in shot.suppliers:
            self._later_risks = ("new",)
        suppliers = {each for each in shot.suppliers if each != before.supplier} | {after.supplier}
        self._case.file.show(
            suppliers=tuple(sorted(suppliers)), cost_centres=tuple(sorted({*shot.cost_centres, *elsewhere}))
        )
        routed, total = self.route(), shot.amount
        kept, reasons = still_given(self.approval.given, was, routed, total, total, self.policy.amendment)
        if shot.emergency or not reasons or not workflow.patched("corrections-are-routed"):
            return
        self.approval.version += 1
        self._case.file.note("approval.anew", f"The corrected order needs approval: {' '.join(reasons)}")
        subject = {**self.subject(), "supplier_before": before.supplier, "supplier_after": after.supplier}
        await Approval(self._case, kept, self.approval.version).obtain(routed, self.for_approval(subject))

    def for_approval(self, subject: dict[str, Any] | None = None) -> ForApproval:
        shot = self._case.file.snapshot
        return ForApproval(
            subject=subject or self.subject(),
            amount=shot.amount,
            categories=shot.categories,
            urgency=self.requisition.urgency,
            approvers=self.assessment.approvers,
        )

    def subject(self) -> dict[str, Any]:
        """What approvers see; it is all that they need to decide on a phone."""
        return {
            "title": self._case.file.snapshot.title,
            "amount": str(self.assessment.amount),
            "requester": self.requisition.requester,
            "justification": self.requisition.justification,
            "need_by": self.requisition.need_by.isoformat(),
            "urgency": self.requisition.urgency,
            "notes": list(self.assessment.notes),
            "lines": [
                {
                    "line": line.line,
                    "what": line.description,
                    "quantity": str(line.quantity),
                    "amount": str(line.amount),
                    "supplier": line.supplier,
                    "contract": line.contract,
                    "from_stock": str(line.from_stock),
                    "cost_centres": [share.cost_centre for share in line.costs],
                }
                for line in self.lines
            ],
        }
