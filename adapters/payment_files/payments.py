"""What every payment file asks of its payments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from domain.bank_accounts import is_iban, is_routing_number, reaches
from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payables import PaymentMethod
from domain.payment import DebtorAccount, FileFormat, Payment, PaymentFile


class PaymentFileError(ValueError):
    """The payments cannot be written into one file; nothing of it was written. The text names no bank number."""


def check_payments(payments: Sequence[Payment], debtor: DebtorAccount, method: PaymentMethod) -> None:
    """Raises PaymentFileError with everything that keeps these payments out of one file of this method."""
    faults = [] if payments else ["there is nothing to pay"]
    ids = [payment.payment_id for payment in payments]
    faults += [f"{each} comes twice" for each in sorted({each for each in ids if ids.count(each) > 1})]
    for payment in payments:
        faults += [f"{payment.payment_id}: {fault}" for fault in _faults(payment, debtor, method)]
    if faults:
        raise PaymentFileError("; ".join(faults))


def _faults(payment: Payment, debtor: DebtorAccount, method: PaymentMethod) -> list[str]:
    faults: list[str] = []
    if payment.method != method:
        return [f"is paid by {payment.method}, not by {method}"]
    if payment.amount.currency != debtor.currency:
        return [f"is in {payment.amount.currency}, the account that pays is in {debtor.currency}"]
    net = Money.total((item.amount - item.discount for item in payment.items), debtor.currency)
    if payment.amount.amount <= 0 or payment.amount != payment.amount.rounded():
        faults.append(f"{payment.amount.amount} is not a positive amount in whole minor units")
    if net != payment.amount:
        faults.append(f"its items sum to {net}, not to {payment.amount}")
    if not reaches(payment.account, method, debtor.currency):
        faults.append(f"the account {payment.account.masked or '(none)'} cannot be reached by {method}")
    return faults


def check_debtor(debtor: DebtorAccount) -> None:
    """Raises PaymentFileError unless the account that pays has a number that its check digits agree with."""
    account = debtor.account
    good = is_iban(account.iban) if account.iban else is_routing_number(account.routing_number.strip())
    if not (good and account.identity):
        raise PaymentFileError(f"the account {account.masked or '(none)'} of {debtor.facility} cannot be paid from")


def routing_of(account: PayeeAccount) -> str:
    return account.routing_number.strip()


def cents(money: Money) -> int:
    """Whole hundredths. Raises PaymentFileError when there are fractions of one."""
    whole = money.amount * 100
    if whole != whole.to_integral_value():
        raise PaymentFileError(f"{money.amount} is not a whole number of cents")
    return int(whole)


def two_places(money: Money) -> str:
    return f"{money.amount.quantize(Decimal('0.01')):f}"


def payment_file(
    message_id: str, format_: FileFormat, name: str, content: str, payments: Sequence[Payment], currency: str
) -> PaymentFile:
    return PaymentFile(
        message_id=message_id,
        format=format_,
        name=name,
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        payments=tuple(payment.payment_id for payment in payments),
        total=Money.total((payment.amount for payment in payments), currency),
    )
