"""What payment runs ask of the outside."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.steps.payment_inputs import (
    NOTHING_RAISED,
    BookInput,
    CollectedPage,
    CollectInput,
    DeliverInput,
    DeliverOutcome,
    DueRuns,
    FinishInput,
    NoteStatesInput,
    ProposeInput,
    ProposeOutcome,
    ReleasePaymentsInput,
    ReturnInput,
)


class PayingSteps(ABC):
    """Each step may be repeated with the same input: it then gives the same result and has no second effect. Failures
    are as in `PurchasingSteps`."""

    @activity.defn(name="propose_payments")
    @abstractmethod
    async def propose_payments(self, step: ProposeInput) -> ProposeOutcome:
        """Choose what is due, and claim it for the run before any file exists."""

    @activity.defn(name="release_payments")
    @abstractmethod
    async def release_payments(self, step: ReleasePaymentsInput) -> None:
        """Undo the claims."""

    @activity.defn(name="deliver_payment_file")
    @abstractmethod
    async def deliver_payment_file(self, step: DeliverInput) -> DeliverOutcome:
        """Build the file, keep it, and hand it to the bank."""

    @activity.defn(name="note_payment_states")
    @abstractmethod
    async def note_payment_states(self, step: NoteStatesInput) -> None:
        """Record acceptances and rejections, and tell the invoices."""

    @activity.defn(name="book_payments")
    @abstractmethod
    async def book_payments(self, step: BookInput) -> None:
        """Book in the ERP what left the bank, send the remittance advice, and tell the invoices."""

    @activity.defn(name="return_payments")
    @abstractmethod
    async def return_payments(self, step: ReturnInput) -> None:
        """Reverse in the ERP what came back, and tell the invoices."""

    @activity.defn(name="finish_payments")
    @abstractmethod
    async def finish_payments(self, step: FinishInput) -> None:
        """Tell the invoices that their payments are final."""


class PaymentScheduleSteps(ABC):
    @activity.defn(name="due_payment_runs")
    @abstractmethod
    async def due_payment_runs(self) -> DueRuns:
        """For which facilities and currencies something is due to be paid."""

    @activity.defn(name="collect_bank_messages")
    @abstractmethod
    async def collect_bank_messages(self, step: CollectInput = NOTHING_RAISED) -> CollectedPage:
        """Take in what the bank sent, and tell the runs that it concerns. A message with incidents ends the page."""
