"""What the steps of an invoice take and give. Lines stay in the document store: only bounded lists travel."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.authority import ApproverDirectory
from domain.capture import CapturedDocument
from domain.duties import DutyDone
from domain.exceptions import Finding
from domain.facility import Facility
from domain.invoice_control import CallBack
from domain.master_data import SupplierRisk
from domain.matching import Accepted
from domain.model import Value
from domain.money import Money
from domain.payables import PostedInvoice
from domain.policy.model import FrozenPolicy
from domain.ports.assistant import RecordedSuggestion, Suggestion
from domain.supplier_answers import ResponseStatus
from domain.tasks import InvoiceCorrection
from workflows.messages.invoice_to_payment import InvoiceHeader, ProgressKind
from workflows.steps.inputs import StepInput


class ControlInput(StepInput):
    """`supplier` is the code that a person chose; `accepted` the exceptions that people let pass; `today` the
    facility's day."""

    document: CapturedDocument
    policy: FrozenPolicy
    today: date
    supplier: str = ""
    accepted: tuple[str, ...] = ()


class ControlOutcome(Value):
    """`supplier` is empty while it is not resolved. `account_duties` are who changed and confirmed the account that is
    paid to."""

    version: int
    header: InvoiceHeader
    supplier: str = ""
    supplier_name: str = ""
    risk: SupplierRisk = "low"
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    booked_number: str = ""
    """The number under which it is registered and booked: the supplier's, with a suffix where a person said that it is
    not the same as another invoice with this number."""
    account: str = ""
    """The fingerprint of the supplier master's account that was judged: the one that would be paid to."""
    account_duties: tuple[DutyDone, ...] = ()
    suggestions: dict[str, Suggestion] = {}


class CorrectInput(StepInput):
    """Apply a person's correction to version `version` of the copy. `accepted` is what people had let pass, `supplier`
    whose invoice it was until now; empty while nobody knew."""

    version: int
    correction: InvoiceCorrection
    by: str
    why: str
    at: AwareDatetime
    accepted: tuple[str, ...] = ()
    supplier: str = ""


class CorrectOutcome(Value):
    """`faults` say in words why the correction does not fit; then nothing changed. `accepted` is what still holds."""

    version: int
    faults: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


class ConfirmAccountInput(StepInput):
    """`account_fingerprints` are all accounts that were confirmed with one call."""

    supplier: str
    account_fingerprints: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    call_back: CallBack
    at: AwareDatetime


class MatchInput(StepInput):
    """`round` counts the rounds of matching; the result is stored under it. `owner` is the person whom somebody named
    for what no order backs."""

    policy: FrozenPolicy
    today: date
    supplier: str
    version: int
    round: int
    accepted: tuple[Accepted, ...] = ()
    owner: str = ""


class Coded(Value):
    """The part of an invoice that no order backs: what approvers are routed by."""

    amount: Money
    cost_centres: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """The first lines in words."""
    digest: str = ""
    """Of all lines: what differs in any of them is another part."""


class MatchOutcome(Value):
    """`coded` is None when orders back all of it. `order_cases` are the purchase cases, `family_duties` who did what in
    them."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    gate: bool = False
    payable: Money
    withheld: Money
    waiting_for: tuple[str, ...] = ()
    order_lines: int = 0
    first_pass: int = 0
    order_numbers: tuple[str, ...] = ()
    order_cases: tuple[str, ...] = ()
    cost_centres: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    coded: Coded | None = None
    owner: str = ""
    approvers: ApproverDirectory = ApproverDirectory()
    family_duties: tuple[DutyDone, ...] = ()
    suggestions: dict[str, Suggestion] = {}


class PostInput(StepInput):
    """`key` is the external id in the ERP. `account` is the fingerprint of the account that was controlled."""

    key: str
    policy: FrozenPolicy
    posted_on: date
    fiscal_year: int
    supplier: str
    version: int
    round: int
    number: str
    duties: tuple[DutyDone, ...]
    urgent: bool = False
    account: str = ""


class PostOutcome(Value):
    """`offered` says that it waits for a payment run: a bill of nothing does not."""

    posted: PostedInvoice
    due_on: date
    offered: bool


class ReverseInput(StepInput):
    key: str
    reason: str
    on: date
    state: Literal["cancelled", "rejected"] = "cancelled"


class StateInput(StepInput):
    """The invoice will not be taken up: its number is free again. `perhaps_booked` says that a posting was tried:
    should it stand in the books, the number stays taken."""

    perhaps_booked: bool = False
    state: Literal["rejected", "duplicate", "cancelled"]


class TellOrdersInput(StepInput):
    """Tell the purchase cases of the invoice's orders. `round` is the matching whose quantities are meant."""

    kind: ProgressKind
    version: int
    round: int
    event_id: str
    text: str = ""


class HoldInput(StepInput):
    """Keep the invoice out of payment runs, or let it in again."""

    held: bool
    reason: str = ""


class HoldOutcome(Value):
    """`done` is False when a run has claimed the invoice already."""

    done: bool


class OfferAgainInput(StepInput):
    """The money did not arrive: the invoice may be paid again, with the supplier master as it is now. `today` is the
    facility's day."""

    supplier: str
    duties: tuple[DutyDone, ...]
    policy: FrozenPolicy
    today: date
    document: CapturedDocument


class OfferAgainOutcome(Value):
    """`finding` says why it was not offered: the account that would be paid to is to be confirmed first.
    `account_duties` are who changed that account."""

    finding: Finding | None = None
    account_duties: tuple[DutyDone, ...] = ()


class AnswerInput(StepInput):
    """What the supplier is told. `codes` are the exceptions that led to it."""

    key: str
    status: ResponseStatus
    supplier: str
    facility: Facility
    version: int
    on: date
    codes: tuple[str, ...] = ()
    text: str = ""
    disputed: Money | None = None


class LearnInput(StepInput):
    records: tuple[RecordedSuggestion, ...]
