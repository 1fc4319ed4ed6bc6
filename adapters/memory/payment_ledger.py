"""The payment ledger in memory. No method pauses, so that concurrent calls of one event loop never interleave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.memory.bank_messages import MemoryBankMessages
from adapters.memory.invoice_register import MemoryInvoiceRegister
from domain.claiming import MAX_PAYABLE, added_up, anonymous, claimable, follows
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payment import PayableInvoice, Payment, PaymentState
from domain.ports.invoice_register import ClaimResult
from domain.registering import PAYABLE

SYSTEM = "payment-ledger"


@dataclass(slots=True)
class _Standing:
    """`offer` is None while the invoice may not be paid; `payment_id` is the payment that claimed it."""

    offer: PayableInvoice | None = None
    hold: str | None = None
    payment_id: str | None = None


@dataclass(slots=True)
class _StoredPayment:
    payment: Payment
    freed: bool = False


class MemoryPaymentLedger(MemoryBankMessages):
    """`domain.ports.invoice_register.PaymentLedger`. `register` is the gate: only what it calls payable is."""

    def __init__(self, register: MemoryInvoiceRegister) -> None:
        super().__init__()
        self._register = register
        self._standings: dict[str, _Standing] = {}
        self._payments: dict[str, _StoredPayment] = {}
        self._files: dict[str, tuple[str, str, str]] = {}
        self._purged: set[str] = set()

    async def offer(self, invoice: PayableInvoice) -> None:
        if self._register.state_of(invoice.case_id) not in PAYABLE:
            raise RefusedError(SYSTEM, "not-matched", "the invoice is not matched and posted: it may not be paid")
        standing = self._standing(invoice.case_id)
        if standing.payment_id is None:
            standing.offer = invoice

    async def withdraw_offer(self, case_id: str) -> bool:
        return self._unless_claimed(case_id, lambda standing: setattr(standing, "offer", None))

    async def hold(self, case_id: str, reason: str) -> bool:
        return self._unless_claimed(case_id, lambda standing: setattr(standing, "hold", reason))

    async def resume(self, case_id: str) -> None:
        self._standing(case_id).hold = None

    def _standing(self, case_id: str) -> _Standing:
        return self._standings.setdefault(case_id, _Standing())

    def _unless_claimed(self, case_id: str, change: Callable[[_Standing], None]) -> bool:
        standing = self._standing(case_id)
        if standing.payment_id is not None:
            return False
        change(standing)
        return True

    async def payable(self, facility: str, currency: str, limit: int) -> tuple[PayableInvoice, ...]:
        return tuple(offer for offer, _ in self._offers(facility, currency, limit, lambda each: each.hold is None))

    async def held(self, facility: str, currency: str, limit: int) -> tuple[tuple[PayableInvoice, str], ...]:
        found = self._offers(facility, currency, limit, lambda each: each.hold is not None)
        return tuple((offer, reason or "") for offer, reason in found)

    def _offers(
        self, facility: str, currency: str, limit: int, wanted: Callable[[_Standing], bool]
    ) -> list[tuple[PayableInvoice, str | None]]:
        found = [
            (offer, standing.hold)
            for offer, standing in self._open()
            if (offer.facility, offer.amount.currency) == (facility, currency) and wanted(standing)
        ]
        found.sort(key=lambda each: (each[0].due_on, each[0].case_id))
        return found[: max(0, min(limit, MAX_PAYABLE))]

    def _open(self) -> Iterable[tuple[PayableInvoice, _Standing]]:
        """Offered and not claimed, and still payable by the register."""
        for case_id, standing in self._standings.items():
            gate = self._register.state_of(case_id) in PAYABLE
            if gate and standing.offer is not None and standing.payment_id is None:
                yield standing.offer, standing

    async def pays(self) -> tuple[tuple[str, str], ...]:
        free = [offer for offer, standing in self._open() if standing.hold is None]
        return tuple(sorted({(offer.facility, offer.amount.currency) for offer in free}))

    async def claim(self, run_id: str, payments: Sequence[Payment]) -> ClaimResult:
        wanted = {item.case_id for payment in payments for item in payment.items}
        free = {
            offer.case_id: offer
            for offer, standing in self._open()
            if standing.hold is None and offer.case_id in wanted
        }
        for payment in claimable(payments, free, self._payments):
            stored = payment.model_copy(update={"run_id": run_id})
            self._payments[payment.payment_id] = _StoredPayment(stored)
            for item in payment.items:
                self._standing(item.case_id).payment_id = payment.payment_id
        return ClaimResult(claimed=tuple(sorted(case for case in wanted if self._run_holding(case) == run_id)))

    def _run_holding(self, case_id: str) -> str | None:
        payment_id = self._standings[case_id].payment_id if case_id in self._standings else None
        return self._payments[payment_id].payment.run_id if payment_id is not None else None

    async def claimed(self, run_id: str) -> tuple[PayableInvoice, ...]:
        mine = (each.offer for case, each in self._standings.items() if self._run_holding(case) == run_id)
        return tuple(sorted((each for each in mine if each is not None), key=lambda each: (each.due_on, each.case_id)))

    async def release(self, run_id: str, payment_ids: Sequence[str], state: PaymentState, reason: str) -> None:
        for stored in self._known(payment_ids):
            if stored.payment.run_id == run_id:
                stored.payment = stored.payment.model_copy(update={"state": state, "reason": reason})
                stored.freed = True
                for item in stored.payment.items:
                    self._free(item.case_id, stored.payment.payment_id)

    def _free(self, case_id: str, payment_id: str) -> None:
        standing = self._standings.get(case_id)
        if standing is not None and standing.payment_id == payment_id:
            standing.payment_id = None

    async def set_state(self, payment_ids: Sequence[str], state: PaymentState, reason: str = "") -> None:
        for stored in self._known(payment_ids):
            if follows(stored.payment.state, stored.freed, state):
                stored.payment = stored.payment.model_copy(update={"state": state, "reason": reason})

    def _known(self, payment_ids: Sequence[str]) -> list[_StoredPayment]:
        return [self._payments[each] for each in dict.fromkeys(payment_ids) if each in self._payments]

    async def payment(self, payment_id: str) -> Payment | None:
        stored = self._payments.get(payment_id)
        return stored.payment if stored else None

    async def payments_of(self, run_id: str) -> tuple[Payment, ...]:
        return tuple(each.payment for each in self._payments.values() if each.payment.run_id == run_id)

    async def payments_for(self, case_id: str) -> tuple[Payment, ...]:
        stored = (each.payment for each in self._payments.values())
        return tuple(payment for payment in stored if any(item.case_id == case_id for item in payment.items))

    async def discounts_kept(self, case_ids: Sequence[str]) -> Mapping[str, Money]:
        wanted = set(case_ids)
        booked = (each.payment for each in self._payments.values() if each.payment.state == "booked")
        items = (item for payment in booked for item in payment.items if item.case_id in wanted)
        return added_up((item.case_id, item.discount) for item in items)

    async def keep_file(self, run_id: str, message_id: str, name: str, content: str) -> None:
        self._files.setdefault(message_id, (run_id, name, content))

    async def run_of(self, message_id: str) -> str | None:
        kept = self._files.get(message_id)
        return kept[0] if kept else None

    async def file(self, message_id: str) -> tuple[str, str] | None:
        kept = self._files.get(message_id)
        return kept[1:] if kept else None

    def forget(self, case_id: str) -> None:
        """Of an invoice case: its offer. Of a payment run: its files, whom its payments went to, and what the bank said
        of them; ids, amounts and states stay, because an id is never to be used again.
        """
        self._standings.pop(case_id, None)
        self._files = {message: kept for message, kept in self._files.items() if kept[0] != case_id}
        for stored in self._payments.values():
            if stored.payment.run_id == case_id:
                stored.payment = anonymous(stored.payment)
                self._purged.add(stored.payment.payment_id)
        self.forget_messages_of(self._purged)

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        """Put `by` in the place of `text` in the reasons that people gave."""
        standing = self._standings.get(case_id)
        if standing is not None and standing.hold is not None:
            standing.hold = standing.hold.replace(text, by)
        for stored in self._payments.values():
            if stored.payment.run_id == case_id:
                reason = stored.payment.reason.replace(text, by)
                stored.payment = stored.payment.model_copy(update={"reason": reason})
