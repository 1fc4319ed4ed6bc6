"""What the supplier is told about its invoice: the standard answers, and the remittance advice."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.facility import Facility
from domain.invoice import InvoiceKind
from domain.model import Value
from domain.money import Money
from domain.payables import PayableSupplier
from domain.payment import Payment

ResponseStatus = Literal["AB", "IP", "UQ", "CA", "RE", "AP", "PD"]
"""UNCL4343 as Peppol BIS Invoice Response 3 uses it: received, in process, under query, conditionally accepted,
rejected, accepted, paid."""


class Clarification(Value):
    """`reason` is an OPStatusReason code (REF, LEG, REC, QUA, DEL, PRI, QTY, ITM, PAY, UNR, FIN, PPD, OTH), `action` an
    OPStatusAction code (NOA, PIN, NIN, CNF, CNP, CNA, OTH)."""

    reason: str
    action: str = "NOA"
    text: str = ""


class InvoiceAnswer(Value):
    """`key` makes a repeated answer the same message. Of a `duplicate` an earlier document stands, which is not
    rejected."""

    key: str
    status: ResponseStatus
    supplier: PayableSupplier
    facility: Facility
    number: str
    kind: InvoiceKind
    issued_on: date
    answered_on: date
    clarifications: tuple[Clarification, ...] = ()
    text: str = ""
    disputed: Money | None = None
    duplicate: bool = False


class Remittance(Value):
    """What one payment settles. `key` makes a repeated advice the same message."""

    key: str
    payment: Payment
    supplier: PayableSupplier
    facility: Facility


class AnswerProof(Value):
    """That an answer left, to whom and under which message id; `document_sha256` by file name."""

    recipient: str
    message_id: str
    document_sha256: dict[str, str] = {}
