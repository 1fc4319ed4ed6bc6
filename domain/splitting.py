"""One need split into several requisitions so that each stays under a limit."""

from __future__ import annotations

from collections.abc import Sequence

from domain.exceptions import Finding
from domain.policy.model import SplittingRule
from domain.ports.evidence import SpendLine


def find_split(candidate: SpendLine, others: Sequence[SpendLine], rule: SplittingRule) -> Finding | None:
    """Whether the candidate and its relatives stay below the limit one by one and reach it together.

    Relatives were submitted at most `window_days` earlier or later, come from the same requester or a shared cost
    centre, and ask a shared supplier or for a shared category. A request that reaches the limit by itself takes the
    approvals of that limit anyway, so it neither is suspect nor makes another one so.
    """
    if candidate.amount >= rule.limit:
        return None
    related = sorted(
        (other for other in others if other.amount < rule.limit and _related(candidate, other, rule.window_days)),
        key=lambda other: (other.submitted_on, other.case_id),
    )
    together = candidate.amount + sum(other.amount for other in related)
    if not related or together < rule.limit:
        return None
    return Finding(
        code="split-suspected",
        message=(
            f"With {len(related)} other request{'s' if len(related) > 1 else ''} within {rule.window_days} days this "
            f"comes to {together:,.2f}, which reaches the limit of {rule.limit:,.2f}."
        ),
        evidence={
            "related_cases": [other.case_id for other in related],
            "related": [_evidence(candidate, other) for other in related],
            "amount": str(candidate.amount),
            "together": str(together),
            "limit": str(rule.limit),
            "window_days": rule.window_days,
        },
    )


def _related(candidate: SpendLine, other: SpendLine, window_days: int) -> bool:
    near = abs((candidate.submitted_on - other.submitted_on).days) <= window_days
    same_side = candidate.requester == other.requester or _shared(candidate.cost_centres, other.cost_centres)
    same_need = _shared(candidate.suppliers, other.suppliers) or _shared(candidate.categories, other.categories)
    return other.case_id != candidate.case_id and near and bool(same_side) and bool(same_need)


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    return sorted(set(ours) & set(theirs))


def _evidence(candidate: SpendLine, other: SpendLine) -> dict[str, object]:
    return {
        "case_id": other.case_id,
        "amount": str(other.amount),
        "submitted_on": other.submitted_on.isoformat(),
        "same_requester": other.requester == candidate.requester,
        "shared_cost_centres": _shared(candidate.cost_centres, other.cost_centres),
        "shared_suppliers": _shared(candidate.suppliers, other.suppliers),
        "shared_categories": _shared(candidate.categories, other.categories),
    }
