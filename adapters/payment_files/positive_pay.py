"""Positive pay: the list by which a bank knows which payments were really made. The layout is the bank's, as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from adapters.payment_files.layout import LayoutField, PositivePayLayout
from adapters.payment_files.payments import PaymentFileError, cents, payment_file, two_places
from adapters.payment_files.text import latin
from domain.money import Money
from domain.payment import DebtorAccount, Payment, PaymentFile

_PRINTABLE = frozenset(chr(code) for code in range(0x20, 0x7F))
_VOID_STATES = frozenset(("rejected", "returned", "withdrawn"))


class _Line(NamedTuple):
    """What a record can show; `payment` is None in a header and a trailer."""

    debtor: DebtorAccount
    created_on: date
    listed: int
    total: Money
    number: int
    indicator: str = ""
    payment: Payment | None = None


def positive_pay_file(
    message_id: str,
    payments: Sequence[Payment],
    debtor: DebtorAccount,
    created_at: datetime,
    layout: PositivePayLayout,
) -> PaymentFile:
    """ASCII; the same bytes for the same arguments. `created_at` dates the file on the day of its own offset.

    A payment that was rejected, returned or withdrawn is listed as voided. `total` sums all that are listed. Raises
    PaymentFileError when there is no payment, or when a value does not fit into its field.
    """
    if not payments:
        raise PaymentFileError("there is nothing to list")
    ordered = sorted(payments, key=lambda each: each.payment_id)
    total = Money.total((payment.amount for payment in ordered), debtor.currency)
    line = _Line(debtor, created_at.date(), len(ordered), total, 1)
    records = [(layout.header, line)] if layout.header else []
    for payment in ordered:
        sign = layout.voided if payment.state in _VOID_STATES else layout.issued
        records.append((layout.detail, line._replace(number=len(records) + 1, payment=payment, indicator=sign)))
    if layout.trailer:
        records.append((layout.trailer, line._replace(number=len(records) + 1)))
    end = "\r\n" if layout.line_end == "crlf" else "\n"
    content = "".join(_record(fields, each, layout) + end for fields, each in records)
    name = f"{message_id}.{layout.name}.{layout.extension}"
    return payment_file(message_id, "positive-pay", name, content, ordered, debtor.currency)


def _record(fields: Sequence[LayoutField], line: _Line, layout: PositivePayLayout) -> str:
    texts = [_fitted(field, _value(field, line), layout) for field in fields]
    if layout.kind == "fixed":
        return "".join(texts)
    return layout.delimiter.join(_delimited(text, layout) for text in texts)


def _delimited(text: str, layout: PositivePayLayout) -> str:
    """Quoted as in RFC 4180 where the layout asks for it, or where the text would be read as something else."""
    if layout.quote or layout.delimiter in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _fitted(field: LayoutField, text: str, layout: PositivePayLayout) -> str:
    if field.digits_only:
        text = re.sub("[^0-9]", "", text)
    if field.upper:
        text = text.upper()
    if field.width is None:
        return text
    if len(text) > field.width:
        if not field.cut:
            raise PaymentFileError(
                f"{field.source} needs {len(text)} columns, the layout {layout.name} has {field.width}"
            )
        text = text[: field.width]
    if layout.kind == "delimited":
        return text
    return text.ljust(field.width, field.fill) if field.align == "left" else text.rjust(field.width, field.fill)


def _value(field: LayoutField, line: _Line) -> str:
    shared = _shared_value(field, line)
    return shared if line.payment is None or shared else _payment_value(field, line.payment, line.indicator)


def _shared_value(field: LayoutField, line: _Line) -> str:
    account = line.debtor.account
    values = {
        "text": field.text,
        "account-number": account.account_number.strip() or account.identity,
        "routing-number": account.routing_number.strip(),
        "company-id": line.debtor.company_id.strip(),
        "company-name": _ascii(line.debtor.name),
        "created-on": _date(line.created_on, field.format),
        "count": str(line.listed),
        "total": _amount(line.total, field.format),
        "line-number": str(line.number),
    }
    return values.get(field.source, "")


def _payment_value(field: LayoutField, payment: Payment, indicator: str) -> str:
    account = payment.account
    values = {
        "payment-id": payment.payment_id,
        "amount": _amount(payment.amount, field.format),
        "pay-on": _date(payment.pay_on, field.format),
        "payee": _ascii(account.name or payment.supplier_name),
        "payee-account": account.account_number.strip() or account.identity,
        "indicator": indicator,
    }
    return values.get(field.source, "")


def _ascii(text: str) -> str:
    return latin(text, _PRINTABLE, 400)


def _amount(money: Money, format_: str) -> str:
    return str(cents(money)) if format_ == "cents" else two_places(money)


def _date(day: date, format_: str) -> str:
    parts = {"YYYY": f"{day:%Y}", "YY": f"{day:%y}", "MM": f"{day:%m}", "DD": f"{day:%d}"}
    return re.sub("YYYY|YY|MM|DD", lambda token: parts[token[0]], format_)
