"""What may be done to recorded evidence: a hold, a redaction, a purge. Each is itself a recorded fact.

The functions here say what is to change; the store does it in one transaction. Recorded facts are never changed in
any other way.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from domain.case import CaseSnapshot, TimelineEntry, canonical_json
from domain.chain import HOLD_LIFTED, HOLD_SET, KEEPING_KINDS, PURGED, REDACTED, RecordedEntry, Tombstone, sha256
from domain.model import Value
from domain.people import Actor
from domain.tasks import Task

REMOVED = "[redacted]"
SHORTEST_REDACTED_TEXT = 3

# What a redaction never touches, because other facts hang on it.
_FIXED_IN_ENTRY = ("seq", "at", "kind")
_FREE_IN_TASK = ("title", "why", "subject", "outcome")
_FREE_IN_SNAPSHOT = ("title", "awaiting", "next_step")

KeepingRefusal = Literal[
    "already-held", "not-held", "held", "case-open", "too-young", "not-sealed", "text-too-short", "text-in-record"
]


class KeepingRefusedError(Exception):
    """It is not done, for the reason given; nothing was changed."""

    def __init__(self, because: KeepingRefusal) -> None:
        super().__init__(because)
        self.because = because


class CaseRecord(Value):
    """All that is kept of a case. `sealed` says whether a checkpoint covers all of its entries; `snapshot` is None when
    the case was purged, and then `tombstone` is where its chain went on from.
    """

    case_id: str
    snapshot: CaseSnapshot | None
    entries: tuple[RecordedEntry, ...]
    tasks: tuple[Task, ...] = ()
    sealed: bool = False
    tombstone: Tombstone | None = None


class Replacement(Value):
    """The text that takes the place of an entry's body."""

    position: int
    body: str
    original_sha256: str


class Change(Value):
    """What is to be done, all of it or nothing: facts are added, bodies replaced, shown text replaced, the rest purged.

    `removed_text` is to be replaced in the notices of the case as well.
    """

    facts: tuple[TimelineEntry, ...]
    replacements: tuple[Replacement, ...] = ()
    snapshot: CaseSnapshot | None = None
    tasks: tuple[Task, ...] = ()
    removed_text: str | None = None
    purge: bool = False


class Order(Value):
    """Who wants it, why, and when (UTC)."""

    actor: Actor
    reason: str
    at: datetime


def holds_in_force(entries: Sequence[RecordedEntry]) -> tuple[str, ...]:
    """The matters for which the case is held, in the order in which it was held for them."""
    matters: dict[str, None] = {}
    for row in entries:
        body = _json(row.body)
        matter = str(_detail(body).get("matter", ""))
        if body.get("kind") == HOLD_SET:
            matters[matter] = None
        elif body.get("kind") == HOLD_LIFTED:
            matters.pop(matter, None)
    return tuple(matters)


def hold(case: CaseRecord, matter: str, order: Order) -> Change:
    """Keep the case whatever its age. Raises KeepingRefusedError when it is held for that matter already."""
    if matter in holds_in_force(case.entries):
        raise KeepingRefusedError("already-held")
    return Change(facts=(_fact(case, order, HOLD_SET, f"Legal hold for {matter}", matter=matter),))


def lift_hold(case: CaseRecord, matter: str, order: Order) -> Change:
    """End a hold; others stay. Raises KeepingRefusedError when the case is not held for that matter."""
    if matter not in holds_in_force(case.entries):
        raise KeepingRefusedError("not-held")
    return Change(facts=(_fact(case, order, HOLD_LIFTED, f"Legal hold for {matter} lifted", matter=matter),))


def redact(case: CaseRecord, text: str, order: Order) -> Change | None:
    """Put `REMOVED` in the place of `text`, wherever people wrote it: on the timeline, in tasks, in what is shown.

    None when it is nowhere. Names, numbers and instants that other facts hang on are left, and so are facts about the
    evidence itself. Raises KeepingRefusedError when the text is too short to be meant, or stands in the reason given.
    """
    if len(text.strip()) < SHORTEST_REDACTED_TEXT:
        raise KeepingRefusedError("text-too-short")
    if text in order.reason:
        raise KeepingRefusedError("text-in-record")
    replacements = tuple(found for row in case.entries if (found := _replacement(row, text)))
    tasks = tuple(new for task in case.tasks if (new := _without(task, text, _FREE_IN_TASK)) != task)
    snapshot = _without(case.snapshot, text, _FREE_IN_SNAPSHOT) if case.snapshot else None
    if not replacements and not tasks and snapshot == case.snapshot:
        return None
    places = [
        {"position": each.position, "original_sha256": each.original_sha256, "replaced_sha256": sha256(each.body)}
        for each in replacements
    ]
    summary = f"Text redacted in {len(replacements)} entries and {len(tasks)} tasks"
    fact = _fact(case, order, REDACTED, summary, entries=places, tasks=[task.task_id for task in tasks])
    return Change(facts=(fact,), replacements=replacements, snapshot=snapshot, tasks=tasks, removed_text=text)


def purge(case: CaseRecord, years: int, rule: str, order: Order) -> Change:
    """Remove everything but the fact that it was removed. `years` is how long a closed case is kept, `rule` says so.

    Raises KeepingRefusedError when the case is open, held, not old enough, or not wholly covered by a checkpoint: then
    nobody could show later that what was removed is what had been recorded.
    """
    because = purge_refusal(case, years, order.at)
    if because is not None:
        raise KeepingRefusedError(because)
    assert case.snapshot is not None  # noqa: S101 (purge_refusal has seen to it; this narrows the type)
    last = case.entries[-1]
    fact = _fact(
        case,
        order,
        PURGED,
        f"Purged after {years} years",
        rule=rule,
        years=years,
        entries=last.position,
        last_hash=last.hash,
        closed_at=case.snapshot.closed_at.isoformat() if case.snapshot.closed_at else None,
    )
    return Change(facts=(fact,), purge=True)


def purge_refusal(case: CaseRecord, years: int, now: datetime) -> KeepingRefusal | None:
    """Why the case must be kept for now; None when its time is over."""
    snapshot = case.snapshot
    if snapshot is None or snapshot.status == "running" or not case.entries:
        return "case-open"
    if holds_in_force(case.entries):
        return "held"
    if kept_until(snapshot.closed_at or snapshot.updated_at, years) > now:
        return "too-young"
    return None if case.sealed else "not-sealed"


def kept_until(closed_at: datetime, years: int) -> datetime:
    """The same day so many years later; the 28th for a 29 February that the year does not have."""
    year = closed_at.year + years
    day = min(closed_at.day, calendar.monthrange(year, closed_at.month)[1])
    return closed_at.replace(year=year, day=day)


def latest_close(now: datetime, years: int) -> datetime:
    """Whoever was closed after this instant is certainly too young to be purged at `now`."""
    day = min(now.day, calendar.monthrange(now.year - years, now.month)[1])
    return now.replace(year=now.year - years, day=day)


def _fact(case: CaseRecord, order: Order, kind: str, summary: str, **detail: Any) -> TimelineEntry:
    lowest = min((row.seq for row in case.entries), default=0)
    return TimelineEntry(
        seq=min(lowest, 0) - 1,
        at=order.at,
        kind=kind,
        summary=summary,
        actor=order.actor.person,
        detail={"reason": order.reason, "issuer": order.actor.issuer, **detail},
    )


def _replacement(row: RecordedEntry, text: str) -> Replacement | None:
    body = _json(row.body)
    if not body or body.get("kind") in KEEPING_KINDS:
        return None
    changed = {name: value if name in _FIXED_IN_ENTRY else _cleaned(value, text) for name, value in body.items()}
    if changed == body:
        return None
    return Replacement(position=row.position, body=canonical_json(changed), original_sha256=row.body_sha256)


def _without(value: Any, text: str, fields: Sequence[str]) -> Any:
    cleaned = {name: _cleaned(getattr(value, name), text) for name in fields}
    return value.model_copy(update=cleaned)


def _cleaned(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return value.replace(text, REMOVED)
    if isinstance(value, dict):
        return {name: _cleaned(each, text) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(each, text) for each in value)
    return value


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _detail(body: dict[str, Any]) -> dict[str, Any]:
    detail = body.get("detail")
    return detail if isinstance(detail, dict) else {}
