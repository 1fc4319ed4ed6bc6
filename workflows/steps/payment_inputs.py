"""What the steps of a payment run take and give."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime

from domain.exceptions import Finding
from domain.model import Value
from domain.money import Money
from domain.payables import PaymentMethod
from domain.payment import BankFact
from domain.policy.model import FrozenPolicy
from workflows.messages.payment_run import PaymentRunInput
from workflows.steps.inputs import StepInput


class ProposeInput(StepInput):
    """`today` is the facility's day."""

    policy: FrozenPolicy
    currency: str
    today: date


class ProposedPayment(Value):
    """`cases` are the invoices that it pays, the first ones by name."""

    payment_id: str
    supplier: str
    supplier_name: str
    method: PaymentMethod
    account: str
    amount: Money
    discount: Money
    pay_on: date
    cases: tuple[str, ...]
    numbers: tuple[str, ...]


class ProposeOutcome(Value):
    """What the run has claimed. `excluded` may neither approve nor release it; `left_out` says in words what was not
    taken, the first hundred."""

    payments: tuple[ProposedPayment, ...] = ()
    left_out: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    total: Money
    discounts: Money
    grouping: str = ""


class ReleasePaymentsInput(StepInput):
    """The payments will not be made: their invoices are free for another run."""

    payment_ids: tuple[str, ...]
    reason: str


class DeliverInput(StepInput):
    """One file of the run's payments of one method, as made at `made_at` (UTC): the same whenever it is asked for."""

    made_at: AwareDatetime
    policy: FrozenPolicy
    method: PaymentMethod
    payment_ids: tuple[str, ...]
    facility: str
    currency: str


class DeliverOutcome(Value):
    """`message_id` is the one by which the bank knows the file."""

    message_id: str
    name: str
    sha256: str
    total: Money
    answer: str = ""
    lapsed: tuple[str, ...] = ()
    """Payments that were released again, because their discount no longer held when the file was made."""


class NoteStatesInput(StepInput):
    """What the bank said of payments that did not come about, or were merely accepted."""

    accepted: tuple[str, ...] = ()
    rejected: tuple[BankFact, ...] = ()


class BookInput(StepInput):
    """Payments that the bank has booked."""

    facts: tuple[BankFact, ...]


class ReturnInput(StepInput):
    """Payments that came back."""

    facts: tuple[BankFact, ...]


class FinishInput(StepInput):
    """Nothing can come back any more."""

    payment_ids: tuple[str, ...]


class DueRuns(Value):
    runs: tuple[PaymentRunInput, ...] = ()


class BankIncident(Value):
    """Something of the bank that no run can deal with. `subject` and `text` name the incident's case."""

    subject: str
    text: str
    finding: Finding


class CollectInput(Value):
    """`raised` is the key of the message whose incidents were raised: it is read to its end. Empty: there is none."""

    raised: str = ""


NOTHING_RAISED = CollectInput()


class CollectedPage(Value):
    """`pending` is the key of a message that is not read to its end before its incidents are raised; it is the page's
    last one."""

    messages: int = 0
    facts: int = 0
    incidents: tuple[BankIncident, ...] = ()
    policy: FrozenPolicy | None = None
    more: bool = False
    pending: str = ""
