"""Procure-to-pay: from a requisition to orders that are received, settled and closed.

    check -> reserve -> approve -> issue stock | per supplier: order -> acknowledge -> receive -> settle -> close

Whatever a person must decide is a task; whatever was done is undone, last first, when the case is ended early.
"""

from __future__ import annotations

import asyncio
from typing import Any

from domain.amending import effect_of
from domain.business_time import fiscal_year, local_day
from domain.checks import Assessment
from domain.commitment_lines import reservation
from domain.intake import faults_of
from domain.routing import Route, route
from domain.sourcing import apply_corrections, order_drafts, stock_issue
from temporalio import workflow

from domain.case_actions import ActionRefusal, ActionRequest
from domain.exceptions import Finding
from domain.money import Money
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement, StockIssue
from domain.requisition import Requisition
from domain.tasks import LineCorrection
from workflows.approval import Approval
from workflows.case import CaseEnded, CaseWorkflow
from workflows.compensation import Compensations
from workflows.errors import StepFailure
from workflows.fulfilment import Fulfilment
from workflows.messages.procure_to_pay import WORKFLOW_NAME, EventRecord, OrderOutcome, PurchaseInput, PurchaseResult
from workflows.questions import ask, ask_about_failure, ask_all
from workflows.retrospective import approve_afterwards
from workflows.starting import first_snapshot, requesters_of
from workflows.steps.inputs import CheckInput, ReleaseInput, ReserveInput, StockInput, UndoStockInput
from workflows.steps.purchasing import PurchasingSteps

OrderReport = Acknowledgement | GoodsReceipt | GoodsReturn | Settlement


class RequestChanged(Exception):  # noqa: N818 - it is no error: the request was amended, so its checks begin anew
    """The requisition is another one now."""


@workflow.defn(name=WORKFLOW_NAME)
class ProcureToPay(CaseWorkflow):
    @workflow.init
    def __init__(self, case: PurchaseInput) -> None:
        super().__init__(first_snapshot(case), case.policy, requesters_of(case))
        self.requisition = case.requisition
        self.undo = Compensations(self)
        self.approval = Approval(self)
        self.orders: list[Fulfilment] = []
        self._assessed: Assessment | None = None
        self._approved_total: Money | None = None
        self._approved_rules: tuple[str, ...] = ()
        self._accepted: set[tuple[str, int | None]] = set()
        self._cancelled_lines: set[int] = set()
        self._request_version = 1
        self._checked_version = 0
        self._reservations = 0
        self._fulfilling = False
        self._reason = ""
        self._events: dict[str, EventRecord] = {}

    @workflow.run
    async def run(self, case: PurchaseInput) -> PurchaseResult:
        self.file.note("case.submitted", f"Submitted: {self.file.snapshot.title}", actor=case.submitted_by.person)
        try:
            await self._authorised()
            await self._fulfil()
            status = "closed-short" if any(order.hand.short_closed for order in self.orders) else "completed"
            self.file.show(status=status)
        except CaseEnded as ended:
            await self._undo_all(ended)
        await self._close_case()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # Stages

    async def _authorised(self) -> None:
        """Check, hold the money and approve; begin anew whenever the request changes meanwhile."""
        while True:
            try:
                await self._check()
                await self._reserve()
                await self._approve()
            except RequestChanged:
                continue
            return

    async def _check(self) -> None:
        """Judge the request against master data, until nothing is left that a person must decide."""
        while True:
            version = self._request_version
            self.file.show(stage="checks", next_step="The request is checked against master data and agreements")
            self._assessed = await self._assess()
            self._checked_version = version
            self._show_assessment(self._assessed)
            if not self._assessed.findings:
                return
            await self._decide_findings(self._assessed.findings)
            if not self._remaining_lines():
                raise self.end("cancelled", "every line was cancelled")

    async def _assess(self) -> Assessment:
        calendar = self.policy.facility.calendar
        seq = self.file.next_seq()
        while True:
            result = await self.try_step(
                PurchasingSteps.check_requisition,
                lambda journal, seq: CheckInput(
                    journal=journal,
                    seq=seq,
                    requisition=self.requisition,
                    policy=self.policy,
                    today=local_day(workflow.now(), calendar),
                    accepted=tuple(sorted(self._accepted, key=str)),
                    cancelled_lines=tuple(sorted(self._cancelled_lines)),
                ),
                "Check the requisition",
                seq,
            )
            if isinstance(result, Assessment):
                return result
            await ask_about_failure(self, result, "Check the requisition", "checks", ("retry", "cancel"))

    def _show_assessment(self, assessed: Assessment) -> None:
        self.file.show(
            amount=assessed.amount,
            suppliers=tuple(sorted({line.supplier for line in assessed.lines if line.to_order})),
            cost_centres=tuple(sorted({share.cost_centre for line in assessed.lines for share in line.costs})),
            categories=tuple(sorted({line.category for line in assessed.lines})),
            emergency=self.requisition.urgency == "emergency" and assessed.amount.amount <= self.policy.emergency.cap,
        )

    async def _decide_findings(self, findings: tuple[Finding, ...]) -> None:
        corrections: list[LineCorrection] = []
        for finding, decision in await ask_all(self, findings, "checks"):
            if decision.action == "accept":
                self._accepted.add((finding.code, finding.line))
            elif decision.action == "cancel-line" and finding.line is not None:
                self._cancelled_lines.add(finding.line)
            corrections += decision.corrections
        if corrections:
            self.requisition = apply_corrections(self.requisition, corrections)

    def _remaining_lines(self) -> set[int]:
        return {line.line for line in self.requisition.lines} - self._cancelled_lines

    async def _reserve(self) -> None:
        """Hold the money. Where policy stops at the budget, the over-budget approver may let it pass."""
        behaviour: str = self.policy.budget.behaviour
        self.file.show(stage="budget", next_step="The money is reserved")
        key = f"{self.file.case_id}:reserve"
        if not self._reservations:
            self.undo.register(
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
            decision = await ask(self, finding, "budget")
            if decision.action == "accept":
                behaviour = "warn"
            elif decision.action == "correct":
                self.requisition = apply_corrections(self.requisition, decision.corrections)
                self._request_version += 1
            self._restart_when_changed()

    async def _reserve_once(self, key: str, behaviour: str) -> Any:
        lines = reservation(self._lines(), self.requisition.facility, self._fiscal_year())
        seq = self.file.next_seq()
        while True:
            result = await self.try_step(
                PurchasingSteps.reserve_commitments,
                lambda journal, seq: ReserveInput(journal=journal, seq=seq, key=key, lines=lines, behaviour=behaviour),
                "Reserve the money",
                seq,
            )
            if not isinstance(result, StepFailure):
                return result
            await ask_about_failure(self, result, "Reserve the money", "budget", ("retry", "cancel"))

    async def _approve(self) -> None:
        """Collect the approvals that the frozen policy asks for, unless an emergency has to go out first."""
        self._restart_when_changed()
        if self.file.snapshot.emergency:
            self.file.note("approval.postponed", "Emergency under the cap: approval follows", actor="corridor")
            return
        routed = self._route()
        self._review_earlier_approvals(routed)
        self.file.show(stage="approval", next_step="The order is placed once all levels have approved")
        await self.approval.obtain(routed, self._subject())
        self._restart_when_changed()
        self._approved_total, self._approved_rules = self._assessment().amount, routed.rules

    def _route(self) -> Route:
        shot = self.file.snapshot
        return route(self.policy, shot.amount, shot.categories, self.requisition.urgency)

    def _review_earlier_approvals(self, routed: Route) -> None:
        """After an amendment: approvals stand unless the policy asks for them anew."""
        before = self._approved_total
        if before is None or not self.approval.approved:
            self._approved_total, self._approved_rules = self._assessment().amount, routed.rules
            return
        after = self._assessment().amount
        effect = effect_of(before, after, self._approved_rules, routed.rules, self.policy.amendment)
        if effect.needs_approval:
            self.approval.start_over()
            self._approved_total, self._approved_rules = after, routed.rules
            self.file.note("approval.anew", f"Approvals begin anew: {'; '.join(effect.reasons)}")
        else:
            self.file.note("approval.stands", f"Approvals stand: from {before} to {after}")

    def _restart_when_changed(self) -> None:
        if self._request_version != self._checked_version:
            self.file.cancel_open_tasks("the request was amended")
            raise RequestChanged

    async def _fulfil(self) -> None:
        """Hand out what the store room has, and see every order through, side by side."""
        self._fulfilling = True
        await self._issue_stock()
        shot = self.file.snapshot
        drafts = order_drafts(
            self.file.case_id,
            shot.facility,
            shot.requester,
            self.requisition.currency,
            local_day(workflow.now(), self.policy.facility.calendar),
            self._lines(),
        )
        self.orders = [
            Fulfilment(self, self.undo, draft, self._fiscal_year(), self._authorise_change) for draft in drafts
        ]
        branches = [order.run() for order in self.orders]
        if shot.emergency:
            branches.append(approve_afterwards(self, self._route(), self._subject()))
        await self._all(branches)

    async def _all(self, branches: list[Any]) -> None:
        """Run side by side; when the case is ended every branch comes to its end before anything is undone."""
        results = await asyncio.gather(*branches, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, CaseEnded):
                raise result
        self.check_ended()

    async def _issue_stock(self) -> None:
        issue = stock_issue(self.file.case_id, self.requisition.facility, self._lines())
        if issue is None:
            return
        self.undo.register(
            "issue from stock",
            PurchasingSteps.return_stock,
            lambda journal, seq: UndoStockInput(
                journal=journal, seq=seq, external_id=issue.external_id, reason="the case was ended"
            ),
        )
        seq = self.file.next_seq()
        while not await self._issued(issue, seq):
            pass

    async def _issued(self, issue: StockIssue, seq: int) -> bool:
        result = await self.try_step(
            PurchasingSteps.issue_stock,
            lambda journal, seq: StockInput(journal=journal, seq=seq, issue=issue),
            "Issue from the store room",
            seq,
        )
        if not isinstance(result, StepFailure):
            return True
        decision = await ask_about_failure(
            self, result, "Issue from the store room", "stock", ("retry", "skip", "cancel")
        )
        return decision is not None and decision.action == "skip"

    async def _authorise_change(self, before: Money, after: Money) -> None:
        """A dearer order than approved goes back to the approvers when the amendment rule says so."""
        effect = effect_of(before, after, self._approved_rules, self._approved_rules, self.policy.amendment)
        if effect.needs_approval:
            self.approval.start_over()
            self.approval.version += 1
            self.file.note("approval.anew", f"The supplier's answer needs approval: {'; '.join(effect.reasons)}")
            await self.approval.obtain(self._route(), {**self._subject(), "before": str(before), "after": str(after)})

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        self.undoing = True
        self.file.cancel_open_tasks(f"the case was {ended.status}")
        self.file.show(stage="compensation", held=False, next_step="What was done is undone")
        await self.undo.run()
        self.file.show(status=ended.status)
        self._reason = ended.reason

    async def _close_case(self) -> None:
        shot = self.file.snapshot
        self.undoing = True
        self.file.cancel_open_tasks("the case is closed")
        self.file.show(stage="closed", awaiting="", awaiting_since=None, next_step="", closed_at=workflow.now())
        self.file.note("case.closed", f"Closed: {shot.status}" + (f" ({self._reason})" if self._reason else ""))
        self.file.tell(
            "case.closed",
            f"{shot.title}: {shot.status}",
            self._reason or "Everything that was ordered is received and settled.",
            people=self.requesters,
            status=shot.status,
        )
        self.closed = True
        await self.close(f"{self.file.case_id}:close")

    def _result(self) -> PurchaseResult:
        placed = [order.hand.order for order in self.orders if order.hand.order is not None]
        return PurchaseResult(
            case_id=self.file.case_id,
            status=self.file.snapshot.status,
            reason=self._reason,
            orders=tuple(
                OrderOutcome(number=each.number, supplier=each.supplier, status=each.status, total=each.total)
                for each in placed
            ),
        )

    # What it works on

    def _assessment(self) -> Assessment:
        if self._assessed is None:
            raise RuntimeError("the request is not checked yet")
        return self._assessed

    def _lines(self) -> Any:
        return self._assessment().lines

    def _fiscal_year(self) -> int:
        return fiscal_year(local_day(workflow.now(), self.policy.facility.calendar))

    def _subject(self) -> dict[str, Any]:
        """What approvers see; it is all that they need to decide on a phone."""
        return {
            "title": self.file.snapshot.title,
            "amount": str(self._assessment().amount),
            "requester": self.requisition.requester,
            "justification": self.requisition.justification,
            "need_by": self.requisition.need_by.isoformat(),
            "urgency": self.requisition.urgency,
            "notes": list(self._assessment().notes),
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
                for line in self._lines()
            ],
        }

    # What people and systems report

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        match request.action:
            case "amend":
                return self._amend(request.requisition)
            case "cancel-line":
                return self._cancel_line(request.line or 0)
            case "close-short":
                return self._close_short(request.comment)
            case "withdraw" | "cancel" if any(order.hand.anything_received for order in self.orders):
                return self._close_short(request.comment)
            case _:
                return super().perform(request)

    def _amend(self, amended: Requisition | None) -> ActionRefusal | None:
        """Until the first order is placed, another version of the request takes the place of the first."""
        if amended is None:
            return "requisition-required"
        was = self.requisition
        if (amended.number, amended.facility, amended.requester) != (was.number, was.facility, was.requester):
            return "key-changed"
        today = local_day(workflow.now(), self.policy.facility.calendar)
        if self._fulfilling or faults_of(amended, self.policy.facility, today):
            return "not-in-this-stage" if self._fulfilling else "requisition-required"
        self.requisition = amended
        self._request_version += 1
        self.approval.version = self._request_version
        return None

    def _cancel_line(self, line: int) -> ActionRefusal | None:
        if line not in self._remaining_lines():
            return "line-unknown"
        self._cancelled_lines.add(line)
        if not self._remaining_lines():
            self.end("cancelled", "every line was cancelled")
        elif self._fulfilling:
            return self._cancel_ordered_line(line)
        else:
            self._request_version += 1
        return None

    def _cancel_ordered_line(self, line: int) -> ActionRefusal | None:
        for order in self.orders:
            if order.hand.order is not None and not order.hand.over and order.hand.cancel_line(line):
                return None
        return "not-in-this-stage"

    def _close_short(self, comment: str) -> ActionRefusal | None:
        under_way = [order for order in self.orders if order.hand.order is not None and not order.hand.over]
        if not under_way:
            return "not-in-this-stage"
        for order in under_way:
            order.hand.short_closed = comment or "closed short"
        return None

    @workflow.signal
    def order_acknowledged(self, answer: Acknowledgement) -> None:
        """The supplier answered to an order."""
        self._report(answer, "order.acknowledged")

    @workflow.signal
    def goods_received(self, receipt: GoodsReceipt) -> None:
        self._report(receipt, "goods.received")

    @workflow.signal
    def goods_returned(self, goods_return: GoodsReturn) -> None:
        self._report(goods_return, "goods.returned")

    @workflow.signal
    def settlement_reported(self, settlement: Settlement) -> None:
        self._report(settlement, "order.settled")

    @workflow.query
    def event_record(self, event_id: str) -> EventRecord | None:
        """What became of an event; None when it has not arrived."""
        return self._events.get(event_id)

    def _report(self, report: OrderReport, kind: str) -> None:
        """Give an event to the order that it concerns, once; keep the reason when it does not count."""
        if report.event_id in self._events:
            return
        because = self._hand_in(report)
        self._events[report.event_id] = EventRecord(
            event_id=report.event_id,
            status="ignored" if because else "applied",
            because=because,
            recorded_at=workflow.now(),
        )
        summary = f"{kind} for {report.order_number}"
        self.file.note(
            kind,
            summary if because is None else f"Ignored ({because}): {summary}",
            event_id=report.event_id,
            because=because,
            report=report.model_dump(mode="json"),
        )

    def _hand_in(self, report: OrderReport) -> Any:
        if self.closed:
            return "case-closed"
        for order in self.orders:
            if order.hand.order is not None and order.hand.order.number == report.order_number:
                return order.hand.take(report)
        return "unknown-order"
