"""How each case ended, against what its story says: by the public timeline, and counted in the system of record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.play import CasePlay
from cli.demo.story import Decided

OrdersByCase = Callable[[], Awaitable[Mapping[str, int]]]
"""Counts the orders of each case in the database of the ERP itself, cancelled ones included."""

_HANDED = {"delegate": "delegated", "reassign": "reassigned"}

Timelines = Mapping[str, Sequence[Mapping[str, Any]]]


class CaseVerdict(BaseModel):
    """One row of the table at the end; `reasons` say what is not as the story tells, empty when all is."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    title: str
    expected: str
    status: str
    amount: str
    orders: int
    approvals: tuple[str, ...]
    exceptions: tuple[str, ...]
    reasons: tuple[str, ...]
    decisions: tuple[str, ...] = ()

    @property
    def matched(self) -> bool:
        return not self.reasons


class Verdict(BaseModel):
    """All cases, and whether every one ended as the examples say."""

    model_config = ConfigDict(frozen=True)

    cases: tuple[CaseVerdict, ...]

    @property
    def matched(self) -> bool:
        return bool(self.cases) and all(case.matched for case in self.cases)

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(f"{case.case_id}: {reason}" for case in self.cases for reason in case.reasons)


def judge(plays: Sequence[CasePlay], timelines: Timelines, orders: Mapping[str, int]) -> Verdict:
    """Compare what happened with what was told. `orders` holds the count by case id; without orders it is absent."""
    return Verdict(
        cases=tuple(_judge(play, timelines.get(play.case_id, ()), orders.get(play.case_id, 0)) for play in plays)
    )


def _judge(play: CasePlay, timeline: Sequence[Mapping[str, Any]], orders: int) -> CaseVerdict:
    decisions = tuple(_decisions(play, timeline))
    approvals = tuple(each.level for each in decisions)
    exceptions = tuple(entry["detail"]["code"] for entry in timeline if entry["kind"] == "exception.raised")
    amount = play.snapshot.get("amount") or {}
    return CaseVerdict(
        case_id=play.case_id,
        title=play.script.story.title,
        expected=play.script.story.expect.status,
        status=str(play.snapshot.get("status", "not posted")),
        amount=f"{Decimal(amount.get('amount', 0)):,.2f} {amount.get('currency', '')}".strip(),
        orders=orders,
        approvals=approvals,
        exceptions=exceptions,
        reasons=(
            *_reasons(play, timeline, orders, approvals, exceptions),
            *_reasons_in_approvals(play, timeline, decisions),
        ),
        decisions=_told_decisions(play, timeline, decisions),
    )


def _decisions(play: CasePlay, timeline: Sequence[Mapping[str, Any]]) -> Iterator[Decided]:
    """Who approved, rejected or asked back, in the order in which it was recorded."""
    for entry in timeline:
        task = entry.get("detail", {}).get("task_id")
        if entry["kind"] == "decision.applied" and task in play.script.approvals:
            level, by, behalf = play.script.approvals[task], str(entry["actor"]), entry.get("on_behalf_of")
            yield Decided(level=level, by=by, behalf=behalf)


def _of_exceptions(play: CasePlay, timeline: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Who answered those exceptions of which the story says by whom, in the order in which it was recorded."""
    named = {code for code, answers in play.script.story.exceptions.items() if any(each.by for each in answers)}
    for entry in timeline:
        code = play.script.exceptions.get(entry.get("detail", {}).get("task_id", ""))
        if entry["kind"] == "decision.applied" and code in named:
            yield f"{code}: {entry['actor']}"


def _implied(timeline: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found = (entry for entry in timeline if entry["kind"] == "approval.implied")
    return {str(entry["detail"]["level"]): str(entry["actor"]) for entry in found}


def _accepted(timeline: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The rules that accepted something at the last check."""
    checks = [entry for entry in timeline if entry["kind"] == "checked"]
    notes = checks[-1]["detail"].get("notes", ()) if checks else ()
    found = (re.search(r"Accepted by rule (\S+)", note) for note in notes)
    return tuple(match[1] for match in found if match)


def _told_decisions(
    play: CasePlay, timeline: Sequence[Mapping[str, Any]], decisions: Sequence[Decided]
) -> tuple[str, ...]:
    """Where the story is about who decides: how it went, in words for the table."""
    story = play.script.story
    told = [f"{key}: {person}, who had decided just before" for key, person in _implied(timeline).items()]
    told += [f"nobody asked: {rule}" for rule in _accepted(timeline)]
    told += _of_exceptions(play, timeline)
    told += [f"watched by {person}" for person in play.snapshot.get("watchers", ())]
    told += [f"answered in one call: {name}" for name in sorted(story.decides_together)]
    told += [f"{_HANDED[each.how]} by {each.by} to {each.to}" for each in story.handovers]
    return (*map(str, decisions), *told) if told or story.expect.decisions is not None else ()


def _reasons_in_approvals(
    play: CasePlay, timeline: Sequence[Mapping[str, Any]], decisions: Sequence[Decided]
) -> Iterator[str]:
    """What is not as told about who decided, who did not need to, and who was told."""
    expect, story = play.script.story.expect, play.script.story
    if expect.decisions is not None and tuple(decisions) != expect.decisions:
        yield f"decided: {'; '.join(map(str, decisions)) or 'nobody'}; not {'; '.join(map(str, expect.decisions))}"
    answers = [(code, each.by) for code, given in story.exceptions.items() for each in given]
    named = tuple(f"{code}: {by}" for code, by in answers if by is not None)
    yield from _difference("exceptions answered", tuple(_of_exceptions(play, timeline)), named)
    if _implied(timeline) != expect.implied:
        yield f"not asked again: {_implied(timeline)}; not {expect.implied}"
    yield from _difference("accepted by rule", _accepted(timeline), expect.accepted)
    yield from _difference("watchers", tuple(play.snapshot.get("watchers", ())), expect.watchers)
    handed = [str(entry["actor"]) for entry in timeline if entry["kind"] == "task.reassigned"]
    yield from _difference("handed on by", handed, [each.by for each in story.handovers if each.how == "reassign"])


def _reasons(
    play: CasePlay,
    timeline: Sequence[Mapping[str, Any]],
    orders: int,
    approvals: Sequence[str],
    exceptions: Sequence[str],
) -> Iterator[str]:
    expect, snapshot = play.script.story.expect, play.snapshot
    if play.failure:
        yield play.failure
    if snapshot.get("status") != expect.status:
        yield f"ended {snapshot.get('status', 'nowhere')}, not {expect.status}"
    if orders != expect.orders:
        yield f"{orders} order(s) in the system of record, not {expect.orders}"
    yield from _difference("exceptions", exceptions, expect.exceptions)
    if expect.approvals is not None:
        yield from _difference("approvals", approvals, expect.approvals)
    if expect.amount is not None and Decimal(snapshot.get("amount", {}).get("amount", 0)) != expect.amount:
        yield f"the amount is {snapshot.get('amount', {}).get('amount')}, not {expect.amount}"
    issued = any(entry["kind"] == "stock.issued" for entry in timeline)
    if issued != (expect.stock != "none"):
        yield "the store room issued something" if issued else "the store room issued nothing"


def _difference(what: str, found: Sequence[str], expected: Sequence[str]) -> Iterator[str]:
    if Counter(found) != Counter(expected):
        yield f"{what}: {', '.join(found) or 'none'}; not {', '.join(expected) or 'none'}"
