"""Deciding from a link in a mail: looking changes nothing, the form decides once, and every check of the API holds."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet
from structlog.testing import capture_logs

from adapters.memory.evidence import MemoryEvidence
from api.link_policy import LinkPolicy
from domain.approval import ApprovalLedger
from domain.outside_errors import TemporarilyUnavailableError
from domain.tasks import Decision
from tests.fixtures.evidence import CASE, a_journal, a_task, an_entry
from tests.fixtures.links import OTHER_RING, RING, ChangingDirectory, a_link
from tests.http.fakes import Gateway

TASK = f"{CASE}:approve-owner.1"
FORM_TYPE = "application/x-www-form-urlencoded"
SUBJECT = {
    "title": "Gloves for ward 3",
    "amount": "1,234.50 USD",
    "requester": "nina",
    "justification": "Ward 3 runs out <b>on Friday</b> & needs them",
    "need_by": "2026-03-20",
    "urgency": "routine",
    "notes": ["Contract C-7 applies"],
    "lines": [
        {
            "line": 1,
            "what": "Gloves, nitrile <M>",
            "quantity": "10 BX of 100",
            "amount": "1,234.50 USD",
            "supplier": "ACME",
            "contract": "C-7",
            "from_stock": "0 EA",
            "cost_centres": ["N-100"],
        }
    ],
}


class Desk(Gateway):
    """A gateway that takes links, and one open question."""

    def __init__(self, keys: KeySet) -> None:
        super().__init__(keys)
        self.people = ChangingDirectory()
        self.policy = LinkPolicy(lambda: RING, portal_url="https://portal.example/", wait_seconds=1)
        self.reset()

    def reset(self, **changes: Any) -> None:
        policy = dataclasses.replace(self.policy, **changes)
        self.app.state.services = dataclasses.replace(self.services, directory=self.people, links=policy)

    async def open(self, version: int = 1, *entries: Any, **changes: Any) -> None:
        given: dict[str, Any] = {
            "subject_version": 3,
            "subject": SUBJECT,
            "due_at": self.now + timedelta(hours=30),
        } | changes
        task = a_task(TASK, excluded=("nina",), actions=("approve", "reject", "return"), **given)
        await self.evidence.record(a_journal(CASE, version, *entries, requester="nina", tasks=(task,)))
        if task.status == "open" and CASE not in self.cases.ledgers:
            self.cases.open(task)

    def link(self, **changes: Any) -> str:
        return a_link(self.now, **{"task_id": TASK, "case_id": CASE} | changes)

    async def look(self, token: str, method: str = "GET", **headers: str) -> httpx.Response:
        return await self.http.request(method, f"/v1/links/{token}", headers=headers)

    async def send(self, token: str, fields: dict[str, str], media: str = FORM_TYPE) -> httpx.Response:
        body = str(httpx.QueryParams(fields))
        return await self.http.post(f"/v1/links/{token}", content=body, headers={"content-type": media})

    async def answer(self, token: str, action: str = "approve", comment: str = "") -> httpx.Response:
        """As a person does: open the page, fill in its form, send it."""
        proof = proof_in(await self.look(token))
        return await self.send(token, {"form": proof, "action": action, "comment": comment})

    @property
    def ledger(self) -> ApprovalLedger:
        return self.cases.ledgers[CASE]

    @property
    def untouched(self) -> bool:
        return not self.cases.received and bool(self.ledger.open_tasks())


@pytest.fixture
async def desk(issuer_keys: KeySet) -> AsyncIterator[Desk]:
    desk = Desk(issuer_keys)
    await desk.open()
    async with desk.http:
        yield desk


def proof_in(answer: httpx.Response) -> str:
    found = re.search(r'name="form" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def text_of(answer: httpx.Response) -> str:
    """What a reader sees; checks on the way that it is a page which runs and leaks nothing."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    style = answer.text.split("<style>")[1].split("</style>")[0]
    assert f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}" in policy
    assert "script" not in answer.text.lower()
    assert not re.search(r'(src|action)="', answer.text)
    assert answer.text.count("<h1>") == 1
    body = answer.text.split("</head>")[1]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


async def test_the_page_shows_what_is_asked(desk: Desk) -> None:
    await desk.open(2, an_entry(1, kind="decision.applied", actor="otto", detail={"action": "approve", "task_id": "T"}))
    answer = await desk.look(desk.link())
    assert answer.status_code == 200
    page = text_of(answer)
    for shown in (
        "Approve gloves",
        "1,234.50 USD",
        "nina",
        "Ward 3 runs out <b>on Friday</b> & needs them",
        "The amount is over 100",
        "Gloves, nitrile <M>",
        "10 BX of 100",
        "N-100",
        "Contract C-7 applies",
        "otto approved on Monday 2 March 2026, 09:31 EST",
        "Tuesday 3 March 2026, 16:00 EST",
        "Approve",
        "Reject (say why)",
        "Ask for more information (say why)",
    ):
        assert shown in page, shown
    assert "<b>" not in answer.text
    assert " checked" not in answer.text, "nothing is chosen in advance"
    assert 'name="viewport"' in answer.text
    assert '<html lang="en">' in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}])
async def test_looking_changes_nothing(desk: Desk, method: str, headers: dict[str, str]) -> None:
    token = desk.link()
    for _ in range(3):
        assert (await desk.look(token, method, **headers)).status_code == 200
    for query in ("?action=approve", "?form=1.2.3&action=approve&comment=x"):
        assert (await desk.look(token + query, method)).status_code == 200
    assert desk.untouched
    assert (await desk.answer(token)).status_code == 200, "a scanner that looked first took nothing away"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_possible(desk: Desk, method: str) -> None:
    answer = await desk.look(desk.link(), method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert desk.untouched


async def test_a_confirmed_decision_counts(desk: Desk) -> None:
    answer = await desk.answer(desk.link(), "reject", "Too  dear\r\nby half")
    assert answer.status_code == 200
    page = text_of(answer)
    assert "Your decision counts" in page
    assert "Carla rejected on Monday 2 March 2026, 10:00 EST" in page
    (sent,) = desk.cases.received
    assert isinstance(sent, Decision)
    assert (sent.actor.person, sent.actor.name, sent.actor.issuer) == ("carla", "Carla", "e-mail link")
    assert (sent.actor.roles, sent.actor.facilities) == (("cost-centre-owner",), ("north",))
    assert (sent.action, sent.comment, sent.subject_version) == ("reject", "Too  dear\nby half", 3)
    assert (sent.decided_at, sent.on_behalf_of) == (desk.now, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "approve"},
        {"action": "approve", "comment": "looks good", "form": ""},
        {"action": "approve", "form": "1772463600.abcdefgh." + "A" * 43},
        {"action": "approve", "form": "x"},
    ],
)
async def test_a_scanner_that_posts_blindly_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    answer = await desk.send(desk.link(), fields)
    assert answer.status_code == 403
    assert "confirm it once more" in text_of(answer)
    assert desk.untouched


async def test_a_scanner_that_sends_the_form_as_it_is_decides_nothing(desk: Desk) -> None:
    token = desk.link()
    answer = await desk.send(token, {"form": proof_in(await desk.look(token)), "comment": ""})
    assert (answer.status_code, desk.untouched) == (422, True)
    assert "Choose what you decide" in text_of(answer)


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b'{"action": "approve"}', "application/json", 415),
        (b"action=approve", "text/plain", 415),
        (b"action=approve", "multipart/form-data; boundary=x", 415),
        (b"action=approve&action=reject&form={form}", FORM_TYPE, 403),
        (b"action=approve&form={form}&form={form}", FORM_TYPE, 403),
        (b"action=approve&form={form}&person=dirk", FORM_TYPE, 403),
        (b"action=approve&form={form}&comment=%ff", FORM_TYPE, 403),
        (b"action=approve&form={form}&comment=\xff", FORM_TYPE, 403),
        (b"&".join([b"action=approve"] * 20), FORM_TYPE, 403),
        (b"action=approve&form={form}&comment=a%00b", FORM_TYPE, 422),
        (b"action=approve&form={form}&comment=" + b"x" * 2001, FORM_TYPE, 422),
        (b"action=dance&form={form}", FORM_TYPE, 422),
        (b"action=skip&form={form}&comment=x", FORM_TYPE, 422),
        (b"comment=" + b"x" * 60_000, FORM_TYPE, 413),
    ],
)
async def test_what_the_page_could_not_have_sent(desk: Desk, body: bytes, media: str, status: int) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    answer = await desk.http.post(
        f"/v1/links/{token}", content=body.replace(b"{form}", proof.encode()), headers={"content-type": media}
    )
    assert (answer.status_code, desk.untouched) == (status, True), answer.text


async def test_a_form_belongs_to_its_link_and_ends(desk: Desk) -> None:
    mine, other = desk.link(), desk.link(notice="N-2")
    proof = proof_in(await desk.look(other))
    assert (await desk.send(mine, {"form": proof, "action": "approve"})).status_code == 403
    proof = proof_in(await desk.look(mine))
    desk.now += timedelta(hours=2, seconds=1)
    late = await desk.send(mine, {"form": proof, "action": "approve", "comment": "Typed for long"})
    assert late.status_code == 403
    assert "Typed for long" in late.text
    assert desk.untouched
    again = await desk.send(mine, {"form": proof_in(late), "action": "approve", "comment": "Typed for long"})
    assert again.status_code == 200


@pytest.mark.parametrize(("action", "comment"), [("reject", ""), ("return", "  \r\n ")])
async def test_a_missing_reason_is_asked_for_without_losing_what_was_chosen(
    desk: Desk, action: str, comment: str
) -> None:
    answer = await desk.answer(desk.link(), action, comment)
    assert (answer.status_code, desk.untouched) == (422, True)
    assert "Say why" in text_of(answer)
    assert 'role="alert"' in answer.text
    assert f'value="{action}" required checked' in answer.text


async def test_what_was_typed_comes_back_as_text(desk: Desk) -> None:
    answer = await desk.answer(desk.link(), "dance", "</textarea><b>1 < 2</b>")
    assert "&lt;/textarea&gt;&lt;b&gt;1 &lt; 2&lt;/b&gt;" in answer.text
    assert "<b>" not in answer.text


async def test_a_link_decides_once(desk: Desk) -> None:
    token = desk.link()
    fields = {"form": proof_in(await desk.look(token)), "action": "approve", "comment": "Fine"}
    first, again = await desk.send(token, fields), await desk.send(token, fields)
    assert (first.status_code, again.status_code, len(desk.cases.received)) == (200, 200, 1)
    other = await desk.send(token, {**fields, "action": "reject", "comment": "No"})
    assert other.status_code == 409
    looked = await desk.look(token)
    assert looked.status_code == 200
    for page in (first, again, other, looked):
        assert "Carla approved on Monday 2 March 2026, 10:00 EST" in text_of(page)
        assert "“Fine”" in text_of(page)
        assert "<form" not in page.text
    assert len(desk.cases.received) == 1


async def test_two_taps_at_once_are_one_decision(desk: Desk) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    taps = [desk.send(token, {"form": proof, "action": action, "comment": "x"}) for action in ("approve", "approve")]
    assert [answer.status_code for answer in await asyncio.gather(*taps)] == [200, 200]
    assert len(desk.ledger.records()) == 1


async def test_two_different_taps_at_once_are_one_decision(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token, known = desk.link(), desk.cases.decision_record
    proof = proof_in(await desk.look(token))
    gate = asyncio.Barrier(2)
    met = 0

    async def both_see_nothing(*arguments: Any) -> Any:
        nonlocal met
        record = await known(*arguments)
        if met < 2:
            met += 1
            await gate.wait()
        return record

    monkeypatch.setattr(desk.cases, "decision_record", both_see_nothing)
    taps = [desk.send(token, {"form": proof, "action": action, "comment": "x"}) for action in ("approve", "reject")]
    statuses = [answer.status_code for answer in await asyncio.gather(*taps)]
    assert sorted(statuses) == [200, 409]
    (record,) = desk.ledger.records()
    assert record.decision.action == ("approve", "reject")[statuses.index(200)]


async def test_a_later_mail_about_the_same_question(desk: Desk) -> None:
    assert (await desk.answer(desk.link())).status_code == 200
    entry = an_entry(1, kind="decision.applied", actor="carla", detail={"task_id": TASK, "action": "approve"})
    await desk.open(2, entry, status="done")
    answer = await desk.look(desk.link(notice="N-2"))
    assert answer.status_code == 409
    assert "carla approved" in text_of(answer)


async def test_two_people_race_and_one_counts(desk: Desk) -> None:
    desk.people.change("dirk", roles=("cost-centre-owner",))
    tokens = desk.link(), desk.link(person="dirk")
    proofs = [proof_in(await desk.look(token)) for token in tokens]
    answers = await asyncio.gather(
        *(desk.send(token, {"form": proof, "action": "approve"}) for token, proof in zip(tokens, proofs, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert "There is nothing left to decide" in text_of(late)
    assert [record.status for record in desk.ledger.records()] == ["applied", "ignored"]


async def test_somebody_else_was_first(desk: Desk) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    entry = an_entry(
        1, kind="decision.applied", actor="dirk", on_behalf_of="otto", detail={"task_id": TASK, "action": "approve"}
    )
    await desk.open(2, entry, status="done", closed_at=desk.now, outcome="approve")
    for answer in (await desk.look(token), await desk.send(token, {"form": proof, "action": "reject", "comment": "x"})):
        assert answer.status_code == 409
        assert "dirk on behalf of otto approved on Monday 2 March 2026, 09:31 EST" in text_of(answer)
    assert not desk.cases.received


async def test_one_of_several_has_approved(desk: Desk) -> None:
    desk.people.change("dirk", roles=("cost-centre-owner",))
    desk.cases.ledgers.clear()
    await desk.open(2, needs=2)
    first = await desk.answer(desk.link())
    assert "Your decision counts" in text_of(first)
    assert desk.ledger.open_tasks(), "one more is needed"
    await desk.open(3, needs=2, approved_by=("carla",))
    assert "Carla approved" in text_of(await desk.look(desk.link()))
    reminded = await desk.look(desk.link(notice="N-2"))
    assert (reminded.status_code, "<form" in reminded.text) == (409, False)
    assert "Somebody else has to approve as well" in text_of(reminded)
    assert (await desk.answer(desk.link(person="dirk"))).status_code == 200
    assert not desk.ledger.open_tasks()


async def test_a_second_approval_that_only_the_case_knows_of(desk: Desk) -> None:
    """The read model is a moment behind: the case itself says that it has this person's approval."""
    desk.cases.ledgers.clear()
    await desk.open(2, needs=2)
    late = desk.link(notice="N-2")
    proof = proof_in(await desk.look(late))
    assert (await desk.answer(desk.link())).status_code == 200
    answer = await desk.send(late, {"form": proof, "action": "approve"})
    assert answer.status_code == 409
    assert "you had approved already" in text_of(answer)


async def test_a_question_that_was_taken_back(desk: Desk) -> None:
    await desk.open(2, status="cancelled", outcome="escalated to department-director")
    answer = await desk.look(desk.link())
    assert answer.status_code == 409
    assert "escalated to department-director" in text_of(answer)


async def test_the_case_has_closed(desk: Desk) -> None:
    desk.cases.closed.add(CASE)
    answer = await desk.answer(desk.link())
    assert answer.status_code == 409
    assert "nothing left to decide" in text_of(answer)


async def test_what_was_asked_has_changed(desk: Desk) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    await desk.open(2, subject_version=4)
    for answer in (await desk.look(token), await desk.send(token, {"form": proof, "action": "approve"})):
        assert answer.status_code == 409
        assert "has changed since" in text_of(answer)
        assert 'href="https://portal.example/"' in answer.text
        assert "1,234.50" not in answer.text
    assert desk.untouched


async def test_the_read_model_is_behind_and_the_case_says_stale(desk: Desk) -> None:
    desk.cases.ledgers[CASE] = ApprovalLedger()
    desk.cases.ledgers[CASE].open(a_task(TASK, subject_version=4))
    answer = await desk.answer(desk.link())
    assert answer.status_code == 409
    assert "has changed since" in text_of(answer)


async def test_a_link_ends(desk: Desk) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    desk.now += timedelta(hours=72)
    for answer in (await desk.look(token), await desk.send(token, {"form": proof, "action": "approve"})):
        assert answer.status_code == 410
        assert "has expired" in text_of(answer)
        assert "1,234.50" not in answer.text
    assert desk.untouched


async def test_links_that_are_not_ours(desk: Desk) -> None:
    good = desk.link()
    pages = set()
    for token in (
        desk.link(ring=OTHER_RING),
        good[:-1],
        good[:-2] + "AA",
        good.replace("key-1", "key-2", 1),
        desk.link(task_id=f"{CASE}:approve-owner.2"),
        desk.link(case_id="procure-to-pay.north.REQ-2"),
        "x",
        "x" * 5000,
        "%F0%9F%98%80",
        "..",
    ):
        for answer in (await desk.look(token), await desk.send(token, {"form": "x", "action": "approve"})):
            if token == "..":
                continue  # which the client itself takes for the folder above
            assert answer.status_code == 404, token
            pages.add(text_of(answer))
    assert len(pages) == 1, "the same words for everything that is no link"
    assert desk.untouched


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"roles": ("buyer",)},
        {"facilities": ("south",)},
        {"roles": ()},
    ],
)
async def test_whoever_left_or_does_something_else_now_decides_nothing(desk: Desk, change: dict[str, Any]) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    desk.people.change("carla", **change)
    for answer in (await desk.look(token), await desk.send(token, {"form": proof, "action": "approve"})):
        assert answer.status_code == 403
        assert "no longer, the one to decide" in text_of(answer)
        assert "1,234.50" not in answer.text
    assert desk.untouched


async def test_whoever_is_not_in_the_directory_decides_nothing(desk: Desk) -> None:
    token = desk.link()
    desk.people.remove("carla")
    assert (await desk.look(token)).status_code == 403


@pytest.mark.parametrize("person", ["nina", "bo", "stranger"])
async def test_a_link_gives_no_authority(desk: Desk, person: str) -> None:
    """Not even one with a good signature: whoever asks, and whoever lacks the role, is refused like in the API."""
    desk.people.change("nina", roles=("requester", "cost-centre-owner"))
    answer = await desk.look(desk.link(person=person))
    assert answer.status_code == 403
    assert "1,234.50" not in answer.text


async def test_a_question_to_persons_is_theirs_alone(desk: Desk) -> None:
    await desk.open(2, people=("dirk",))
    desk.cases.ledgers.clear()
    await desk.open(3, people=("dirk",))
    assert (await desk.look(desk.link())).status_code == 403
    assert (await desk.answer(desk.link(person="dirk"))).status_code == 200


@pytest.mark.parametrize("subject", [SUBJECT, {"title": "of unknown worth"}])
async def test_large_amounts_are_for_the_portal(desk: Desk, subject: dict[str, Any]) -> None:
    await desk.open(2, subject=subject)
    token = desk.link()
    proof = proof_in(await desk.look(token))
    desk.reset(max_amount=Decimal("1234.49"))
    for answer in (await desk.look(token), await desk.send(token, {"form": proof, "action": "approve"})):
        assert answer.status_code == 403
        assert "<form" not in answer.text
        assert "decide it in the portal" in text_of(answer)
        assert f"https://portal.example/v1/tasks/{CASE}%3Aapprove-owner.1" in answer.text
    assert desk.untouched
    desk.reset(max_amount=Decimal("1234.50"))
    assert (await desk.look(token)).status_code == (200 if subject is SUBJECT else 403)


async def test_what_needs_more_than_a_comment_is_for_the_portal(desk: Desk) -> None:
    task = a_task("T-2", actions=("correct",))
    await desk.evidence.record(a_journal(CASE, 2, requester="nina", tasks=(task,)))
    answer = await desk.look(desk.link(task_id="T-2", subject_version=1))
    assert answer.status_code == 403
    assert "more than a comment" in text_of(answer)


async def test_a_slow_case_takes_it_in(desk: Desk) -> None:
    token = desk.link()
    proof = proof_in(await desk.look(token))
    desk.cases.silent = True
    desk.reset(wait_seconds=0)
    for _ in range(2):
        answer = await desk.send(token, {"form": proof, "action": "approve"})
        assert answer.status_code == 202
        assert "taken in" in text_of(answer)
    desk.cases.silent = False
    assert "Carla approved" in text_of(await desk.look(token))
    assert len(desk.ledger.records()) == 1


async def test_a_system_that_is_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: Any) -> Any:
        raise TemporarilyUnavailableError("temporal", "unavailable", "connection refused by 10.0.0.7")

    monkeypatch.setattr(desk.cases, "decision_record", down)
    answer = await desk.look(desk.link())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "10.0.0.7" not in text_of(answer)


async def test_links_are_off_until_there_are_keys(gateway: Gateway) -> None:
    answer = await gateway.http.get(f"/v1/links/{a_link(gateway.now, task_id=TASK, case_id=CASE)}")
    assert answer.status_code == 404
    assert text_of(answer)


async def test_a_link_shows_in_no_log_metric_or_header(desk: Desk) -> None:
    token, foreign = desk.link(), desk.link(ring=OTHER_RING)
    with capture_logs() as logs:
        await desk.answer(token)
        await desk.look(token)
        await desk.look(foreign)
        desk.now += timedelta(days=9)
        await desk.look(token)
        metrics = (await desk.http.get("/metrics")).text
    assert len(logs) >= 5
    assert "/v1/links/{token}" in metrics
    secrets = [part for each in (token, foreign) for part in each.split(".")[1:]]
    for secret in secrets:
        assert secret not in str(logs)
        assert secret not in metrics
    assert [each["fault"] for each in logs if each["event"] == "link_refused"] == ["bad-signature", "expired"]


async def test_a_page_never_repeats_its_own_address(desk: Desk) -> None:
    """So that a saved or printed page is no link."""
    token = desk.link()
    for answer in (await desk.look(token), await desk.answer(token)):
        assert token not in answer.text
        assert token not in str(answer.headers)


async def test_a_long_history_is_read_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [an_entry(seq) for seq in range(1, 250)]
    last = an_entry(250, kind="decision.applied", actor="otto", detail={"action": "approve", "task_id": "T"})
    await desk.open(2, *entries, last)
    assert isinstance(desk.evidence, MemoryEvidence)
    assert "otto approved" in text_of(await desk.look(desk.link()))
