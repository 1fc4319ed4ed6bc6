"""HR files that are left in the folder: each row has its one effect, and what is wrong is told once, without names."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from adapters.hr_files import HrFolder
from cli.demo.hires.writing import Ended, write_hr_file
from domain.hire import HireChange, HireEnd
from domain.outside_errors import TemporarilyUnavailableError
from tests.http.fakes import Gateway
from tests.http.hire_desk import SURNAME, a_hire
from tests.http.hr_office import DELTA, FULL, Office, counts, hired


@pytest.fixture
def office(gateway: Gateway, tmp_path: Path) -> Office:
    return Office(gateway, tmp_path / "hires")


async def test_every_row_becomes_a_case(office: Office) -> None:
    record = await office.take(FULL, [hired(number) for number in range(40)])
    started = office.gateway.cases.hires
    assert (record.state, record.rows, counts(record)) == ("taken", 40, {"new": 40})
    assert len(started) == 40
    first = started["hire-to-provision.north.H-0"]
    assert (first.source, first.submitted_by.person, first.submitted_by.roles) == ("file", "source.hr-file", ())
    assert first.hire == hired(0)
    assert (office.lying("done"), office.incidents.raised) == ([FULL], {})


async def test_the_same_file_again_has_no_effect(office: Office) -> None:
    await office.take(FULL, [hired(1)])
    await office.take(FULL, [hired(1)])
    assert (office.ended("taken"), office.ended("repeated")) == (1, 1)
    assert len(office.gateway.cases.hires) == 1
    assert not office.gateway.cases.received
    assert len(office.gateway.hire_files.records) == 1


async def test_a_delta_corrects_ends_and_adds(office: Office) -> None:
    await office.take(FULL, [hired(number) for number in range(5)])
    changed = [hired(0, start_on="2026-04-06"), hired(1), hired(9)]
    record = await office.take(DELTA, changed, [Ended("north", "H-2", "rescinded", "Taken back")])
    assert counts(record) == {"new": 1, "corrected": 1, "ended": 1, "unchanged": 1}
    change, end = office.gateway.cases.received
    assert isinstance(change, HireChange)
    assert isinstance(end, HireEnd)
    assert (change.hire, change.by) == (changed[0], "source.hr-file")
    assert (end.kind, end.reason) == ("rescinded", "Taken back")


async def test_a_number_that_came_another_way_is_corrected(office: Office) -> None:
    answer = await office.gateway.post("/v1/hires", a_hire(number="H-1"), "hanna", "human-resources")
    assert answer.status_code == 202
    record = await office.take(FULL, [hired(1)])
    assert counts(record) == {"corrected": 1}
    (change,) = office.gateway.cases.received
    assert change.hire == hired(1)


async def test_bad_rows_are_told_once_and_the_good_ones_are_taken(office: Office) -> None:
    rows = [hired(1), hired(2, facility="atlantis"), hired(3, start_on="2019-01-01"), hired(4)]
    record = await office.take(FULL, rows)
    assert counts(record) == {"new": 2, "refused": 2}
    assert [(fault.line, fault.column, fault.code) for fault in record.faults] == [
        (3, "facility", "unknown-facility"),
        (4, "start_on", "date-too-long-ago"),
    ]
    (finding,) = office.incidents.raised.values()
    assert finding.type.owner == "human-resources"
    assert finding.evidence["faults"][0].startswith("Line 3, facility: There is no ")
    assert SURNAME not in finding.model_dump_json()
    assert SURNAME not in record.model_dump_json()


@pytest.mark.parametrize("case", ["number", "person"])
async def test_of_the_same_twice_neither_is_taken(office: Office, case: str) -> None:
    other = hired(1, title="Chief") if case == "number" else hired(1, number="H-7")
    record = await office.take(FULL, [hired(1), hired(2), other])
    assert counts(record) == {"new": 1, "refused": 2}
    assert [(fault.line, fault.code) for fault in record.faults] == [(2, f"{case}-twice"), (4, f"{case}-twice")]
    assert "line 4" in record.faults[0].message
    assert "line 2" in record.faults[1].message
    assert set(office.gateway.cases.hires) == {"hire-to-provision.north.H-2"}


async def test_who_is_no_longer_listed_goes_on_and_is_asked_about(office: Office) -> None:
    await office.take(FULL, [hired(number) for number in range(30)])
    record = await office.take("hires-full-20260303.csv", [hired(number) for number in range(1, 30)])
    assert (record.state, counts(record)) == ("taken", {"unchanged": 29, "vanished": 1})
    assert not office.gateway.cases.received
    (finding,) = office.incidents.raised.values()
    assert finding.evidence["vanished"] == ["north H-0"]


async def test_who_is_no_longer_listed_after_the_end_is_nobody_to_ask_about(office: Office) -> None:
    await office.take(FULL, [hired(number) for number in range(4)])
    for number in range(3):
        await office.close(number)
    record = await office.take("hires-full-20260303.csv", [hired(3)])
    assert counts(record) == {"unchanged": 1}
    assert not office.incidents.raised


@pytest.mark.parametrize("way", ["missing", "ended", "empty"])
async def test_a_file_that_loses_too_many_is_held_until_it_is_released(office: Office, way: str) -> None:
    await office.take(FULL, [hired(number) for number in range(30)])
    kept = [] if way == "empty" else [hired(number) for number in range(28)]
    ended = [Ended("north", f"H-{number}", "rescinded") for number in (28, 29)] if way == "ended" else []
    record = await office.take("hires-full-20260303.csv", [*kept, *([] if way == "empty" else [hired("new")])], ended)
    await office.look(3)
    assert (record.state, office.lying("aside")) == ("held", ["hires-full-20260303.csv"])
    assert len(office.gateway.cases.hires) == 30
    assert not office.gateway.cases.received
    assert len(office.incidents.raised) == 1
    path = f"/v1/hire-files/{record.file_id}/release"
    for person, claims, status in (("hanna", {"facilities": ["north"]}, 403), ("hanna", {"facilities": ["*"]}, 200)):
        headers = office.gateway.as_(person, "human-resources", **claims)
        answer = await office.gateway.http.post(path, json={"reason": "The ward closes"}, headers=headers)
        assert answer.status_code == status, answer.text
    await office.look(3)
    record = office.last()
    assert (record.state, record.released_by, record.release_reason) == ("taken", "hanna", "The ward closes")
    assert len(office.gateway.cases.received) == len(ended)
    assert len(office.gateway.cases.hires) == (30 if way == "empty" else 31)
    assert len(office.incidents.cleared) == 1


async def test_a_held_file_that_a_later_one_makes_needless_is_not_taken(office: Office) -> None:
    hires = [hired(number) for number in range(30)]
    await office.take(FULL, hires)
    held = await office.take("hires-full-20260303.csv", hires[:5])
    await office.take("hires-full-20260303-2.csv", hires)
    await office.look(3)
    assert office.gateway.hire_files.records[held.file_id].state == "superseded"
    assert office.incidents.cleared == [held.incident]
    assert office.lying("aside") == []


async def test_a_delta_waits_for_its_full_file(office: Office) -> None:
    record = await office.take(DELTA, [hired(2)])
    await office.look(4)
    assert (record.state, office.lying("aside"), office.gateway.cases.hires) == ("waiting", [DELTA], {})
    (finding,) = office.incidents.raised.values()
    assert "full file" in finding.message
    office.leave(FULL, [hired(1)])
    await office.look(5)
    assert len(office.gateway.cases.hires) == 2
    assert sorted(office.lying("done")) == sorted([FULL, DELTA])
    assert len(office.incidents.cleared) == 1


async def test_a_delta_after_a_later_one_waits_and_the_next_full_file_makes_it_needless(office: Office) -> None:
    await office.take(FULL, [hired(1)])
    await office.take("hires-delta-20260305.csv", [hired(1, title="Later")])
    late = await office.take("hires-delta-20260304.csv", [hired(1, title="Earlier")])
    assert late.state == "waiting"
    await office.take("hires-full-20260306.csv", [hired(1, title="Later")])
    await office.look(4)
    assert office.gateway.hire_files.records[late.file_id].state == "superseded"
    assert [each.hire.title for each in office.gateway.cases.received] == ["Later"]


async def test_an_older_full_file_takes_nothing_back(office: Office) -> None:
    await office.take(FULL, [hired(1)])
    record = await office.take("hires-full-20260301.csv", [hired(1, title="Older")])
    assert (record.state, record.faults[0].code) == ("refused", "too-old")
    assert not office.gateway.cases.received


async def test_files_of_one_look_are_taken_in_the_order_of_their_days(office: Office) -> None:
    office.leave("hires-delta-20260303-2.csv", [hired(1, title="Third")])
    office.leave(DELTA, [hired(1, title="Second")])
    office.leave(FULL, [hired(1, title="First")])
    await office.look()
    assert office.gateway.cases.hires["hire-to-provision.north.H-1"].hire.title == "First"
    assert [each.hire.title for each in office.gateway.cases.received] == ["Second", "Third"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("people.csv", b"x", "unknown-name"),
        (FULL, b"", "empty"),
        (FULL, b"\x00" * 50, "nul"),
        (FULL, write_hr_file([hired(1), hired(2)]).encode()[:-30], "cut-off"),
        (FULL, write_hr_file([hired(1)], columns=["number", "facility"]).encode(), "column-missing"),
    ],
)
async def test_a_file_that_cannot_be_used_lies_aside_with_what_to_change(
    office: Office, name: str, content: bytes, code: str
) -> None:
    HrFolder(office.folder)
    (office.folder / name).write_bytes(content)
    await office.look()
    assert office.lying("refused") == [name]
    (problem,) = (json.loads(path.read_text()) for path in office.folder.rglob("*.problem.json"))
    assert problem["errors"][0]["rule"] == code
    assert len(office.incidents.raised) == 1
    assert not office.gateway.cases.hires


async def test_a_sub_folder_is_that_of_a_facility(office: Office) -> None:
    (office.folder / "south").mkdir()
    record = await office.take(f"south/{FULL}", [hired(1, facility="south"), hired(2)])
    assert (record.scope, counts(record)) == ("south", {"new": 1, "refused": 1})
    assert record.faults[0].code == "foreign-facility"


async def test_an_outage_in_the_middle_loses_and_repeats_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, asked = office.gateway.cases.start_hire, 0

    async def sometimes(request: Any) -> None:
        nonlocal asked
        asked += 1
        if asked % 7 == 0:
            raise TemporarilyUnavailableError("temporal", "unavailable", "down")
        await start(request)

    monkeypatch.setattr(office.gateway.cases, "start_hire", sometimes)
    office.leave(FULL, [hired(number) for number in range(60)])
    office.leave(DELTA, [hired("later")])
    for _ in range(40):
        await office.look(1)
    records = list(office.gateway.hire_files.records.values())
    assert [(each.state, counts(each)) for each in records] == [("taken", {"new": 60}), ("taken", {"new": 1})]
    assert len(office.gateway.cases.hires) == 61
    assert not office.gateway.cases.received
    assert office.ended("delayed") > 3


async def test_a_gateway_that_stops_in_the_middle_leaves_the_rest_to_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, reached = office.gateway.cases.start_hire, asyncio.Event()

    async def hangs(request: Any) -> None:
        if request.hire.number == "H-20":
            reached.set()
            await asyncio.Event().wait()
        await start(request)

    office.leave(FULL, [hired(number) for number in range(40)])
    await office.look(1)
    with monkeypatch.context() as slow:
        slow.setattr(office.gateway.cases, "start_hire", hangs)
        looking = asyncio.create_task(office.watch.look())
        await asyncio.wait_for(reached.wait(), 30)
        looking.cancel()
        await asyncio.wait([looking])
    office.watch = office.another(CollectorRegistry())
    await office.look()
    record = office.last()
    assert (record.state, record.rows, len(office.gateway.cases.hires)) == ("taken", 40, 40)
    assert not office.gateway.cases.received


async def test_a_break_of_ours_refuses_the_file_and_stops_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_keys: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(office.gateway.hire_files, "known", breaks)
        await office.take(FULL, [hired(1)])
    assert office.lying("refused") == [FULL]
    record = await office.take("hires-full-20260303.csv", [hired(1)])
    assert record.state == "taken"


async def test_two_gateways_take_each_row_once(office: Office) -> None:
    other = office.another(CollectorRegistry())
    office.leave(FULL, [hired(number) for number in range(50)])
    for _ in range(3):
        await asyncio.gather(office.watch.look(), other.look())
    assert len(office.gateway.cases.hires) == 50
    assert not office.gateway.cases.received
    assert office.lying("done") == [FULL]


@pytest.mark.parametrize(
    ("hire", "code"),
    [(Ended("north", "H-404", "rescinded"), "no-such-hire"), (Ended("north", "H-1", "no-show"), "case-closed")],
)
async def test_an_end_that_reaches_no_case_is_told(office: Office, hire: Ended, code: str) -> None:
    await office.take(FULL, [hired(1)])
    await office.close(1)
    record = await office.take(DELTA, [], [hire])
    assert [fault.code for fault in record.faults] == [code]
    again = await office.take("hires-full-20260309.csv", [hired(2)], [hire])
    assert counts(again) == {"new": 1, "unchanged": 1}


async def test_whoever_is_hired_again_needs_a_new_number(office: Office) -> None:
    await office.take(FULL, [hired(1)])
    await office.take(DELTA, [], [Ended("north", "H-1", "rescinded")])
    record = await office.take("hires-full-20260304.csv", [hired(1)])
    assert [fault.code for fault in record.faults] == ["ended-before"]
