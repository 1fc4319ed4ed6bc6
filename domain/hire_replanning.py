"""What a correction of a running hire touches, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.hire import Hire
from domain.hire_plan import HirePlan, PlanChange, PlanItem
from domain.hire_rules import ItemKind, UndoKind
from domain.model import Value

_MEANING = (
    "kind",
    "target",
    "system",
    "entitlement",
    "group",
    "clinical",
    "privileged",
    "until",
    "credential",
    "catalogue_item",
    "quantity",
)
"""Fields in which items of one key must agree to be the same thing; all others are when, by whom and why."""

_FACETS: dict[str, Callable[[Hire], Any]] = {
    "name": lambda hire: hire.person.name,
    "birth-date": lambda hire: hire.person.birth_date,
    "personal-email": lambda hire: hire.person.personal_email,
    "npi": lambda hire: hire.person.npi,
    "manager": lambda hire: hire.manager,
    "department": lambda hire: hire.department,
    "job": lambda hire: (hire.job_family, hire.title),
    "position": lambda hire: hire.position,
    "cost-centre": lambda hire: hire.cost_centre,
    "employment-type": lambda hire: hire.employment_type,
    "start": lambda hire: hire.start_on,
    "end": lambda hire: hire.end_on,
    "licences": lambda hire: hire.licences,
    "certificates": lambda hire: hire.certificates,
    "extra-access": lambda hire: hire.extra_access,
    "equipment": lambda hire: (hire.equipment, hire.deliver_to),
}
_OF_RECORDS: dict[ItemKind, frozenset[str]] = {
    "worker-record": frozenset(
        {
            "name",
            "birth-date",
            "personal-email",
            "npi",
            "manager",
            "department",
            "job",
            "position",
            "cost-centre",
            "employment-type",
            "start",
            "end",
        }
    ),
    "employee-record": frozenset({"name", "cost-centre", "start", "end"}),
    "account": frozenset({"name", "manager", "department", "job", "cost-centre", "employment-type", "start", "end"}),
}
"""What the drafts of records and accounts are made of: see WorkerDraft, EmployeeDraft and AccountDraft."""
_LATER = "later-start"
_OF_PROOFS: dict[ItemKind, frozenset[str]] = {
    "licence": frozenset({"name", "licences", _LATER}),
    "npi": frozenset({"name", "npi"}),
    "certificate": frozenset({"name", "certificates", _LATER}),
    "screening": frozenset({"name", "birth-date", "npi"}),
}
"""What a proof was given for: of another name it proves nothing, and what outlasts one start may end before another."""


class UndoStep(Value):
    """How one item is taken back: by Corridor, which verifies it, or by a person with a task; 'none' needs nothing."""

    key: str
    title: str
    done_by: str
    how: UndoKind


def affected(old: Hire, new: Hire) -> frozenset[str]:
    """The facets of the hire that a correction changes, such as 'name', 'manager' or 'start'."""
    return frozenset(facet for facet, of in _FACETS.items() if of(old) != of(new))


def to_update(old: Hire, new: Hire) -> frozenset[ItemKind]:
    """Kinds of items whose record or account, where it exists, is corrected in place."""
    return _kinds(_OF_RECORDS, affected(old, new))


def to_prove_again(old: Hire, new: Hire) -> frozenset[ItemKind]:
    """Kinds of proofs that were given for something else."""
    later = {_LATER} if new.start_on > old.start_on else set()
    return _kinds(_OF_PROOFS, affected(old, new) | later)


def _kinds(made_of: dict[ItemKind, frozenset[str]], facets: frozenset[str]) -> frozenset[ItemKind]:
    return frozenset(kind for kind, wanted in made_of.items() if wanted & facets)


def changes(old: HirePlan, new: HirePlan) -> PlanChange:
    """What the new plan does to the old one. Every key of either is in exactly one of the five lists: 'removed' in the
    old plan's order, all others in the new one's."""
    return _sorted(old, new, frozenset())


def correction(old: Hire, new: Hire, was: HirePlan, now: HirePlan) -> PlanChange:
    """`changes` from one plan to the other, with the proofs among 'changed' that were given for something else.

    Records and accounts that are only corrected in place (`to_update`) are not: nothing of them is replaced.
    """
    return _sorted(was, now, to_prove_again(old, new))


def _sorted(old: HirePlan, new: HirePlan, stale: frozenset[ItemKind]) -> PlanChange:
    before = {item.key: item for item in old.items}
    found: dict[str, list[str]] = {"added": [], "moved": [], "changed": [], "kept": []}
    for item in new.items:
        found[_fate(before.get(item.key), item, stale)].append(item.key)
    return PlanChange(
        **{name: tuple(keys) for name, keys in found.items()},
        removed=tuple(key for key in before if new.item(key) is None),
    )


def _fate(was: PlanItem | None, now: PlanItem, stale: frozenset[ItemKind]) -> str:
    if was is None:
        return "added"
    if now.kind in stale or any(getattr(was, field) != getattr(now, field) for field in _MEANING):
        return "changed"
    return "kept" if was == now else "moved"


def undo_order(plan: HirePlan, done: Sequence[str]) -> tuple[str, ...]:
    """The keys of what must be taken back, last done first. `done` lists keys in the order in which they were done; of
    one that was done twice the last time counts. Items that need no undoing are left out, keys that the plan does not
    know any more are not."""
    return tuple(step.key for step in undo_steps(plan, done) if step.how != "none")


def undo_steps(plan: HirePlan, done: Sequence[str]) -> tuple[UndoStep, ...]:
    """All that was done, last first, and how each is taken back. What the plan does not know is a person's task."""
    return tuple(_step(plan.item(key), key) for key in dict.fromkeys(reversed(done)))


def _step(item: PlanItem | None, key: str) -> UndoStep:
    if item is None:
        return UndoStep(key=key, title=key, done_by="service-desk", how="task")
    return UndoStep(key=key, title=item.title, done_by=item.done_by, how=item.undo)
