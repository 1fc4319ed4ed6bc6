"""The purchase order as people read it. The same bytes for the same content, so that its hash proves what was sent."""

from __future__ import annotations

import unicodedata
from datetime import date
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from adapters.order_documents.text import clean, issue_date, live_lines, net_total, plain, price
from domain.ports.suppliers import OrderDispatch
from domain.purchase import OrderLine
from domain.quantity import UNITS

_TITLES = {
    "order": "Purchase order",
    "reminder": "Purchase order",
    "change": "Change of purchase order",
    "cancellation": "Cancellation of purchase order",
}
_REQUESTS = {
    "order": "Please confirm price, quantity and delivery date of each line.",
    "reminder": "Please confirm price, quantity and delivery date of each line.",
    "change": "This version replaces every earlier one. Please confirm it.",
    "cancellation": "Please do not deliver what is still open, and confirm the cancellation.",
}
_LETTER_COUNTRIES = ("US", "CA", "MX")
_MARGIN = 18 * mm
_RULE = colors.HexColor("#9aa5b1")
_SHADE = colors.HexColor("#eef1f4")

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=7.5, leading=9.5, textColor=colors.HexColor("#52606d"))
_HEAD = ParagraphStyle("head", parent=_BODY, fontName="Helvetica-Bold")
_RIGHT = ParagraphStyle("right", parent=_BODY, alignment=TA_RIGHT)
_RIGHT_HEAD = ParagraphStyle("right-head", parent=_HEAD, alignment=TA_RIGHT)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22)


def order_pdf(dispatch: OrderDispatch, today: date) -> bytes:
    """`today` dates the document when the dispatch does not. Raises KeyError for an unknown occasion."""
    title = f"{_TITLES[dispatch.occasion]} {dispatch.order.number}"
    size = letter if dispatch.facility.calendar.country in _LETTER_COUNTRIES else A4
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=_latin(title),
        author=_latin(dispatch.facility.name),
        invariant=1,  # no time of writing and no random id in the file
    )

    def footer(canvas: Any, _: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.drawString(_MARGIN, 10 * mm, _latin(f"{title}, case {dispatch.case_id}"))
        canvas.drawRightString(size[0] - _MARGIN, 10 * mm, f"Page {canvas.getPageNumber()}")

    story = [*_opening(dispatch, title, today), *_lines(dispatch, size[0] - 2 * _MARGIN), *_closing(dispatch)]
    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def _opening(dispatch: OrderDispatch, title: str, today: date) -> list[Flowable]:
    facility, supplier = dispatch.facility, dispatch.supplier
    facts = f"Date {issue_date(dispatch, today).isoformat()} | Version {dispatch.version} | Case {dispatch.case_id}"
    blocks = (
        ("Buyer", [facility.name, f"GLN {facility.gln}" if facility.gln else ""]),
        ("Supplier", [supplier.name, f"{supplier.code}, {supplier.country}", supplier.email]),
        ("Ship to", [facility.name, facility.ship_to]),
    )
    cells = [[_paragraph(name, _HEAD), *(_paragraph(line, _BODY) for line in lines if line)] for name, lines in blocks]
    parties = Table([cells], hAlign="LEFT", style=TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return [
        _paragraph(title, _TITLE),
        _paragraph(facts, _SMALL),
        Spacer(1, 5 * mm),
        parties,
        Spacer(1, 6 * mm),
    ]


def _lines(dispatch: OrderDispatch, width: float) -> list[Flowable]:
    currency = dispatch.order.total.currency
    names = ("Line", "What", "Quantity", "Needed by", f"Price {currency}", f"Amount {currency}")
    rows: list[list[Any]] = [
        [_paragraph(name, _RIGHT_HEAD if number >= 4 else _HEAD) for number, name in enumerate(names)]
    ]
    rows.extend(_row(line) for line in live_lines(dispatch))
    total = net_total(dispatch).rounded()
    rows.append([_paragraph("Total without tax", _HEAD), "", "", "", "", _paragraph(f"{total.amount:,}", _RIGHT_HEAD)])
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
            ("SPAN", (0, -1), (4, -1)),
            ("LINEABOVE", (0, -1), (-1, -1), 1, colors.black),
        ]
    )
    shares = (0.07, 0.41, 0.16, 0.13, 0.11, 0.12)
    return [Table(rows, colWidths=[width * share for share in shares], repeatRows=1, style=style)]


def _row(line: OrderLine) -> list[Any]:
    pack = f" of {line.quantity.pack_size}" if line.quantity.pack_size != 1 else ""
    unit = UNITS.get(line.quantity.unit, line.quantity.unit)
    return [
        _paragraph(str(line.line), _BODY),
        [_paragraph(line.description, _BODY), _paragraph(_particulars(line), _SMALL)],
        _paragraph(f"{plain(line.quantity.value)} {unit}{pack}", _BODY),
        _paragraph(line.need_by.isoformat(), _BODY),
        _paragraph(price(line.unit_price), _RIGHT),
        _paragraph(f"{line.amount.amount:,}", _RIGHT),
    ]


def _particulars(line: OrderLine) -> str:
    named = (("Item", line.item), ("GTIN", line.gtin), ("Contract", line.contract), ("Deliver to", line.deliver_to))
    return " | ".join(f"{name} {value}" for name, value in named if value)


def _closing(dispatch: OrderDispatch) -> list[Flowable]:
    return [
        Spacer(1, 6 * mm),
        _paragraph(_REQUESTS[dispatch.occasion], _BODY),
        _paragraph(f"State order {dispatch.order.number} on delivery note and invoice.", _BODY),
    ]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    # A paragraph reads markup, which nobody's description may bring along.
    return Paragraph(escape(_latin(text)), style)


def _latin(text: str) -> str:
    """The built-in fonts know Latin-1: other letters lose their accents, and what is left is shown as '?'."""
    text = clean(text)
    if text.isascii():
        return text
    known = (char if ord(char) < 256 else unicodedata.normalize("NFKD", char) for char in text)
    return "".join(known).encode("latin-1", "replace").decode("latin-1")
