"""The effective policy of one facility on one day, as it is frozen into a case."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.facility import Facility
from domain.model import Value
from domain.money import ExactDecimal

Percent = Annotated[ExactDecimal, Field(ge=0, le=1000)]
Hours = Annotated[int, Field(ge=1, le=2000, description="business hours of the facility")]


class ApprovalLevel(Value):
    """One level of approval. Reminders and escalation count in business hours of the facility since the task was
    opened.

    An escalation hands the question to `escalate_to`; it never answers it.
    """

    name: str
    role: str
    remind_after_hours: Hours = 8
    escalate_after_hours: Hours = 24
    escalate_to: str


class RoutingRule(Value):
    """A row of the routing table. A condition that is left out holds always.

    `amount_from` is inclusive, `amount_below` exclusive, in the facility's currency.
    """

    name: str
    reason: str
    owner: str
    categories: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    amount_from: ExactDecimal = Decimal(0)
    amount_below: ExactDecimal | None = None
    levels: tuple[str, ...]


class Tolerances(Value):
    """What may differ without a person. Over-receipt and short close in percent of the line's quantity; price in
    percent
    and in currency units per line, of which the smaller allowance counts."""

    over_receipt_percent: Percent = Decimal(5)
    short_receipt_percent: Percent = Decimal(2)
    price_percent: Percent = Decimal(2)
    price_amount: ExactDecimal = Decimal(50)
    delivery_days: Annotated[int, Field(ge=0, le=90)] = 2


class BudgetRule(Value):
    """`stop` needs an override by a person, `warn` tells the budget owner and goes on, `ignore` does neither."""

    behaviour: Literal["stop", "warn", "ignore"] = "stop"
    override_role: str = "budget-override-approver"


class EmergencyRule(Value):
    """Up to `cap` (facility's currency) an emergency order goes out at once; the approval follows within the hours."""

    cap: ExactDecimal = Decimal(5000)
    retrospective_role: str = "department-director"
    retrospective_hours: Hours = 16


class SplittingRule(Value):
    """Requisitions of one need within `window_days` that together reach `limit` while each stays below it."""

    window_days: Annotated[int, Field(ge=1, le=365)] = 7
    limit: ExactDecimal = Decimal(5000)


class SupplierRule(Value):
    """How long a supplier may be silent, and how often it is chased before the buyer is asked (business hours)."""

    chase_after_hours: Hours = 16
    chases: Annotated[int, Field(ge=0, le=10)] = 1


class ReceiptRule(Value):
    """Business hours after the promised date at which the requester is asked whether the goods came."""

    ask_after_hours: Hours = 8


class AmendmentRule(Value):
    """An amendment is approved anew when it raises the total by more than either bound, or when another rule fires."""

    increase_percent: Percent = Decimal(10)
    increase_amount: ExactDecimal = Decimal(250)


class FrozenPolicy(Value):
    """`version` and `sha256` identify the files that it was computed from; `effective_from` is their date."""

    version: str
    sha256: str
    effective_from: date
    facility: Facility
    levels: tuple[ApprovalLevel, ...]
    routing: tuple[RoutingRule, ...]
    tolerances: Tolerances = Tolerances()
    budget: BudgetRule = BudgetRule()
    emergency: EmergencyRule = EmergencyRule()
    splitting: SplittingRule = SplittingRule()
    supplier: SupplierRule = SupplierRule()
    receipt: ReceiptRule = ReceiptRule()
    amendment: AmendmentRule = AmendmentRule()
    off_contract: Literal["ask", "accept"] = "ask"
    substitute_inactive: bool = True
    use_stock_first: bool = True
    exception_owners: dict[str, str] = {}
    exception_hours: dict[str, int] = {}
    holidays: tuple[date, ...] = ()
    """Public holidays and closures of the facility's calendar around the effective date, resolved when frozen."""

    def level(self, name: str) -> ApprovalLevel:
        """Raises KeyError when no level has this name."""
        for level in self.levels:
            if level.name == name:
                return level
        raise KeyError(name)
