"""An edition and a facility's additions as the value that travels with a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from domain.facility import Facility
from domain.hire_rules import EntitlementConflict, EntitlementRule, HireParameters, HireRules, PlanRule
from domain.model import Value
from domain.policy import model
from domain.policy.documents import Edition, LocalPlanRule, LocalRule, LocalSegregation
from domain.policy.hire_entries import HireSection
from domain.policy.sections import Document

Frozen = TypeVar("Frozen", bound=Value)


def freeze(
    edition: Edition,
    rules: Sequence[LocalRule],
    segregation: Sequence[LocalSegregation],
    plan: Sequence[LocalPlanRule],
    facility: Facility,
    sha256: str,
) -> model.FrozenPolicy:
    """Owners and reasons of single parameters stay in the files; those of rules that people meet travel along."""
    return model.FrozenPolicy(
        version=edition.version,
        sha256=sha256,
        effective_from=edition.effective_from,
        facility=facility,
        levels=_all(model.ApprovalLevel, edition.levels),
        routing=_all(model.RoutingRule, (*edition.routing.rules, *rules)),
        tolerances=_as(model.Tolerances, edition.tolerances),
        budget=_as(model.BudgetRule, edition.budget),
        emergency=_as(model.EmergencyRule, edition.emergency),
        splitting=_as(model.SplittingRule, edition.splitting),
        supplier=_as(model.SupplierRule, edition.supplier),
        receipt=_as(model.ReceiptRule, edition.receipt),
        amendment=_as(model.AmendmentRule, edition.amendment),
        off_contract=edition.purchasing.off_contract,
        substitute_inactive=edition.purchasing.substitute_inactive,
        use_stock_first=edition.purchasing.use_stock_first,
        exception_owners={entry.code: entry.handled_by for entry in edition.exceptions},
        exception_hours={entry.code: entry.within_hours for entry in edition.exceptions},
        authority=_all(model.AuthorityLimit, edition.authority.limits),
        same_person_decides_once=edition.same_person_decides_once.applies,
        service_levels=_all(model.ServiceLevelRule, edition.service_levels.rules),
        tolerance_rules=_all(model.ToleranceRule, edition.tolerance_rules.rules),
        budget_rules=_all(model.BudgetBehaviourRule, edition.budget_rules.rules),
        acceptance=_all(model.AcceptanceRule, edition.acceptance.rules),
        segregation=_all(model.SegregationRule, (*edition.segregation.rules, *segregation)),
        delegation=_as(model.DelegationRule, edition.delegation),
        retention=_as(model.RetentionRule, edition.retention),
        capture=_as(model.CaptureRule, edition.capture),
        invoice=_as(model.InvoiceRule, edition.invoice),
        match_ways=_all(model.MatchWaysRule, edition.match_ways.rules),
        invoice_tolerances=_all(model.InvoiceToleranceRule, edition.invoice_tolerances.rules),
        payment=_as(model.PaymentRule, edition.payment),
        assistant=_as(model.AssistantRule, edition.assistant),
        hire=_hire(edition.hire, plan),
    )


def _hire(section: HireSection, plan: Sequence[LocalPlanRule]) -> HireRules:
    return HireRules(
        job_families=section.job_families,
        parameters=_as(HireParameters, section.parameters),
        entitlements=_all(EntitlementRule, section.entitlements),
        plan=_all(PlanRule, (*section.plan.rules, *plan)),
        conflicts=_all(EntitlementConflict, section.conflicts.rules),
        approvals=_all(model.RoutingRule, section.approvals.rules),
    )


def _as(frozen: type[Frozen], entry: Document) -> Frozen:
    return frozen.model_validate(entry.model_dump())


def _all(frozen: type[Frozen], entries: Iterable[Document]) -> tuple[Frozen, ...]:
    return tuple(_as(frozen, entry) for entry in entries)
