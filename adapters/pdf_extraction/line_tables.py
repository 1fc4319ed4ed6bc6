"""The lines of an invoice: a row of headings, and below it cells that stand under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.pdf_extraction.found import BY_COLUMN, Found, FoundLine
from adapters.pdf_extraction.layout import Cell, Row, Word, place_of
from adapters.pdf_extraction.values import amount_of

MAX_LINES = 5_000
_MAX_DESCRIPTION = 500
_HEADINGS = (
    ("description", r"(?:item )?description|product|details|item name|services?|article"),
    ("item", r"item(?: ?(?:no|code|number|#)\.?)?|sku|(?:part|catalog|product) ?(?:no|code|number|#)\.?|code"),
    ("gtin", r"gtin|ean|upc"),
    ("quantity", r"qty\.?|quantity|qty shipped|shipped|units"),
    ("unit", r"unit|uom|u/m|um"),
    ("price", r"(?:unit|net|each)? ?price|unit cost|rate|price each"),
    ("amount", r"(?:line )?(?:amount|total)|ext(?:ended|\.)?(?: price| amount)?|net amount|line value"),
    ("tax_rate", r"tax(?:es)?|vat|tax ?%|vat ?%"),
    ("discount", r"disc(?:ount|\.)? ?%?"),
    ("line", r"#|line|no\.?|pos\.?"),
    ("order", r"p\.?o\.?(?: ?(?:no|number|line)\.?)?|order(?: ?no\.?)?"),
)
_END = re.compile(
    r"(?i)(?:grand |invoice )?total(?: (?:due|amount|payable).*)?:?|(?:amount|balance) due.*|total [$€£].*"
)
_SUMS = re.compile(r"(?i)(?:sub-?total|net total|tax|sales tax|vat|freight|shipping|discount|total)\b.*")
_ITEM = re.compile(r"\[(?P<item>[^\]\s]{1,60})\]\s*(?P<rest>.*)")


@dataclass(frozen=True)
class _Column:
    kind: str
    left: float
    right: float

    def distance(self, cell: Cell) -> float:
        """Of the edge that is closer: figures stand flush right under their heading, words flush left."""
        middle = abs((self.left + self.right) / 2 - (cell.left + cell.right) / 2)
        return min(abs(self.left - cell.left), abs(self.right - cell.right), middle)


def read_lines(rows: Sequence[Row]) -> list[FoundLine]:
    """Lines of the tables on all pages, until a row states the total; a heading that is repeated begins anew."""
    lines: list[FoundLine] = []
    columns: tuple[_Column, ...] = ()
    last: Row | None = None
    for row in rows:
        heading = _headings(row)
        if heading:
            columns, last = heading, None
        elif columns and any(_END.fullmatch(cell.text) for cell in row.cells):
            columns, last = (), None
        elif columns and len(lines) < MAX_LINES:
            last = _row(row, columns, lines, last)
    return lines


def _headings(row: Row) -> tuple[_Column, ...]:
    columns = [_Column(kind, cell.left, cell.right) for cell in row.cells if (kind := _heading(cell.text)) is not None]
    kinds = {column.kind for column in columns}
    enough = "amount" in kinds and kinds & {"quantity", "price"} and len(columns) >= 3
    return tuple(columns) if enough and len(columns) * 2 > len(row.cells) else ()


def _heading(text: str) -> str | None:
    return next((kind for kind, words in _HEADINGS if re.fullmatch(words, text.strip(" :"), re.IGNORECASE)), None)


def _row(row: Row, columns: tuple[_Column, ...], lines: list[FoundLine], last: Row | None) -> Row | None:
    """Adds a line, or words to the description of the one above; the row when it belongs to a line."""
    cells = _under(row, columns)
    line = _line(cells)
    if line is not None and not _SUMS.fullmatch(row.cells[0].text):
        lines.append(line)
        return row
    if last is not None and set(cells) == {"description"} and row.page == last.page:
        near = row.top - last.bottom < 0.8 * (row.bottom - row.top)
        if near and "description" in lines[-1]:
            lines[-1]["description"] = _longer(lines[-1]["description"], row)
            return row
    return None


def _under(row: Row, columns: tuple[_Column, ...]) -> dict[str, tuple[Word, ...]]:
    found: dict[str, tuple[Word, ...]] = {}
    for cell in row.cells:
        kind = min(columns, key=lambda column: column.distance(cell)).kind
        found[kind] = (*found.get(kind, ()), *cell.words)
    return found


def _line(cells: dict[str, tuple[Word, ...]]) -> FoundLine | None:
    """None when the row states no amount with a quantity or a price."""
    texts = {kind: " ".join(word.text for word in words) for kind, words in cells.items()}
    line: FoundLine = {}
    for kind in ("amount", "price", "discount"):
        _put(line, kind, amount_of(texts.get(kind, "")), texts.get(kind, ""), cells.get(kind, ()))
    _quantity(line, texts, cells)
    if "amount" not in line or not ({"quantity", "price"} & set(line)):
        return None
    for kind in ("description", "item", "gtin", "order"):
        _put(line, kind, texts.get(kind, "")[:200] or None, texts.get(kind, ""), cells.get(kind, ()))
    _put(
        line,
        "tax_rate",
        amount_of(texts.get("tax_rate", "").rstrip("% ")),
        texts.get("tax_rate", ""),
        cells.get("tax_rate", ()),
    )
    bracket = _ITEM.fullmatch(texts.get("description", ""))
    if bracket and "item" not in line:
        _put(line, "item", bracket["item"], bracket["item"], cells["description"][:1])
        _put(line, "description", bracket["rest"], bracket["rest"], cells["description"][1:])
    return line


def _quantity(line: FoundLine, texts: dict[str, str], cells: dict[str, tuple[Word, ...]]) -> None:
    """'15', '15 boxes' and '2 BX of 100' in one cell, or the unit in a column of its own."""
    words = cells.get("quantity", ())
    if not words:
        return
    value = amount_of(words[0].text)
    _put(line, "quantity", value, words[0].text, words[:1])
    unit = texts.get("unit", "")
    place = cells.get("unit", ())
    if not unit and len(words) > 1:
        unit, place = " ".join(word.text for word in words[1:]), words[1:]
    if unit and value is not None:
        _put(line, "unit", unit[:40], unit, place)


def _put(line: FoundLine, kind: str, value: Decimal | str | None, text: str, words: Sequence[Word]) -> None:
    if value is not None:
        line[kind] = Found(value, text[:_MAX_DESCRIPTION], BY_COLUMN, place_of(words))


def _longer(found: Found, row: Row) -> Found:
    text = f"{found.text}\n{' '.join(word.text for word in row.words)}"[:_MAX_DESCRIPTION]
    return Found(text, text, found.confidence, found.place)
