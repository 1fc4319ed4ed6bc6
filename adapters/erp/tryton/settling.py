"""How a payment settles bills: what of each is paid with money, and what is offset by discounts and credit notes. Pure:
refusals are RefusedError with the code that the port promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.erp.tryton.bill_documents import BillDocument, HeldBill, PaidShare, open_amount
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import ZERO
from adapters.erp.tryton.ledger import LedgerEntry, LedgerMove
from domain.payables import PaidItem, PaymentPosting
from domain.reference_system import PostingAccounts


@dataclass(frozen=True)
class PaidBill:
    """A bill that a payment names, as both sides hold it."""

    document: BillDocument
    held: HeldBill

    @property
    def open(self) -> Decimal:
        return open_amount(self.document, self.held)


def check_items(payment: PaymentPosting, bills: Mapping[str, PaidBill]) -> None:
    """Refuse what does not fit the bills, which are by external id."""
    left: dict[str, Decimal] = {}
    for item in payment.items:
        name, amount = item.invoice_external_id, item.amount.amount
        if name not in bills:
            refuse("invoice-unknown", f"There is no bill {name}.")
        bill = bills[name]
        posting, number = bill.document.posting, bill.document.number
        if posting.supplier != payment.supplier:
            refuse("supplier-differs", f"Bill {number} is of supplier {posting.supplier}.")
        if posting.currency != payment.amount.currency:
            refuse("currency-differs", f"Bill {number} is in {posting.currency}.")
        if bill.document.reversed or bill.held.state == "cancelled":
            refuse("invoice-reversed", f"Bill {number} was reversed.")
        still = left.get(name, bill.open)
        if not amount or amount * still < 0 or abs(amount) > abs(still):
            refuse("payment-over-open", f"Bill {number} has {still} open, not {amount}.")
        left[name] = still - amount


def shares(payment: PaymentPosting, bills: Mapping[str, PaidBill]) -> tuple[PaidShare, ...]:
    """What each bill is settled by. Credit notes offset the bills from the first on."""
    names = tuple(dict.fromkeys(item.invoice_external_id for item in payment.items))
    nets = {name: _sum(payment.items, name) for name in names}
    credit = -sum((net for net, _ in nets.values() if net < 0), ZERO)
    found = []
    for name, (net, discount) in nets.items():
        offset = net if net < 0 else min(net, credit)
        credit -= max(offset, ZERO)
        invoice = bills[name].document.invoice or 0
        found.append(PaidShare(bill=name, invoice=invoice, cash=net - offset, offset=offset + discount))
    return tuple(found)


def _sum(items: Sequence[PaidItem], name: str) -> tuple[Decimal, Decimal]:
    """Of one bill: what is paid of it without the discount, and the discount."""
    mine = [each for each in items if each.invoice_external_id == name]
    discount = sum((each.discount.amount for each in mine), ZERO)
    return sum((each.amount.amount for each in mine), ZERO) - discount, discount


def offset_move(
    payment: PaymentPosting, settled: Sequence[PaidShare], party: int, accounts: PostingAccounts
) -> LedgerMove | None:
    """What no money is paid on: each entry on the payables bears the external id of its bill."""
    discount = sum((item.discount.amount for item in payment.items), ZERO)
    entries = [
        LedgerEntry(account=accounts.payables, amount=each.offset, note=each.bill, party=party)
        for each in settled
        if each.offset
    ]
    if not entries:
        return None
    if discount:
        entries.append(LedgerEntry(account=accounts.discounts, amount=-discount))
    return LedgerMove(external_id=f"offset:{payment.external_id}", on=payment.paid_on, entries=tuple(entries))
