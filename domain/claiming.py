"""Rules of the payment ledger: which payments a run may claim, and how a payment's state moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payment import PayableInvoice, Payment, PaymentState

_BEFORE_BOOKED = ("proposed", "released", "delivered", "accepted")
MAX_PAYABLE = 20_000
"""Invoices that one question about the ledger brings at most."""


def claimable(
    payments: Sequence[Payment], free: Mapping[str, PayableInvoice], known: Collection[str]
) -> tuple[Payment, ...]:
    """The payments of which every invoice is free, each invoice once; `known` are ids of payments already stored.

    `free` are the invoices as they are offered now, without those that are held or claimed. Of two payments that want
    the same invoice the first has it.
    """
    left = dict(free)
    taken: list[Payment] = []
    for payment in payments:
        if payment.payment_id not in known and carries_what_is_offered(payment, left):
            taken.append(payment)
            for item in payment.items:
                del left[item.case_id]
    return tuple(taken)


def carries_what_is_offered(payment: Payment, offered: Mapping[str, PayableInvoice]) -> bool:
    """Whether each item is offered, once, to this supplier and this account, and for no more than is owed.

    An offer that changed since the proposal was made is not paid by the old one.
    """
    cases = [item.case_id for item in payment.items]
    if not cases or len(set(cases)) < len(cases):
        return False
    for item in payment.items:
        offer = offered.get(item.case_id)
        if offer is None or (offer.supplier, offer.account.identity) != (payment.supplier, payment.account.identity):
            return False
        owed, paid = offer.amount, item.amount
        if owed.currency != paid.currency or owed.currency != payment.amount.currency:
            return False
        if (owed.amount < 0) != (paid.amount < 0) or abs(paid.amount) > abs(owed.amount):
            return False
    return True


def follows(before: PaymentState, freed: bool, after: PaymentState) -> bool:
    """Whether a report of the state `after` moves the payment. One whose invoices were freed stays what it became, and
    one that the bank booked does not become merely accepted: reports come late, twice and out of order.
    """
    return not freed and not (before == "booked" and after in _BEFORE_BOOKED)


def anonymous(payment: Payment) -> Payment:
    """What is kept of a payment once its run is purged: ids, amounts, days and states, and not the name and account of
    whom it went to.
    """
    return payment.model_copy(update={"supplier_name": "", "account": PayeeAccount(), "reason": ""})


def added_up(amounts: Iterable[tuple[str, Money]]) -> dict[str, Money]:
    """The sum for each case id. Raises CurrencyMismatchError where one case has several currencies."""
    found: dict[str, Money] = {}
    for case_id, amount in amounts:
        found[case_id] = found[case_id] + amount if case_id in found else amount
    return found
