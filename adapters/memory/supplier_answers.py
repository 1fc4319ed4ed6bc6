"""Answers to suppliers in memory: what was sent is there to be looked at."""

from __future__ import annotations

import hashlib

from domain.outside_errors import RefusedError
from domain.supplier_answers import AnswerProof, InvoiceAnswer, Remittance

SYSTEM = "mail"


class MemorySupplierAnswers:
    """Implements SupplierAnswers. `answers` and `remittances` hold what was sent, once per key, in order of sending.

    `fail_next` are errors to be raised first, one per sending.
    """

    def __init__(self) -> None:
        self._answers: dict[str, InvoiceAnswer] = {}
        self._remittances: dict[str, Remittance] = {}
        self.fail_next: list[Exception] = []

    @property
    def answers(self) -> tuple[InvoiceAnswer, ...]:
        return tuple(self._answers.values())

    @property
    def remittances(self) -> tuple[Remittance, ...]:
        return tuple(self._remittances.values())

    async def answer_invoice(self, answer: InvoiceAnswer) -> AnswerProof:
        recipient = self._recipient(answer.supplier.email, answer.supplier.name)
        self._answers.setdefault(answer.key, answer)
        return _proof("answer", answer.key, recipient)

    async def send_remittance(self, remittance: Remittance) -> AnswerProof:
        supplier = remittance.supplier
        recipient = self._recipient(supplier.remittance_email or supplier.email, supplier.name)
        self._remittances.setdefault(remittance.key, remittance)
        return _proof("remittance", remittance.key, recipient)

    def _recipient(self, address: str, supplier: str) -> str:
        if self.fail_next:
            raise self.fail_next.pop(0)
        if not address:
            raise RefusedError(SYSTEM, "no-address", f"{supplier} has no mail address")
        return address


def _proof(kind: str, key: str, recipient: str) -> AnswerProof:
    digest = hashlib.sha256(f"{kind}\n{key}".encode()).hexdigest()[:40]
    return AnswerProof(recipient=recipient, message_id=f"<{digest}.{kind}@memory>")
