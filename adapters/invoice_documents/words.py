"""What codes and words in a document mean: freight, surcharges, accounts, discounts for early payment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.invoice import ChargeKind, PaymentTerms

LineKind = Literal["goods", "freight", "surcharge"]

_FREIGHT_CODES = frozenset({"FC", "DL", "SAA", "SH"})  # UNTDID 7161: freight, delivery, shipping and handling, shipping
_FREIGHT = frozenset(
    [
        "freight",
        "shipping",
        "shipment",
        "delivery",
        "carriage",
        "postage",
        "courier",
        "cartage",
        "haulage",
        "transport",
        "transportation",
        "fracht",
        "frachtkosten",
        "versand",
        "versandkosten",
        "porto",
        "lieferkosten",
        "livraison",
        "frakt",
        "vracht",
        "verzendkosten",
    ]
)
# Words that may stand beside freight in the name of a line that bills nothing else.
_BESIDE = frozenset(
    [
        "and",
        "handling",
        "charge",
        "charges",
        "cost",
        "costs",
        "fee",
        "fees",
        "packaging",
        "packing",
        "insurance",
        "the",
        "for",
        "of",
    ]
)
_SURCHARGE = frozenset(["surcharge", "surcharges", "zuschlag", "mindermengenzuschlag", "toeslag", "supplement"])
_SKONTO = re.compile(r"#SKONTO#TAGE=([0-9]{1,3})#PROZENT=([0-9]{1,3}(?:\.[0-9]{1,2})?)#")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_ABA = re.compile(r"[0-9]{9}")


class Discount(NamedTuple):
    """`percent` of the payable amount for payment within `days` after the invoice date."""

    percent: Decimal
    days: int


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def charge_kind(code: str, reason: str) -> ChargeKind:
    """Freight by its reason code (UNTDID 7161) or any word of freight in the reason; surcharges by word."""
    words = set(_words(reason))
    if code.strip().upper() in _FREIGHT_CODES or words & _FREIGHT:
        return "freight"
    return "surcharge" if words & _SURCHARGE else "other"


def line_kind(description: str) -> LineKind:
    """A line is freight when its name says nothing else: a transport chair is goods."""
    words = _words(description)
    if words and set(words) <= _FREIGHT | _BESIDE and set(words) & _FREIGHT:
        return "freight"
    return "surcharge" if set(words) & _SURCHARGE else "goods"


def skonto(text: str) -> list[Discount]:
    """The structured discount lines that XRechnung puts into payment terms (#SKONTO#TAGE=14#PROZENT=2.00#)."""
    return [Discount(Decimal(percent), int(days)) for days, percent in _SKONTO.findall(text)]


def without_skonto(text: str) -> str:
    """What remains for people to read."""
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith("#")).strip()


def payment_terms(discounts: Iterable[Discount], issued_on: date, due_on: date | None) -> PaymentTerms | None:
    """The best discount with the days until the due date; None when nothing but a due date is stated."""
    usable = [each for each in discounts if 0 < each.percent <= 100 and each.days <= 365]
    if not usable:
        return None
    best = max(usable, key=lambda each: (each.percent, each.days))
    net_days = 30 if due_on is None else min(365, max(0, (due_on - issued_on).days))
    return PaymentTerms(net_days=net_days, discount_percent=best.percent, discount_days=best.days)


def is_iban(text: str) -> bool:
    return _IBAN.fullmatch(re.sub(r"\s", "", text.upper())) is not None


def is_routing_number(text: str) -> bool:
    """Nine digits whose weighted sum (3, 7, 1) is a multiple of ten: an ABA routing number."""
    if not _ABA.fullmatch(text):
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, (3, 7, 1) * 3, strict=True)) % 10 == 0
