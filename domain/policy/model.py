"""The effective policy of one facility on one day, as it is frozen into a case."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.duties import Duty
from domain.facility import Facility
from domain.hire_rules import HireRules
from domain.model import Value
from domain.money import ExactDecimal
from domain.policy.routing_rule import RoutingRule as RoutingRule  # noqa: PLC0414 - part of the policy, and found here

HIRE_PROCESS = "hire-to-provision"
"""The one process (`domain.case.Process`) that reads the hire rules."""
Percent = Annotated[ExactDecimal, Field(ge=0, le=1000)]
Hours = Annotated[int, Field(ge=1, le=2000, description="business hours of the facility")]


class ApprovalLevel(Value):
    """One level of approval. Reminders and escalation count in business hours of the facility since the task was
    opened.

    An escalation hands the question to `escalate_to`; it never answers it.

    `approvers`: whoever holds the role at the facility, or the requester's superiors one after the other until one has
    the authority for the amount (`role` is then asked when the chain has nobody). `needs`: any one of them, all of
    them, or so many different persons. Levels that follow one another with the same `stage` are asked side by side.
    """

    name: str
    role: str
    approvers: Literal["role", "management-chain"] = "role"
    needs: Literal["any", "all"] | Annotated[int, Field(ge=1, le=20)] = "any"
    stage: str = ""
    remind_after_hours: Hours = 8
    escalate_after_hours: Hours = 24
    escalate_to: str


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


class AuthorityLimit(Value):
    """The largest amount (inclusive, the facility's currency) that somebody of this job level may approve alone."""

    job_level: int
    amount: ExactDecimal


class ServiceLevelRule(Value):
    """Other clocks for some levels, in business hours. Hit policy *first*; without a match the level's own hold."""

    name: str
    levels: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    amount_from: ExactDecimal = Decimal(0)
    remind_after_hours: Hours
    escalate_after_hours: Hours


class ToleranceRule(Value):
    """Other tolerances for some goods or suppliers. Hit policy *first*; without a match the general ones hold."""

    name: str
    categories: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    tolerances: Tolerances


class BudgetBehaviourRule(Value):
    """Another behaviour for some budgets. Hit policy *first*; without a match the general one holds."""

    name: str
    cost_centres: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    behaviour: Literal["stop", "warn", "ignore"]


class AcceptanceRule(Value):
    """An exception that is accepted without a person, up to `max_amount` of the request (facility's currency).

    Hit policy *any*: rules that match say the same, so that it does not matter which is named.
    """

    name: str
    reason: str
    code: str
    categories: tuple[str, ...] = ()
    max_amount: ExactDecimal


class SegregationRule(Value):
    """Nobody may exercise both duties in one case, or in one family of linked cases.

    `override_role` may let it pass for a person, for at most so many days.
    """

    name: str
    reason: str
    owner: str
    first: Duty
    second: Duty
    scope: Literal["case", "family"] = "family"
    override_role: str = "compliance-officer"
    override_max_days: Annotated[int, Field(ge=1, le=366)] = 30


class DelegationRule(Value):
    """How far decisions may be handed to a substitute: days, roles that are never delegated, and the largest amount
    (inclusive, facility's currency; None: no limit beyond the delegator's own)."""

    max_days: Annotated[int, Field(ge=1, le=366)] = 60
    roles_never: tuple[str, ...] = ()
    max_amount: ExactDecimal | None = None


class CaptureRule(Value):
    """Below `confidence` (0 to 1) of any field that was read from a picture of a page, a person keys the invoice."""

    confidence: Annotated[ExactDecimal, Field(ge=0, le=1)] = Decimal("0.85")


class InvoiceRule(Value):
    """`ways` is against what a line is matched: the order (2), its receipt (3), its inspection (4).

    `total_amount` is what totals may differ from their lines, `tax_amount` what tax may differ from its rate, in
    currency units. `tax_rates` are the percentages that suppliers may charge. `duplicate_days` is how far back similar
    invoices are looked for; `future_days` how far ahead of today an invoice may be dated. A bank account changed less
    than `account_hold_days` ago waits for two persons. Business hours: until receiving and the requester are asked for
    goods that are billed and not received.
    """

    ways: Literal[2, 3, 4] = 3
    total_amount: ExactDecimal = Decimal("0.01")
    tax_amount: ExactDecimal = Decimal("0.05")
    tax_rates: tuple[ExactDecimal, ...] = (Decimal(0),)
    duplicate_days: Annotated[int, Field(ge=1, le=3650)] = 400
    future_days: Annotated[int, Field(ge=0, le=365)] = 3
    account_hold_days: Annotated[int, Field(ge=0, le=365)] = 30
    receipt_after_hours: Hours = 24


class MatchWaysRule(Value):
    """Other ways for some goods or suppliers. Hit policy *first*; without a match the general ones hold."""

    name: str
    categories: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    ways: Literal[2, 3, 4]


class InvoiceToleranceRule(Value):
    """What a bill may differ by without a person, per line (price, quantity) or per invoice (freight, surcharge).

    Both bounds hold: the smaller allowance counts. For freight and surcharges the percentage is that of the goods.
    Hit policy *first* per kind; without a match nothing may differ.
    """

    name: str
    kind: Literal["price", "quantity", "freight", "surcharge"]
    categories: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    percent: Percent
    amount: ExactDecimal


class PaymentRule(Value):
    """`approver_role` approves a proposal; from `release_from` (facility's currency) a second person with
    `release_role` releases it. A discount is taken when its yearly yield in percent is at least `discount_yield`.
    Invoices are paid `lead_days` business days before they are due at most. A silent bank is chased after
    `chase_after_hours` business hours; a payment is final `return_days` business days after its booking.
    """

    approver_role: str = "finance-controller"
    release_role: str = "treasury"
    release_from: ExactDecimal = Decimal(10000)
    discount_yield: Percent = Decimal(10)
    lead_days: Annotated[int, Field(ge=0, le=30)] = 1
    grouping: Literal["supplier", "invoice"] = "supplier"
    max_payments: Annotated[int, Field(ge=1, le=500)] = 200
    approve_within_hours: Hours = 8
    chase_after_hours: Hours = 9
    return_days: Annotated[int, Field(ge=0, le=60)] = 5
    positive_pay: bool = False


class AssistantRule(Value):
    """`off`: nothing is suggested. `shadow`: it is recorded and not shown. Below `threshold` nothing is shown."""

    mode: Literal["off", "shadow", "suggest"] = "suggest"
    threshold: Annotated[ExactDecimal, Field(ge=0, le=1)] = Decimal("0.6")


class RetentionRule(Value):
    """For how many years a closed case is kept before it may be purged; `years_of` names processes that differ.

    Seven years is what auditors of public health money commonly ask for; a facility's own law comes first.
    """

    years: Annotated[int, Field(ge=1, le=100)] = 7
    years_of: dict[str, Annotated[int, Field(ge=1, le=100)]] = {}

    def of(self, process: str) -> int:
        """Years after closing for a case of this process."""
        return self.years_of.get(process, self.years)


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
    authority: tuple[AuthorityLimit, ...] = ()
    same_person_decides_once: bool = True
    """Whoever approved the stage before, and holds the authority of this one as well, is not asked again."""
    service_levels: tuple[ServiceLevelRule, ...] = ()
    tolerance_rules: tuple[ToleranceRule, ...] = ()
    budget_rules: tuple[BudgetBehaviourRule, ...] = ()
    acceptance: tuple[AcceptanceRule, ...] = ()
    segregation: tuple[SegregationRule, ...] = ()
    delegation: DelegationRule = DelegationRule()
    retention: RetentionRule = RetentionRule()
    capture: CaptureRule = CaptureRule()
    invoice: InvoiceRule = InvoiceRule()
    match_ways: tuple[MatchWaysRule, ...] = ()
    invoice_tolerances: tuple[InvoiceToleranceRule, ...] = ()
    payment: PaymentRule = PaymentRule()
    assistant: AssistantRule = AssistantRule()
    hire: HireRules | None = None
    """Only in the policy of a hire: other cases do not carry what they never read."""
    holidays: tuple[date, ...] = ()
    """Public holidays and closures of the facility's calendar around the effective date, resolved when frozen."""

    def of_process(self, process: str) -> FrozenPolicy:
        """This policy as a case of the process carries it: the hire rules, which are long, go into hires alone.

        Version and sha256 stay, because they name the files. It is what every case must be started with.
        """
        if self.hire is None or process == HIRE_PROCESS:
            return self
        return self.model_copy(update={"hire": None})

    def level(self, name: str) -> ApprovalLevel:
        """Raises KeyError when no level has this name."""
        for level in self.levels:
            if level.name == name:
                return level
        raise KeyError(name)
