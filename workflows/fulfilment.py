"""One order from the ERP to its settlement: placed, sent, acknowledged, received, settled, closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from domain.acknowledging import agreed_lines, differences
from domain.business_time import local_day
from domain.case import Journal
from domain.commitment_lines import order_commitment
from domain.exceptions import Finding
from domain.money import Money
from domain.purchase import Acknowledgement, OrderDraft
from domain.receiving import received_part
from domain.tasks import Action
from workflows.case import CaseWorkflow
from workflows.compensation import Compensations, Undo
from workflows.delivery import Delivery
from workflows.order_in_hand import BOOKING, OrderInHand, total_with
from workflows.questions import accepted_by_policy, ask, business_hours_from_now, remaining
from workflows.steps.inputs import CloseOrderInput, EndOrderInput, PlaceOrderInput, SendOrderInput
from workflows.steps.purchasing import PurchasingSteps

PLACING: tuple[Action, ...] = ("retry", "correct", "cancel")


class Fulfilment:
    """The stages of one order, in sequence. `authorise` has a change from one total to another approved where policy
    asks, `authorise_correction` an order that goes elsewhere than was approved.
    """

    def __init__(
        self,
        case: CaseWorkflow,
        undo: Compensations,
        draft: OrderDraft,
        fiscal_year: int,
        authorise: Callable[[Money, Money], Awaitable[None]],
        authorise_correction: Callable[[OrderDraft, OrderDraft], Awaitable[None]],
    ) -> None:
        self._case, self._undo, self._authorise = case, undo, authorise
        self._authorise_correction = authorise_correction
        self._hand = OrderInHand(case, draft, fiscal_year)
        self._chases = 0

    @property
    def hand(self) -> OrderInHand:
        return self._hand

    async def run(self) -> None:
        """Raises CaseEnded when the case is ended before anything was received."""
        placing = await self._place()
        telling = self._register_cancellation()
        await self._hand.send("order")
        await self._acknowledged()

        def keep() -> None:
            self._undo.forget(telling)
            self._undo.forget(placing)

        await Delivery(self._case, self._hand, keep).run()
        await self._settled()
        keep()

    async def _place(self) -> Undo:
        """Order in the ERP. The undo is registered first: an order whose answer was lost is found by its external
        id.
        """
        while self._hand.order is None:
            draft = self._hand.draft
            undo = self._register_undo(draft.external_id, draft.supplier)
            self._case.file.show(stage="ordering", next_step=f"The order with {draft.supplier} is placed in the ERP")

            def build(journal: Journal, seq: int, draft: OrderDraft = draft) -> PlaceOrderInput:
                return PlaceOrderInput(journal=journal, seq=seq, draft=draft, fiscal_year=self._hand.fiscal_year)

            self._hand.order = await self._hand.step(
                PurchasingSteps.place_order, build, f"Place the order with {draft.supplier}", PLACING, "order-refused"
            )
            if self._hand.order is None:
                # It is corrected under another id; the first try may have had its effect though its answer was lost.
                await self._undo.at_once(undo)
                await self._authorise_correction(draft, self._hand.draft)
        numbers = self._case.file.snapshot.order_numbers
        self._case.file.show(order_numbers=(*numbers, self._hand.placed.number))
        return undo

    def _register_undo(self, external_id: str, supplier: str) -> Undo:
        def build(journal: Journal, seq: int) -> EndOrderInput:
            reason = self._case.ended.reason if self._case.ended else "replaced by a corrected order"
            return EndOrderInput(journal=journal, seq=seq, external_id=external_id, reason=reason)

        return self._undo.register(f"order with {supplier}", PurchasingSteps.cancel_order, build)

    def _register_cancellation(self) -> Undo:
        """A supplier that has the order in hand, or may have it, must hear that it is off."""

        def build(journal: Journal, seq: int) -> SendOrderInput:
            return SendOrderInput(
                journal=journal,
                seq=seq,
                order=self._hand.placed,
                facility=self._case.policy.facility,
                key=f"{self._case.file.case_id}:send.{self._hand.placed.number}:cancellation",
                occasion="cancellation",
                issued_on=local_day(workflow.now(), self._case.policy.facility.calendar),
            )

        return self._undo.register(
            f"message to {self._hand.placed.supplier}",
            PurchasingSteps.send_order,
            build,
            needed=lambda: self._hand.may_be_known,
        )

    async def _acknowledged(self) -> None:
        """Wait for the supplier's answer, chase a silent one, and have differences decided by the buyer."""
        while self._hand.answers or not self._no_answer_needed():
            heard = await self._case.until(
                lambda: bool(self._hand.answers or self._hand.changes) or self._no_answer_needed(),
                self._patience(),
                f"Chase {self._hand.placed.supplier}",
            )
            if self._hand.changes:
                await self._hand.apply_changes()
            elif self._hand.answers:
                await self._judge_answer(self._hand.answers.pop(0))
                return
            elif not heard and await self._silence_accepted():
                return

    async def _silence_accepted(self) -> bool:
        """Chase as often as the policy says; then the buyer decides whether to go on without an answer."""
        if self._chases < self._case.policy.supplier.chases:
            self._chases += 1
            await self._hand.send("reminder")
            return False
        return await self._accept_silence()

    def _no_answer_needed(self) -> bool:
        """Goods or a bill say more than an acknowledgement."""
        hand = self._hand
        return bool(hand.deliveries) or hand.settlement is not None or hand.short_closed is not None or hand.cancelled

    def _patience(self) -> timedelta:
        return remaining(business_hours_from_now(self._case, self._case.policy.supplier.chase_after_hours))

    async def _accept_silence(self) -> bool:
        finding = Finding(
            code="acknowledgement-missing",
            message=f"{self._hand.placed.supplier} has not answered to {self._hand.placed.number}",
            evidence={"order": self._hand.placed.number, "chased": self._case.policy.supplier.chases},
        )
        decision = await ask(self._case, finding, f"acknowledgement.{self._hand.placed.number}")
        if decision.action == "chase":
            await self._hand.send("reminder")
            return False
        return True

    async def _judge_answer(self, answer: Acknowledgement) -> None:
        self._hand.answer = answer
        found = differences(self._hand.placed, answer, self._hand.tolerances)
        serious = [each for each in found if not each.tolerated]
        if serious:
            finding = Finding(
                code="acknowledgement-differs",
                message="; ".join(f"line {d.line}: {d.what} {d.expected} -> {d.answered}" for d in serious),
                evidence={"order": self._hand.placed.number, "differences": [d.model_dump() for d in serious]},
            )
            if not await self._accepted(finding):
                await self._hand.send("reminder")
                return await self._acknowledged()
        if found:
            agreed = agreed_lines(self._hand.placed, answer)
            await self._authorise(self._hand.placed.total, total_with(self._hand.placed, agreed))
            await self._hand.change(agreed)
        return None

    async def _accepted(self, finding: Finding) -> bool:
        """Whether the supplier's other answer is taken, by a rule or by a person; else the supplier is chased."""
        if accepted_by_policy(self._case, finding):
            return True
        decision = await ask(self._case, finding, f"acknowledgement.{self._hand.placed.number}")
        return decision.action != "chase"

    async def _settled(self) -> None:
        """Wait for the final settlement, unless nothing was received; then close the order for good."""
        if self._hand.cancelled:
            # The ERP cancelled the order with its last line: there is nothing to settle, and nothing left to close.
            self._hand.over = True
            return
        if self._hand.anything_received:
            self._case.file.show(
                stage="settlement",
                awaiting=f"invoices and payment of {self._hand.placed.number}",
                awaiting_since=workflow.now(),
                next_step="Its invoices are paid, then the order is closed",
            )
            await self._case.until(lambda: self._hand.settled)
        self._hand.closing = True
        short = self._hand.short_closed is not None
        taken = received_part(self._hand.placed, self._hand.received)
        # What invoices have consumed is consumed; a settlement that was only reported consumes what was received.
        commitment = (
            ()
            if any(each.kind == "posted" for each in self._hand.bills.facts)
            else order_commitment(taken, self._hand.draft.facility, self._hand.fiscal_year)
        )
        closed = await self._hand.step(
            PurchasingSteps.close_order,
            lambda journal, seq: CloseOrderInput(
                journal=journal,
                seq=seq,
                number=self._hand.placed.number,
                key=f"{self._hand.draft.external_id}:close",
                short=short,
                reason=self._hand.short_closed or "received and settled",
                settlement=self._hand.settlement,
                settled=commitment,
                lines=tuple(line.line for line in self._hand.placed.lines),
            ),
            f"Close the order {self._hand.placed.number}",
            BOOKING,
        )
        self._hand.order = closed or self._hand.order
        self._hand.over = True
