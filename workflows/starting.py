"""A case at the moment of its submission, as the gateway starts it and as it first shows itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.case import CaseSnapshot, parse_case_id
from domain.hire_intake import hire_title
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition
from workflows.messages.hire_to_provision import HireInput
from workflows.messages.invoice_to_payment import InvoiceInput
from workflows.messages.payment_run import PaymentRunInput
from workflows.messages.procure_to_pay import PurchaseInput


def requesters_of(requisition: Requisition) -> tuple[str, ...]:
    """On whose duty a case runs: the requester, and the person who needs the goods."""
    people = (requisition.requester, requisition.on_behalf_of)
    return tuple(sorted({person for person in people if person}))


def title_of(requisition: Requisition) -> str:
    """The request in a few words, without any person."""
    first = requisition.lines[0]
    what = first.description or first.item or first.category or "goods"
    more = f" and {len(requisition.lines) - 1} more" if len(requisition.lines) > 1 else ""
    return f"{requisition.number}: {what}{more}"


def first_snapshot(case: PurchaseInput) -> CaseSnapshot:
    """Raises ValueError when the case id is none."""
    key = parse_case_id(case.case_id)
    if key is None:
        raise ValueError(f"not a case id: {case.case_id}")
    requisition = case.requisition
    return CaseSnapshot(
        case_id=case.case_id,
        version=1,
        process=key.process,
        facility=requisition.facility,
        stage="submitted",
        status="running",
        title=title_of(requisition),
        requester=requisition.requester,
        amount=Money.zero(requisition.currency),
        urgency=requisition.urgency,
        suppliers=(),
        submitted_at=case.submitted_at,
        updated_at=case.submitted_at,
        policy_version=case.policy.version,
        policy_sha256=case.policy.sha256,
        request_sha256=case.request_sha256,
        on_behalf_of=requisition.on_behalf_of,
        linked=requisition.linked_cases,
    )


def invoice_snapshot(case: InvoiceInput) -> CaseSnapshot:
    """Raises ValueError when the case id is none."""
    header = case.header
    what = "Credit note" if header.kind == "credit-note" else "Invoice"
    return _snapshot(
        case.case_id,
        case.policy,
        case.submitted_at,
        facility=case.facility,
        title=f"{what} {header.number} of {header.seller or 'an unknown sender'}",
        requester=case.submitted_by.person,
        amount=header.amount,
        linked=case.linked_cases,
        request_sha256=case.document.sha256,
        order_numbers=header.order_numbers,
    )


def run_snapshot(case: PaymentRunInput) -> CaseSnapshot:
    """Raises ValueError when the case id is none."""
    return _snapshot(
        case.case_id,
        case.policy,
        case.submitted_at,
        facility=case.facility,
        title=f"Payments of {case.policy.facility.name} in {case.currency}",
        requester=case.submitted_by.person,
        amount=Money.zero(case.currency),
    )


def hire_snapshot(case: HireInput) -> CaseSnapshot:
    """Nothing in it names the person who is hired. Raises ValueError when the case id is none."""
    hire = case.hire
    return _snapshot(
        case.case_id,
        case.policy,
        case.submitted_at,
        facility=hire.facility,
        title=hire_title(hire),
        requester=hire.requester,
        amount=Money.zero(case.policy.facility.currency),
        watchers=(hire.manager,),
        linked=hire.linked_cases,
        cost_centres=(hire.cost_centre,),
        request_sha256=case.request_sha256,
    )


def _snapshot(case_id: str, policy: FrozenPolicy, at: datetime, **what: Any) -> CaseSnapshot:
    key = parse_case_id(case_id)
    if key is None:
        raise ValueError(f"not a case id: {case_id}")
    return CaseSnapshot(
        case_id=case_id,
        version=1,
        process=key.process,
        stage="submitted",
        status="running",
        urgency="routine",
        submitted_at=at,
        updated_at=at,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        **what,
    )
