"""Payments and payment runs as callers see them: accounts by their last characters only."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from domain.facility import FacilityCode
from domain.invoice import InvoiceKind, PayeeAccount
from domain.model import Request
from domain.money import CurrencyCode, Money
from domain.payables import PaymentMethod
from domain.payment import Payment, PaymentItem, PaymentState


class AccountView(BaseModel):
    """`masked` shows the last four characters of the account. `name` is the holder's."""

    masked: str
    name: str


class PaymentItemView(BaseModel):
    """One invoice in a payment: `amount` of it is settled, of which `discount` is kept; negative for credit notes."""

    case_id: str
    number: str
    kind: InvoiceKind
    amount: Money
    discount: Money
    due_on: date
    invoice: str
    """Path of the invoice."""


class PaymentView(BaseModel):
    """One transfer. `payment_id` is its end-to-end id, `reason` what the bank or a person said of its state."""

    payment_id: str
    run_id: str
    supplier: str
    supplier_name: str
    method: PaymentMethod
    account: AccountView
    amount: Money
    pay_on: date
    state: PaymentState
    reason: str
    items: list[PaymentItemView]
    run: str
    """Path of the payment run."""


class PaymentRunBody(Request):
    """Without a currency, the run pays in the facility's own."""

    facility: FacilityCode
    currency: CurrencyCode | None = None


class PaymentRunLinks(BaseModel):
    self: str
    case: str
    file: str


class PaymentRunView(BaseModel):
    """`count` and `total` are of all payments that were claimed; `next_cursor` is null on the last page of them."""

    case_id: str
    facility: str
    count: int
    total: Money | None
    states: dict[PaymentState, int]
    payments: list[PaymentView]
    next_cursor: str | None
    links: PaymentRunLinks


def payment_run_path(case_id: str) -> str:
    return f"/v1/payment-runs/{case_id}"


def account_view(account: PayeeAccount) -> AccountView:
    return AccountView(masked=account.masked, name=account.name)


def item_view(item: PaymentItem) -> PaymentItemView:
    shown = item.model_dump(include=set(PaymentItemView.model_fields))
    return PaymentItemView(**shown, invoice=f"/v1/invoices/{item.case_id}")


def payment_view(payment: Payment) -> PaymentView:
    shown = payment.model_dump(include=set(PaymentView.model_fields) - {"account", "items"})
    return PaymentView(
        **shown,
        account=account_view(payment.account),
        items=[item_view(item) for item in payment.items],
        run=payment_run_path(payment.run_id),
    )
