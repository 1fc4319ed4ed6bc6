"""Correcting the working copy of an invoice: the next version, with who and why. The original stays as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from domain.capture import FieldReading, InvoiceCopy
from domain.correction_faults import faults_of
from domain.faults import InvalidRequestError
from domain.invoice import Invoice, InvoiceLine, PayeeAccount
from domain.tasks import InvoiceCorrection, LineCoding

_HEADER = ("number", "issued_on", "due_on", "order_numbers", "credited")
_PART_OF_QUANTITY = {"unit": "quantity/unit", "pack_size": "quantity/pack_size"}
_CERTAIN = Decimal(1)


def corrected(copy: InvoiceCopy, correction: InvoiceCorrection, by: str, why: str, at: datetime) -> InvoiceCopy:
    """The next version of the copy. What a person keyed or confirmed is certain from then on; `at` in UTC.

    Totals stay as they are stated, whatever becomes of the lines: the controls say whether they still agree. `supplier`
    and `owner` of the correction belong to the case and change nothing here. No correction decides where money goes:
    payments use the supplier master, and an account that the document names with certainty cannot be keyed away.

    Raises InvalidRequestError with every fault.
    """
    faults = faults_of(copy.invoice, correction)
    if faults:
        raise InvalidRequestError(faults)
    if correction.invoice is not None:
        return _next(copy, by, why, at).model_copy(
            update={"invoice": _with_accounts(copy, correction.invoice), "fields": (), "findings": ()}
        )
    return _next(copy, by, why, at).model_copy(
        update={"invoice": _changed(copy.invoice, correction), "fields": _confirmed(copy, correction)}
    )


def _next(copy: InvoiceCopy, by: str, why: str, at: datetime) -> InvoiceCopy:
    return copy.model_copy(update={"version": copy.version + 1, "by": by, "why": why, "at": at})


def _changed(invoice: Invoice, correction: InvoiceCorrection) -> Invoice:
    """An order that a line is linked to is named by the invoice as well: duplicates are compared by it."""
    header = {name: getattr(correction, name) for name in _HEADER if getattr(correction, name) is not None}
    codings = {coding.line: coding for coding in correction.lines}
    orders = header.get("order_numbers", invoice.order_numbers)
    linked = [each.order_number for each in correction.lines if each.order_number]
    sole = orders[0] if len(set(orders)) == 1 else ""
    lines = invoice.lines
    if codings:
        lines = tuple(_coded(line, codings[line.line], sole) if line.line in codings else line for line in lines)
    return invoice.model_copy(
        update={**header, "order_numbers": tuple(dict.fromkeys((*orders, *linked))), "lines": lines}
    )


def _coded(line: InvoiceLine, coding: LineCoding, sole_order: str) -> InvoiceLine:
    quantity = line.quantity.model_copy(
        update={
            name: value
            for name, value in (
                ("value", None if coding.quantity is None else Decimal(coding.quantity)),
                ("unit", coding.unit),
                ("pack_size", coding.pack_size),
            )
            if value is not None
        }
    )
    plain = {
        name: value
        for name in ("unit_price", "amount", "description", "category", "costs")
        if (value := getattr(coding, name)) is not None
    }
    return line.model_copy(update={**plain, "quantity": quantity, **_order_link(line, coding, sole_order)})


def _order_link(line: InvoiceLine, coding: LineCoding, sole_order: str) -> dict[str, object]:
    """A line is backed by an order, or coded: a coding takes it off its order, a link takes its coding away."""
    if coding.order_number:
        same = coding.order_number == line.order_number
        order_line = coding.order_line or (line.order_line if same else None)
        return {"order_number": coding.order_number, "order_line": order_line, "costs": ()}
    if coding.costs is not None or coding.order_number == "":
        return {"order_number": "", "order_line": None}
    if coding.order_line is not None:
        return {"order_number": line.order_number or sole_order, "order_line": coding.order_line, "costs": ()}
    return {}


def _with_accounts(copy: InvoiceCopy, keyed: Invoice) -> Invoice:
    """The keyed invoice, with the accounts of the copy that were read with certainty."""
    certain = [
        account
        for at, account in enumerate(copy.invoice.accounts)
        if not any(_within(field.pointer, f"/accounts/{at}") and field.confidence < _CERTAIN for field in copy.fields)
    ]
    known = {account.identity for account in certain}
    added = [account for account in keyed.accounts if account.identity not in known]
    return keyed.model_copy(update={"accounts": _bounded((*certain, *added))})


def _bounded(accounts: Iterable[PayeeAccount]) -> tuple[PayeeAccount, ...]:
    return tuple(accounts)[:20]  # as many as an invoice may name


def _confirmed(copy: InvoiceCopy, correction: InvoiceCorrection) -> tuple[FieldReading, ...]:
    """The readings of what a person keyed, the same value included, are certain; their place stays.

    What was read there before is kept by the earlier version alone.
    """
    if not copy.fields:
        return ()
    keyed = set(_keyed(copy.invoice, correction))
    return tuple(
        field.model_copy(update={"confidence": _CERTAIN, "text": ""}) if _is_under(field.pointer, keyed) else field
        for field in copy.fields
    )


def _keyed(invoice: Invoice, correction: InvoiceCorrection) -> Iterator[str]:
    for name in _HEADER:
        if getattr(correction, name) is not None:
            yield f"/{name}"
    places = {line.line: at for at, line in enumerate(invoice.lines)}
    for coding in correction.lines:
        for name in type(coding).model_fields:
            if name != "line" and getattr(coding, name) is not None:
                yield f"/lines/{places[coding.line]}/{_PART_OF_QUANTITY.get(name, name)}"


def _is_under(pointer: str, keyed: set[str]) -> bool:
    """Whether the pointer is one of `keyed`, or leads into one of them."""
    parts = pointer.split("/")
    return any("/".join(parts[:length]) in keyed for length in range(2, len(parts) + 1))


def _within(pointer: str, place: str) -> bool:
    return pointer == place or pointer.startswith(place + "/") or pointer == place.rpartition("/")[0]
