"""A link gives no authority: who opens it is checked like any caller, and nothing of it is left behind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.limits import CallerLimits
from domain.delegation import DelegationScope
from domain.duties import DutyDone
from domain.money import Money
from domain.rate_limit import Rate
from tests.fixtures.evidence import CASE, a_journal, a_task
from tests.fixtures.links import OTHER_RING, a_link
from tests.http.fake_cases import RULES
from tests.http.fakes import NOW, Gateway
from tests.http.link_desk import SUBJECT, TASK, Desk, proof_in, stand_in, text_of


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


async def test_links_are_off_until_there_are_keys(gateway: Gateway) -> None:
    answer = await gateway.http.get(f"/v1/links/{a_link(gateway.now, task_id=TASK, case_id=CASE)}")
    assert answer.status_code == 404
    assert text_of(answer)


async def test_who_asks_too_often_is_slowed_down_by_person(desk: Desk) -> None:
    desk.app.state.limits = CallerLimits(Rate(count=2, seconds=60), clock=lambda: 0.0)
    for status in (200, 200, 429):
        answer = await desk.look(desk.link())
        assert answer.status_code == status
    assert answer.headers["retry-after"]
    assert "too often" in text_of(answer)
    assert (await desk.look(desk.link(person="bo"))).status_code == 403, "another person is not slowed down"


async def test_refusals_are_in_the_security_log(desk: Desk) -> None:
    token = desk.link()
    desk.people.change("carla", roles=())
    with capture_logs() as logs:
        await desk.look(token)
        await desk.look(desk.link(ring=OTHER_RING))
    found = [(each["event"], each.get("code"), each.get("person")) for each in logs if each["event"] != "answered"]
    assert [each[1:] for each in found] == [("not-authorised", "carla"), ("bad-signature", None)]


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
    assert [each["code"] for each in logs if each["event"] == "link.refused"] == ["bad-signature", "expired"]


async def test_a_page_never_repeats_its_own_address(desk: Desk) -> None:
    """So that a saved or printed page is no link."""
    token = desk.link()
    for answer in (await desk.look(token), await desk.answer(token)):
        assert token not in answer.text
        assert token not in str(answer.headers)


async def test_a_substitute_decides_on_behalf_of_somebody(desk: Desk) -> None:
    desk.cases.ledgers.clear()
    await desk.open(2, amount=Money(amount=Decimal("1234.50"), currency="USD"))
    token = await stand_in(desk)
    page = await desk.look(token)
    assert "On behalf of carla" in text_of(page)
    answer = await desk.answer(token)
    assert answer.status_code == 200
    assert "Frida on behalf of carla approved on" in text_of(answer)
    (sent,) = desk.cases.received
    assert (sent.actor.person, sent.actor.issuer, sent.on_behalf_of) == ("frida", "e-mail link", "carla")
    assert sent.authority is not None
    assert sent.authority.delegation.delegation_id == "carla-is-away"
    assert "Frida on behalf of carla approved on" in text_of(await desk.look(token))


async def test_a_substitute_is_none_any_more(desk: Desk) -> None:
    token = await stand_in(desk)
    proof = proof_in(await desk.look(token))
    fields = {"form": proof, "action": "approve"}
    await desk.delegations.revoke("carla-is-away", "carla", desk.now)
    for answer in (await desk.look(token), await desk.send(token, fields)):
        assert (answer.status_code, "1,234.50" in answer.text) == (403, False)
    assert desk.untouched


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": DelegationScope(roles=("buyer",))},
        {"scope": DelegationScope(facilities=("south",))},
        {"scope": DelegationScope(max_amount=Decimal(1000))},
        {"valid_until": NOW - timedelta(minutes=1)},
        {"valid_from": NOW + timedelta(minutes=1)},
        {"delegate": "bo"},
        {"delegator": "dirk"},
    ],
)
async def test_a_delegation_that_does_not_cover_the_task(desk: Desk, changes: dict[str, Any]) -> None:
    answer = await desk.look(await stand_in(desk, **changes))
    assert (answer.status_code, "1,234.50" in answer.text) == (403, False)


async def test_who_left_has_nothing_to_lend(desk: Desk) -> None:
    token = await stand_in(desk)
    desk.people.change("carla", active=False)
    assert (await desk.look(token)).status_code == 403


async def test_the_requester_decides_for_nobody(desk: Desk) -> None:
    await stand_in(desk, delegate="nina")
    answer = await desk.look(desk.link(person="nina", on_behalf_of="carla"))
    assert answer.status_code == 403


async def test_a_link_for_oneself_is_none_for_another(desk: Desk) -> None:
    """Frida's delegation shows through no link that names nobody: what it says is what is signed."""
    await stand_in(desk)
    assert (await desk.look(desk.link(person="frida"))).status_code == 403


async def test_duties_that_must_not_meet_do_not_meet_in_a_mailbox_either(desk: Desk) -> None:
    bought = DutyDone(person="carla", duty="buyer", case_id=CASE, at=desk.now - timedelta(hours=1))
    task = a_task(TASK, excluded=("nina",), subject_version=3, subject=SUBJECT, duty="approver")
    journal = a_journal(CASE, 2, requester="nina", tasks=(task,), duties=(bought,), policy_sha256=RULES.sha256)
    await desk.evidence.record(journal)
    answer = await desk.answer(desk.link())
    assert answer.status_code == 403
    assert "who buys must not approve what is bought" in text_of(answer)
    assert desk.untouched
