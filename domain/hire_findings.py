"""What of a planned hire people must look at before anything is done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from domain.accounts import HeldEntitlement
from domain.business_time import business_days_after, is_business_day
from domain.exceptions import Finding
from domain.facility import Facility
from domain.hire import ExtraAccess, Hire
from domain.hire_plan import HirePlan
from domain.hire_rules import EntitlementConflict, HireRules
from domain.worker import HireReference


def plan_findings(
    hire: Hire,
    plan: HirePlan,
    rules: HireRules,
    reference: HireReference,
    facility: Facility,
    holidays: Collection[date],
    today: date,
    *,
    held: Sequence[HeldEntitlement] = (),
    own_ids: Collection[str] = (),
    removed: Collection[str] = (),
    accepted: Collection[str] = (),
    mitigated: Mapping[str, date] | None = None,
    checked_start: date | None = None,
) -> tuple[Finding, ...]:
    """Everything that stands against the plan, in the order in which it is best settled.

    `today` is the facility's day. `held` is what the worker holds already and keeps. `own_ids` are the external id of
    this hire and its worker's id: a position that one of them fills is this hire's own. `removed` are entitlements that
    people took out, `accepted` codes that they let pass, `mitigated` until when (inclusive) they accept a conflict, by
    its name. `checked_start` is a start date that was looked at before: a correction of something else does not ask
    again. Raises NoBusinessDayError when the facility's calendar stays closed for a year.
    """
    found = (
        *_place_findings(hire, reference, own_ids),
        *(_start_findings(hire, rules, facility, holidays, today) if hire.start_on != checked_start else ()),
        *_unknown_access(hire, plan, rules, removed),
        *_conflicts(hire, plan, rules, held, today, mitigated or {}),
    )
    return tuple(each for each in found if each.code not in accepted or "accept" not in each.type.actions)


def _place_findings(hire: Hire, reference: HireReference, own_ids: Collection[str]) -> Iterator[Finding]:
    if trouble := _position_trouble(hire, reference, own_ids):
        yield Finding(
            code="position-unavailable",
            message=f"Position {hire.position} {trouble}.",
            evidence={"position": hire.position, "facility": hire.facility},
        )
    if not reference.department_known:
        yield Finding(
            code="department-unknown",
            message=f"The HRIS has no department '{hire.department}'; correct the hire, or have HR set it up.",
            evidence={"department": hire.department},
        )
    if not reference.manager_active:
        yield Finding(
            code="manager-missing",
            message=f"{hire.manager} does not work here; correct the hire with the manager of today.",
            evidence={"manager": hire.manager},
        )


def _position_trouble(hire: Hire, reference: HireReference, own_ids: Collection[str]) -> str:
    position = reference.position
    if position is None:
        return "is unknown to the HRIS"
    if position.filled_by and position.filled_by in own_ids:
        return ""
    if position.facility != hire.facility:
        return f"belongs to {position.facility} and not to {hire.facility}"
    if position.filled_by:
        return "is taken"
    return "" if position.open else "is closed"


def _start_findings(
    hire: Hire, rules: HireRules, facility: Facility, holidays: Collection[date], today: date
) -> Iterator[Finding]:
    if trouble := _start_trouble(hire.start_on, rules, facility, holidays, today):
        yield Finding(
            code="start-date-implausible",
            message=f"The start on {hire.start_on} {trouble}.",
            evidence={"start_on": hire.start_on.isoformat(), "today": today.isoformat()},
        )


def _start_trouble(
    start_on: date, rules: HireRules, facility: Facility, holidays: Collection[date], today: date
) -> str:
    parameters = rules.parameters
    if start_on < today - timedelta(days=parameters.past_days):
        return f"lies {(today - start_on).days} days back, and {parameters.past_days} are allowed"
    if start_on > today + timedelta(days=parameters.ahead_days):
        return f"lies {(start_on - today).days} days ahead, and {parameters.ahead_days} are allowed"
    if not is_business_day(start_on, facility.calendar, holidays):
        following = business_days_after(start_on, 0, facility.calendar, holidays)
        return f"is no working day at {facility.name}; the next one is {following}"
    return ""


def _unknown_access(hire: Hire, plan: HirePlan, rules: HireRules, removed: Collection[str]) -> Iterator[Finding]:
    for asked in hire.extra_access:
        trouble = "" if asked.entitlement in removed else _access_trouble(asked, plan, rules)
        if trouble:
            yield Finding(
                code="entitlement-unknown",
                message=f"Access '{asked.entitlement}' {trouble}.",
                evidence={"entitlement": asked.entitlement, "reason": asked.reason},
            )


def _access_trouble(asked: ExtraAccess, plan: HirePlan, rules: HireRules) -> str:
    known, item = rules.entitlement(asked.entitlement), plan.item(f"access:{asked.entitlement}")
    if known is None:
        return "is not in the catalogue"
    if item is not None and item.rules:
        return ""  # theirs by birthright
    if not known.may_be_requested:
        return "is given by policy only and may not be requested"
    if not any(each.kind == "account" and each.system == known.system for each in plan.items):
        return f"is in '{known.system}', where this job gets no account"
    return ""


def _conflicts(
    hire: Hire,
    plan: HirePlan,
    rules: HireRules,
    held: Sequence[HeldEntitlement],
    today: date,
    mitigated: Mapping[str, date],
) -> Iterator[Finding]:
    planned = {item.entitlement for item in plan.items if item.kind == "access"}
    kept = {each.entitlement for each in held if each.revoked_at is None}
    for conflict in rules.conflicts:
        pair = {conflict.first, conflict.second}
        if pair <= planned | kept and pair & planned and not _is_mitigated(conflict, mitigated, today):
            yield _conflict_finding(hire, rules, conflict, kept)


def _is_mitigated(conflict: EntitlementConflict, mitigated: Mapping[str, date], today: date) -> bool:
    until = mitigated.get(conflict.name)
    return until is not None and today <= until <= today + timedelta(days=conflict.max_days)


def _conflict_finding(hire: Hire, rules: HireRules, conflict: EntitlementConflict, kept: set[str]) -> Finding:
    first, second = (_title(rules, name) for name in (conflict.first, conflict.second))
    asked = [each.entitlement for each in hire.extra_access]
    return Finding(
        code="entitlement-conflict",
        message=f"'{first}' and '{second}' must not be held by one person (rule {conflict.name}: "
        f"{conflict.reason.rstrip('.')}). Take one out, or mitigate for at most {conflict.max_days} days.",
        evidence={
            "first": conflict.first,
            "second": conflict.second,
            "rule": conflict.name,
            "max_days": conflict.max_days,
            "requested": [each for each in (conflict.first, conflict.second) if each in asked],
            "held_before": [each for each in (conflict.first, conflict.second) if each in kept],
        },
    )


def _title(rules: HireRules, name: str) -> str:
    known = rules.entitlement(name)
    return name if known is None else known.title
