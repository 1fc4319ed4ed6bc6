"""The way of answers about invoices to a supplier."""

from __future__ import annotations

from typing import Protocol

from domain.supplier_answers import AnswerProof, InvoiceAnswer, Remittance


class SupplierAnswers(Protocol):
    """Raises the errors of `domain.outside_errors`; RefusedError 'no-address' when the supplier has no mail address."""

    async def answer_invoice(self, answer: InvoiceAnswer) -> AnswerProof:
        """Send a Peppol Invoice Response (UBL ApplicationResponse) with a text for people."""

    async def send_remittance(self, remittance: Remittance) -> AnswerProof:
        """Send the remittance advice: every invoice, credit note and discount that the payment is made of."""
