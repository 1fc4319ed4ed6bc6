"""The parts of a policy file that state parameters: each with an owner and a reason, and complete by itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from domain.exceptions import CATALOGUE
from domain.money import ExactDecimal
from domain.people import Role
from domain.policy import model

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
Reason = Annotated[str, Field(min_length=10, max_length=500, description="why the rule exists, for its readers")]
Category = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]
Amount = Annotated[ExactDecimal, Field(ge=0)]
Scalar = bool | int | ExactDecimal | str


def _known_exception(code: str) -> str:
    if code not in CATALOGUE:
        raise ValueError("no such exception in the catalogue")
    return code


ExceptionCode = Annotated[str, AfterValidator(_known_exception), Field(json_schema_extra={"enum": sorted(CATALOGUE)})]


class Document(BaseModel):
    """Part of a policy file: an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


MAY_BE_LEFT_OUT = frozenset({"approvers", "needs", "stage"})
"""Parameters of levels whose absence means the plain case: one holder of the role, asked in turn."""


def _all_required(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["properties"] if name not in MAY_BE_LEFT_OUT]


class Rule(Document):
    """Something that somebody decided, and can be asked about."""

    owner: Role
    reason: Reason


class Section(Rule):
    """A rule of which the system file states every parameter: nothing is left to a default in the code."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_all_required)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = sorted(set(type(self).model_fields) - self.model_fields_set - MAY_BE_LEFT_OUT)
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return self


class LevelSection(model.ApprovalLevel, Section):
    name: Name
    role: Role
    escalate_to: Role
    stage: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,40})?$")] = ""

    @model_validator(mode="after")
    def _reminded_first(self) -> Self:
        if self.remind_after_hours >= self.escalate_after_hours:
            raise ValueError("the reminder must come before the escalation")
        return self


class TolerancesSection(model.Tolerances, Section):
    """In percent of the line; price in percent and in currency units, of which the smaller counts."""


class BudgetSection(model.BudgetRule, Section):
    override_role: Role


class EmergencySection(model.EmergencyRule, Section):
    cap: Amount
    retrospective_role: Role


class SplittingSection(model.SplittingRule, Section):
    limit: Amount


class SupplierSection(model.SupplierRule, Section):
    """How long a supplier may be silent, in business hours."""


class ReceiptSection(model.ReceiptRule, Section):
    """Business hours after the promised date."""


class AmendmentSection(model.AmendmentRule, Section):
    increase_amount: Amount


class PurchasingSection(Section):
    off_contract: Literal["ask", "accept"]
    substitute_inactive: bool
    use_stock_first: bool


class ExceptionEntry(Rule):
    """Whose worklist an exception enters, and its service level in business hours."""

    code: ExceptionCode
    handled_by: Role
    within_hours: model.Hours


class AuthorityEntry(Document):
    """What somebody of a job level may approve alone; `amount` is inclusive."""

    job_level: Annotated[int, Field(ge=0, le=99)]
    amount: Amount


class AuthoritySection(Section):
    """Hit policy *unique*: each job level stands once. A level in between has the authority of the next lower one."""

    hit_policy: Literal["unique"]
    limits: tuple[AuthorityEntry, ...]


class OneDecisionSection(Section):
    """Whether somebody who approved the stage before, and may decide the next one too, is asked only once."""

    applies: bool


class RetentionSection(model.RetentionRule, Section):
    """Years after its closing for which a case is kept; `years_of` by process, such as procure-to-pay."""

    years_of: dict[Name, Annotated[int, Field(ge=1, le=100)]]


class CaptureSection(model.CaptureRule, Section):
    """Between 0 and 1: below it a person keys the invoice beside its picture."""


class InvoiceSection(model.InvoiceRule, Section):
    """`ways`: 2 against the order, 3 against its receipt, 4 against its inspection. Rates in percent."""

    total_amount: Amount
    tax_amount: Amount
    tax_rates: Annotated[tuple[Annotated[ExactDecimal, Field(ge=0, le=100)], ...], Field(min_length=1)]


class PaymentSection(model.PaymentRule, Section):
    """`release_from` is inclusive: from it on a second person releases what the first approved."""

    approver_role: Role
    release_role: Role
    release_from: Amount


class AssistantSection(model.AssistantRule, Section):
    """Write `"off"` in quotes: without them YAML reads a truth value."""


class DelegationSection(model.DelegationRule, Section):
    """`max_amount` is inclusive; `null` sets no limit beyond the delegator's own authority."""

    roles_never: tuple[Role, ...]
    max_amount: Amount | None
