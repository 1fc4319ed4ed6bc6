"""The files of a run: one for each way of paying, under ids that follow from the run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from adapters.payment_files.layout import PositivePayLayout
from adapters.payment_files.nacha import nacha_file
from adapters.payment_files.pain001 import pain001_file
from adapters.payment_files.payments import PaymentFileError
from adapters.payment_files.positive_pay import positive_pay_file
from domain.outside_errors import RefusedError
from domain.payment import DebtorAccount, Payment, PaymentFile

SYSTEM = "payment-files"


def message_id_of(run_id: str, kind: str, number: int = 0) -> str:
    """The id of the n-th file of a run and kind: 26 letters and digits, the same whenever it is asked for."""
    digest = hashlib.sha256(f"{run_id}:{kind}:{number}".encode()).digest()
    return "CP" + base64.b32encode(digest).decode()[:24]


def build_files(
    run_id: str, payments: Sequence[Payment], debtor: DebtorAccount, created_at: datetime, number: int = 0
) -> tuple[PaymentFile, ...]:
    """One file for each method of payment among them, ACH first; the same bytes for the same arguments.

    A NACHA file is known to the bank by company, minute and modifier, and so it is here: facilities that share a
    company identification may hit on the same id in one minute. When another run holds the id, ask again with the next
    `number`. Raises PaymentFileError when a payment cannot be made, or when there is none.
    """
    ach = [payment for payment in payments if payment.method == "ach"]
    transfers = [payment for payment in payments if payment.method == "credit-transfer"]
    files: list[PaymentFile] = []
    if ach:
        files.append(nacha_file(ach, debtor, created_at, _file_number(run_id) + number))
    if transfers or not ach:
        message_id = message_id_of(run_id, "pain.001", number)
        files.append(pain001_file(message_id, transfers, debtor, created_at))
    return tuple(files)


def build_positive_pay(
    run_id: str,
    payments: Sequence[Payment],
    debtor: DebtorAccount,
    created_at: datetime,
    layout: PositivePayLayout,
    number: int = 0,
) -> PaymentFile:
    """The list of a run's payments in a bank's layout. Raises PaymentFileError when it cannot hold one of them."""
    return positive_pay_file(message_id_of(run_id, "positive-pay", number), payments, debtor, created_at, layout)


def _file_number(run_id: str) -> int:
    """Consecutive for the runs of a facility, currency and day, whose ids end in their number."""
    series, _, last = run_id.rpartition("-")
    count = int(last) if last.isascii() and last.isdigit() else 0
    return hashlib.sha256(series.encode()).digest()[0] + count


def one_file(
    run_id: str, payments: Sequence[Payment], debtor: DebtorAccount, created_at: datetime, number: int
) -> PaymentFile:
    """The file of payments of one method. Raises RefusedError 'file-not-written' when a payment cannot be made."""
    try:
        (file,) = build_files(run_id, payments, debtor, created_at, number)
    except PaymentFileError as error:
        raise RefusedError(SYSTEM, "file-not-written", str(error)) from error
    return file


def positive_pay_writer(layout: PositivePayLayout) -> Callable[..., PaymentFile]:
    """Like `one_file`, in a bank's layout."""

    def write(
        run_id: str, payments: Sequence[Payment], debtor: DebtorAccount, created_at: datetime, number: int
    ) -> PaymentFile:
        try:
            return build_positive_pay(run_id, payments, debtor, created_at, layout, number)
        except PaymentFileError as error:
            raise RefusedError(SYSTEM, "file-not-written", str(error)) from error

    return write
