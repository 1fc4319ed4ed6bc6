"""What a hire would need, told before it is posted: the dated plan, and who would approve what of it."""

from __future__ import annotations

from datetime import date

from api.approvers import approvers_of
from api.schemas.hires import HirePreview, planned_items
from api.schemas.policies import preview_level
from api.services import Services
from domain.hire import Hire
from domain.hire_approvals import HireAsk
from domain.hire_plan import HirePlan
from domain.hire_planning import asks_of, plan
from domain.hire_rules import HireRules
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.policy.preview import Preview, preview_of
from domain.routing import RequestFacts
from domain.worker import HireReference


async def preview_hire(services: Services, hire: Hire, policy: FrozenPolicy, today: date) -> HirePreview:
    """`today` is the day at the facility. Neither the HRIS nor the ERP is asked: whether the position is in the budget,
    and what equipment costs, is not known.
    """
    rules = policy.hire or HireRules()
    planned = plan(hire, rules, policy.facility, policy.holidays, today)
    asks = asks_of(hire, planned, rules, HireReference(), Money.zero(policy.facility.currency))
    approvals = await _approvals(services, hire, policy.model_copy(update={"routing": rules.approvals}), asks)
    return HirePreview(
        facility=hire.facility,
        start_on=hire.start_on,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        items=planned_items(planned),
        asks=list(asks),
        unknown_asks=list(_unknown(planned)),
        levels=[preview_level(level) for level in approvals.levels],
        explanation=list(approvals.words),
    )


async def _approvals(services: Services, hire: Hire, policy: FrozenPolicy, asks: tuple[HireAsk, ...]) -> Preview:
    """Routed by the policy's table of hire approvals, which stands in its `routing` here."""
    approvers = await approvers_of(services, policy, hire.requester)
    facts = RequestFacts(
        amount=Money.zero(policy.facility.currency),
        categories=asks,
        cost_centres=(hire.cost_centre,),
        requester_level=approvers.requester_level,
    )
    return preview_of(policy, facts, approvers, hire.requester)


def _unknown(planned: HirePlan) -> tuple[HireAsk, ...]:
    """What may have to be approved besides, once the HRIS and the ERP are asked."""
    equipment = any(item.kind == "equipment" for item in planned.items)
    return ("unbudgeted-position", "equipment") if equipment else ("unbudgeted-position",)
