"""One order while it is under way: its state, and the steps that more than one stage takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Literal

from temporalio import workflow

from domain.business_time import local_day
from domain.event_faults import event_faults
from domain.exceptions import CATALOGUE
from domain.faults import InvalidRequestError
from domain.money import Money
from domain.order_correction import corrected_draft
from domain.policy.tables import line_tolerances
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, OrderDraft, OrderLine, PlacedOrder, Settlement
from domain.settling import InvoiceFact, OrderBills
from domain.tasks import Action, Decision
from workflows.case import Build, CaseWorkflow
from workflows.errors import REFUSED, StepFailure
from workflows.messages.invoice_to_payment import InvoiceProgress
from workflows.questions import ask_about_failure
from workflows.steps.inputs import ChangeOrderInput, FollowOrderInput, SendOrderInput
from workflows.steps.purchasing import PurchasingSteps

SENDING: tuple[Action, ...] = ("retry", "skip", "cancel")
EventRefusal = Literal["unknown-line", "order-closed", "malformed"]
BOOKING: tuple[Action, ...] = ("retry", "skip")
AS_HELD: tuple[OrderLine, ...] = ()
"""In the tray of changes: somebody changed the ERP's order already, and the case is to go along."""


def total_with(order: PlacedOrder, lines: Sequence[OrderLine]) -> Money:
    """The order's total if these lines replaced its own."""
    new = {line.line: line for line in lines}
    return Money.total((new.get(line.line, line).amount for line in order.lines), order.total.currency)


class OrderInHand:
    """What is known of one order. Signals put reports into its trays; the stages take them out."""

    def __init__(self, case: CaseWorkflow, draft: OrderDraft, fiscal_year: int) -> None:
        self.case, self.draft, self.fiscal_year = case, draft, fiscal_year
        self.tolerances = line_tolerances(case.policy, draft.categories, draft.supplier)
        self.order: PlacedOrder | None = None
        self.answer: Acknowledgement | None = None
        self.received: dict[int, Decimal] = {}
        self.short_closed: str | None = None
        self.settlement: Settlement | None = None
        self.bills = OrderBills()
        self.may_be_known = False
        """Whether the supplier may know of the order: sent, perhaps sent, or told by somebody who skipped the step."""
        self.over = False
        self.closing = False
        self.booking = False
        self.answers: list[Acknowledgement] = []
        self.deliveries: list[GoodsReceipt | GoodsReturn] = []
        self.changes: list[tuple[OrderLine, ...]] = []
        self._change_round = 0
        self._version = 0

    @property
    def placed(self) -> PlacedOrder:
        if self.order is None:
            raise RuntimeError("the order is not placed yet")
        return self.order

    @property
    def anything_received(self) -> bool:
        return any(quantity > 0 for quantity in self.received.values())

    @property
    def goods_came(self) -> bool:
        """Whether goods were taken in, or a report of them is on its way into the ERP: cancelling comes too late."""
        reported = any(isinstance(report, GoodsReceipt) for report in self.deliveries)
        return self.anything_received or self.booking or reported

    def take(self, report: Acknowledgement | GoodsReceipt | GoodsReturn | Settlement) -> EventRefusal | None:
        """Put a report where its stage finds it, or say why it does not count."""
        if self.over:
            return "order-closed"
        if event_faults(report, self.placed.total.currency):
            return "malformed"
        if isinstance(report, Settlement):
            self.settlement = report
            return None
        known = {line.line for line in self.placed.lines}
        if any(row.line not in known for row in report.lines):
            return "unknown-line"
        if isinstance(report, Acknowledgement):
            self.answers.append(report)
        else:
            self.deliveries.append(report)
        return None

    def is_order(self, number: str) -> bool:
        return self.order is not None and self.order.number == number

    def billed(self, progress: InvoiceProgress) -> bool:
        """Take in how far an invoice of this order is; False when that is known."""
        known, self.bills = (
            self.bills,
            self.bills.told(
                InvoiceFact(
                    event_id=progress.event_id,
                    invoice_case=progress.invoice_case,
                    kind=progress.kind,
                    at=progress.at,
                    lines={each.line: each.quantity for each in progress.lines},
                )
            ),
        )
        return self.bills is not known

    @property
    def settled(self) -> bool:
        """Whether accounts payable reported it, or its invoices are paid."""
        reported = self.settlement is not None and self.settlement.final
        return reported or self.bills.settled(self.received)

    def cancel_line(self, line: int) -> bool:
        """Have one line cancelled as far as it was not received; False when the order has no such line."""
        for each in self.placed.lines:
            if each.line == line:
                rest = each.quantity.of(self.received.get(line, Decimal(0)))
                self.changes.append((each.model_copy(update={"quantity": rest}),))
                return True
        return False

    async def step(
        self,
        step: Callable[..., Any],
        build: Build,
        summary: str,
        actions: tuple[Action, ...],
        code: str | None = None,
    ) -> Any | None:
        """A step until it succeeds; None when a person had it skipped. `code` names the exception of a refusal."""
        seq = self.case.file.next_seq()
        while True:
            result = await self.case.try_step(step, build, summary, seq)
            if not isinstance(result, StepFailure):
                return result
            if step is PurchasingSteps.send_order and result.kind != REFUSED:
                self.may_be_known = True
            decision = await self.ask_about(result, summary, actions, code)
            if decision is not None and decision.action == "skip":
                self.case.file.note("step.skipped", f"Skipped: {summary}", actor=decision.actor.person)
                return None
            if decision is not None and decision.action == "correct" and self._corrected(decision):
                return None

    async def ask_about(
        self, failure: StepFailure, summary: str, actions: tuple[Action, ...], code: str | None = None
    ) -> Decision | None:
        """Have the failure solved by its owner; None when it is simply worth another try."""
        if failure.kind == REFUSED and code is not None and failure.report.code not in CATALOGUE:
            failure = failure.model_copy(update={"report": failure.report.model_copy(update={"code": code})})
        return await ask_about_failure(self.case, failure, summary, f"order.{self.draft.supplier}", actions)

    def _corrected(self, decision: Decision) -> bool:
        try:
            self.draft = corrected_draft(self.draft, decision.corrections)
        except InvalidRequestError as error:
            self.case.file.note("correction.refused", str(error), actor=decision.actor.person)
            return False
        return True

    async def send(self, occasion: str) -> None:
        """Send to the supplier; each version leaves once."""
        self._version += 1
        order, version, policy = self.placed, self._version, self.case.policy
        key = f"{self.case.file.case_id}:send.{order.number}:{version}"
        if not self.cancelled:  # a cancelled order waits for nothing; what the case waits for elsewhere stays shown
            self.case.file.show(
                stage="acknowledgement",
                awaiting=f"acknowledgement of {order.number} by {order.supplier}",
                awaiting_since=workflow.now(),
                next_step="The supplier acknowledges, then delivers",
            )
        await self.step(
            PurchasingSteps.send_order,
            lambda journal, seq: SendOrderInput(
                journal=journal,
                seq=seq,
                order=order,
                facility=policy.facility,
                key=key,
                occasion=occasion,
                version=version,
                issued_on=local_day(workflow.now(), policy.facility.calendar),
            ),
            f"Send {occasion} {order.number} to {order.supplier}",
            SENDING,
            "dispatch-failed",
        )
        self.may_be_known = True

    async def apply_changes(self) -> None:
        """Bring what people changed into the ERP's order, and tell the supplier."""
        while self.changes:
            before, lines = self.placed, self.changes.pop(0)
            await (self.change(lines) if lines else self.follow())
            if not lines and self.placed.lines == before.lines and self.placed.status == before.status:
                continue  # it is as the supplier knows it
            await self.send("cancellation" if self.cancelled else "change")

    @property
    def cancelled(self) -> bool:
        """Whether its last line was cancelled: nothing is awaited any more, and nothing is left to close."""
        return self.placed.status == "cancelled"

    async def follow(self) -> None:
        """Take the order as people made it in the ERP, and bring the commitment in line with it."""
        key = self._next_change()
        followed = await self.step(
            PurchasingSteps.follow_order,
            lambda journal, seq: FollowOrderInput(
                journal=journal, seq=seq, order_id=self.draft.external_id, key=key, fiscal_year=self.fiscal_year
            ),
            f"Take over what was changed in the ERP's order {self.placed.number}",
            BOOKING,
        )
        self.order = followed or self.order

    def _next_change(self) -> str:
        self._change_round += 1
        return f"{self.draft.external_id}:change.{self._change_round}"

    async def change(self, lines: Sequence[OrderLine]) -> None:
        """Bring the ERP's order in line with what was agreed or cancelled."""
        external_id = self._next_change()
        changed = await self.step(
            PurchasingSteps.change_order,
            lambda journal, seq: ChangeOrderInput(
                journal=journal,
                seq=seq,
                number=self.placed.number,
                external_id=external_id,
                lines=tuple(lines),
                fiscal_year=self.fiscal_year,
            ),
            f"Change the order {self.placed.number}",
            BOOKING,
            "order-refused",
        )
        self.order = changed or self.order
