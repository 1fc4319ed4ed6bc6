"""Goods come in: receipts and returns are booked as they are reported, until nothing is outstanding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from temporalio import workflow

from domain.acknowledging import promised_by
from domain.business_time import add_business_hours, start_of_business
from domain.decision_links import asking
from domain.erp_changes import BookedReceipt, BookedReturn
from domain.exceptions import Finding
from domain.purchase import GoodsReceipt, GoodsReturn, ReceivedLine
from domain.receiving import after_return, complete, judge_receipt, outstanding
from domain.tasks import Action, Task
from workflows.case import CaseWorkflow
from workflows.order_in_hand import BOOKING, OrderInHand
from workflows.questions import accepted_by_policy, ask, remaining, subject_of
from workflows.steps.inputs import ReceiptInput, ReturnInput
from workflows.steps.purchasing import PurchasingSteps


class Delivery:
    """The delivery of one order. `keep` is called once goods were taken in: then the order can only be closed short."""

    def __init__(self, case: CaseWorkflow, hand: OrderInHand, keep: Callable[[], None]) -> None:
        self._case, self._hand, self._keep = case, hand, keep
        self._asked: Task | None = None

    async def run(self) -> None:
        """Book receipts and returns as they come, until nothing is outstanding or somebody closes short."""
        self._show_delivery()
        await self._case.announce(f"Wait for the goods of {self._hand.placed.number}")
        while not self._delivery_over():
            await self._until_reported()
            if self._hand.deliveries:
                await self._book(self._hand.deliveries.pop(0))
            elif self._hand.changes:
                await self._hand.apply_changes()
                self._show_delivery()
            elif self._asked is not None and self._answered():
                self._take_answer(self._asked)
                self._asked = None
        if self._asked is not None:
            self._case.file.cancel_task(self._asked.task_id, "the goods were reported")

    async def _until_reported(self) -> None:
        """Wait for a report; when the promised date passes without one, ask the requester."""
        patience = None if self._asked is not None else self._ask_after()
        reported = await self._case.until(
            lambda: bool(self._hand.deliveries or self._hand.changes) or self._delivery_over() or self._answered(),
            patience,
            f"Ask whether {self._hand.placed.number} came",
        )
        if not reported:
            self._asked = await self._ask_requester()

    def _show_delivery(self) -> None:
        promised = promised_by(self._hand.placed, self._hand.answer)
        self._case.file.show(
            stage="delivery",
            awaiting=f"goods of {self._hand.placed.number} from {self._hand.placed.supplier}, promised for {promised}",
            awaiting_since=workflow.now(),
            next_step="Receiving reports the goods; the requester is asked when nobody does",
        )
        self._case.file.tell(
            "order.confirmed",
            f"Ordered: {self._case.file.snapshot.title} ({self._hand.placed.number})",
            f"{self._hand.placed.supplier} is to deliver by {promised}.",
            people=self._case.requesters,
            order=self._hand.placed.number,
        )

    def _delivery_over(self) -> bool:
        if self._hand.deliveries or self._hand.changes:
            return False
        return self._hand.short_closed is not None or complete(
            self._hand.placed, self._hand.received, self._hand.tolerances
        )

    def _ask_after(self) -> timedelta:
        """Until some business hours after the facility opens on the day that follows the promised one."""
        policy = self._case.policy
        calendar, holidays = policy.facility.calendar, frozenset(policy.holidays)
        promised = promised_by(self._hand.placed, self._hand.answer)
        opening = start_of_business(promised + timedelta(days=1), calendar, holidays)
        at = add_business_hours(max(opening, workflow.now()), policy.receipt.ask_after_hours, calendar, holidays)
        return remaining(at)

    async def _ask_requester(self) -> Task:
        case = self._case
        task = Task(
            task_id=case.next_task_id("receipt"),
            case_id=case.file.case_id,
            kind="receipt",
            slot=f"receipt/{self._hand.placed.number}",
            title=f"Did the goods of {self._hand.placed.number} come?",
            why="The promised date has passed and nobody reported a receipt",
            rule="receipt/ask-requester",
            role="requester",
            facility=case.file.snapshot.facility,
            people=case.requesters,
            actions=("confirm-receipt", "wait"),
            subject={**subject_of(case), "outstanding": self._outstanding()},
            opened_at=workflow.now(),
        )
        case.file.open_task(task)
        case.file.tell(
            "receipt.asked",
            task.title,
            task.why,
            people=case.requesters,
            **asking(task),
            order=self._hand.placed.number,
        )
        await case.announce("Ask the requester for the receipt")
        return task

    def _outstanding(self) -> dict[str, str]:
        open_lines = outstanding(self._hand.placed, self._hand.received, self._hand.tolerances)
        return {str(line): str(quantity) for line, quantity in open_lines.items()}

    def _answered(self) -> bool:
        return self._asked is not None and self._case.file.ledger.applied_to(self._asked.task_id) is not None

    def _take_answer(self, task: Task) -> None:
        """'It came' counts as a receipt of all that is outstanding; 'wait' has the question asked again later."""
        record = self._case.file.ledger.applied_to(task.task_id)
        if record is not None and record.decision.action == "confirm-receipt":
            open_lines = outstanding(self._hand.placed, self._hand.received, self._hand.tolerances)
            self._hand.deliveries.append(
                GoodsReceipt(
                    event_id=task.task_id,
                    order_number=self._hand.placed.number,
                    received_at=workflow.now(),
                    received_by=record.decision.actor.person,
                    delivery_note=f"confirmed by the requester ({record.decision.decision_id})",
                    lines=tuple(
                        ReceivedLine(line=line, accepted=quantity) for line, quantity in sorted(open_lines.items())
                    ),
                )
            )

    async def _book(self, report: GoodsReceipt | GoodsReturn) -> None:
        self._hand.booking = True
        try:
            if isinstance(report, GoodsReturn):
                await self._book_return(report)
            else:
                await self._book_receipt(report)
        finally:
            self._hand.booking = False

    async def _book_receipt(self, receipt: GoodsReceipt) -> None:
        tolerances = self._hand.tolerances
        verdict = judge_receipt(self._hand.placed, self._hand.received, receipt, tolerances)
        if verdict.over:
            finding = Finding(
                code="receipt-over",
                message=f"More came than ordered on line(s) {', '.join(map(str, verdict.over))}",
                evidence={"order": self._hand.placed.number, "delivery_note": receipt.delivery_note},
            )
            if await self._is_sent_back(finding, receipt):
                receipt = self._capped(receipt)
                verdict = judge_receipt(self._hand.placed, self._hand.received, receipt, tolerances)
        booked = await self._hand.step(
            PurchasingSteps.post_receipt,
            lambda journal, seq: ReceiptInput(
                journal=journal,
                seq=seq,
                external_id=f"{self._hand.draft.external_id}:{receipt.event_id}",
                receipt=receipt,
                booked_on=receipt.order_id if isinstance(receipt, BookedReceipt) else "",
            ),
            f"Book the receipt {receipt.delivery_note}",
            BOOKING,
            "receipt-refused",
        )
        if booked is None:
            return
        self._hand.order = booked
        self._hand.received = dict(verdict.received)
        if self._hand.anything_received:
            self._keep()
        if verdict.rejected:
            await self._ask_about_rejected(
                f"{receipt.delivery_note}: "
                + "; ".join(f"line {row.line}: {row.reason or 'rejected'}" for row in receipt.lines if row.rejected)
            )

    async def _is_sent_back(self, finding: Finding, receipt: GoodsReceipt) -> bool:
        if accepted_by_policy(self._case, finding):
            return False
        # What the ERP has booked can only be sent back as a return.
        actions: tuple[Action, ...] = ("accept",) if isinstance(receipt, BookedReceipt) else ()
        decision = await ask(self._case, finding, f"receipt.{receipt.event_id}", actions)
        return decision.action == "reject"

    def _capped(self, receipt: GoodsReceipt) -> GoodsReceipt:
        """Accept what was ordered, reject the rest."""
        ordered = {line.line: line.quantity.value for line in self._hand.placed.lines}
        rows = []
        for row in receipt.lines:
            room = max(ordered.get(row.line, Decimal(0)) - self._hand.received.get(row.line, Decimal(0)), Decimal(0))
            taken = min(row.accepted, room)
            rows.append(row.model_copy(update={"accepted": taken, "reason": row.reason or "more than ordered"}))
        return receipt.model_copy(update={"lines": tuple(rows)})

    async def _book_return(self, goods_return: GoodsReturn) -> None:
        booked = await self._hand.step(
            PurchasingSteps.post_return,
            lambda journal, seq: ReturnInput(
                journal=journal,
                seq=seq,
                external_id=f"{self._hand.draft.external_id}:{goods_return.event_id}",
                goods_return=goods_return,
                booked_on=goods_return.order_id if isinstance(goods_return, BookedReturn) else "",
            ),
            f"Book the return to {self._hand.placed.supplier}",
            BOOKING,
            "receipt-refused",
        )
        if booked is not None:
            self._hand.order = booked
            self._hand.received = dict(after_return(self._hand.placed, self._hand.received, goods_return))
            await self._ask_about_rejected("; ".join(f"line {r.line}: {r.reason}" for r in goods_return.lines))

    async def _ask_about_rejected(self, message: str) -> None:
        finding = Finding(code="goods-rejected", message=message, evidence={"order": self._hand.placed.number})
        decision = await ask(self._case, finding, f"rejected.{self._hand.placed.number}")
        if decision.action == "close-short":
            self._hand.short_closed = decision.comment or "closed short"
