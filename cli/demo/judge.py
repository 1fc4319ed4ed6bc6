"""How each case ended, against what its story says: by the public timeline, and counted in the system of record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.play import CasePlay

OrdersByCase = Callable[[], Awaitable[Mapping[str, int]]]
"""Counts the orders of each case in the database of the ERP itself, cancelled ones included."""

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
    approvals = tuple(_levels_that_decided(play, timeline))
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
        reasons=tuple(_reasons(play, timeline, orders, approvals, exceptions)),
    )


def _levels_that_decided(play: CasePlay, timeline: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in timeline:
        task = entry.get("detail", {}).get("task_id")
        if entry["kind"] == "decision.applied" and task in play.script.approvals:
            yield play.script.approvals[task]


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
