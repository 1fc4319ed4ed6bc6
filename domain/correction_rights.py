"""What each answer may change on an invoice: who links a line to an order does not say what it costs."""

from __future__ import annotations

from domain.model import Request
from domain.tasks import Action, Decision, InvoiceCorrection

_HEADER: dict[Action, frozenset[str]] = {
    "link": frozenset({"order_numbers", "credited", "lines"}),
    "code": frozenset({"owner", "lines"}),
    "map": frozenset({"supplier", "order_numbers"}),
}
_LINES: dict[Action, frozenset[str]] = {
    "link": frozenset({"line", "order_number", "order_line"}),
    "code": frozenset({"line", "category", "costs", "unit", "pack_size"}),
    "map": frozenset(),
}
_OFF_ITS_ORDER = ""


def beyond_the_action(decision: Decision) -> tuple[str, ...]:
    """The fields of the correction that its action does not let anybody change, sorted; none for 'correct', which is
    offered to those alone who answer for the whole invoice.

    Who links or codes a line must not raise its price on the way, nor say who is paid. A coding may take a line off
    its order; to put it on one is a link.
    """
    correction = decision.invoice
    if correction is None or decision.action not in _HEADER:
        return ()
    found = _said(correction) - _HEADER[decision.action]
    for line in correction.lines:
        said = _said(line)
        if decision.action == "code" and line.order_number == _OFF_ITS_ORDER:
            said -= {"order_number"}
        found |= {f"lines/{name}" for name in said - _LINES[decision.action]}
    return tuple(sorted(found))


def _said(correction: InvoiceCorrection | Request) -> set[str]:
    return {name for name in type(correction).model_fields if getattr(correction, name) not in (None, ())}
