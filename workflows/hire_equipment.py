"""Equipment of a hire: purchases that the hire starts, waits for, and takes back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from domain.business_time import local_day
from domain.case import case_id, fingerprint
from domain.case_actions import ActionRequest
from domain.exceptions import Finding
from domain.hire_plan import PlanItem
from domain.people import Actor
from domain.quantity import Quantity
from domain.requisition import CostShare, Requisition, RequisitionLine
from workflows import search_attributes
from workflows.hire_case import HireCase
from workflows.hire_tasks import HandWork
from workflows.messages.hire_to_provision import EquipmentProgress
from workflows.messages.procure_to_pay import ACTION_REQUESTED, MEMO_FINGERPRINT, PurchaseInput
from workflows.messages.procure_to_pay import WORKFLOW_NAME as PROCURE_TO_PAY

CATALOGUE_UNIT = "EA"


class Equipment:
    """One purchase case for each item, linked both ways. `progress` is what each has said last."""

    def __init__(self, case: HireCase, hand_work: HandWork) -> None:
        self._case, self._hand_work = case, hand_work
        self._count = 0
        self._requesters: dict[str, str] = {}
        self._said: dict[str, list[EquipmentProgress]] = {}
        self._events: set[str] = set()

    def hear(self, progress: EquipmentProgress) -> bool:
        """Take in what a purchase says; False when that is known."""
        if progress.event_id in self._events:
            return False
        self._events.add(progress.event_id)
        self._said.setdefault(progress.purchase_case, []).append(progress)
        self._case.board.version += 1
        return True

    async def obtain(self, item: PlanItem) -> None:
        """Buy it, and wait until it is there."""
        case = self._case
        purchase = await self._start(item)
        case.board.mark(item.key, "waiting", f"ordered as {purchase}", linked_case=purchase)
        case.undo.register_by_hand(f"equipment {item.catalogue_item}", lambda: self.take_back(item, purchase), item.key)
        heard = 0
        while case.board.wanted(item):
            await case.until(lambda seen=heard: len(self._of(purchase)) > seen or not case.board.wanted(item))  # type: ignore[misc]  # a default binds the value now
            news = self._of(purchase)[heard:]
            heard += len(news)
            if self._received(purchase):
                case.board.mark(item.key, "done", f"received by {purchase}")
                return
            if news and news[-1].kind == "ended":
                await self._refused(item, purchase, news[-1])
                return
            if news and news[-1].expected_on is not None:
                case.board.mark(item.key, "waiting", f"promised by {purchase}", expected_on=news[-1].expected_on)

    def _of(self, purchase: str) -> list[EquipmentProgress]:
        return self._said.get(purchase, [])

    def _received(self, purchase: str) -> bool:
        """Received is not taken back by what comes later; a purchase that completes has delivered, if from stock."""
        return any(each.kind == "received" or each.status == "completed" for each in self._of(purchase))

    async def _refused(self, item: PlanItem, purchase: str, last: EquipmentProgress) -> None:
        case = self._case
        finding = Finding(
            code="equipment-refused",
            message=f"{item.title}: {purchase} ended as {last.status}",
            evidence={"purchase": purchase, "status": last.status},
        )
        decision = await case.ask_finding(finding, item.key)
        if decision is not None:
            state = "done" if decision.action == "complete" else "skipped"
            case.board.mark(item.key, state, f"{decision.actor.person}: {decision.comment}")  # type: ignore[arg-type]  # a literal of its type

    async def _start(self, item: PlanItem) -> str:
        """Start the purchase, under the next number that nobody else's requisition has."""
        case = self._case
        while True:
            self._count += 1
            request = self._request(item, f"{case.hire.number}-E{self._count}")
            purchase = case_id("procure-to-pay", case.hire.facility, request.number)
            try:
                await self._start_case(purchase, request)
                break
            except WorkflowAlreadyStartedError:
                case.file.note("equipment.number-taken", f"{purchase} is somebody else's", purchase=purchase)
        self._requesters[purchase] = request.requester
        case.file.note("equipment.requested", f"{item.title} requested as {purchase}", purchase=purchase)
        case.file.show(linked=(*case.file.snapshot.linked, purchase))
        return purchase

    async def _start_case(self, purchase: str, request: Requisition) -> None:
        case = self._case
        given = PurchaseInput(
            case_id=purchase,
            requisition=request,
            policy=case.policy.model_copy(update={"hire": None}),
            submitted_at=workflow.now(),
            submitted_by=case.start.submitted_by,
            request_sha256=fingerprint(request.model_dump(mode="json", exclude_defaults=True)),
            ordered_for=case.file.case_id,
        )
        await workflow.start_child_workflow(
            PROCURE_TO_PAY,
            given,
            id=purchase,
            parent_close_policy=ParentClosePolicy.ABANDON,
            memo={MEMO_FINGERPRINT: given.request_sha256},
            search_attributes=search_attributes.at_start("procure-to-pay", request.facility, request.urgency),
            static_summary=f"Requisition {request.number} of {case.policy.facility.name}",
            static_details=f"Equipment of {case.file.case_id}, needed by {request.need_by}",
        )

    def _request(self, item: PlanItem, number: str) -> Requisition:
        case, hire = self._case, self._case.hire
        today = local_day(workflow.now(), case.policy.facility.calendar)
        return Requisition(
            number=number,
            facility=hire.facility,
            requester=hire.requester,
            on_behalf_of=hire.manager if hire.manager != hire.requester else None,
            currency=case.policy.facility.currency,
            justification=f"Equipment for {case.file.snapshot.title}",
            need_by=max(item.due_on, today),
            deliver_to=hire.deliver_to or f"{hire.department}, for {hire.number}",
            lines=(
                RequisitionLine(
                    line=1,
                    item=item.catalogue_item,
                    quantity=Quantity(value=Decimal(item.quantity), unit=CATALOGUE_UNIT),
                    costs=(CostShare(cost_centre=hire.cost_centre),),
                ),
            ),
            linked_cases=(case.file.case_id,),
        )

    async def take_back(self, item: PlanItem, purchase: str) -> str:
        """Cancel what was not delivered; what came is received into stock by somebody."""
        case = self._case
        if not self._received(purchase) and not self._ended(purchase):
            await self._withdraw(purchase)
            await case.until(lambda: self._received(purchase) or self._ended(purchase), timedelta(days=60))
        if self._ended(purchase) and not self._received(purchase):
            return f"{purchase} was cancelled"
        into_stock = item.model_copy(update={"title": f"{item.title} into stock", "done_by": "store-keeper"})
        how = f"received by {purchase}" if self._received(purchase) else f"{purchase} is still under way"
        return await self._hand_work.take_back(into_stock, how)

    def _ended(self, purchase: str) -> bool:
        return any(each.kind == "ended" for each in self._of(purchase))

    async def _withdraw(self, purchase: str) -> None:
        case = self._case
        request = ActionRequest(
            action_id=f"withdraw-{self._count}-{fingerprint({'case': purchase})[:16]}",
            action="withdraw",
            actor=Actor(person=self._requesters[purchase], facilities=(case.hire.facility,)),
            comment=f"{case.file.case_id} does not take place",
        )
        try:
            await workflow.get_external_workflow_handle(purchase).signal(ACTION_REQUESTED, request)
        except FailureError:
            self.hear(
                EquipmentProgress(event_id=f"{purchase}:gone", purchase_case=purchase, kind="ended", status="cancelled")
            )
