"""Hires as callers see them: how ready they are, and the plan with how far it is. Nobody's name is in it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import AwareDatetime, BaseModel

from api.schemas.links import case_path
from api.schemas.policies import PreviewLevel
from api.schemas.tasks import seconds_between
from domain.hire_plan import HirePlan, HireStanding, ItemStanding, ItemState, PlanItem, Readiness
from domain.hire_rules import ItemKind

NOT_BEGUN = ItemStanding(key="")


class HireLinks(BaseModel):
    self: str
    case: str
    timeline: str


class HireRow(BaseModel):
    """`readiness` says whether the person will be able to work on the first day, and if not, because of whom."""

    case_id: str
    facility: str
    number: str
    manager: str
    department: str
    job_family: str
    employment_type: str
    start_on: date
    requested_at: AwareDatetime
    closed: bool
    arrived: bool | None
    readiness: Readiness
    links: HireLinks


class HireList(BaseModel):
    """By start date. `next_cursor` is null on the last page."""

    items: list[HireRow]
    next_cursor: str | None


class PlannedItem(BaseModel):
    """One thing of a plan: who answers for it, from when and until when (local days), and why it is there."""

    key: str
    kind: ItemKind
    title: str
    done_by: str
    from_on: date | None
    due_on: date
    after: list[str]
    blocks_day_one: bool
    usual_days: int
    rules: list[str]
    reason: str
    target: str
    system: str
    entitlement: str
    until: date | None


class HireItem(PlannedItem):
    """`state` with `since` and what there is to show for it; `note` is empty for those who may not know whom it is
    about. `confirmed_at` is when the target itself confirmed it, `confirmed_after_seconds` after the request.
    """

    state: ItemState
    since: AwareDatetime | None
    note: str
    expected_on: date | None
    task_id: str
    exception_code: str
    linked_case: str
    confirmed_at: AwareDatetime | None
    confirmed_after_seconds: int | None


class HireView(HireRow):
    """`version` counts what was recorded of it. `linked_cases` are the purchases of its equipment."""

    version: int
    items: list[HireItem]
    linked_cases: list[str]


class HirePreview(BaseModel):
    """What would be done until when, and who would have to approve what of it; nothing is kept. `asks` are what needs
    an approval as far as it is known before anything outside is asked: `unknown_asks` are only known then.
    """

    facility: str
    start_on: date
    policy_version: str
    policy_sha256: str
    items: list[PlannedItem]
    asks: list[str]
    unknown_asks: list[str]
    levels: list[PreviewLevel]
    explanation: list[str]


def hire_path(case_id: str) -> str:
    return f"/v1/hires/{case_id}"


def hire_row(standing: HireStanding) -> HireRow:
    shown = standing.model_dump(include=set(HireRow.model_fields) - {"readiness", "links"})
    return HireRow(**shown, readiness=standing.readiness, links=_links(standing.case_id))


def hire_view(standing: HireStanding, *, notes: bool) -> HireView:
    """`notes` are for those who may know whom it is about."""
    linked = dict.fromkeys(each.linked_case for each in standing.standings if each.linked_case)
    return HireView(
        **dict(hire_row(standing)),
        version=standing.version,
        items=_items(standing, notes=notes),
        linked_cases=list(linked),
    )


def planned_items(plan: HirePlan) -> list[PlannedItem]:
    return [PlannedItem(**_planned(item)) for item in plan.items]


def _items(standing: HireStanding, *, notes: bool) -> list[HireItem]:
    by_key = {each.key: each for each in standing.standings}
    return [_item(standing, item, by_key.get(item.key, NOT_BEGUN), notes=notes) for item in standing.plan.items]


def _item(standing: HireStanding, item: PlanItem, how: ItemStanding, *, notes: bool) -> HireItem:
    confirmed = standing.confirmed.get(item.key)
    return HireItem(
        **_planned(item),
        **how.model_dump(exclude={"key", "note"}),
        note=how.note if notes else "",
        confirmed_at=confirmed,
        confirmed_after_seconds=_after(standing.requested_at, confirmed),
    )


def _after(requested: datetime, confirmed: datetime | None) -> int | None:
    return None if confirmed is None else seconds_between(requested, confirmed)


def _planned(item: PlanItem) -> dict[str, object]:
    return item.model_dump(include=set(PlannedItem.model_fields))


def _links(case_id: str) -> HireLinks:
    path = case_path(case_id)
    return HireLinks(self=hire_path(case_id), case=path, timeline=f"{path}/timeline")
