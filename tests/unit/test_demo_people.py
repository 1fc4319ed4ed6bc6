"""The people of the demonstration: who answers what, in whose place, together, and how that is judged at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console

from cli.demo.api import DemoApi, WebhookSigner
from cli.demo.desk import Desk
from cli.demo.judge import CaseVerdict, judge
from cli.demo.play import CasePlay
from cli.demo.report import show
from cli.demo.script import OpenTask
from cli.demo.story import Answer, Example
from domain.people import Person

OWNER, DIRECTOR = "cost-centre-owner", "department-director"
PATIENCE_SECONDS = 5


def example(number: int = 1, expect: dict[str, Any] | None = None, **story: Any) -> Example:
    given = {"status": "completed", "orders": 1, "approvals": None, **(expect or {})}
    request = {"number": f"REQ-{number}", "facility": "north", "requester": "nina"}
    return Example.model_validate({"request": request, "story": {"title": "T", "expect": given, **story}})


def task(play: CasePlay, level: str = OWNER, **over: Any) -> OpenTask:
    given: dict[str, Any] = {
        "task_id": f"{play.case_id}:{level}",
        "case_id": play.case_id,
        "role": level,
        "level": level,
    }
    given |= {"kind": "approval", "slot": f"approval/1/{level}", "facility": "north", "subject_version": 3}
    return OpenTask.model_validate({**given, **over})


def people(**roles: str) -> list[Person]:
    return [
        Person(person=who, name=who, email=f"{who}@example.com", facility="north", roles=(role,), facilities=("north",))
        for who, role in roles.items()
    ]


class Office:
    """Worklists of people, and what they sent."""

    def __init__(self, plays: Sequence[CasePlay], lists: dict[str, list[OpenTask]]) -> None:
        self.plays, self.lists = plays, lists
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.refuse: dict[str, str] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        who = request.headers["authorization"].removeprefix("Bearer ")
        if request.method == "GET":
            items = [each.model_dump(mode="json") for each in self.lists.get(who, [])]
            return httpx.Response(200, json={"items": items, "next_cursor": None})
        body = json.loads(request.content)
        self.sent.append((who, request.url.path, body))
        if request.url.path == "/v1/tasks/decisions":
            return httpx.Response(200, json={"items": [self._item(each) for each in body["decisions"]]})
        return httpx.Response(200, json={"record": {"status": "applied", "because": None}})

    def _item(self, decision: dict[str, Any]) -> dict[str, Any]:
        because = self.refuse.get(decision["task_id"])
        if because:
            return {"status": "refused", "problem": {"title": because}, "record": None}
        return {"status": "applied", "problem": None, "record": {"status": "applied"}}

    async def open(self, staff: list[Person], tasks: Sequence[OpenTask]) -> None:
        """Let the desk answer until nobody has anything to say any more."""

        async def token(persona: str) -> str:
            return persona

        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer), base_url="http://gateway")
        desk = Desk(DemoApi(http, token, WebhookSigner({}, {})), staff, {each.case_id: each for each in self.plays})
        worker = asyncio.create_task(desk.work())
        by_case = {each.case_id: each for each in self.plays}
        for each in tasks:
            desk.ask_to_look(by_case[each.case_id], each)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await desk.all_looked()
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await http.aclose()


async def test_a_committee_is_several_people_and_nobody_twice() -> None:
    play = CasePlay(example())
    asked = task(play, needs=2)
    office = Office([play], {"ada": [asked], "ben": [asked]})
    staff = people(ada=OWNER, ben=OWNER, cleo=OWNER)
    await office.open(staff, [asked])
    assert asked.task_id not in play.answered
    await office.open(staff, [asked])
    assert [who for who, _, _ in office.sent] == ["ada", "ben"]
    assert asked.task_id in play.answered
    assert play.script.decided[OWNER] == 2


async def test_who_is_named_answers_and_a_substitute_says_for_whom() -> None:
    play = CasePlay(example(approvals={DIRECTOR: [{"action": "approve", "by": "ben", "for": "ada"}]}))
    named, lent = task(play, people=("cleo",)), task(play, DIRECTOR)
    office = Office([play], {"ada": [named, lent], "ben": [named, lent], "cleo": [named, lent]})
    await office.open(people(ada=OWNER, ben=OWNER, cleo="buyer"), [named, lent])
    sent = {who: body.get("on_behalf_of") for who, _, body in office.sent}
    assert sent == {"cleo": None, "ben": "ada"}


async def test_a_list_is_answered_in_one_call_once_all_of_it_is_there() -> None:
    friday = {"by": "ada", "together": "friday"}
    plays = [
        CasePlay(example(1, approvals={OWNER: [{"action": "approve", **friday}]})),
        CasePlay(example(2, approvals={OWNER: [{"action": "reject", "comment": "No.", **friday}]})),
    ]
    tasks = [task(each) for each in plays]
    office = Office(plays, {"ada": tasks[:1]})
    await office.open(people(ada=OWNER), tasks[:1])
    assert office.sent == []
    office.lists["ada"] = tasks
    await office.open(people(ada=OWNER), tasks)
    ((who, path, body),) = office.sent
    assert (who, path) == ("ada", "/v1/tasks/decisions")
    assert [(each["task_id"], each["action"]) for each in body["decisions"]] == [
        (tasks[0].task_id, "approve"),
        (tasks[1].task_id, "reject"),
    ]
    assert all(each.task_id in play.answered for each, play in zip(tasks, plays, strict=True))


async def test_of_many_answers_the_refused_one_is_counted_against_its_own_case() -> None:
    friday = {"action": "approve", "by": "ada", "together": "friday"}
    plays = [CasePlay(example(number, approvals={OWNER: [friday]})) for number in (1, 2)]
    tasks = [task(each) for each in plays]
    office = Office(plays, {"ada": tasks})
    office.refuse[tasks[1].task_id] = "stale-version"
    await office.open(people(ada=OWNER), tasks)
    assert [bool(play.answered) for play in plays] == [True, False]


def test_an_answer_waits_for_another_level_and_for_a_handover() -> None:
    story: dict[str, Any] = {
        "approvals": {OWNER: [{"action": "approve", "after": DIRECTOR}]},
        "handovers": [{"level": DIRECTOR, "how": "reassign", "by": "ada", "to": "ben"}],
    }
    play = CasePlay(example(**story))
    script, owner, director = play.script, task(play), task(play, DIRECTOR)
    assert script.answer_to(owner) is None
    assert script.answer_to(director) is None
    assert script.handover_due([owner]) is None
    due = script.handover_due([owner, director])
    assert due is not None
    assert (due[0].to, due[1]) == ("ben", director)
    script.handovers.remove(due[0])
    assert script.answer_to(director) == Answer(action="approve")
    script.answered(director)
    assert script.answer_to(owner) is not None


# Judging


def verdict(*timeline: dict[str, Any], expect: dict[str, Any], **story: Any) -> CaseVerdict:
    play = CasePlay(example(expect=expect, **story))
    amount = {"amount": "10.00", "currency": "USD"}
    case = {"version": 9, "stage": "closed", "status": "completed", "amount": amount, "watchers": ["cleo"]}
    play.see({"case": case, "tasks": [], "orders": ["PO-1"]})
    play.script.approvals["t-1"] = OWNER
    return judge([play], {play.case_id: timeline}, {play.case_id: 1}).cases[0]


TOLD = {
    "decisions": [{"level": OWNER, "by": "ben", "for": "ada"}],
    "implied": {DIRECTOR: "ben"},
    "accepted": ["small-purchases"],
    "watchers": ["cleo"],
}
HANDED = [{"level": OWNER, "how": "reassign", "by": "ada", "to": "ben"}]
DECIDED = {"kind": "decision.applied", "actor": "ben", "on_behalf_of": "ada", "detail": {"task_id": "t-1"}}
IMPLIED = {"kind": "approval.implied", "actor": "ben", "detail": {"level": DIRECTOR}}
CHECKED = {"kind": "checked", "detail": {"notes": ["Line 1: x. Accepted by rule small-purchases (off-contract): y."]}}
MOVED = {"kind": "task.reassigned", "actor": "ada", "detail": {}}


def test_a_case_in_which_the_right_people_decided_is_as_told_and_says_so() -> None:
    told = verdict(DECIDED, IMPLIED, CHECKED, MOVED, expect=TOLD, handovers=HANDED)
    assert told.reasons == ()
    assert told.decisions == (
        f"{OWNER}: ben for ada",
        f"{DIRECTOR}: ben, who had decided just before",
        "nobody asked: small-purchases",
        "watched by cleo",
        "reassigned by ada to ben",
    )


@pytest.mark.parametrize(
    ("timeline", "over", "reason"),
    [
        ((IMPLIED, CHECKED, MOVED), {}, "decided: nobody"),
        ((DECIDED | {"on_behalf_of": None}, IMPLIED, CHECKED, MOVED), {}, f"decided: {OWNER}: ben; not {OWNER}: ben"),
        ((DECIDED | {"actor": "eve"}, IMPLIED, CHECKED, MOVED), {}, "decided: "),
        ((DECIDED, DECIDED, IMPLIED, CHECKED, MOVED), {}, "decided: "),
        ((DECIDED, CHECKED, MOVED), {}, "not asked again: {}"),
        ((DECIDED, IMPLIED, MOVED), {}, "accepted by rule: none; not small-purchases"),
        ((DECIDED, IMPLIED, CHECKED, MOVED), {"watchers": []}, "watchers: cleo; not none"),
        ((DECIDED, IMPLIED, CHECKED), {}, "handed on by: none; not ada"),
    ],
)
def test_what_differs_in_who_decided_is_told(
    timeline: tuple[dict[str, Any], ...], over: dict[str, Any], reason: str
) -> None:
    told = verdict(*timeline, expect=TOLD | over, handovers=HANDED)
    assert any(each.startswith(reason) for each in told.reasons), told.reasons


@pytest.mark.parametrize(("by", "right"), [("ada", True), ("eve", False)])
def test_who_answered_an_exception_is_judged_where_the_story_says_by_whom(by: str, right: bool) -> None:
    answers = {"budget-exceeded": [{"action": "accept", "comment": "Funded.", "by": "ada"}]}
    play = CasePlay(example(expect={"exceptions": ["budget-exceeded"]}, exceptions=answers))
    asked = task(play, "", task_id="t-9", kind="exception", exception_code="budget-exceeded")
    assert play.script.answer_to(asked) == Answer(action="accept", comment="Funded.", by="ada")
    play.script.answered(asked)
    decided = {"kind": "decision.applied", "actor": by, "detail": {"task_id": "t-9"}}
    raised = {"kind": "exception.raised", "detail": {"code": "budget-exceeded"}}
    told = judge([play], {play.case_id: [raised, decided]}, {}).cases[0]
    assert told.decisions == (f"budget-exceeded: {by}",)
    assert any(each.startswith("exceptions answered") for each in told.reasons) != right


@pytest.mark.parametrize("width", [80, 160])
def test_who_decided_is_shown_under_the_table(width: int) -> None:
    play = CasePlay(example(expect=TOLD, handovers=HANDED))
    play.script.approvals["t-1"] = OWNER
    console = Console(width=width, record=True, file=StringIO())
    show(judge([play], {play.case_id: [DECIDED, IMPLIED, CHECKED, MOVED]}, {}), console)
    text = console.export_text()
    assert "Who decided" in text
    assert f"{OWNER}: ben for ada" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
