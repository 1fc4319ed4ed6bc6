"""The head and the totals of an invoice by the words beside them: 'Invoice No', 'Due date', 'Total' ...

A value stands behind its label in the same cell, in the next cell of the row, or below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adapters.pdf_extraction.found import BY_LABEL, BY_POSITION, Found, FoundValue
from adapters.pdf_extraction.layout import Cell, Row, Word, place_of
from adapters.pdf_extraction.values import amount_of, bic_of, currency_of, day_of, iban_of, routing_number_of

_ROWS_BELOW = 2
_NUMBER = re.compile(r"#?\s*([A-Za-z]{0,12}[-/ ]?[A-Za-z0-9/._-]*[0-9][A-Za-z0-9/._-]*)")
_ORDER = re.compile(r"#?\s*([A-Za-z]{0,6}[-/ ]?[A-Za-z0-9/._-]*[0-9][A-Za-z0-9/._-]*)")
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)\s*%")


def _number(text: str) -> str | None:
    found = _NUMBER.fullmatch(text)
    return found[1] if found and len(found[1]) <= 40 and day_of(text) is None else None


def _order(text: str) -> str | None:
    found = _ORDER.fullmatch(text)
    return found[1] if found and len(found[1]) <= 40 and day_of(text) is None else None


def _account(text: str) -> str | None:
    plain = re.sub(r"[\s-]", "", text)
    return plain if re.fullmatch(r"[0-9]{4,17}", plain) else None


def _tax_id(text: str) -> str | None:
    return text if re.fullmatch(r"[A-Z]{0,3}[0-9][0-9A-Z ./-]{5,18}", text) else None


def _gln(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9]{13}", text) else None


def _name(text: str) -> str | None:
    return text if re.search(r"[A-Za-z]{2}", text) and len(text) <= 120 and not text.endswith(":") else None


@dataclass(frozen=True)
class Label:
    """`words` is a pattern for the whole label; of several places the last one counts where `last` says so."""

    name: str
    words: str
    reads: Callable[[str], FoundValue | None]
    last: bool = False


_NO = r"(?:no|nr|num|number|id|#)\.?"
_FINAL = (
    r"(?:grand total|invoice total|total due|amount due|balance due|total amount(?: due)?|total payable|payable|"
    r"please pay)"
)
LABELS = (
    Label("number", rf"(?:invoice|inv|bill|credit (?:note|memo)) ?{_NO}", _number),
    Label("number", r"(?:invoice|credit (?:note|memo))", _number),
    Label(
        "issued_on", r"(?:invoice|bill|issue|credit (?:note|memo)) date|date of (?:invoice|issue)|date issued", day_of
    ),
    Label("issued_on", r"dated?", day_of),
    Label("due_on", r"(?:payment )?due(?: date| on| by)?|pay by|payment date", day_of),
    Label(
        "order_number",
        rf"(?:your )?(?:purchase )?order ?{_NO}|(?:customer )?p\.?o\.? ?(?:{_NO})?|order ref(?:erence)?",
        _order,
    ),
    Label("order_number", r"your (?:purchase )?order|purchase order|your ref(?:erence)?", _order),
    Label("credited", rf"(?:original|credited|corrects|credit for) invoice ?(?:{_NO})?", _number),
    Label("contract", rf"contract ?(?:{_NO})?|agreement ?(?:{_NO})?", _number),
    Label("delivery_note", rf"(?:delivery note|packing slip|shipment) ?(?:{_NO})?", _number),
    Label(
        "seller_tax_id",
        rf"(?:our )?(?:federal )?(?:tax|ein|fein|tin|vat|tax(?:payer)? identification) ?(?:{_NO})?|vat reg\.? ?{_NO}",
        _tax_id,
    ),
    Label("seller_gln", r"(?:seller |supplier )?gln", _gln),
    Label("seller_name", r"from|seller|supplier|vendor|remit to|payable to", _name),
    Label("buyer_name", r"bill(?:ed)? to|invoice to|sold to|buyer|customer", _name),
    Label("iban", r"iban|bank account|account", iban_of),
    Label("bic", r"bic|swift|bic ?/ ?swift|swift code", bic_of),
    Label(
        "routing_number", rf"(?:aba|ach|routing|aba routing|bank routing)(?: transit)? ?(?:{_NO})?", routing_number_of
    ),
    Label("account_number", rf"(?:bank )?account ?(?:{_NO})?|acct\.? ?(?:{_NO})?", _account),
    Label("payment_reference", r"payment reference|remittance reference|please quote", _number),
    Label(
        "before_tax",
        r"sub-?total|net (?:total|amount)|total (?:net|before tax|excl\.? (?:vat|tax))",
        amount_of,
        last=True,
    ),
    Label("freight", r"freight|shipping(?: (?:and|&) handling)?|delivery|postage|handling", amount_of, last=True),
    Label("allowance", r"discount|allowance|less discount", amount_of, last=True),
    Label("tax", r"(?:sales )?tax|vat|gst|(?:total|tax) (?:tax|amount)", amount_of, last=True),
    Label("prepaid", r"(?:amount )?(?:paid|prepaid)|deposit|payments?(?: received)?", amount_of, last=True),
    Label("payable", _FINAL, amount_of, last=True),
    Label("payable", r"total", amount_of, last=True),
)
_CURRENCY = r"(?:currency|all amounts in|amounts in)"
# Between a label of an amount and its figure may stand a rate, a base or a currency: 'Tax 7.75 % on $ 112.90'.
_BESIDE = r"(?:\s\(?(?:[0-9.]{1,7}\s?%|on|of|incl\.?)\)?(?:\s[$€£]?\s?[0-9.,]{1,15})?){0,3}"


def read_labels(rows: Sequence[Row]) -> dict[str, Found]:
    """The best reading of every field that is labelled, and of the few that need no label."""
    found: dict[str, Found] = {}
    for label in LABELS:
        if label.name not in found:
            places = list(_readings(label, rows))
            if places:
                found[label.name] = places[-1 if label.last else 0]
    if "tax" in found:
        found.update(_rate(rows, found["tax"]))
    return {**_unlabelled(rows), **found}


def _readings(label: Label, rows: Sequence[Row]) -> Iterator[Found]:
    beside = _BESIDE if label.reads is amount_of else ""
    pattern = re.compile(rf"(?:{label.words}){beside}(?![A-Za-z0-9])[\s:#.]*(?P<rest>.*)", re.IGNORECASE)
    whole = re.compile(rf"(?:{label.words}){beside}[\s:#.]*", re.IGNORECASE)
    for at, row in enumerate(rows):
        for index, cell in enumerate(row.cells):
            found = pattern.fullmatch(cell.text[:200])
            if found is None:
                continue
            yield from _value(label, cell, found.start("rest"), bool(whole.fullmatch(cell.text)), rows, at, index)


def _value(
    label: Label, cell: Cell, start: int, alone: bool, rows: Sequence[Row], at: int, index: int
) -> Iterator[Found]:
    rest = cell.text[start:].strip()
    if rest and not alone:
        boundary = start == 0 or not cell.text[start - 1].isalnum()
        value = label.reads(rest) if boundary else None
        if value is not None:
            yield _found(value, rest, cell.part(start, len(cell.text)))
        return
    for other in (*rows[at].cells[index + 1 : index + 2], *_below(cell, rows, at)):
        value = label.reads(other.text)
        if value is not None:
            yield _found(value, other.text, other.words)
            return


def _below(cell: Cell, rows: Sequence[Row], at: int) -> Iterator[Cell]:
    for row in rows[at + 1 : at + 1 + _ROWS_BELOW]:
        if row.page != rows[at].page:
            return
        for other in row.cells:
            if other.left < cell.right and other.right > cell.left:
                yield other


def _found(value: FoundValue, text: str, words: Sequence[Word]) -> Found:
    return Found(value, text, BY_LABEL, place_of(words))


def _rate(rows: Sequence[Row], tax: Found) -> dict[str, Found]:
    """The rate in percent that stands in the row of the tax."""
    for row in rows:
        if tax.place is None or row.page != tax.place.page or abs(row.bottom - float(tax.place.bottom)) > 2:
            continue
        text = " ".join(cell.text for cell in row.cells)
        percent = _PERCENT.search(text)
        rate = amount_of(percent[1]) if percent else None
        if percent and rate is not None:
            return {"tax_rate": Found(rate, percent[0], BY_LABEL, place_of(row.words))}
    return {}


def _unlabelled(rows: Sequence[Row]) -> dict[str, Found]:
    """The seller by the first words on the page, the currency by its sign, the kind by the title."""
    known: dict[str, Found] = {}
    for row in rows[:60]:
        for cell in row.cells:
            if (
                "seller_name" not in known
                and _name(cell.text)
                and not re.match(r"(?i)invoice|credit|page\b", cell.text)
            ):
                known["seller_name"] = Found(cell.text[:120], cell.text[:120], BY_POSITION, place_of(cell.words))
            if re.match(r"(?i)credit (?:note|memo)", cell.text):
                known.setdefault("kind", Found("credit-note", cell.text[:80], BY_LABEL, place_of(cell.words)))
    for row in rows:
        for cell in row.cells:
            code = (
                currency_of(cell.text)
                if re.search(r"[0-9]", cell.text) or re.match(rf"(?i){_CURRENCY}", cell.text)
                else None
            )
            if code is not None:
                known.setdefault("currency", Found(code, cell.text[:80], BY_LABEL, place_of(cell.words)))
    return known
