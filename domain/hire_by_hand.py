"""Targets without an interface: what would be done there by a system is done by a person instead."""

from __future__ import annotations

from collections.abc import Collection

from domain.hire_plan import HirePlan, PlanItem


def by_hand(plan: HirePlan, systems: Collection[str]) -> HirePlan:
    """The plan with accounts and access of systems that are not among `systems` as fulfilments: the same place, days
    and owner, done and undone by the role that answers for it."""
    return plan.model_copy(update={"items": tuple(_by_hand(item, systems) for item in plan.items)})


def _by_hand(item: PlanItem, systems: Collection[str]) -> PlanItem:
    system = item.system or item.target
    if item.kind not in ("account", "access") or system in systems:
        return item
    undo = "none" if item.undo == "none" else "task"
    return item.model_copy(update={"kind": "fulfilment", "target": system, "undo": undo})
