"""The page on which a person keys an invoice beside its original: what was read, how surely, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import Response

from api.html import Html, element, joined, page
from api.schemas.invoices import CopyView, copy_view, invoice_path
from domain.capture import FieldReading, InvoiceCopy
from domain.tasks import Task

MAX_SHOWN = 200
_MAX_LINES = 50  # that a proposal for keying repeats; longer ones are begun from the copy itself
_MAX_MAPS = 5
_LETTER = (612, 792)  # points of a page, where nothing stands further out


@dataclass(frozen=True)
class Keying:
    """The copy as it stands, the open tasks of its case that the caller may know of, and the policy's threshold."""

    copy: InvoiceCopy
    tasks: Sequence[Task]
    threshold: Decimal


def keying_page(keying: Keying) -> Response:
    """Bank numbers are shown by their last characters; nothing on the page can act."""
    view = copy_view(keying.copy)
    fields = sorted(view.fields, key=lambda field: field.confidence)[:MAX_SHOWN]
    return page(
        200,
        f"Invoice {view.number}",
        _summary(view),
        _original(view),
        *_questions(keying),
        element("h2", "What was read"),
        *_fields(fields, keying.threshold, view.more),
        *_maps(fields, keying.threshold),
    )


def _summary(view: CopyView) -> Html:
    told = (
        ("Seller", view.seller.name or "not read"),
        ("Number", view.number),
        ("Issued", view.issued_on.isoformat()),
        ("Due", view.due_on.isoformat() if view.due_on else "not stated"),
        ("Orders", ", ".join(view.order_numbers) or "none"),
        ("To pay", str(view.totals.payable)),
        ("Version", f"{view.version}, by {view.by}"),
    )
    return element("dl", *(joined(element("dt", name), element("dd", value)) for name, value in told))


def _original(view: CopyView) -> Html:
    path = f"{invoice_path(view.case_id)}/document"
    return element(
        "p",
        element("a", "Open the original", href=path, rel="noreferrer"),
        " and keep it beside this page. It is saved, not shown here: files of strangers do not act in this page.",
    )


def _questions(keying: Keying) -> Iterator[Html]:
    """What is asked, and the exact body of each answer: decisions carry the caller's token, so no form posts them."""
    if not keying.tasks:
        yield element("p", "Nothing about this invoice waits for an answer.")
    for task in keying.tasks:
        yield element("h2", task.title)
        yield element("p", task.why)
        yield element("p", f"Answer with POST /v1/tasks/{task.task_id}/decision and one of these:", class_="small")
        for action in task.actions:
            body = _answer(keying.copy, task, action)
            yield element("pre", json.dumps(body, indent=1, ensure_ascii=False), class_="text small")


def _answer(copy: InvoiceCopy, task: Task, action: str) -> dict[str, Any]:
    body: dict[str, Any] = {"action": action, "subject_version": task.subject_version, "comment": "say why"}
    if action != "correct":
        return body
    invoice = copy.invoice
    if len(invoice.lines) <= _MAX_LINES:
        # Accounts are left out: a correction never decides where money goes.
        whole = invoice.model_dump(mode="json", exclude={"accounts"}, exclude_defaults=True)
        return body | {"invoice": {"invoice": whole}}
    head = invoice.model_dump(mode="json", include={"number", "issued_on", "due_on", "order_numbers"})
    return body | {"invoice": head}


def _fields(fields: Sequence[FieldReading], threshold: Decimal, more: bool) -> Iterator[Html]:
    if not fields:
        yield element("p", "All of it, with certainty.")
        return
    rows = [_field(number, field, threshold) for number, field in enumerate(fields, start=1)]
    yield element("ul", *rows)
    if more or len(fields) == MAX_SHOWN:
        yield element("p", "There are more fields; the least certain ones are shown.", class_="small")


def _field(number: int, field: FieldReading, threshold: Decimal) -> Html:
    doubtful = field.confidence < threshold
    place = field.place
    where = "not found on the page"
    if place is not None:
        where = f"page {place.page}, {place.left:.0f} points from the left, {place.top:.0f} from the top"
    return element(
        "li",
        element("strong", f"{number}. {field.pointer}"),
        ": ",
        field.text[:200] or "nothing",
        element("p", f"{field.confidence:f} · {where}", class_="small"),
        class_="fault" if doubtful else None,
    )


def _maps(fields: Sequence[FieldReading], threshold: Decimal) -> Iterator[Html]:
    """Each page as an outline with the numbered places of the fields, to find them on the original."""
    pages = sorted({field.place.page for field in fields if field.place is not None})[:_MAX_MAPS]
    for number in pages:
        placed = [
            (index, field) for index, field in enumerate(fields, start=1) if field.place and field.place.page == number
        ]
        yield element("h2", f"Where it stands on page {number}")
        yield _map(placed, threshold)


def _map(placed: Sequence[tuple[int, FieldReading]], threshold: Decimal) -> Html:
    places = [field.place for _, field in placed if field.place is not None]
    width = max(_LETTER[0], *(int(place.right) + 20 for place in places))
    height = max(_LETTER[1], *(int(place.bottom) + 20 for place in places))
    frame = element("rect", x="0", y="0", width=str(width), height=str(height), fill="none", stroke="currentColor")
    boxes = [box for index, field in placed for box in _box(index, field, threshold)]
    label = "Outline of the page with the places of the fields"
    return element("svg", frame, *boxes, viewBox=f"0 0 {width} {height}", width="100%", role="img", aria_label=label)


def _box(index: int, field: FieldReading, threshold: Decimal) -> Iterator[Html]:
    place = field.place
    if place is None:
        return
    colour = "#a11212" if field.confidence < threshold else "#0b57a4"
    size = {"width": str(place.right - place.left), "height": str(place.bottom - place.top)}
    yield element("rect", x=str(place.left), y=str(place.top), fill="none", stroke=colour, **size)
    left, bottom = str(max(Decimal(0), place.left - 14)), str(place.bottom)
    yield element("text", str(index), x=left, y=bottom, font_size="10", fill=colour)
