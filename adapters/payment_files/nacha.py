"""NACHA: credit entries to companies, CCD for one invoice and CTX for several, each with its addenda.

Records and columns are those of the Nacha Operating Rules, Appendix Three. Every record has 94 columns, records come in
blocks of ten, and everything is ASCII.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Literal, NamedTuple

from adapters.payment_files.payments import (
    PaymentFileError,
    cents,
    check_debtor,
    check_payments,
    payment_file,
    routing_of,
)
from adapters.payment_files.remittance import addenda_of
from adapters.payment_files.text import nacha_text
from domain.payment import DebtorAccount, Payment, PaymentFile

COLUMNS, BLOCK = 94, 10
MODIFIERS = string.ascii_uppercase + string.digits
"""What tells the files of one company and minute apart."""
MAX_ENTRY_CENTS, MAX_TOTAL_CENTS = 10**10 - 1, 10**12 - 1
MAX_ADDENDA = 9999
_CREDITS_ONLY, _CHECKING_CREDIT = "220", "22"
_DESCRIPTION = "VENDOR PMT"

EntryClass = Literal["CCD", "CTX"]


class _Entry(NamedTuple):
    payment: Payment
    entry_class: EntryClass
    addenda: tuple[str, ...]


class _Sums(NamedTuple):
    records: int = 0
    """Entries and addenda."""
    hash: int = 0
    cents: int = 0

    def plus(self, other: _Sums) -> _Sums:
        return _Sums(self.records + other.records, self.hash + other.hash, self.cents + other.cents)

    @property
    def columns(self) -> str:
        """Entry hash, debits and credits as both control records have them."""
        if self.cents > MAX_TOTAL_CENTS:
            raise PaymentFileError("the total has more than twelve digits of cents")
        return f"{self.hash % 10**10:010d}{0:012d}{self.cents:012d}"


def nacha_message_id(debtor: DebtorAccount, created_at: datetime, number: int) -> str:
    """How a bank tells files apart, since NACHA has no message id: company, minute of creation and file id modifier.

    `number` counts the company's files from 0. Two files of one minute differ while their numbers do modulo 36.
    """
    return f"{debtor.company_id.strip()}-{created_at:%y%m%d%H%M}{MODIFIERS[number % len(MODIFIERS)]}"


def nacha_file(
    payments: Sequence[Payment], debtor: DebtorAccount, created_at: datetime, number: int = 0
) -> PaymentFile:
    """ACH credits in dollars; the same bytes for the same arguments, and the message id of `nacha_message_id`.

    `created_at` is written in its own offset. Raises PaymentFileError when a payment cannot be made this way, or when
    the account that pays has no ABA number or no company identification of ten characters.
    """
    check_debtor(debtor)
    check_payments(payments, debtor, "ach")
    _check_originator(debtor)
    entries = sorted(map(_entry, payments), key=_batch_order)
    lines, sums, batches, first = [_header(debtor, created_at, number)], _Sums(), 0, 1
    for batches, ((day, entry_class), group) in enumerate(groupby(entries, key=_batch_key), start=1):
        batch = list(group)
        records, batch_sums = _batch(batch, day, entry_class, debtor, batches, first)
        lines += records
        sums = sums.plus(batch_sums)
        first += len(batch)
    blocks = -(-(len(lines) + 1) // BLOCK)
    lines.append(f"9{batches:06d}{blocks:06d}{sums.records:08d}{sums.columns}".ljust(COLUMNS))
    lines += ["9" * COLUMNS] * (blocks * BLOCK - len(lines))
    message_id = nacha_message_id(debtor, created_at, number)
    content = "".join(f"{line}\n" for line in lines)
    ordered = [entry.payment for entry in entries]
    return payment_file(message_id, "nacha", f"{message_id}.ach", content, ordered, debtor.currency)


def _check_originator(debtor: DebtorAccount) -> None:
    company = debtor.company_id.strip()
    if not routing_of(debtor.account) or debtor.account.iban:
        raise PaymentFileError(f"the account of {debtor.facility} has no ABA routing number")
    if len(company) != 10 or nacha_text(company, 10) != company:
        raise PaymentFileError(f"the company identification of {debtor.facility} must be ten letters and digits")


def _entry(payment: Payment) -> _Entry:
    addenda = addenda_of(payment)
    if cents(payment.amount) > MAX_ENTRY_CENTS:
        raise PaymentFileError(f"{payment.payment_id}: {payment.amount} has more than ten digits of cents")
    if len(addenda) > MAX_ADDENDA:
        raise PaymentFileError(f"{payment.payment_id}: its remittance needs more than {MAX_ADDENDA} addenda")
    return _Entry(payment, "CCD" if len(payment.items) == 1 else "CTX", addenda)


def _batch_key(entry: _Entry) -> tuple[date, EntryClass]:
    return entry.payment.pay_on, entry.entry_class


def _batch_order(entry: _Entry) -> tuple[date, EntryClass, str]:
    return *_batch_key(entry), entry.payment.payment_id


def _header(debtor: DebtorAccount, created_at: datetime, number: int) -> str:
    destination = f" {routing_of(debtor.account)}"
    modifier = MODIFIERS[number % len(MODIFIERS)]
    start = f"101{destination}{debtor.company_id.strip():>10}{created_at:%y%m%d%H%M}{modifier}094101"
    return f"{start}{nacha_text(debtor.bank_name, 23)}{nacha_text(debtor.name, 23)}{'':8}"


def _batch(
    entries: Sequence[_Entry], day: date, entry_class: EntryClass, debtor: DebtorAccount, number: int, first: int
) -> tuple[list[str], _Sums]:
    bank = routing_of(debtor.account)[:8]
    company = debtor.company_id.strip()
    lines = [
        f"5{_CREDITS_ONLY}{nacha_text(debtor.name, 16)}{'':20}{company}{entry_class}{_DESCRIPTION}{'':6}"
        f"{day:%y%m%d}{'':3}1{bank}{number:07d}"
    ]
    sums = _Sums()
    for sequence, entry in enumerate(entries, start=first):
        lines += _entry_records(entry, f"{bank}{sequence:07d}")
        receiver = int(routing_of(entry.payment.account)[:8])
        sums = sums.plus(_Sums(1 + len(entry.addenda), receiver, cents(entry.payment.amount)))
    lines.append(f"8{_CREDITS_ONLY}{sums.records:06d}{sums.columns}{company}{'':19}{'':6}{bank}{number:07d}")
    return lines, sums


def _entry_records(entry: _Entry, trace: str) -> list[str]:
    payment, account = entry.payment, entry.payment.account
    name = account.name or payment.supplier_name
    # CTX takes six of the name's columns: four count the addenda before it, two after it are reserved.
    receiver = (
        nacha_text(name, 22) if entry.entry_class == "CCD" else f"{len(entry.addenda):04d}{nacha_text(name, 16)}  "
    )
    detail = (
        f"6{_CHECKING_CREDIT}{routing_of(account)}{account.account_number.strip():<17}{cents(payment.amount):010d}"
        f"{payment.payment_id:<15}{receiver}  1{trace}"
    )
    addenda = [f"705{text:<80}{number:04d}{trace[-7:]}" for number, text in enumerate(entry.addenda, start=1)]
    return [detail, *addenda]
