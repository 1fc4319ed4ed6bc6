"""Which acceptances outlive a change of the request: people accepted what they saw, not what it became."""

from __future__ import annotations

from collections.abc import Set

from domain.requisition import Requisition, RequisitionLine

_PRICE_FIELDS = ("item", "description", "category", "supplier", "quantity", "unit_price")
_DEPENDS_ON: dict[str, tuple[str, ...]] = {
    "cost-centre-foreign": ("costs",),
    "off-contract": _PRICE_FIELDS,
    "contract-price-differs": _PRICE_FIELDS,
    "contract-expired": _PRICE_FIELDS,
    "contract-exhausted": _PRICE_FIELDS,
}


def still_accepted(
    accepted: Set[tuple[str, int | None]], before: Requisition, after: Requisition
) -> frozenset[tuple[str, int | None]]:
    """The (code, line) pairs whose line is the same in all that the question was about.

    What was accepted of the whole request holds while no line changes. Another requester keeps no acceptance.
    """
    if before.requester != after.requester:
        return frozenset()
    old, new = _lines(before), _lines(after)
    return frozenset(
        (code, line)
        for code, line in accepted
        if (old == new if line is None else _same(code, old.get(line), new.get(line)))
    )


def _lines(requisition: Requisition) -> dict[int, RequisitionLine]:
    return {line.line: line for line in requisition.lines}


def _same(code: str, before: RequisitionLine | None, after: RequisitionLine | None) -> bool:
    if before is None or after is None:
        return False
    fields = _DEPENDS_ON.get(code)
    return before == after if fields is None else all(getattr(before, each) == getattr(after, each) for each in fields)
