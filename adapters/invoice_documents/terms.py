"""Takes the terms of an invoice out of XML elements, and keeps what was absent, cut, unreadable or unclear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

from lxml import etree
from pydantic import ValidationError

from adapters.invoice_documents.faults import MAX_FINDINGS, Severity, bounded, finding, refuse, shape_faults
from adapters.invoice_documents.units import UNSTATED, unit_of
from adapters.invoice_documents.xml_trees import path_of
from domain.capture import DocumentFinding, UnreadableDocumentError
from domain.en16931_stated import Identification
from domain.invoice import Invoice
from domain.money import MAX_AMOUNT, Money
from domain.quantity import Quantity

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_PLACES = Decimal("0.000001")
_WIDE = Context(prec=80)
_MAX_PACK = 1_000_000
TEXT, LONG_TEXT = 200, 2000
MOST_EXTRAS = 200  # allowances and charges of the document, or of one line
_MOST_EXTRAS_OF_LINES = 60_000
_MOST_TEXTS = 500


class Terms:
    """The reading of one document. Paths are written with the prefixes of `namespaces` (cac:Party/cbc:Name).

    A pointer that is given with a path names the term in the invoice; when nothing is found it goes into `absent`.
    """

    def __init__(self, namespaces: dict[str, str]) -> None:
        self._namespaces = tuple(namespaces.items())
        self._prefixes = {uri: prefix for prefix, uri in namespaces.items()}
        self._told: set[tuple[str, str]] = set()
        self.findings: list[DocumentFinding] = []
        self.absent: set[str] = set()
        self.identified: set[Identification] = set()
        self.currency = ""
        self._extras = 0

    def find(self, element: etree._Element | None, path: str) -> etree._Element | None:
        return None if element is None else element.find(_qualified(path, self._namespaces))

    def all(self, element: etree._Element | None, path: str) -> list[etree._Element]:
        return [] if element is None else element.findall(_qualified(path, self._namespaces))

    def few(self, element: etree._Element | None, path: str, most: int, what: str) -> list[etree._Element]:
        """The first ones; a document with more of them is told of, not a reason to work for minutes."""
        found = self.all(element, path)
        if len(found) > most:
            self.note("too-many", f"{len(found)} {what} are given; {most} are kept", element)
        return found[:most]

    def extras_of_line(self, element: etree._Element | None, path: str) -> list[etree._Element]:
        """Allowances and charges of a line. Raises UnreadableDocumentError for more in all lines than can be read."""
        found = self.few(element, path, MOST_EXTRAS, "allowances and charges")
        self._extras += len(found)
        if self._extras > _MOST_EXTRAS_OF_LINES:
            refuse("too-large", f"the lines have more than {_MOST_EXTRAS_OF_LINES} allowances and charges")
        return found

    def note(self, rule: str, message: str, element: etree._Element | None, severity: Severity = "fatal") -> None:
        """A finding about an element. Bounded: behind the first MAX_FINDINGS + 1 nothing more is gathered."""
        if len(self.findings) <= MAX_FINDINGS:
            place = "" if element is None else path_of(element, self._prefixes)
            self.findings.append(finding(rule, message, place, severity))

    def text(self, element: etree._Element | None, path: str, pointer: str = "", limit: int = TEXT) -> str:
        found = self.find(element, path)
        value = "" if found is None else self.cut((found.text or "").strip(), found, limit)
        if not value and pointer:
            self.absent.add(pointer)
        return value

    def texts(self, element: etree._Element | None, path: str, limit: int = TEXT) -> list[str]:
        """Every non-empty one, each once, in the document's order."""
        found = (
            self.cut((each.text or "").strip(), each, limit) for each in self.few(element, path, _MOST_TEXTS, "texts")
        )
        return list(dict.fromkeys(each for each in found if each))

    def cut(self, value: str, element: etree._Element, limit: int) -> str:
        if len(value) > limit:
            self.note("text-too-long", f"the text has {len(value)} characters; {limit} are kept", element, "warning")
        return value[:limit].strip()

    def code(self, element: etree._Element | None, path: str, pointer: str = "") -> str:
        """A category code of at most three characters."""
        return self.text(element, path, pointer, limit=3)

    def number(self, element: etree._Element | None, path: str, pointer: str = "") -> Decimal | None:
        """None when it is absent or no number."""
        found = self.find(element, path)
        text = "" if found is None else (found.text or "").strip()
        if not text and pointer:
            self.absent.add(pointer)
        return self._decimal(text, found) if text and found is not None else None

    def _decimal(self, text: str, element: etree._Element) -> Decimal | None:
        if not _NUMBER.fullmatch(text):
            self.note("not-a-number", f"{text[:60]!r} is not a decimal number", element)
            return None
        value = Decimal(text)
        if abs(value) > MAX_AMOUNT:
            self.note("number-too-large", f"numbers must not exceed {MAX_AMOUNT}", element)
            return None
        kept = six_places(value)
        if kept != value:
            self.note("precision", f"{text} is kept with six decimals", element, "warning")
        return kept

    def money(self, element: etree._Element | None, path: str, pointer: str = "") -> Money:
        """In the invoice's currency; zero when it is absent."""
        amount = self.number(element, path, pointer)
        found = self.find(element, path)
        stated = None if found is None else found.get("currencyID")
        if stated is not None and stated != self.currency:
            message = f"the amount is in {stated[:20]}, the invoice in {self.currency}"
            self.note("PEPPOL-EN16931-R051", message, found)
        return Money(amount=Decimal(0) if amount is None else amount, currency=self.currency)

    def quantity(
        self, element: etree._Element | None, path: str, pointer: str, pack_size: Decimal | None = None
    ) -> Quantity:
        value = self.number(element, path, f"{pointer}/value")
        found = self.find(element, path)
        code = "" if found is None else found.get("unitCode", "")
        if not code:
            self.absent.add(f"{pointer}/unit")
        pack = 1
        if pack_size is not None:
            if pack_size == pack_size.to_integral_value() and 1 <= pack_size <= _MAX_PACK:
                pack = int(pack_size)
            else:
                self.note("pack-size", f"a pack of {pack_size:f} is not kept", found, "warning")
        return Quantity(value=Decimal(0) if value is None else value, unit=self._unit(code, found), pack_size=pack)

    def _unit(self, code: str, element: etree._Element | None) -> str:
        if not code:
            return UNSTATED
        unit, problem = unit_of(code)
        if problem and (problem, code) not in self._told:
            self._told.add((problem, code))
            words = "is none that we know" if problem == "unknown-unit" else "may mean a set or a sheet"
            severity: Severity = "fatal" if unit == UNSTATED else "warning"
            self.note(problem, f"the unit {code[:20]} {words}", element, severity)
        return unit

    def unit_price(self, element: etree._Element | None, price_path: str, base_path: str, pointer: str) -> Money:
        """The price for one unit: that of the base quantity divided by it, with six decimals, half up."""
        price = self.money(element, price_path, pointer)
        base = self.number(element, base_path)
        if base is None or base == 1:
            return price
        if base <= 0:
            message = f"a price for {base:f} units is none; it is read as the price of one"
            self.note("PEPPOL-EN16931-R121", message, self.find(element, base_path))
            return price
        each = six_places(_WIDE.divide(price.amount, base))
        if abs(each) > MAX_AMOUNT:
            self.note("number-too-large", f"numbers must not exceed {MAX_AMOUNT}", self.find(element, price_path))
            return price
        return Money(amount=each, currency=self.currency)

    def day(self, element: etree._Element | None, path: str, pointer: str = "") -> date | None:
        """A date as XML Schema writes it, a time zone ignored, or as UN/EDIFACT format 102 (YYYYMMDD) does."""
        found = self.find(element, path)
        text = "" if found is None else (found.text or "").strip()
        if not text:
            if pointer:
                self.absent.add(pointer)
            return None
        parsed = parsed_day(text)
        if parsed is None:
            self.note("not-a-date", f"{text[:60]!r} is not a date", found)
        return parsed

    def country(self, address: etree._Element | None, path: str, pointer: str) -> str:
        """An ISO 3166-1 code of two letters; absent only where there is an address without one."""
        code = self.text(address, path, f"{pointer}/country" if address is not None else "").upper()
        if len(code) <= 2:
            return code
        self.note("country", f"{code[:20]!r} is not an ISO 3166-1 code of two letters", address, "warning")
        return ""

    def identify(self, pointer: str, *, vat: str, other: str, legal: str, named: bool) -> None:
        """Keeps which registrations a party gives, for the tax category rules."""
        if pointer == "/seller":
            if vat:
                self.identified.add("seller-vat")
            if other:
                self.identified.add("seller-tax")
            if not (vat or legal or named):
                self.absent.add("/seller/identifier")
        if pointer == "/buyer" and vat:
            self.identified.add("buyer-vat")
        if pointer == "/buyer" and legal:
            self.identified.add("buyer-legal")

    def money_in_currency(self, element: etree._Element | None, path: str, pointer: str) -> Money:
        """Of several amounts, such as a total in the tax accounting currency beside it, that in the invoice's."""
        for each in self.all(element, path):
            if each.get("currencyID", self.currency) == self.currency and (each.text or "").strip():
                amount = self._decimal((each.text or "").strip(), each)
                return Money(amount=Decimal(0) if amount is None else amount, currency=self.currency)
        return self.money(element, path, pointer)

    def order_line(self, element: etree._Element | None, path: str) -> int | None:
        found = self.find(element, path)
        text = "" if found is None else (found.text or "").strip()
        if not text:
            return None
        if re.fullmatch(r"[0-9]{1,5}", text) and int(text) >= 1:
            return int(text)
        self.note(
            "order-line", f"the order's line {text[:60]!r} is not a number of at most five digits", found, "warning"
        )
        return None

    def limited(self, items: list[Any], most: int, what: str, element: etree._Element | None) -> tuple[Any, ...]:
        if len(items) > most:
            self.note("too-many", f"{len(items)} {what} are given; {most} are kept", element)
        return tuple(items[:most])

    def invoice(self, fields: dict[str, Any]) -> Invoice:
        """Raises UnreadableDocumentError with everything that was found so far."""
        try:
            return Invoice(**fields)
        except ValidationError as error:
            raise UnreadableDocumentError(bounded([*self.findings, *shape_faults(error)])) from error


def six_places(value: Decimal) -> Decimal:
    """The same number where six decimals hold it; otherwise rounded half up."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -6:
        return value
    return value.quantize(_PLACES, rounding=ROUND_HALF_UP, context=_WIDE)


def parsed_day(text: str) -> date | None:
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?", text) or re.fullmatch(
        r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{4})?", text
    )
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


@lru_cache(maxsize=500)
def _qualified(path: str, namespaces: tuple[tuple[str, str], ...]) -> str:
    known = dict(namespaces)
    steps = (step.partition(":") for step in path.split("/"))
    return "/".join(f"{{{known[prefix]}}}{name}" for prefix, _, name in steps)


def joined(parts: Iterator[str] | list[str], separator: str = ", ") -> str:
    return separator.join(part for part in parts if part)
