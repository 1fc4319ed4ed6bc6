"""What a payment run proposes: which invoices are paid now, how they are put together, and why the others are not.

The result is the same whatever the order of what is given: a run that is asked again proposes the same payments under
the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from domain.bank_accounts import reaches
from domain.discounts import discount_of, is_worth_taking, last_discount_day
from domain.duties import DutyDone
from domain.money import CurrencyMismatchError, Money
from domain.payment import LeftOut, LeftOutBecause, PayableInvoice, Payment, PaymentItem, Proposal, payment_id
from domain.payment_days import PaymentDays
from domain.payment_netting import Due, Group, invoices_of, net_supplier
from domain.policy.model import FrozenPolicy


def propose(
    run_id: str,
    facility: str,
    currency: str,
    payable: Sequence[PayableInvoice],
    held: Sequence[tuple[PayableInvoice, str]],
    today: date,
    policy: FrozenPolicy,
    blocked_suppliers: Sequence[str] = (),
) -> Proposal:
    """The proposal of a run on the facility's local day `today`; money is to arrive on the next day that is open.

    Paid is what is due on that day or within `policy.payment.lead_days` business days after it, what is urgent, and
    what carries a discount worth taking that still holds. Every invoice is in one payment or left out, once; one
    that is both payable and held is held. Raises ValueError when a case comes twice, CurrencyMismatchError for an
    invoice in another currency, NoBusinessDayError when the calendar never opens.
    """
    run = _Run(run_id, facility, currency, policy, PaymentDays.of(policy), today)
    left = [_left(invoice, "held", reason) for invoice, reason in held]
    on_hold = {invoice.case_id for invoice, _ in held}
    free = [invoice for invoice in payable if invoice.case_id not in on_hold]
    _check_given([*free, *(invoice for invoice, _ in held)], currency)
    blocked = frozenset(blocked_suppliers)
    payments: list[_Ranked] = []
    for supplier, invoices in groupby(sorted(free, key=_by_supplier), key=lambda each: each.supplier):
        if supplier in blocked:
            left += [_left(invoice, "blocked") for invoice in invoices]
            continue
        paid, others = run.pay_supplier(supplier, list(invoices))
        payments += paid
        left += others
    payments.sort(key=lambda each: each.urgency)
    size = policy.payment.max_payments
    left += [_left(invoice, "beyond-run-size") for each in payments[size:] for invoice in each.invoices]
    return run.proposal([each.payment for each in payments[:size]], left)


class _Ranked(NamedTuple):
    """`urgency` orders payments: overdue and urgent ones, then discounts about to lapse, then the rest by due day."""

    urgency: tuple[int, date, str, str]
    payment: Payment
    invoices: tuple[PayableInvoice, ...]


class _Run:
    """What all payments of one run share."""

    def __init__(
        self, run_id: str, facility: str, currency: str, policy: FrozenPolicy, days: PaymentDays, today: date
    ) -> None:
        self._run_id, self._facility, self._currency = run_id, facility, currency
        self._rule = policy.payment
        self._days = days
        self._pay_on = days.next_open(today)

    def pay_supplier(self, supplier: str, invoices: Sequence[PayableInvoice]) -> tuple[list[_Ranked], list[LeftOut]]:
        dues: list[Due] = []
        credit_notes: list[PayableInvoice] = []
        left: list[LeftOut] = []
        for invoice in invoices:
            if invoice.amount.amount <= 0:
                credit_notes.append(invoice)
            elif not self._is_payable_now(invoice):
                left.append(_left(invoice, "not-due"))
            elif not reaches(invoice.account, invoice.method, self._currency):
                left.append(_left(invoice, "no-account"))
            else:
                dues.append(Due(invoice, self._discount(invoice)))
        netted = net_supplier(dues, credit_notes, self._rule.grouping)
        left += [_left(invoice, "credit-exceeds-invoices") for invoice in netted.left]
        return [self._ranked(supplier, number, group) for number, group in enumerate(netted.groups, 1)], left

    def _is_payable_now(self, invoice: PayableInvoice) -> bool:
        if invoice.urgent or self._discount(invoice):
            return True
        return self._days.before(invoice.due_on, self._rule.lead_days) <= self._pay_on

    def _discount(self, invoice: PayableInvoice) -> Money:
        """Zero when none is offered, when it is not worth taking, and when the money would come too late."""
        last = last_discount_day(invoice.issued_on, invoice.terms)
        if last is None or self._pay_on > last or not is_worth_taking(invoice.terms, self._rule.discount_yield):
            return Money.zero(self._currency)
        return discount_of(invoice.amount, invoice.terms)

    def _ranked(self, supplier: str, number: int, group: Group) -> _Ranked:
        first = group.dues[0].invoice
        items = (*(self._item(due) for due in group.dues), *(self._credit_item(note) for note in group.credits))
        payment = Payment(
            payment_id=payment_id(self._run_id, supplier, number),
            run_id=self._run_id,
            facility=self._facility,
            supplier=supplier,
            supplier_name=first.supplier_name,
            method=first.method,
            account=first.account,
            amount=group.net,
            pay_on=self._pay_on,
            items=items,
        )
        rank, day = min(self._urgency(due) for due in group.dues)
        return _Ranked((rank, day, supplier, payment.payment_id), payment, tuple(invoices_of([group])))

    def _urgency(self, due: Due) -> tuple[int, date]:
        invoice = due.invoice
        if invoice.urgent or invoice.due_on <= self._pay_on:
            return 0, invoice.due_on
        last = last_discount_day(invoice.issued_on, invoice.terms)
        return (1, last) if last is not None and due.discount else (2, invoice.due_on)

    def _item(self, due: Due) -> PaymentItem:
        last = last_discount_day(due.invoice.issued_on, due.invoice.terms)
        return _item(due.invoice, due.discount, last if due.discount else None)

    def _credit_item(self, note: PayableInvoice) -> PaymentItem:
        return _item(note, Money.zero(self._currency), None)

    def proposal(self, payments: Sequence[Payment], left: Sequence[LeftOut]) -> Proposal:
        discounts = (item.discount for payment in payments for item in payment.items)
        return Proposal(
            run_id=self._run_id,
            facility=self._facility,
            currency=self._currency,
            pay_on=self._pay_on,
            payments=tuple(payments),
            left_out=tuple(sorted(left, key=lambda each: (each.supplier, each.number, each.case_id))),
            grouping=self._rule.grouping,
            discounts=Money.total(discounts, self._currency),
            total=Money.total((payment.amount for payment in payments), self._currency),
        )


def approvers_excluded(proposal: Proposal, payable: Sequence[PayableInvoice]) -> tuple[str, ...]:
    """Who may neither approve nor release the proposal: whoever entered, changed or approved one of the invoices that
    it pays, or changed or confirmed the bank account that it pays to.

    An approval of the purchase behind an invoice does not count here: what may go together across linked cases is the
    policy's `segregation` table.
    """
    paid = {item.case_id for payment in proposal.payments for item in payment.items}
    people = {
        done.person
        for invoice in payable
        if invoice.case_id in paid
        for done in invoice.duties
        if _bars_from_paying(done, invoice)
    }
    return tuple(sorted(people))


def _bars_from_paying(done: DutyDone, invoice: PayableInvoice) -> bool:
    if done.duty == "approver":
        return done.case_id == invoice.case_id
    return done.duty in {"invoice-entry", "invoice-approver", "bank-detail-changer"}


def _item(invoice: PayableInvoice, discount: Money, discount_until: date | None) -> PaymentItem:
    return PaymentItem(
        case_id=invoice.case_id,
        external_id=invoice.external_id,
        number=invoice.number,
        kind=invoice.kind,
        amount=invoice.amount,
        discount=discount,
        due_on=invoice.due_on,
        issued_on=invoice.issued_on,
        discount_until=discount_until,
        reference=invoice.payment_reference,
    )


def _left(invoice: PayableInvoice, why: LeftOutBecause, detail: str = "") -> LeftOut:
    return LeftOut(
        case_id=invoice.case_id,
        supplier=invoice.supplier,
        number=invoice.number,
        amount=invoice.amount,
        why=why,
        detail=detail,
    )


def _by_supplier(invoice: PayableInvoice) -> tuple[str, str]:
    return invoice.supplier, invoice.case_id


def _check_given(invoices: Iterable[PayableInvoice], currency: str) -> None:
    seen: set[str] = set()
    for invoice in invoices:
        if invoice.case_id in seen:
            raise ValueError(f"{invoice.case_id} is offered for payment twice")
        if invoice.amount.currency != currency:
            raise CurrencyMismatchError(f"{invoice.case_id} is owed in {invoice.amount.currency}, not in {currency}")
        seen.add(invoice.case_id)
