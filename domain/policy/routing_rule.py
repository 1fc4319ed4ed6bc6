"""A row of a routing table."""

from __future__ import annotations

from decimal import Decimal

from domain.master_data import SupplierRisk
from domain.model import Value
from domain.money import ExactDecimal


class RoutingRule(Value):
    """A row of the routing table. A condition that is left out holds always.

    `amount_from` is inclusive, `amount_below` exclusive, in the facility's currency; so are the bounds of the
    requester's job level, which counts as matching where it is unknown. `kinds` are kinds of facilities.
    """

    name: str
    reason: str
    owner: str
    categories: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    amount_from: ExactDecimal = Decimal(0)
    amount_below: ExactDecimal | None = None
    cost_centres: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    risks: tuple[SupplierRisk, ...] = ()
    requester_level_from: int | None = None
    requester_level_below: int | None = None
    levels: tuple[str, ...]
