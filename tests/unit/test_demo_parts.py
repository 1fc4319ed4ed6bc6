"""The parts of the demonstration: what a story has people do next, how calls are repeated, how the end is judged."""

import base64
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console
from standardwebhooks.webhooks import Webhook

from cli.demo.api import DemoApi, ProblemAnswerError, WebhookSigner
from cli.demo.judge import Verdict, judge
from cli.demo.play import MAX_REFUSALS, CasePlay
from cli.demo.report import show
from cli.demo.script import CaseScript, OpenTask, UnexpectedTaskError
from cli.demo.story import DeliveryStep, Example
from tests.fixtures.purchases import order, order_line

ACKNOWLEDGED = "corridor.order.acknowledged"
KEY = "whsec_" + base64.b64encode(b"a key that is made up for tests!").decode()


def _example(expect: dict[str, Any] | None = None, **story: Any) -> Example:
    given = {"status": "completed", "orders": 1, "approvals": ["cost-centre-owner"], **(expect or {})}
    request = {"number": "REQ-1", "facility": "north", "requester": "s.keller"}
    return Example.model_validate(
        {"request": request, "as": "portal", "story": {"title": "T", "expect": given, **story}}
    )


def _task(kind: str = "approval", slot: str = "approval/1/cost-centre-owner", **over: Any) -> OpenTask:
    given = {"task_id": f"t-{slot}", "case_id": "procure-to-pay.north.REQ-1", "role": "cost-centre-owner"}
    given |= {"level": slot.rsplit("/", 1)[-1]}
    return OpenTask(**{**given, "kind": kind, "slot": slot, "facility": "north", "subject_version": 1, **over})


def test_answers_are_given_in_sequence_and_then_everybody_agrees() -> None:
    script = CaseScript(_example(approvals={"cost-centre-owner": [{"action": "return", "comment": "Why?"}]}))
    first = script.answer_to(_task())
    assert first is not None
    assert (first.action, first.comment) == ("return", "Why?")
    script.answered(_task())
    second = script.answer_to(_task(task_id="t-2"))
    assert second is not None
    assert second.action == "approve"


def test_what_the_story_does_not_foresee_is_a_fault() -> None:
    script = CaseScript(_example(exceptions={"off-contract": ["accept"]}))
    with pytest.raises(UnexpectedTaskError, match="item-unknown"):
        script.answer_to(_task("exception", "exception/checks", exception_code="item-unknown"))
    foreseen = _task("exception", "exception/checks", exception_code="off-contract")
    assert script.answer_to(foreseen) is not None
    script.answered(foreseen)
    with pytest.raises(UnexpectedTaskError, match="off-contract"):
        script.answer_to(foreseen)
    with pytest.raises(UnexpectedTaskError, match="information"):
        script.answer_to(_task("information", "information"))


def test_nobody_decides_before_an_intervention_that_comes_first() -> None:
    withdraw = {"at": "approval", "action": "withdraw", "by": "s.keller", "comment": "x"}
    script = CaseScript(_example(interventions=[withdraw]))
    assert script.answer_to(_task()) is None
    assert script.due("checks", 0, []) is None
    assert script.due("approval", 0, []) is None
    due = script.due("approval", 0, [_task()])
    assert due is not None
    assert due.action == "withdraw"
    script.waiting.remove(due)
    assert script.answer_to(_task()) is not None


def test_an_intervention_between_two_levels_waits_for_the_second_question() -> None:
    amend = {"at": "approval", "action": "amend", "by": "portal", "after_approvals": 1, "quantities": {"1": "6"}}
    script = CaseScript(_example(interventions=[amend]))
    owner, director = _task(), _task(slot="approval/1/department-director")
    assert script.answer_to(owner) is not None
    assert script.due("approval", 0, [owner]) is None
    script.answered(owner)
    assert script.answer_to(director) is None
    assert script.due("approval", 0, [owner]) is None
    assert script.due("approval", 0, [director]) is not None


def test_a_chased_supplier_answers_again() -> None:
    script = CaseScript(_example(supplier=[{"lines": []}, "accept"], exceptions={"acknowledgement-differs": ["chase"]}))
    assert script.acknowledgements_due() == 1
    assert not script.ready_for_goods()
    script.answered(_task("exception", "exception/x", exception_code="acknowledgement-differs"))
    assert script.acknowledgements_due() == 2
    assert script.ready_for_goods()
    assert CaseScript(_example(supplier="silent")).acknowledgements_due() == 0


def test_the_clerk_reports_what_the_story_says_and_the_rest() -> None:
    received: dict[int, Decimal] = {}
    placed = order(order_line(1, 10), order_line(2, 4))
    script = CaseScript(_example(deliveries=[{"receive": {"1": "6"}}, {"receive": {"1": "rest", "2": "rest"}}]))
    first, second = script.steps()
    assert [(row["line"], row["accepted"]) for row in script.receipt_lines(first, placed, received)] == [(1, "6")]
    rows = script.receipt_lines(second, placed, received)
    assert [(row["line"], row["accepted"]) for row in rows] == [(1, "4"), (2, "4")]
    assert script.receipt_lines(second, placed, received) == []
    back = DeliveryStep.model_validate({"return": {"2": "1"}, "reason": "Wrong."})
    assert script.return_lines(back, placed, received) == [{"line": 2, "quantity": "1", "reason": "Wrong."}]
    assert received == {1: Decimal(10), 2: Decimal(3)}


async def _token(persona: str) -> str:
    return f"token-of-{persona}"


def _api(answer: Callable[[httpx.Request], httpx.Response]) -> DemoApi:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://gateway")
    return DemoApi(client, _token, WebhookSigner({"urn:a": KEY}, {"urn:a": (ACKNOWLEDGED,)}))


async def test_a_call_is_repeated_until_the_gateway_is_back() -> None:
    answers: Iterator[httpx.Response | Exception] = iter(
        [httpx.Response(503), httpx.ConnectError("down"), httpx.Response(202, json={"case_id": "c"})]
    )
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        following = next(answers)
        if isinstance(following, Exception):
            raise following
        return following

    assert await _api(answer).submit("portal", {"number": "REQ-1"}) == "c"
    assert [request.content for request in seen] == [seen[0].content] * 3
    assert seen[0].headers["authorization"] == "Bearer token-of-portal"


async def test_a_refusal_says_what_to_change() -> None:
    problem = {
        "title": "No",
        "detail": "1 thing to change",
        "errors": [{"pointer": "/need_by", "code": "x", "message": "Later."}],
    }
    with pytest.raises(ProblemAnswerError, match="422 No 1 thing to change /need_by: Later") as caught:
        await _api(lambda _: httpx.Response(422, json=problem)).submit("portal", {})
    assert caught.value.status == 422


async def test_events_are_signed_by_the_source_that_may_send_them() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        event = Webhook(KEY).verify(request.content, dict(request.headers))
        assert (event["source"], event["type"], event["subject"]) == ("urn:a", ACKNOWLEDGED, "PO-1")
        assert "event_id" not in event["data"]
        return httpx.Response(200, json={"event_id": event["id"]})

    assert await _api(answer).report(ACKNOWLEDGED, "PO-1", {"order_number": "PO-1"})


async def test_pages_are_read_to_the_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        last = "cursor" in request.url.params
        return httpx.Response(200, json={"items": [{"n": last}], "next_cursor": None if last else "c"})

    assert await _api(answer).worklist("n.okafor") == [{"n": False}, {"n": True}]


def _ended(example: Example, status: str = "completed") -> CasePlay:
    play = CasePlay(example)
    amount = {"amount": "10.00", "currency": "USD"}
    case = {"version": 9, "stage": "closed", "status": status, "amount": amount}
    play.see({"case": case, "tasks": [], "orders": ["PO-1"]})
    play.script.approvals["t-1"] = "cost-centre-owner"
    return play


TIMELINE = [{"kind": "decision.applied", "actor": "l.whitcomb", "detail": {"task_id": "t-1"}}]


def _verdict(play: CasePlay, orders: int = 1, extra: tuple[dict[str, Any], ...] = ()) -> Verdict:
    return judge([play], {play.case_id: [*TIMELINE, *extra]}, {play.case_id: orders})


def test_a_case_that_ended_as_told_matches() -> None:
    verdict = _verdict(_ended(_example()))
    assert verdict.matched
    assert verdict.reasons == ()
    assert not Verdict(cases=()).matched


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (_verdict(_ended(_example(), "cancelled")), "ended cancelled, not completed"),
        (_verdict(_ended(_example()), orders=2), "2 order(s) in the system of record, not 1"),
        (_verdict(_ended(_example({"approvals": []}))), "approvals: cost-centre-owner; not none"),
        (_verdict(_ended(_example({"exceptions": ["off-contract"]}))), "exceptions: none; not off-contract"),
        (_verdict(_ended(_example({"amount": "11.00"}))), "the amount is 10.00, not 11.00"),
        (_verdict(_ended(_example({"stock": "part"}))), "the store room issued nothing"),
        (
            _verdict(_ended(_example()), extra=({"kind": "exception.raised", "detail": {"code": "item-unknown"}},)),
            "exceptions: item-unknown; not none",
        ),
        (_verdict(_ended(_example()), extra=({"kind": "stock.issued"},)), "the store room issued something"),
        (judge([CasePlay(_example())], {}, {}), "ended nowhere, not completed"),
    ],
)
def test_what_differs_is_told(verdict: Verdict, reason: str) -> None:
    assert not verdict.matched
    assert f"procure-to-pay.north.REQ-1: {reason}" in verdict.reasons


def test_the_first_failure_stands_and_refusals_count_up_to_it() -> None:
    play = CasePlay(_example())
    for number in range(MAX_REFUSALS):
        assert play.failure is None
        play.snapshot = {"version": number}
        play.refused(f"refusal {number}")
    play.fail("later")
    assert play.failure == f"refusal {MAX_REFUSALS - 1}"
    assert play.over


def test_a_case_that_has_not_moved_is_not_blamed_for_what_it_refuses_again() -> None:
    play = CasePlay(_example())
    play.snapshot = {"version": 3}
    for _ in range(MAX_REFUSALS):
        play.refused("the task is closed")
    assert play.failure is None


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_terminal_and_shows_what_differs(width: int) -> None:
    console = Console(width=width, record=True, file=StringIO())
    show(Verdict(cases=(*_verdict(_ended(_example())).cases, *_verdict(_ended(_example()), orders=3).cases)), console)
    text = console.export_text()
    assert "as told" in text
    assert "DIFFERS" in text
    assert "1 of 2 cases ended as told; 4 orders" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width


def test_stories_are_json_all_through() -> None:
    assert json.loads(_example().model_dump_json(by_alias=True))["as"] == "portal"
