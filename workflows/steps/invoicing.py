"""What invoice-to-payment asks of the outside: reads are gathered in one step, each effect is a step of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.steps.invoice_inputs import (
    AnswerInput,
    ConfirmAccountInput,
    ControlInput,
    ControlOutcome,
    CorrectInput,
    CorrectOutcome,
    HoldInput,
    HoldOutcome,
    LearnInput,
    MatchInput,
    MatchOutcome,
    OfferAgainInput,
    OfferAgainOutcome,
    PostInput,
    PostOutcome,
    ReverseInput,
    StateInput,
    TellOrdersInput,
)


class InvoicingSteps(ABC):
    """Each step may be repeated with the same input: it then gives the same result and has no second effect. Failures
    are as in `PurchasingSteps`."""

    @activity.defn(name="control_invoice")
    @abstractmethod
    async def control_invoice(self, step: ControlInput) -> ControlOutcome:
        """Resolve the supplier, enter the number in the register, and judge the invoice before anybody works on it."""

    @activity.defn(name="correct_invoice")
    @abstractmethod
    async def correct_invoice(self, step: CorrectInput) -> CorrectOutcome:
        """Write the next version of the working copy."""

    @activity.defn(name="confirm_account")
    @abstractmethod
    async def confirm_account(self, step: ConfirmAccountInput) -> None:
        """Record that two persons confirmed the supplier's account."""

    @activity.defn(name="match_invoice")
    @abstractmethod
    async def match_invoice(self, step: MatchInput) -> MatchOutcome:
        """Match against orders and receipts, and store the result."""

    @activity.defn(name="post_invoice")
    @abstractmethod
    async def post_invoice(self, step: PostInput) -> PostOutcome:
        """Book the bill in the ERP, consume the commitment, and offer it for payment."""

    @activity.defn(name="reverse_invoice")
    @abstractmethod
    async def reverse_invoice(self, step: ReverseInput) -> None:
        """Undo post_invoice, also when its answer was lost."""

    @activity.defn(name="set_invoice_aside")
    @abstractmethod
    async def set_invoice_aside(self, step: StateInput) -> None:
        """Free the invoice's number in the register."""

    @activity.defn(name="tell_orders")
    @abstractmethod
    async def tell_orders(self, step: TellOrdersInput) -> None:
        """Tell the purchase cases how far the invoice is."""

    @activity.defn(name="hold_payment")
    @abstractmethod
    async def hold_payment(self, step: HoldInput) -> HoldOutcome:
        """Keep the invoice out of payment runs, or let it in again."""

    @activity.defn(name="offer_again")
    @abstractmethod
    async def offer_again(self, step: OfferAgainInput) -> OfferAgainOutcome:
        """Let payment runs take up an invoice whose money did not arrive."""

    @activity.defn(name="answer_supplier")
    @abstractmethod
    async def answer_supplier(self, step: AnswerInput) -> str:
        """Send the standard answer; returns the address that it went to."""

    @activity.defn(name="learn_decisions")
    @abstractmethod
    async def learn_decisions(self, step: LearnInput) -> None:
        """Put what people decided beside what was suggested."""
