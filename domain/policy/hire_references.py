"""Names that the hire rules of a policy use: items, entitlements, levels, job families, and the order of the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from domain.hire_rules import ItemKind
from domain.policy.documents import Edition, FacilityDocument
from domain.policy.hire_entries import HireSection, PlanEntry
from domain.policy.source import Place

Fault = tuple[Place, str]
PLAN: Place = ("hire", "plan", "rules")
LOCAL_PLAN = "hire_plan"
"""The key under which a facility adds rows to the plan."""


def hire_faults(edition: Edition) -> Iterator[Fault]:
    """What is wrong with the hire rules of an edition in themselves."""
    hire = edition.hire
    yield from _plan_faults(PLAN, hire.plan.rules, hire.plan.rules, hire)
    yield from _circles(hire.plan.rules)
    yield from _conflict_faults(hire)
    levels = {level.name for level in edition.levels}
    for index, row in enumerate(hire.approvals.rules):
        for name in row.levels:
            if name not in levels:
                reason = f"{row.name} demands {name}, which is no level"
                yield ("hire", "approvals", "rules", index, "levels"), reason


def hire_names(edition: Edition) -> Iterator[tuple[Place, list[str]]]:
    """Lists of the hire rules in which each name stands once."""
    hire = edition.hire
    yield ("hire", "job_families"), list(hire.job_families)
    yield ("hire", "entitlements"), [each.name for each in hire.entitlements]
    yield PLAN, [each.name for each in hire.plan.rules]
    yield ("hire", "conflicts", "rules"), [each.name for each in hire.conflicts.rules]
    yield ("hire", "approvals", "rules"), [each.name for each in hire.approvals.rules]


def facilities_named(edition: Edition) -> Iterator[tuple[Place, Sequence[str], Sequence[str]]]:
    """Where hire rules name facilities, and the kinds of facilities that the same rule asks for."""
    for index, row in enumerate(edition.hire.plan.rules):
        yield (*PLAN, index), row.facilities, row.kinds
    for index, approval in enumerate(edition.hire.approvals.rules):
        yield ("hire", "approvals", "rules", index), approval.facilities, approval.kinds


def local_plan_faults(edition: Edition, document: FacilityDocument, rows: Mapping[int, PlanEntry]) -> Iterator[Fault]:
    """What is wrong with the rows (by their number in the file) that a facility adds to the plan on some day."""
    system = edition.hire.plan.rules
    items, names = {row.item for row in system}, {row.name for row in system}
    for index, row in rows.items():
        if not edition.facilities_may_add_rules:
            yield (LOCAL_PLAN, index), "the system policy does not let a facility add rules"
        if row.facilities or row.kinds:
            reason = f"{row.name} holds at {document.code} alone: leave out facilities and kinds"
            yield (LOCAL_PLAN, index), reason
        if row.name in names:
            yield (LOCAL_PLAN, index, "name"), f"{row.name} is a rule of the system policy"
        if row.item in items:
            reason = f"{row.item} is an item of the system policy: a facility can only add items of its own"
            yield (LOCAL_PLAN, index, "item"), reason
    own = list(rows.values())
    numbers = list(rows)
    for place, reason in _plan_faults((), own, [*system, *own], edition.hire):
        yield (LOCAL_PLAN, numbers[int(place[0])], *place[1:]), reason
    for place, reason in _circles(own):
        yield (LOCAL_PLAN, numbers[int(place[-1])]), reason


def _plan_faults(
    place: Place, rows: Sequence[PlanEntry], every: Sequence[PlanEntry], hire: HireSection
) -> Iterator[Fault]:
    """`every` are all rows of the plan that these rows are a part of."""
    items = {row.item for row in every}
    privileged = {each.name for each in hire.entitlements if each.privileged}
    kinds: dict[str, tuple[str, ItemKind]] = {}
    for index, row in enumerate(rows):
        at = (*place, index)
        for name in _strange(row.after, items):
            yield (*at, "after"), f"{row.name} waits for {name}, which is no item of the plan"
        for name in _strange(row.entitlements, [each.name for each in hire.entitlements]):
            yield (*at, "entitlements"), f"{row.name} gives {name}, which is no entitlement"
        for name in _strange(row.job_families, hire.job_families):
            yield (*at, "job_families"), f"{row.name} names {name}, no job family"
        for name in sorted(privileged.intersection(row.entitlements)):
            reason = f"{row.name} gives {name} by birthright: what is privileged is granted by an approval alone"
            yield (*at, "entitlements"), reason
        first, kind = kinds.setdefault(row.item, (row.name, row.kind))
        if row.kind != kind:
            reason = f"{row.name} makes {row.item} an item of the kind {row.kind}, and {first} one of the kind {kind}"
            yield (*at, "kind"), reason


def _conflict_faults(hire: HireSection) -> Iterator[Fault]:
    known = [each.name for each in hire.entitlements]
    pairs: dict[frozenset[str], str] = {}
    for index, row in enumerate(hire.conflicts.rules):
        place: Place = ("hire", "conflicts", "rules", index)
        for field, name in (("first", row.first), ("second", row.second)):
            if name not in known:
                yield (*place, field), f"{row.name} names {name}, which is no entitlement"
        if row.first == row.second:
            yield (*place, "second"), f"{row.name} keeps {row.first} apart from itself: name two entitlements"
        other = pairs.setdefault(frozenset((row.first, row.second)), row.name)
        if other != row.name:
            yield place, f"{row.name} keeps the same entitlements apart as {other}"


def _circles(rows: Sequence[PlanEntry]) -> Iterator[Fault]:
    """Each circle once, at the first row that is part of it."""
    after = waits_for(rows)
    told: set[frozenset[str]] = set()
    for index, row in enumerate(rows):
        circle = _way(after, row.item)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            yield (*PLAN, index), f"{row.item} waits for itself: {' -> '.join((*circle, row.item))}"


def waits_for(rows: Iterable[PlanEntry]) -> dict[str, tuple[str, ...]]:
    """By item, the items that any of its rows waits for."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        found.setdefault(row.item, {}).update(dict.fromkeys(row.after))
    return {item: tuple(names) for item, names in found.items()}


def _way(after: Mapping[str, Collection[str]], item: str) -> tuple[str, ...]:
    """The shortest way that leads from the item back to it, without its end; empty when there is none."""
    ways: list[tuple[str, ...]] = [(item,)]
    seen: set[str] = set()
    for way in ways:
        for name in after.get(way[-1], ()):
            if name == item:
                return way
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _strange(names: Iterable[str], known: Collection[str]) -> list[str]:
    return sorted(set(names) - set(known))
