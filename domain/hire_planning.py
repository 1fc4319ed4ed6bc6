"""What is to be done for a hire, by whom and until when: the policy's table, applied to one person's job.

The same hire, rules and calendar give the same plan, so that a plan can be previewed and be made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from domain.facility import Facility
from domain.hire import Hire
from domain.hire_approvals import HireAsk
from domain.hire_dates import HireDays, begins_with_start
from domain.hire_order import Prerequisites, due_in_time, in_order, prerequisites
from domain.hire_plan import HirePlan, PlanItem
from domain.hire_rows import Need, needs_of
from domain.hire_rules import HireRules
from domain.money import Money
from domain.worker import HireReference


def plan(
    hire: Hire,
    rules: HireRules,
    facility: Facility,
    holidays: Collection[date],
    today: date,
    removed: Collection[str] = (),
    mitigated: Mapping[str, date] | None = None,
) -> HirePlan:
    """The plan of the hire, ordered by what waits for what, then by due date, then as the policy's table lists it.

    A due date is where policy puts it even when that day has passed: readiness says that it is late. `removed` are
    entitlements that people took out; `mitigated` says by the name of a conflict until when (inclusive) it is accepted:
    access that it lets pass ends on that day. Extra access that ended before `today` is left out.

    Raises NoBusinessDayError when the facility's calendar stays closed for a year.
    """
    needs = {need.key: need for need in needs_of(hire, rules, facility, today, removed, mitigated)}
    waits = prerequisites(tuple(needs.values()))
    days = HireDays(hire.start_on, rules.parameters.access_check_days, facility.calendar, holidays)
    due = due_in_time(
        {key: days.due_on(need) for key, need in needs.items()},
        waits,
        {key: begins_with_start(need) for key, need in needs.items()},
    )
    items = tuple(_item(needs[key], days, due, waits) for key in in_order(due, waits))
    return HirePlan(start_on=hire.start_on, items=items)


def _item(need: Need, days: HireDays, due: Mapping[str, date], waits: Prerequisites) -> PlanItem:
    due_on, from_on = due[need.key], days.from_on(need)
    return PlanItem(
        key=need.key,
        kind=need.kind,
        due_on=due_on,
        from_on=None if from_on is None else min(from_on, due_on),
        after=waits[need.key],
        **need.fields,
    )


def asks_of(
    hire: Hire, plan: HirePlan, rules: HireRules, reference: HireReference, equipment_amount: Money
) -> tuple[HireAsk, ...]:
    """What must be approved, in the order of `HIRE_ASKS`; the policy's table says by whom, if by anybody.

    `equipment_amount` is the price of all equipment of the plan, in the facility's currency.
    """
    access = [item for item in plan.items if item.kind == "access"]
    asked_for = {each.entitlement for each in hire.extra_access}
    position = reference.position
    asks: tuple[tuple[HireAsk, bool], ...] = (
        ("position", True),
        ("unbudgeted-position", position is not None and not position.budgeted),
        ("extra-access", any(item.entitlement in asked_for and not item.rules for item in access)),
        ("privileged-access", any(item.privileged for item in access)),
        ("equipment", equipment_amount.amount > rules.parameters.equipment_limit),
    )
    return tuple(ask for ask, wanted in asks if wanted)
