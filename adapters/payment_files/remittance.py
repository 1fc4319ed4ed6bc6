"""What a supplier's system reads in NACHA addenda: ASC X12 segments, elements parted by * and ended by a backslash.

A CCD entry carries one RMR segment. A CTX entry carries a whole 820, from ST to SE, cut into pieces of 80 columns
without regard to segments. No bank number is repeated in it.
"""

from __future__ import annotations

from adapters.payment_files.payments import two_places
from adapters.payment_files.text import NACHA, latin
from domain.payment import Payment, PaymentItem

_WIDTH = 80
# X12 data element 128: seller's invoice number, seller's credit memo.
_INVOICE, _CREDIT_NOTE = "IV", "CL"
_CONTROL_NUMBER = "0001"
_NUMBER_LENGTH = 30
"""Characters of a reference identification in X12 004010 (data element 127)."""


def addenda_of(payment: Payment) -> tuple[str, ...]:
    """The texts of the entry's addenda, each of up to 80 columns; an 820 where there are several items."""
    if len(payment.items) == 1:
        return (_rmr(payment.items[0]),)
    text = "".join(_transaction(payment))
    return tuple(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH))


def _transaction(payment: Payment) -> list[str]:
    """The segments of transaction set 820, version 004010."""
    body = [
        _segment("BPR", "C", two_places(payment.amount), "C", "ACH", "CTX", *[""] * 10, f"{payment.pay_on:%Y%m%d}"),
        _segment("TRN", "1", payment.payment_id),
        _segment("N1", "PE", latin(payment.supplier_name, NACHA, 60) or "."),
        _segment("ENT", "1"),
    ]
    for item in payment.items:
        body.append(_rmr(item))
        if item.reference:
            body.append(_segment("REF", "ZZ", latin(item.reference, NACHA, _NUMBER_LENGTH) or "."))
        if item.issued_on is not None:
            body.append(_segment("DTM", "003", f"{item.issued_on:%Y%m%d}"))
    start, end = _segment("ST", "820", _CONTROL_NUMBER), _segment("SE", str(len(body) + 2), _CONTROL_NUMBER)
    return [start, *body, end]


def _rmr(item: PaymentItem) -> str:
    """What is paid of the document, what it came to, and the discount kept; amounts of credit notes are negative."""
    qualifier = _CREDIT_NOTE if item.kind == "credit-note" else _INVOICE
    number = latin(item.number, NACHA, _NUMBER_LENGTH) or "."
    discount = two_places(item.discount) if item.discount else ""
    return _segment(
        "RMR", qualifier, number, "", two_places(item.amount - item.discount), two_places(item.amount), discount
    )


def _segment(*elements: str) -> str:
    return "*".join(elements).rstrip("*") + "\\"
