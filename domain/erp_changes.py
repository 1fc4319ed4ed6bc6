"""What people change in an ERP themselves, and how far its changes are known.

An ERP is asked again and again what was changed since some instant. It dates a change by the beginning of the
transaction that made it, and shows it once that is over: a change may appear with a date that was passed long ago.
So each sweep begins earlier than the last one began, by the longest transaction that the ERP allows and by how far its
clock may be off; what was known before is told apart by the change's own id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.model import Value
from domain.money import Money
from domain.purchase import GoodsReceipt, GoodsReturn, ReceivedLine, ReturnedLine

ChangeKind = Literal["goods-received", "goods-returned", "order-changed", "delivery-cancelled", "bill-posted"]
SOMEBODY = "erp-user"
"""Who did it, where the ERP's login is no name of a person here."""
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LONGEST_TEXT = 200


class ChangedLine(Value):
    """`quantity` is what came or went back, in the order line's unit; of a changed order, what is ordered now."""

    line: int
    quantity: Decimal


class ErpChange(Value):
    """Something that a person did in the ERP itself. `change_id` is the same whenever the change is told, and never
    that of another one. `at` is the ERP's own instant (UTC), `by` the login.

    `document` is what the ERP calls it. `order_id` is the external id of the order that it concerns, `total` that
    order's total now; a bill may concern none. `reference` is the supplier's number of the delivery or bill, `amount`
    the bill's.
    """

    change_id: str
    kind: ChangeKind
    at: AwareDatetime
    by: str = ""
    document: str = ""
    case_id: str = ""
    order_number: str = ""
    order_id: str = ""
    lines: tuple[ChangedLine, ...] = ()
    total: Money | None = None
    supplier: str = ""
    reference: str = ""
    amount: Money | None = None


class BookedReceipt(GoodsReceipt):
    """A receipt that the ERP has booked already, on the order of the external id `order_id`."""

    order_id: str


class BookedReturn(GoodsReturn):
    """A return that the ERP has booked already, on the order of the external id `order_id`."""

    order_id: str


def booked_receipt(change: ErpChange) -> BookedReceipt:
    return BookedReceipt(
        event_id=change.change_id,
        order_number=change.order_number,
        received_at=change.at,
        received_by=person_of(change.by),
        delivery_note=(change.reference or change.document or change.change_id)[:_LONGEST_TEXT],
        lines=tuple(ReceivedLine(line=each.line, accepted=each.quantity) for each in change.lines),
        order_id=change.order_id,
    )


def booked_return(change: ErpChange) -> BookedReturn:
    reason = f"returned in the ERP: {change.reference or change.document or change.change_id}"[:_LONGEST_TEXT]
    return BookedReturn(
        event_id=change.change_id,
        order_number=change.order_number,
        returned_at=change.at,
        returned_by=person_of(change.by),
        lines=tuple(ReturnedLine(line=each.line, quantity=each.quantity, reason=reason) for each in change.lines),
        order_id=change.order_id,
    )


def person_of(login: str) -> str:
    """Whom a login of the ERP stands for: the person of that name, since one directory names them for both."""
    return login if _PERSON.fullmatch(login) else SOMEBODY


def in_words(change: ErpChange) -> str:
    """One sentence for whoever has to look at it."""
    what = {
        "goods-received": "received goods",
        "goods-returned": "returned goods",
        "order-changed": "changed the order",
        "delivery-cancelled": "cancelled what was still to come",
        "bill-posted": "posted a bill",
    }[change.kind]
    lines = ", ".join(f"line {each.line}: {each.quantity:f}" for each in change.lines)
    about = [change.order_number and f"order {change.order_number}", change.supplier, change.reference, lines]
    about.append("" if change.amount is None else str(change.amount))
    said = "; ".join(each for each in about if each)
    return f"{change.by or 'Somebody'} {what} in the ERP itself ({change.document or change.change_id}): {said}"[:1000]


class KnownChange(Value):
    change_id: str
    at: AwareDatetime


class SweepPlace(Value):
    """How far the changes of one ERP are known. Whatever was visible before `until` (UTC) is known; `known` are those
    that the next sweep meets once more. While a sweep is under way, `started_at` is when it began, `page` where it goes
    on, and `latest` the latest modification that it met.
    """

    until: AwareDatetime
    known: tuple[KnownChange, ...] = ()
    started_at: AwareDatetime | None = None
    page: str = ""
    latest: AwareDatetime | None = None


class ErpChangesPage(Value):
    """`latest` is the latest modification that was looked at, `next_page` where the rest begins; none is empty."""

    changes: tuple[ErpChange, ...] = ()
    latest: AwareDatetime | None = None
    next_page: str = ""


def since(place: SweepPlace, overlap: timedelta) -> datetime:
    """From when on to ask: the same throughout a sweep."""
    return place.until - overlap


def begun(place: SweepPlace, now: datetime) -> SweepPlace:
    """The place in a sweep: a new one, unless one is under way."""
    return place if place.started_at is not None else place.model_copy(update={"started_at": now, "latest": None})


def news(place: SweepPlace, changes: Iterable[ErpChange]) -> tuple[ErpChange, ...]:
    """Those that are not known, each once."""
    known = {each.change_id for each in place.known}
    found = {each.change_id: each for each in changes if each.change_id not in known}
    return tuple(found.values())


def passed(place: SweepPlace, page: ErpChangesPage, overlap: timedelta) -> SweepPlace:
    """The place after all changes of the page were told. The last page ends the sweep: then `until` becomes the start
    of the sweep, or the latest modification, whichever is earlier, so that it holds whichever of the two clocks is
    behind."""
    latest = _later(place.latest, page.latest)
    at = place.model_copy(update={"known": _with(place.known, page.changes), "page": page.next_page, "latest": latest})
    if page.next_page or place.started_at is None:
        return at
    until = max(place.until, min(place.started_at, latest or place.until))
    kept = tuple(each for each in at.known if each.at >= until - overlap)
    return SweepPlace(until=until, known=kept)


def told(place: SweepPlace, changes: Iterable[ErpChange | KnownChange]) -> SweepPlace:
    """The place once these are known, though their page is not done."""
    return place.model_copy(update={"known": _with(place.known, changes)})


def _with(known: Sequence[KnownChange], changes: Iterable[ErpChange | KnownChange]) -> tuple[KnownChange, ...]:
    """What is changed again keeps its later instant, with which the ERP shows it."""
    found = {each.change_id: each.at for each in known}
    for change in changes:
        found[change.change_id] = max(change.at, found.get(change.change_id, change.at))
    return tuple(KnownChange(change_id=name, at=at) for name, at in found.items())


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    both = [each for each in (one, other) if each is not None]
    return max(both) if both else None
