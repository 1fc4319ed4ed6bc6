"""A link decides once, and tells what became of the question when it comes too late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.approval import ApprovalLedger
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.evidence import CASE, a_task, an_entry
from tests.http.link_desk import TASK, Desk, proof_in, text_of


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
