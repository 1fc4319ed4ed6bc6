"""Bank accounts and terms of payment as they are written in a cell."""

from __future__ import annotations

import re
from decimal import Decimal

from pydantic import ValidationError
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from adapters.reference_files.tables import Row
from domain.invoice import PayeeAccount, PaymentTerms

_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)
_TERMS = re.compile(r"(?:(\d{1,2}(?:\.\d{1,2})?)/(\d{1,3}) net )?(\d{1,3})")


def read_account(row: Row) -> PayeeAccount:
    """An IBAN with an optional BIC, or an ABA routing number with an account number."""
    iban, routing, number = (row.text(column) for column in ("iban", "routing_number", "account_number"))
    if iban:
        row.parsed("iban", _iban, "")
    if iban and (routing or number):
        row.fault("has an IBAN and an account number: write one of them")
    if not iban:
        row.parsed("routing_number", _routing_number, "")
        if not re.fullmatch(r"[A-Za-z0-9-]{4,17}", number):
            row.fault(f"account_number is '{number}': write 4 to 17 letters and digits")
    return PayeeAccount(
        iban=iban[:42],
        bic=row.text("bic")[:11],
        routing_number=routing[:9],
        account_number=number[:34],
        name=row.required("name")[:200],
    )


def _iban(text: str) -> str:
    """Length and structure of the country, and the check digits (ISO 13616, mod 97)."""
    try:
        return str(IBAN(text))
    except SchwiftyException as error:
        raise ValueError(f"'{text}' is no IBAN: {error}") from None


def _routing_number(text: str) -> str:
    """Nine digits whose weighted sum divides by ten (ABA routing number policy)."""
    if not re.fullmatch(r"\d{9}", text):
        raise ValueError(f"'{text}' is no routing number of nine digits")
    if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=True)) % 10:
        raise ValueError(f"'{text}' has a wrong check digit")
    return text


def to_terms(text: str) -> PaymentTerms:
    """'30': net in thirty days. '2/10 net 30': two percent may be kept within ten days. Raises ValueError."""
    match = _TERMS.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' are no terms: write 30, or 2/10 net 30")
    percent, days, net = match.groups()
    if days and int(days) > int(net):
        raise ValueError(f"'{text}': the discount ends after the bill is due")
    try:
        return PaymentTerms(net_days=int(net), discount_percent=Decimal(percent or 0), discount_days=int(days or 0))
    except ValidationError:
        raise ValueError(f"'{text}': no more than 365 days") from None
