"""What a piece of text on a page says: an amount, a day, a currency, a unit, a bank number. None where it says none."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from domain.quantity import UNITS

_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[-+\u2212])?\s*(?:[$€£]|[A-Z]{3})?\s*(?P<inner>[-\u2212])?"
    r"(?P<number>[0-9][0-9.,'\u00a0 ]{0,24})\s*(?:[$€£]|[A-Z]{3})?(?P<after>-)?(?P<close>\))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_DAY = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_NUMERIC_DAY = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[ .-]+([A-Za-z]{3,9})[ .,-]+([0-9]{4}|[0-9]{2})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[ .-]+([0-9]{1,2})(?:st|nd|rd|th)?,?[ -]+([0-9]{4})")
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_CODE = re.compile(r"\b(USD|EUR|GBP|CAD|CHF|AUD|JPY|MXN|SEK|NOK|DKK)\b")
_UNIT_WORDS = {
    "u": "EA",
    "unit": "EA",
    "units": "EA",
    "pc": "EA",
    "pcs": "EA",
    "piece": "EA",
    "pieces": "EA",
    "ea": "EA",
    "c62": "EA",
    "h87": "EA",
    "h": "HUR",
    "hr": "HUR",
    "hrs": "HUR",
    "l": "LTR",
    "liter": "LTR",
    "liters": "LTR",
    "kg": "KGM",
    "g": "GRM",
    "month": "MON",
    "months": "MON",
    **{word.lower(): code for code, word in UNITS.items()},
    **{f"{word.lower()}s": code for code, word in UNITS.items()},
    "boxes": "BX",
}
_UNIT = re.compile(r"([A-Za-z][A-Za-z0-9]{0,15})(?:\s*(?:of|/|x)\s*([0-9]{1,6}))?", re.IGNORECASE)
_MOST = Decimal("999999999.99")


def amount_of(text: str) -> Decimal | None:
    """'$ 1,234.50', '1.234,50 EUR', '(12.00)' and '12.00-'; exact as it is written."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return None
    number = _plain_number(re.sub(r"['\u00a0 ]", "", found["number"]))
    if number is None or number > _MOST:
        return None
    negative = bool(found["sign"] in ("-", "\u2212") or found["inner"] or found["after"] or found["open"])
    return -number if negative else number


def _plain_number(written: str) -> Decimal | None:
    """A comma before exactly two last digits is a decimal comma, where no point follows it; else commas group."""
    written = written.rstrip(".,")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]{1,2}|[0-9]+,[0-9]{2}", written):
        return Decimal(written.replace(".", "").replace(",", "."))
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,6})?", written):
        return Decimal(written.replace(",", ""))
    return None


def day_of(text: str) -> date | None:
    """Numbers alone are read as in the United States, month first, unless the first cannot be a month or points
    stand between them."""
    text = text.strip().rstrip(".,")
    if found := _ISO_DAY.fullmatch(text):
        return _day(found[1], found[2], found[3])
    if found := _NUMERIC_DAY.fullmatch(text):
        month, day = (found[3], found[1]) if found[2] == "." or int(found[1]) > 12 else (found[1], found[3])
        return _day(found[4], month, day)
    if found := _DAY_FIRST.fullmatch(text):
        return _day(found[3], _month(found[2]), found[1])
    if found := _MONTH_FIRST.fullmatch(text):
        return _day(found[3], _month(found[1]), found[2])
    return None


def _month(name: str) -> str:
    short = name[:3].lower()
    return str(_MONTHS.index(short) + 1) if short in _MONTHS else "0"


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None


def currency_of(text: str) -> str | None:
    """The ISO 4217 code that a text names; a dollar sign stands for the US dollar."""
    found = _CODE.search(text)
    if found:
        return found[1]
    return next((code for sign, code in _SIGNS.items() if sign in text), None)


def unit_of(text: str) -> tuple[str, int] | None:
    """Our unit and how many pieces it holds: 'box of 100' is (BX, 100). None for a word that is no unit we know."""
    found = _UNIT.fullmatch(text.strip())
    if found is None:
        return None
    word = found[1]
    code = word.upper() if word.upper() in UNITS else _UNIT_WORDS.get(word.lower())
    pack = int(found[2] or 1)
    return None if code is None or not 1 <= pack <= 1_000_000 else (code, pack)


def iban_of(text: str) -> str | None:
    """An IBAN whose check digits are right."""
    plain = re.sub(r"\s", "", text.upper())
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        return None
    return plain if int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1 else None


def bic_of(text: str) -> str | None:
    plain = re.sub(r"\s", "", text.upper())
    return plain if re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", plain) else None


def routing_number_of(text: str) -> str | None:
    """An ABA routing number whose check digit is right."""
    plain = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{9}", plain):
        return None
    weighted = sum(int(digit) * weight for digit, weight in zip(plain, (3, 7, 1) * 3, strict=True))
    return plain if weighted % 10 == 0 and plain != "000000000" else None
