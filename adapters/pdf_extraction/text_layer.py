"""The text that a PDF carries beside its picture, word by word with its place. Nothing is executed or fetched.

What pypdf reports to visitors has one place for all cells that one text object writes; the operations of its layout
mode have each its own, with the widths of the fonts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader, apply_configuration
from pypdf._text_extraction._layout_mode._fixed_width_page import recurse_to_target_op
from pypdf._text_extraction._layout_mode._text_state_manager import TextStateManager
from pypdf._text_extraction._layout_mode._text_state_params import TextStateParams
from pypdf.generic import ContentStream, DictionaryObject, StreamObject
from pypdf.generic._font import Font

from adapters.pdf_extraction.layout import Row, Word, rows_of

MAX_PAGES = 100
MAX_STREAM_BYTES = 4_000_000  # of the drawing operations of a page, unpacked
MAX_OPERATIONS = 2_000_000  # of all pages
MAX_CHARACTERS = 500_000
MAX_SECONDS = 20.0
_MAX_FORM_DEPTH = 5
_LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": MAX_STREAM_BYTES,
    "lzw_maximum_output_length": MAX_STREAM_BYTES,
    "run_length_maximum_output_length": MAX_STREAM_BYTES,
    "array_based_stream_maximum_output_length": MAX_STREAM_BYTES,
    "stream_parsing_work_maximum_count": 500_000,
    "zlib_maximum_recovery_input_length": 200_000,
    "maximum_declared_stream_length": 20_000_000,
}
# A broken file is told once, as a finding; the parser's own remarks would be a line for each of its faults.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class TooMuchTextError(Exception):
    """The document asks for more work than an invoice does."""


@dataclass(frozen=True)
class TextLayer:
    """`pages` is how many the document has, of which the first MAX_PAGES are read."""

    rows: tuple[Row, ...]
    pages: int


class _Budget:
    def __init__(self) -> None:
        self._ends = time.monotonic() + MAX_SECONDS
        self._operations = MAX_OPERATIONS
        self._characters = MAX_CHARACTERS

    def operation(self) -> None:
        self._operations -= 1
        if self._operations < 0:
            raise TooMuchTextError(f"the pages are drawn by more than {MAX_OPERATIONS} operations")
        if self._operations % 1000 == 0 and time.monotonic() > self._ends:
            raise TooMuchTextError(f"reading the text takes longer than {MAX_SECONDS:.0f} seconds")

    def characters(self, text: str) -> None:
        self._characters -= len(text)
        if self._characters < 0:
            raise TooMuchTextError(f"the text has more than {MAX_CHARACTERS} characters")


def text_layer(content: bytes) -> TextLayer:
    """Raises TooMuchTextError, and whatever the parser raises on a damaged file."""
    with apply_configuration(**_LIMITS):
        reader = PdfReader(BytesIO(content), strict=False)
        budget = _Budget()
        rows: list[Row] = []
        for number in range(min(len(reader.pages), MAX_PAGES)):
            rows += rows_of(list(_words(reader.pages[number], number + 1, budget)))
        return TextLayer(tuple(rows), len(reader.pages))


def _words(page: PageObject, number: int, budget: _Budget) -> Iterator[Word]:
    if page.rotation % 360:
        page.transfer_rotation_to_content()
    fonts = dict(page._layout_mode_fonts())
    stream = page.get("/Contents")
    if stream is None:
        return
    contents = ContentStream(stream.get_object(), page.pdf, "bytes")
    resources = _dictionary(page.get("/Resources"))
    operations = _wrapped(_flat(contents, resources, fonts, "", budget, 0, page.pdf))
    next(operations)
    _, shown = recurse_to_target_op(operations, TextStateManager(), b"Q", fonts, True)
    box = page.mediabox
    for piece in shown:
        budget.characters(piece.text)
        if piece.text.strip() and not piece.rotated and piece.font.interpretable:
            yield from _placed(piece, number, float(box.left), float(box.top))


def _wrapped(operations: Iterator[tuple[Any, bytes]]) -> Iterator[tuple[Any, bytes]]:
    yield [], b"q"
    yield from operations
    yield [], b"Q"


def _flat(
    contents: ContentStream,
    resources: DictionaryObject | None,
    fonts: dict[str, Font],
    prefix: str,
    budget: _Budget,
    depth: int,
    pdf: Any,
) -> Iterator[tuple[Any, bytes]]:
    """The operations of a page with those of the forms that it draws in their places; fonts of forms get a prefix."""
    if len(contents.get_data()) > MAX_STREAM_BYTES:
        raise TooMuchTextError(f"a page is drawn by more than {MAX_STREAM_BYTES} bytes")
    forms = _dictionary(resources.get("/XObject")) if resources is not None else None
    for operands, operator in contents.operations:
        budget.operation()
        if operator == b"Tf" and operands and prefix:
            yield [f"{prefix}{operands[0]}", *operands[1:]], operator
        elif operator == b"Do" and operands and forms is not None and depth < _MAX_FORM_DEPTH:
            form = _dictionary(forms.get(operands[0]))
            if isinstance(form, StreamObject) and form.get("/Subtype") == "/Form":
                yield from _form(form, resources, fonts, f"{prefix}{operands[0]}", budget, depth + 1, pdf)
        else:
            yield operands, operator


def _form(
    form: StreamObject,
    outer: DictionaryObject | None,
    fonts: dict[str, Font],
    prefix: str,
    budget: _Budget,
    depth: int,
    pdf: Any,
) -> Iterator[tuple[Any, bytes]]:
    resources = _dictionary(form.get("/Resources")) or outer
    own = _dictionary(resources.get("/Font")) if resources is not None else None
    for name, font in (own or {}).items():
        description = _dictionary(font)
        if description is not None and f"{prefix}{name}" not in fonts:
            fonts[f"{prefix}{name}"] = Font.from_font_resource(description)
    matrix = form.get("/Matrix")
    yield [], b"q"
    if matrix is not None:
        yield list(matrix.get_object()), b"cm"
    yield from _flat(ContentStream(form, pdf, "bytes"), resources, fonts, prefix, budget, depth, pdf)
    yield [], b"Q"


def _dictionary(value: Any) -> DictionaryObject | None:
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, DictionaryObject) else None


@dataclass(frozen=True)
class _Piece:
    text: str
    left: float
    right: float


def _placed(shown: TextStateParams, page: int, left: float, top: float) -> Iterator[Word]:
    """The words of one shown text; letters stand from 0.75 of their height above the base line to 0.25 below it."""
    height = abs(shown.font_height) or 1.0
    base = top - shown.ty
    for piece in _pieces(shown):
        yield Word(piece.text, page, piece.left - left, base - 0.75 * height, piece.right - left, base + 0.25 * height)


def _pieces(shown: TextStateParams) -> Iterator[_Piece]:
    # What no database keeps and no page shows: control characters, halves of characters.
    text = "".join(each if each.isprintable() or each.isspace() else "\ufffd" for each in shown.text)
    widths = [max(0.0, float(shown.font.get_text_width(each))) for each in text]
    whole = sum(widths) or 1.0
    scale = (shown.displaced_tx - shown.tx) / whole
    at, start, begin = 0.0, 0.0, 0
    for index, character in enumerate(text):
        if character.isspace():
            if index > begin:
                yield _Piece(text[begin:index], shown.tx + start * scale, shown.tx + at * scale)
            at += widths[index]
            start, begin = at, index + 1
        else:
            at += widths[index]
    if len(text) > begin:
        yield _Piece(text[begin:], shown.tx + start * scale, shown.tx + at * scale)
