"""What the controls of an invoice look at, and what they answer."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime

from domain.capture import CapturedDocument, InvoiceCopy
from domain.exceptions import Finding
from domain.invoice import Invoice, InvoiceKind
from domain.model import Value
from domain.money import Money
from domain.payables import PayableSupplier


class RegisteredInvoice(Value):
    """An invoice as the register of all invoices knows it, in flight or done: what duplicates are compared with.

    `amount` is what the document asks to be paid (BT-115), of a credit note what it credits.
    """

    case_id: str
    facility: str
    supplier: str
    number: str
    kind: InvoiceKind
    amount: Money
    issued_on: date
    order_numbers: tuple[str, ...] = ()
    document_sha256: str
    state: str
    registered_at: AwareDatetime


class CallBack(Value):
    """How a changed bank account was verified with the supplier: by a number from the master, never from the letter."""

    phone: str
    spoken_with: str
    called_at: AwareDatetime


class AccountConfirmation(Value):
    """Two persons confirmed that an account belongs to the supplier."""

    supplier: str
    account_fingerprint: str
    confirmed_by: tuple[str, ...]
    call_back: CallBack
    case_id: str
    at: AwareDatetime


class ControlResult(Value):
    """`supplier` is empty while it is not resolved; `candidates` are those whose names resemble. `findings` are in the
    order in which they are to be solved; what cannot be judged while an earlier one is open is left for the next round.
    """

    supplier: str = ""
    candidates: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


class ControlFacts(Value):
    """All that the controls look at. `today` is the facility's day; `similar` are registered invoices of the supplier
    that could be the same; `confirmations` those of the supplier's accounts; `accepted` the codes that people let pass.
    """

    copy_: InvoiceCopy
    document: CapturedDocument
    suppliers: tuple[PayableSupplier, ...]
    chosen_supplier: str = ""
    similar: tuple[RegisteredInvoice, ...] = ()
    confirmations: tuple[AccountConfirmation, ...] = ()
    today: date
    accepted: tuple[str, ...] = ()

    @property
    def invoice(self) -> Invoice:
        """The invoice as people and rules work on it."""
        return self.copy_.invoice
