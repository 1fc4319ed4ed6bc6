"""What every HRIS behind the port does. A new HRIS adapter is finished when it passes this."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from domain.hire import PersonName
from domain.outside_errors import RefusedError
from domain.ports.evidence import InvalidCursorError
from domain.ports.hris import HrisPort
from domain.worker import WorkerDraft, WorkerRecord
from tests.fixtures.small_hris import DELETION_DUE, FORMER_BIRTH, START, draft, hire, small_hris

FORMER = small_hris().workers[0].record
REVIVED: dict[str, Any] = {"name": FORMER.name, "birth_date": FORMER_BIRTH}


async def refusal(call: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        await call
    assert refused.value.system == "hris"
    return refused.value.code


async def holder(hris: HrisPort, number: str) -> str:
    position = (await hris.reference(hire(position=number))).position
    assert position is not None
    assert position.open == (position.filled_by == "")
    return position.filled_by


class TestReading:
    async def test_is_healthy(self, hris: HrisPort) -> None:
        await hris.health()

    async def test_knows_workers_by_id(self, hris: HrisPort) -> None:
        assert await hris.worker("wid-100001") == FORMER
        assert await hris.worker("wid-999999") is None
        assert await hris.find("hire.nobody") is None

    async def test_says_what_it_knows_of_the_place(self, hris: HrisPort) -> None:
        known = await hris.reference(hire())
        assert known.position == small_hris().positions[0]
        assert (known.department_known, known.manager_active, known.manager_name) == (True, True, "Carla")

    async def test_says_what_it_does_not_know_of_the_place(self, hris: HrisPort) -> None:
        unknown = await hris.reference(hire(position="P-999", department="cellar", manager="nobody"))
        assert (unknown.position, unknown.department_known, unknown.manager_active) == (None, False, False)
        assert unknown.manager_name == ""

    async def test_a_manager_who_left_is_not_active(self, hris: HrisPort) -> None:
        reference = await hris.reference(hire(manager="gone"))
        assert (reference.manager_active, reference.manager_name) == (False, "Gone")

    async def test_managers_are_known_by_worker_number_too(self, hris: HrisPort) -> None:
        assert (await hris.reference(hire(manager="W-100004"))).manager_active

    @pytest.mark.parametrize(
        ("number", "is_open", "filled_by", "budgeted"),
        [
            ("P-1", True, "", True),
            ("P-6", True, "", False),
            ("P-8", False, "", True),
            ("P-9", False, "wid-100007", True),
        ],
    )
    async def test_positions_are_open_closed_or_filled(
        self, hris: HrisPort, number: str, is_open: bool, filled_by: str, budgeted: bool
    ) -> None:
        position = (await hris.reference(hire(position=number))).position
        assert position is not None
        assert (position.open, position.filled_by, position.budgeted) == (is_open, filled_by, budgeted)

    async def test_lists_those_who_work_here_or_are_about_to(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        gone = await hris.prepare(draft("hire.H-2", position="P-2"))
        await hris.rescind("hire.H-2", "offer withdrawn")
        found: list[str] = []
        cursor: str | None = None
        for _ in range(10):
            page = await hris.active(cursor, 2)
            found.extend(each.worker_id for each in page.workers)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == ["wid-100002", "wid-100004", "wid-100005", "wid-100007", made.worker_id]
        assert gone.worker_id not in found
        with pytest.raises(InvalidCursorError):
            await hris.active("nonsense", 2)


class TestPreparing:
    async def test_makes_a_worker_who_is_to_come(self, hris: HrisPort) -> None:
        wanted = draft(npi="1003000126", personal_email="ann@home.example", end_on=date(2027, 4, 5))
        made = await hris.prepare(wanted)
        assert made == WorkerRecord(
            worker_id="wid-100008", worker_number="W-100008", status="prehire", **wanted.model_dump()
        )
        assert await hris.worker(made.worker_id) == made
        assert await hris.find("hire.H-1") == made
        assert await holder(hris, "P-1") == "hire.H-1"

    async def test_keeps_names_in_every_script(self, hris: HrisPort) -> None:
        name = PersonName(family="Иванов", given="Пётр", middle="王", suffix="III", preferred="O'Neil-Ñandú")
        assert (await hris.prepare(draft(name=name))).name == name

    async def test_the_same_external_id_gives_the_same_worker_for_ever(self, hris: HrisPort) -> None:
        first = await hris.prepare(draft())
        assert await hris.prepare(draft(position="P-2", title="Other")) == first
        assert await holder(hris, "P-2") == ""
        assert (await hris.prepare(draft("hire.H-2", position="P-2"))).worker_number == "W-100009"

    async def test_six_at_once_make_one_worker(self, hris: HrisPort) -> None:
        made = await asyncio.gather(*(hris.prepare(draft()) for _ in range(6)))
        assert {each.worker_id for each in made} == {"wid-100008"}
        assert (await hris.prepare(draft("hire.H-2", position="P-2"))).worker_number == "W-100009"

    async def test_of_two_at_once_for_one_position_one_is_refused(self, hris: HrisPort) -> None:
        answers = await asyncio.gather(
            *(hris.prepare(draft(f"hire.H-{number}")) for number in range(6)), return_exceptions=True
        )
        refused = [each for each in answers if isinstance(each, RefusedError)]
        made = [each for each in answers if isinstance(each, WorkerRecord)]
        assert [each.code for each in refused] == ["position-taken"] * 5
        assert await holder(hris, "P-1") == made[0].external_id
        assert len(made) == 1

    async def test_many_at_once_have_numbers_of_their_own(self, hris: HrisPort) -> None:
        made = await asyncio.gather(*(hris.prepare(draft(f"h.{n}", position=f"P-{n}")) for n in range(1, 6)))
        assert sorted(each.worker_number for each in made) == [f"W-{100008 + n}" for n in range(5)]

    @pytest.mark.parametrize(
        ("over", "code"),
        [
            ({"position": "P-999"}, "position-unknown"),
            ({"position": "P-10"}, "position-unknown"),
            ({"position": "P-9"}, "position-taken"),
            ({"position": "P-8"}, "position-closed"),
            ({"department": "cellar"}, "department-unknown"),
            ({"facility": "south"}, "department-unknown"),
            ({"manager": "nobody"}, "manager-missing"),
            ({"manager": "gone"}, "manager-missing"),
            ({"end_on": START - timedelta(days=1)}, "data-invalid"),
        ],
    )
    async def test_refuses_what_does_not_fit_and_makes_nothing(
        self, hris: HrisPort, over: dict[str, Any], code: str
    ) -> None:
        assert await refusal(hris.prepare(draft(**over))) == code
        assert await hris.find("hire.H-1") is None
        assert (await hris.prepare(draft())).worker_number == "W-100008"


class TestReviving:
    async def test_keeps_id_and_number_and_stops_the_deletion(self, hris: HrisPort) -> None:
        wanted = draft(**REVIVED, title="Charge Nurse")
        revived = await hris.revive(FORMER.worker_id, wanted)
        assert (revived.worker_id, revived.worker_number) == (FORMER.worker_id, FORMER.worker_number)
        assert (revived.status, revived.external_id) == ("prehire", "hire.H-1")
        assert (revived.end_on, revived.deletion_due_on, revived.title) == (None, None, "Charge Nurse")
        assert await hris.find("hire.H-1") == await hris.worker(FORMER.worker_id) == revived
        assert await hris.revive(FORMER.worker_id, wanted) == revived
        assert await holder(hris, "P-1") == "hire.H-1"

    async def test_six_at_once_revive_once(self, hris: HrisPort) -> None:
        revived = await asyncio.gather(*(hris.revive(FORMER.worker_id, draft()) for _ in range(6)))
        assert all(each == revived[0] for each in revived)

    async def test_two_hires_at_once_do_not_both_revive(self, hris: HrisPort) -> None:
        answers = await asyncio.gather(
            *(hris.revive(FORMER.worker_id, draft(f"h.{n}", position=f"P-{n}")) for n in range(1, 5)),
            return_exceptions=True,
        )
        assert sorted(each.code for each in answers if isinstance(each, RefusedError)) == ["worker-active"] * 3

    @pytest.mark.parametrize(
        ("worker_id", "over", "code"),
        [
            ("wid-100002", {}, "worker-active"),
            ("wid-999999", {}, "worker-unknown"),
            ("wid-100001", {"position": "P-9"}, "position-taken"),
            ("wid-100001", {"department": "cellar"}, "department-unknown"),
        ],
    )
    async def test_refuses_what_does_not_fit(
        self, hris: HrisPort, worker_id: str, over: dict[str, Any], code: str
    ) -> None:
        assert await refusal(hris.revive(worker_id, draft(**over))) == code
        assert await hris.worker("wid-100001") == FORMER

    async def test_who_was_rescinded_before_they_came_cannot_be_revived(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        await hris.rescind("hire.H-1", "offer withdrawn")
        assert await refusal(hris.revive(made.worker_id, draft("hire.H-2"))) == "worker-unknown"

    async def test_taken_back_the_worker_is_as_before(self, hris: HrisPort) -> None:
        await hris.revive(FORMER.worker_id, draft(**REVIVED))
        assert await hris.rescind("hire.H-1", "offer withdrawn") == FORMER
        assert FORMER.deletion_due_on == DELETION_DUE
        assert await hris.worker(FORMER.worker_id) == FORMER
        assert await holder(hris, "P-1") == ""

    async def test_taken_back_after_the_start_the_worker_is_as_before(self, hris: HrisPort) -> None:
        await hris.revive(FORMER.worker_id, draft(**REVIVED))
        await hris.begin("hire.H-1", START)
        assert await hris.rescind("hire.H-1", "wrong person") == FORMER
        again = await hris.revive(FORMER.worker_id, draft("hire.H-2"))
        assert (again.status, again.worker_number) == ("prehire", FORMER.worker_number)


class TestChanging:
    async def test_takes_over_names_days_place_and_manager(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        corrected = draft(
            name=PersonName(given="Anna", family="Exemplar"),
            birth_date=date(1992, 4, 3),
            start_on=START + timedelta(days=7),
            position="P-7",
            department="pharmacy",
            job_family="pharmacy",
            manager="mia",
        )
        changed = await hris.change("hire.H-1", corrected)
        assert changed == made.model_copy(update=dict(corrected))
        assert await hris.find("hire.H-1") == changed
        assert (await holder(hris, "P-1"), await holder(hris, "P-7")) == ("", "hire.H-1")
        assert await hris.change("hire.H-1", corrected) == changed

    async def test_a_refused_correction_changes_nothing(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        for over, code in (
            ({"position": "P-9"}, "position-taken"),
            ({"department": "cellar"}, "department-unknown"),
            ({"manager": "gone"}, "manager-missing"),
            ({"end_on": START - timedelta(days=1)}, "data-invalid"),
        ):
            assert await refusal(hris.change("hire.H-1", draft(**over))) == code
        assert await hris.find("hire.H-1") == made
        assert await holder(hris, "P-1") == "hire.H-1"

    async def test_two_who_change_places_at_once_do_not_lock_each_other_for_ever(self, hris: HrisPort) -> None:
        await hris.prepare(draft("a", position="P-1"))
        await hris.prepare(draft("b", position="P-2"))
        answers = await asyncio.gather(
            hris.change("a", draft("a", position="P-2")),
            hris.change("b", draft("b", position="P-1")),
            return_exceptions=True,
        )
        assert [each.code for each in answers if isinstance(each, RefusedError)] == ["position-taken"] * 2

    async def test_after_the_start_the_day_of_arrival_stays(self, hris: HrisPort) -> None:
        await hris.prepare(draft())
        late = START + timedelta(days=1)
        begun = await hris.begin("hire.H-1", late)
        assert await hris.change("hire.H-1", draft()) == begun
        changed = await hris.change("hire.H-1", draft(title="Charge Nurse"))
        assert (changed.status, changed.start_on, changed.title) == ("active", late, "Charge Nurse")
        assert (await hris.change("hire.H-1", draft(start_on=START - timedelta(days=1)))).start_on < START

    async def test_there_is_nothing_to_change_without_a_hire(self, hris: HrisPort) -> None:
        assert await refusal(hris.change("hire.H-1", draft())) == "hire-unknown"

    async def test_a_rescinded_hire_is_not_changed(self, hris: HrisPort) -> None:
        await hris.prepare(draft())
        rescinded = await hris.rescind("hire.H-1", "offer withdrawn")
        assert await hris.change("hire.H-1", draft()) == rescinded
        assert await refusal(hris.change("hire.H-1", draft(title="Other"))) == "hire-rescinded"


class TestBeginning:
    async def test_the_worker_is_active_from_that_day_on(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        late = START + timedelta(days=2)
        begun = await hris.begin("hire.H-1", late)
        assert begun == made.model_copy(update={"status": "active", "start_on": late})
        assert await hris.begin("hire.H-1", START) == begun
        assert await holder(hris, "P-1") == "hire.H-1"
        assert await refusal(hris.prepare(draft("hire.H-2"))) == "position-taken"
        assert await refusal(hris.revive(made.worker_id, draft("hire.H-3", position="P-2"))) == "worker-active"

    async def test_new_workers_can_be_managers(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        with_new = draft("hire.H-2", position="P-2", manager=made.worker_number)
        assert await refusal(hris.prepare(with_new)) == "manager-missing"
        await hris.begin("hire.H-1", START)
        assert (await hris.prepare(with_new)).manager == made.worker_number

    async def test_nobody_begins_without_a_hire_or_after_it_was_rescinded(self, hris: HrisPort) -> None:
        assert await refusal(hris.begin("hire.H-1", START)) == "hire-unknown"
        await hris.prepare(draft())
        await hris.rescind("hire.H-1", "offer withdrawn")
        assert await refusal(hris.begin("hire.H-1", START)) == "hire-rescinded"

    async def test_nobody_begins_after_the_last_day(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft(end_on=START))
        assert await refusal(hris.begin("hire.H-1", START + timedelta(days=1))) == "data-invalid"
        assert await hris.find("hire.H-1") == made


class TestRescinding:
    async def test_before_the_start_the_worker_never_was(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        rescinded = await hris.rescind("hire.H-1", "offer withdrawn")
        assert rescinded == made.model_copy(update={"status": "rescinded"})
        assert await hris.rescind("hire.H-1", "again") == rescinded
        assert await hris.find("hire.H-1") == rescinded
        assert await holder(hris, "P-1") == ""

    async def test_after_the_start_they_ended_on_the_first_day(self, hris: HrisPort) -> None:
        await hris.prepare(draft())
        begun = await hris.begin("hire.H-1", START)
        ended = await hris.rescind("hire.H-1", "wrong person")
        assert ended == begun.model_copy(update={"status": "ended", "end_on": START})
        assert await hris.begin("hire.H-1", START) == ended
        assert await holder(hris, "P-1") == ""

    async def test_the_number_is_never_given_again(self, hris: HrisPort) -> None:
        await hris.prepare(draft())
        await hris.rescind("hire.H-1", "offer withdrawn")
        assert (await hris.prepare(draft("hire.H-2"))).worker_number == "W-100009"

    async def test_the_same_hire_is_not_made_again(self, hris: HrisPort) -> None:
        await hris.prepare(draft())
        rescinded = await hris.rescind("hire.H-1", "offer withdrawn")
        assert await hris.prepare(draft()) == rescinded
        assert await holder(hris, "P-1") == ""

    async def test_rescinded_before_it_was_made_it_is_not_made_later(self, hris: HrisPort) -> None:
        assert await hris.rescind("hire.H-1", "offer withdrawn") is None
        assert await hris.rescind("hire.H-1", "offer withdrawn") is None
        assert await hris.find("hire.H-1") is None
        assert await refusal(hris.prepare(draft())) == "hire-rescinded"
        assert await refusal(hris.revive(FORMER.worker_id, draft())) == "hire-rescinded"

    async def test_a_hire_that_a_later_one_followed_is_over(self, hris: HrisPort) -> None:
        made = await hris.prepare(draft())
        await hris.begin("hire.H-1", START)
        await hris.rescind("hire.H-1", "wrong person")
        again = await hris.revive(made.worker_id, draft("hire.H-2"))
        assert await hris.rescind("hire.H-1", "again") == again
        assert again.status == "prehire"

    async def test_made_and_rescinded_at_once_nothing_is_left_of_it(self, hris: HrisPort) -> None:
        answers = await asyncio.gather(
            hris.prepare(draft()), *(hris.rescind("hire.H-1", "no") for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(each, (WorkerRecord, RefusedError, type(None))) for each in answers)
        left = await hris.find("hire.H-1")
        assert left is None or left.status == "rescinded"
        assert await holder(hris, "P-1") == ""


def test_a_draft_is_what_the_hire_says() -> None:
    assert set(WorkerDraft.model_fields) <= set(WorkerRecord.model_fields)
