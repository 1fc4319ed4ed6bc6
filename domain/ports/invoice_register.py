"""Every invoice that Corridor knows, so that none is taken twice, and what may be paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, Protocol

from domain.invoice_control import AccountConfirmation, RegisteredInvoice
from domain.model import Value
from domain.money import Money
from domain.payment import BankFact, PayableInvoice, Payment, PaymentState, StatementBalance

InvoiceState = Literal["registered", "matched", "posted", "payable", "paid", "rejected", "duplicate", "cancelled"]


class Registration(Value):
    """`registered` is False when another case holds the number: `holder` is it."""

    registered: bool
    holder: RegisteredInvoice | None = None
    similar: tuple[RegisteredInvoice, ...] = ()


class InvoiceRegister(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    async def register(self, invoice: RegisteredInvoice, since: date) -> Registration:
        """Enter the invoice under its supplier and normalised number, unless another case holds them that is neither
        rejected, cancelled nor a duplicate; then it is entered as a duplicate, which holds nothing. `similar` are
        other such invoices, the nearest first: of the supplier, issued `since`, with the same number, the same amount
        or a common order, and whatever was read from the same document.

        Serialised per supplier: of a hundred at once exactly one is registered, and all others see it. Repeating it
        for the same case updates its entry.
        """

    async def set_state(self, case_id: str, state: InvoiceState) -> None: ...

    async def entry(self, case_id: str) -> RegisteredInvoice | None: ...

    async def states(self, case_ids: Sequence[str]) -> Mapping[str, str]:
        """By case; one that is not entered is left out."""

    async def find(self, supplier: str, numbers: Sequence[str]) -> tuple[RegisteredInvoice, ...]:
        """Invoices of the supplier by their (normalised) numbers, for credit notes."""

    async def cases_of_orders(self, order_numbers: Sequence[str]) -> tuple[str, ...]:
        """Invoice cases that name any of the orders."""

    async def confirm_account(self, confirmation: AccountConfirmation) -> None: ...

    async def confirmations(self, supplier: str) -> tuple[AccountConfirmation, ...]: ...


class ClaimResult(Value):
    """`claimed` are the case ids that the run holds now; the others belong to another run, or may not be paid."""

    claimed: tuple[str, ...]


class PaymentLedger(Protocol):
    """What may be paid, who claimed it, what became of it. Raises the errors of `domain.outside_errors`."""

    async def offer(self, invoice: PayableInvoice) -> None:
        """The invoice may be paid from now on. Refuses (RefusedError 'not-matched') one whose register entry is not
        'posted' or 'payable': the match is the gate, whoever asks. Offering again updates it while it is not claimed.
        """

    async def withdraw_offer(self, case_id: str) -> bool:
        """It may not be paid any more; False when a run has claimed it."""

    async def hold(self, case_id: str, reason: str) -> bool:
        """Keep it out of proposals until it is resumed; False when a run has claimed it."""

    async def resume(self, case_id: str) -> None: ...

    async def payable(self, facility: str, currency: str, limit: int) -> tuple[PayableInvoice, ...]:
        """Offered, not held and not claimed, the earliest due first."""

    async def held(self, facility: str, currency: str, limit: int) -> tuple[tuple[PayableInvoice, str], ...]:
        """Offered and held, with the reason."""

    async def claim(self, run_id: str, payments: Sequence[Payment]) -> ClaimResult:
        """Claim the invoices of these payments for the run, and store the payments of which every invoice was claimed.

        One transaction; an invoice belongs to one run at most, by a unique key. A payment of which any invoice is not
        free is not stored, and none of its invoices is claimed. Repeating it for the same run gives the same answer.
        """

    async def claimed(self, run_id: str) -> tuple[PayableInvoice, ...]:
        """The invoices that the run holds, as they were offered."""

    async def release(self, run_id: str, payment_ids: Sequence[str], state: PaymentState, reason: str) -> None:
        """The payments will not be, or did not come about: their invoices may be claimed again."""

    async def set_state(self, payment_ids: Sequence[str], state: PaymentState, reason: str = "") -> None: ...

    async def payment(self, payment_id: str) -> Payment | None: ...

    async def payments_of(self, run_id: str) -> tuple[Payment, ...]: ...

    async def payments_for(self, case_id: str) -> tuple[Payment, ...]:
        """All payments that ever carried an invoice, the first one first."""

    async def discounts_kept(self, case_ids: Sequence[str]) -> Mapping[str, Money]:
        """What the payments that the bank has booked kept of invoices, zero included, by case; one of which none is
        booked is left out.
        """

    async def pays(self) -> tuple[tuple[str, str], ...]:
        """(facility, currency) pairs for which something is payable."""

    async def keep_file(self, run_id: str, message_id: str, name: str, content: str) -> None:
        """Store a payment file as it goes to the bank, once for its message id."""

    async def run_of(self, message_id: str) -> str | None:
        """The run whose file carries this message id."""

    async def file(self, message_id: str) -> tuple[str, str] | None:
        """(name, content)."""

    async def cursor(self, bank: str) -> str:
        """The key of the last message of the bank that was taken in; empty at first."""

    async def take_in(
        self,
        bank: str,
        key: str,
        name: str,
        content: str,
        facts: Sequence[BankFact],
        balances: Sequence[StatementBalance],
        read: bool = True,
    ) -> tuple[BankFact, ...]:
        """Store a message of the bank, once for its key, and move the cursor to it; returns those of the facts that no
        earlier message stated (by `fact_id`) and those of this message again when it is repeated. One that is not
        `read` to its end leaves the cursor where it is."""

    async def read_up_to(self, bank: str, key: str) -> None:
        """Move the cursor to a message that was taken in and is read to its end now."""

    async def balances(self, account_fingerprint: str, limit: int) -> tuple[StatementBalance, ...]:
        """What statements said of an account of ours, the latest first."""
