"""Which rows of the policy's plan hold for a hire, and the things to be done that they stand for.

Dates and order are not decided here: see `domain.hire_dates` and `domain.hire_order`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from domain.facility import Facility
from domain.hire import ExtraAccess, Hire
from domain.hire_rules import EntitlementRule, HireRules, ItemKind, PlanRule, UndoKind

EXTRA_EQUIPMENT_DAYS = 5
"""How many business days a purchase usually takes that no row of the plan speaks of."""
NEVER_BLOCKS: frozenset[ItemKind] = frozenset({"arrival", "access-check"})
"""What happens on the first day or after it: a person can work without."""


class Need(NamedTuple):
    """Something to be done, before it has dates. `places` are the rules' items that it stands for, by which rows name
    it in `after`; `fields` are those of a PlanItem besides its key, dates and order."""

    key: str
    places: tuple[str, ...]
    kind: ItemKind
    due_days: int
    from_days: int | None
    after: tuple[str, ...]
    fields: dict[str, Any]

    @property
    def blocks(self) -> bool:
        return bool(self.fields["blocks_day_one"])


def needs_of(
    hire: Hire,
    rules: HireRules,
    facility: Facility,
    today: date,
    removed: Collection[str] = (),
    mitigated: Mapping[str, date] | None = None,
) -> tuple[Need, ...]:
    """In the order of the policy's table, then as the hire asks for more; `key` is unique.

    Left out is access that people took out (`removed`), that ended before `today`, and that the catalogue does not
    know. Access that a mitigation lets pass ends with it (`mitigated`: the conflict's name, and its last day).
    """
    found: dict[str, Need] = {}
    for need in (*_birthright(hire, rules, facility), *_requested(hire, rules, today), *_equipment(hire)):
        if need.fields.get("entitlement") in removed:
            continue
        known = found.get(need.key)
        found[need.key] = need if known is None else _joined(known, need)
    planned = {need.fields["entitlement"] for need in found.values() if need.kind == "access"}
    last_days = dict(_limited(hire, rules, planned, mitigated or {}))
    return tuple(_ending(need, last_days) for need in found.values())


def matching_rows(hire: Hire, rules: HireRules, facility: Facility) -> dict[str, tuple[PlanRule, ...]]:
    """By item, in order of their first rows: all rows that hold for the hire. The last one says what is done."""
    found: dict[str, tuple[PlanRule, ...]] = {}
    for row in rules.plan:
        if _holds(row, hire, facility):
            found[row.item] = (*found.get(row.item, ()), row)
    return found


def _holds(row: PlanRule, hire: Hire, facility: Facility) -> bool:
    conditions: tuple[tuple[Collection[str], str], ...] = (
        (row.job_families, hire.job_family),
        (row.departments, hire.department),
        (row.kinds, facility.kind),
        (row.facilities, facility.code),
        (row.employment_types, hire.employment_type),
    )
    return all(not wanted or given in wanted for wanted, given in conditions)


def _birthright(hire: Hire, rules: HireRules, facility: Facility) -> Iterator[Need]:
    for item, rows in matching_rows(hire, rules, facility).items():
        row, names = rows[-1], tuple(each.name for each in rows)
        if row.kind == "access":
            granted = (rules.entitlement(name) for name in row.entitlements)
            yield from (_access(row, names, each) for each in granted if each is not None)
        elif row.kind == "equipment":
            key = f"equipment:{row.catalogue_item}"
            yield _of_row(row, names, key, catalogue_item=row.catalogue_item, quantity=row.quantity)
        else:
            system = row.target if row.kind == "account" else ""
            yield _of_row(row, names, item, target=row.target, system=system, credential=row.credential)


def _access(row: PlanRule, names: tuple[str, ...], granted: EntitlementRule) -> Need:
    return _of_row(
        row, names, f"access:{granted.name}", title=granted.title, source="birthright", **_entitlement_fields(granted)
    )


def _of_row(row: PlanRule, names: tuple[str, ...], key: str, **fields: Any) -> Need:
    return Need(
        key=key,
        places=(row.item,),
        kind=row.kind,
        due_days=row.due_days,
        from_days=row.from_days,
        after=row.after,
        fields={
            "title": row.title,
            "done_by": row.done_by,
            # What is due after the first day cannot be what the first day depends on, whatever the row says.
            "blocks_day_one": row.blocks_day_one and row.due_days <= 0 and row.kind not in NEVER_BLOCKS,
            "usual_days": row.usual_days,
            "undo": row.undo,
            "rules": names,
            "reason": row.reason,
            **fields,
        },
    )


def _entitlement_fields(granted: EntitlementRule) -> dict[str, Any]:
    return {
        "entitlement": granted.name,
        "system": granted.system,
        "group": granted.group,
        "clinical": granted.clinical,
        "privileged": granted.privileged,
    }


def _requested(hire: Hire, rules: HireRules, today: date) -> Iterator[Need]:
    """Access beyond birthright is no birthright of the first day: it is due on it, and does not hold it up."""
    for asked in hire.extra_access:
        granted = rules.entitlement(asked.entitlement)
        ended = asked.until is not None and asked.until < today
        if granted is not None and granted.may_be_requested and not ended:
            key = f"access:{granted.name}"
            yield _asked_for(
                key,
                "access",
                granted.title,
                granted.owner_role,
                asked.reason,
                source="requested",
                until=_last_day(hire, asked),
                **_entitlement_fields(granted),
            )


def _last_day(hire: Hire, asked: ExtraAccess) -> date | None:
    """Access that ends ends with the employment at the latest."""
    return min((day for day in (asked.until, hire.end_on) if day is not None), default=None)


def _equipment(hire: Hire) -> Iterator[Need]:
    for each in hire.equipment:
        yield _asked_for(
            f"equipment:{each.item}",
            "equipment",
            f"Equipment: {each.item}",
            "service-desk",
            "The hire asks for it.",
            usual_days=EXTRA_EQUIPMENT_DAYS,
            catalogue_item=each.item,
            quantity=each.quantity,
        )


def _asked_for(
    key: str, kind: ItemKind, title: str, done_by: str, reason: str, usual_days: int = 1, **fields: Any
) -> Need:
    undo: UndoKind = "automatic"
    return Need(
        key=key,
        places=(key,),
        kind=kind,
        due_days=0,
        from_days=None,
        after=(),
        fields={
            "title": title,
            "done_by": done_by,
            "blocks_day_one": False,
            "usual_days": usual_days,
            "undo": undo,
            "rules": (),
            "reason": reason,
            **fields,
        },
    )


def _joined(known: Need, more: Need) -> Need:
    """Two reasons for one thing: it is needed when it is first needed. Equipment adds up, access does not: who has it
    by birthright keeps it without an end."""
    places = tuple(dict.fromkeys((*known.places, *more.places)))
    fields = {
        **known.fields,
        "blocks_day_one": known.blocks or more.blocks,
        "rules": tuple(dict.fromkeys((*known.fields["rules"], *more.fields["rules"]))),
    }
    if known.kind == "equipment":
        fields["quantity"] = known.fields["quantity"] + more.fields["quantity"]
    if not more.fields["rules"]:  # asked for by the hire besides what the policy gives
        return known._replace(places=places, fields=fields)
    begins = None if known.from_days is None or more.from_days is None else min(known.from_days, more.from_days)
    return known._replace(
        places=places,
        due_days=min(known.due_days, more.due_days),
        from_days=begins,
        after=tuple(dict.fromkeys((*known.after, *more.after))),
        fields=fields,
    )


def _limited(
    hire: Hire, rules: HireRules, planned: Collection[str], mitigated: Mapping[str, date]
) -> Iterator[tuple[str, date]]:
    """Which access ends with a mitigation: of the two the planned one, the requested one, the second one."""
    asked = {each.entitlement for each in hire.extra_access}
    for conflict in rules.conflicts:
        pair = [each for each in (conflict.second, conflict.first) if each in planned]
        if conflict.name in mitigated and pair:
            yield next((each for each in pair if each in asked), pair[0]), mitigated[conflict.name]


def _ending(need: Need, last_days: Mapping[str, date]) -> Need:
    last = last_days.get(need.fields.get("entitlement", ""))
    if last is None:
        return need
    until = min(day for day in (last, need.fields.get("until")) if day is not None)
    return need._replace(fields={**need.fields, "until": until, "source": "mitigated"})
