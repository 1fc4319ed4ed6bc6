"""What an HRIS reports of a running hire: each report once, and what became of it can be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.hire import Hire, HireChange, HireEnd
from tests.fixtures.hire_world import HireCase, HireWorld
from workflows.messages import hire_to_provision as messages
from workflows.messages.procure_to_pay import EVENT_RECORD, EventRecord


async def changed(case: HireCase, hire: Hire, change_id: str = "hr-1") -> EventRecord | None:
    change = HireChange(change_id=change_id, hire=hire, by="hanna", received_at=datetime.now(UTC))
    await case.handle.signal(messages.HIRE_CHANGED, change)
    return await record_of(case, change_id)


async def ended(case: HireCase, change_id: str = "hr-end", **over: Any) -> EventRecord | None:
    given = {"kind": "rescinded", "reason": "the offer was withdrawn", "by": "hanna", "received_at": datetime.now(UTC)}
    await case.handle.signal(messages.HIRE_ENDED, HireEnd.model_validate({"change_id": change_id, **given, **over}))
    return await record_of(case, change_id)


async def record_of(case: HireCase, event_id: str) -> EventRecord | None:
    said = await case.handle.query(EVENT_RECORD, event_id)
    return None if said is None else EventRecord.model_validate(said)


async def test_a_change_that_is_reported_is_followed_once(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    assert await record_of(case, "hr-1") is None
    later = hire.model_copy(update={"start_on": hires.start_on + timedelta(days=7)})
    first = await changed(case, later)
    assert first is not None and (first.status, first.because) == ("applied", None)
    await case.until(lambda: case.kinds().count("plan.changed") == 1)
    again = await changed(case, later)
    assert again == first
    other = await changed(case, later, "hr-2")
    assert other is not None and (other.status, other.because) == ("ignored", "duplicate")
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    assert case.kinds().count("plan.changed") == 1


async def test_a_change_while_people_approve_begins_anew(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    first = await case.task("owner")
    heard = await changed(case, hire.model_copy(update={"title": "Charge nurse"}))
    assert heard is not None and heard.status == "applied"
    await case.until(lambda: any(t.task_id == first.task_id and t.status == "cancelled" for t in case.tasks()))
    await case.prepared()
    assert case.account().title == "Charge nurse"


async def test_a_change_of_another_hire_is_not_taken_for_this_one(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.task("owner")
    heard = await changed(case, hire.model_copy(update={"number": "H-OTHER"}))
    assert heard is not None and (heard.status, heard.because) == ("ignored", "key-changed")


async def test_an_end_is_heard_once_and_nothing_after_it(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    heard = await ended(case)
    assert heard is not None and heard.status == "applied"
    badge = await case.task("badge")  # what was done by hand is being taken back
    assert await ended(case) == heard
    second = await ended(case, "hr-end-2", kind="no-show")
    assert second is not None and (second.status, second.because) == ("ignored", "case-closed")
    late = await changed(case, hire.model_copy(update={"title": "Charge nurse"}))
    assert late is not None and (late.status, late.because) == ("ignored", "case-closed")
    await case.answer(badge, "complete", "fae")
    result = await case.outcome()
    assert (result.status, result.reason) == ("rescinded", "the offer was withdrawn")
    worker = await case.worker()
    assert worker is not None and worker.status == "rescinded" and worker.title == hire.title


async def test_the_wrong_person_is_said_in_the_reason(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.task("owner")
    await ended(case, kind="wrong-person", reason="another applicant was meant")
    result = await case.outcome()
    assert (result.status, result.reason) == ("rescinded", "wrong person: another applicant was meant")
