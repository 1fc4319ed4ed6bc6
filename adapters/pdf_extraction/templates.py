"""Templates of suppliers' invoices, as invoice2data has them, over text that we extracted ourselves.

Its engine gets the text only: no file, no outside program, no picture.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import ModuleType
from typing import Any

from invoice2data.extract.invoice_template import InvoiceTemplate
from invoice2data.extract.loader import read_templates

from adapters.pdf_extraction.found import BY_TEMPLATE, CONTRADICTED, Found, FoundInvoice, FoundLine, FoundValue
from adapters.pdf_extraction.layout import PageText, Row, Word, place_of
from adapters.pdf_extraction.values import amount_of, bic_of, day_of, iban_of, routing_number_of
from domain.capture import Place

# invoice2data's names of fields, and ours; the last ones are additions of our own templates.
_FIELDS = {
    "invoice_number": "number",
    "date": "issued_on",
    "date_due": "due_on",
    "amount": "payable",
    "amount_untaxed": "before_tax",
    "amount_tax": "tax",
    "issuer": "seller_name",
    "partner_name": "seller_name",
    "vat": "seller_tax_id",
    "iban": "iban",
    "bic": "bic",
    "currency": "currency",
    "payment_reference": "payment_reference",
    "order_number": "order_number",
    "contract": "contract",
    "delivery_note": "delivery_note",
    "routing_number": "routing_number",
    "account_number": "account_number",
    "seller_gln": "seller_gln",
    "buyer_name": "buyer_name",
    "amount_freight": "freight",
    "amount_discount": "allowance",
    "amount_prepaid": "prepaid",
    "credited_invoice": "credited",
    "tax_rate": "tax_rate",
}
_LINE_FIELDS = {
    "name": "description",
    "code": "item",
    "barcode": "gtin",
    "qty": "quantity",
    "uom": "unit",
    "price_unit": "price",
    "price_subtotal": "amount",
    "line_tax_percent": "tax_rate",
    "discount": "discount",
    "order_line": "order_line",
}
_AMOUNTS = frozenset({"payable", "before_tax", "tax", "freight", "allowance", "prepaid", "tax_rate"})
_LINE_AMOUNTS = frozenset({"quantity", "price", "amount", "tax_rate", "discount"})
_DAYS = frozenset({"issued_on", "due_on"})
_CHECKS = {"iban": iban_of, "bic": bic_of, "routing_number": routing_number_of}
# Templates of others are patterns that we did not choose: on text of this length each ends in less than a second.
MAX_BUILT_IN_CHARACTERS = 50_000
_MAX_TRIED = 5
_NO_INPUT = ModuleType("no_input")
# Its remarks on fields that do not match would be a line for each field of each document.
logging.getLogger("invoice2data").setLevel(logging.CRITICAL)


class ExactTemplate(InvoiceTemplate):
    """A template whose numbers are decimals, as they are written."""

    def coerce_type(self, value: str, target_type: str) -> Any:
        if target_type not in ("float", "int"):
            return super().coerce_type(value, target_type)
        separator = str(self.options["decimal_separator"])
        kept = re.sub(rf"[^0-9{re.escape(separator)}-]", "", value or "0")
        try:
            return Decimal(kept.replace(separator, "."))
        except InvalidOperation:
            raise ValueError(f"no number: {value[:40]!r}") from None


class Templates:
    """Those of a folder before those of the package; within each the higher `priority` first, then by name.

    Raises OSError when the folder cannot be read. A file that is no template is left out.
    """

    def __init__(self, folder: Path | None, built_in: bool = True) -> None:
        self._own = _sorted(folder) if folder is not None else []
        self._built_in = _sorted(None) if built_in else []

    def read(self, page: PageText) -> FoundInvoice | None:
        """By the first template whose key words are on the page and whose required fields are found. Of those that
        match, a few are tried; those of the package only on as much text as an ordinary invoice has.
        """
        short = len(page.text) <= MAX_BUILT_IN_CHARACTERS
        tried = 0
        for template in (*self._own, *(self._built_in if short else ())):
            try:
                text = template.prepare_input(page.text)
                if not template.matches_input(text):
                    continue
                tried += 1
                return _found(template, template.extract(text, "", _NO_INPUT), page)
            except Exception:  # whatever a template of others raises: the next one, or the labels, read
                if tried == _MAX_TRIED:
                    return None
        return None


def _sorted(folder: Path | None) -> list[ExactTemplate]:
    if folder is not None and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder of templates")
    loaded = read_templates(None if folder is None else str(folder))
    # camelot opens the file itself, with outside programs.
    usable = [ExactTemplate(each) for each in loaded if "camelot" not in each]
    return sorted(usable, key=lambda each: (-int(each["priority"]), str(each["template_name"])))


def _found(template: ExactTemplate, output: Mapping[str, Any], page: PageText) -> FoundInvoice:
    fields: dict[str, Found] = {}
    for theirs, ours in _FIELDS.items():
        if theirs == "currency" and not _states_currency(template):
            continue
        value = _typed(ours, output.get(theirs), _AMOUNTS)
        if value is not None:
            text, place = _where(template["fields"].get(theirs), value, page)
            check = _CHECKS.get(ours)
            sound = check is None or check(str(value)) is not None
            fields[ours] = Found(value, text, BY_TEMPLATE if sound else CONTRADICTED, place)
    lines = output.get("lines")
    found = list(_lines(lines, page)) if isinstance(lines, list) else []
    return FoundInvoice(fields, found, str(template["template_name"]))


def _states_currency(template: ExactTemplate) -> bool:
    """The engine says EUR where a template says nothing."""
    return "currency" in template["fields"] or "currency" in template.get("options", {})


def _typed(name: str, value: Any, amounts: frozenset[str]) -> FoundValue | None:
    """None when the template found several values that differ, or none of the right kind."""
    if name in amounts:
        return _decimal(value)
    if name in _DAYS:
        return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()[:200] or None
    return None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, float):  # from the engine's own tables; shortest form, which is what was written
        return Decimal(repr(value))
    return value if isinstance(value, Decimal) else amount_of(value) if isinstance(value, str) else None


def _where(rule: Any, value: FoundValue, page: PageText) -> tuple[str, Place | None]:
    """The text and the place of a value: where the rule's own pattern finds it, else the first place that says it."""
    for start, end in _matches(rule, page.text):
        if _same(value, page.text[start:end]):
            return page.text[start:end][:200], place_of(page.words_between(start, end))
    if isinstance(value, str):
        at = page.text.find(value)
        return value, place_of(page.words_between(at, at + len(value))) if at >= 0 else None
    for row in page.rows:
        for cell in row.cells:
            if _same(value, cell.text):
                return cell.text, place_of(cell.words)
    return str(value), None


def _matches(rule: Any, text: str) -> Iterator[tuple[int, int]]:
    patterns = rule.get("regex", []) if isinstance(rule, dict) else rule
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        if isinstance(pattern, str):
            for match in re.finditer(pattern, text):
                yield match.span(1 if match.re.groups else 0)


def _same(value: FoundValue, text: str) -> bool:
    if isinstance(value, Decimal):
        return amount_of(text) == value
    return day_of(text) == value if isinstance(value, date) else text.strip() == value


def _lines(lines: list[Any], page: PageText) -> Iterator[FoundLine]:
    """Lines that state an amount; each is looked for below the one before it."""
    at = 0
    for each in lines:
        if not isinstance(each, dict) or "price_subtotal" not in each:
            continue
        row, at = _row_of(each, page.rows, at)
        values = {ours: _typed(ours, each.get(theirs), _LINE_AMOUNTS) for theirs, ours in _LINE_FIELDS.items()}
        line = _placed_line({name: value for name, value in values.items() if value is not None}, row)
        if "amount" in line:
            yield line


def _row_of(line: Mapping[str, Any], rows: tuple[Row, ...], start: int) -> tuple[Row | None, int]:
    amount = _decimal(line["price_subtotal"])
    words = str(line.get("code") or line.get("name") or "").split("\n")[0]
    for at in range(start, len(rows)):
        text = " ".join(cell.text for cell in rows[at].cells)
        if words in text and any(amount_of(cell.text) == amount for cell in rows[at].cells):
            return rows[at], at + 1
    return None, start


def _placed_line(values: Mapping[str, FoundValue], row: Row | None) -> FoundLine:
    """Each value at its word: the quantity is the first figure that fits, the price follows it, the amount is last."""
    words = row.words if row is not None else ()
    line: FoundLine = {}
    after = 0
    for name, value in values.items():
        fitting = [at for at, word in enumerate(words) if _says(name, value, word)]
        if name == "amount":
            fitting = fitting[-1:]
        elif name in ("quantity", "price"):
            fitting = [at for at in fitting if at >= after][:1]
            after = fitting[0] + 1 if fitting else after
        if fitting:
            word = words[fitting[0]]
            line[name] = Found(value, word.text, BY_TEMPLATE, place_of((word,)))
        else:
            line[name] = _in_cell(value, row)
    return line


def _says(name: str, value: FoundValue, word: Word) -> bool:
    if name == "tax_rate":
        return word.text.endswith("%") and amount_of(word.text[:-1]) == value
    return amount_of(word.text) == value if isinstance(value, Decimal) else word.text == value


def _in_cell(value: FoundValue, row: Row | None) -> Found:
    """Words by the cell that holds them; what stands nowhere in the row has no place."""
    text = str(value)
    for cell in row.cells if row is not None and isinstance(value, str) else ():
        if text.split("\n", maxsplit=1)[0] in cell.text:
            return Found(value, text, BY_TEMPLATE, place_of(cell.words))
    return Found(value, text, BY_TEMPLATE)
