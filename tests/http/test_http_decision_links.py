"""Deciding from a link in a mail: looking changes nothing, and the form counts only as a person fills it in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.tasks import Decision
from tests.fixtures.evidence import an_entry
from tests.http.link_desk import FORM_TYPE, Desk, proof_in, text_of


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


async def test_a_long_history_is_read_in_pages(desk: Desk) -> None:
    entries = [an_entry(seq) for seq in range(1, 250)]
    last = an_entry(250, kind="decision.applied", actor="otto", detail={"action": "approve", "task_id": "T"})
    await desk.open(2, *entries, last)
    assert "otto approved" in text_of(await desk.look(desk.link()))


async def test_what_is_to_be_done_for_a_hire_is_on_the_page(desk: Desk) -> None:
    subject = {
        "title": "H-1: Registered Nurse",
        "name": "Ana O'Neil",
        "start_on": "2026-12-07",
        "target": "directory",
        "group": "nursing-share",
        "user_names": {"identity": "aoneil"},
        "asked": ["privileged-access"],
        "extra_access": [{"entitlement": "it-admin", "until": "2027-01-31"}],
    }
    await desk.open(subject=subject, actions=("complete", "skip", "revive"))
    page = text_of(await desk.look(desk.link()))
    for shown in ("Ana O'Neil", "2026-12-07", "directory", "nursing-share", "identity: aoneil", "It is done"):
        assert shown in page, shown
    for shown in ("Privileged access, for a time", "entitlement: it-admin, until: 2027-01-31"):
        assert shown in page, shown
    assert "You asked" not in page
    assert "revive" not in page, "which worker cannot be said on this page"
