"""HR files as they go wrong: what is taken of each, what is told, and that nobody's name is in what is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.hr_files import HrFolder
from cli.demo.hires.writing import Ended, write_hr_file
from domain.hire_file import COLUMNS
from tests.http.fakes import Gateway
from tests.http.hire_desk import a_person
from tests.http.hr_office import DELTA, FULL, Office, counts, hired

NAMES = (
    ("O'Brien", "Siobhán"),
    ("O\u2019Neill-\u00d3 Briain", "Seán"),
    ("D'Angelo", "Mary-Ann"),
    ("'t Hooft", "Gé"),
    ("Nguyễn", "Thị Ánh"),
    ("Łukaszewicz", "Żaneta"),
    ("Þórsdóttir", "Æsa"),
    ("Иванова", "Щукарь"),
    ("Παπαδοπούλου", "Ελένη"),
    ("محمدی", "علی\u200cرضا"),  # noqa: RUF001 (Persian)
    ("כהן", "שרה"),
    ("शर्मा", "क्षितिज"),
    ("田中", "さくら"),
    ("김", "민준"),
    ("歐陽", "娜娜"),
    ("𠮷田", "龍"),
    ("ხარაძე", "ნინო"),
    ("Տեր-Պետրոսյան", "Լևոն"),
    ("ʻŌkina", "Kaʻiulani"),  # noqa: RUF001 (Hawaiian)
    ("Null", "N/A"),
    ("Semi;colon|Bar\\", 'Quote "Q", Jr'),
)


@pytest.fixture
def office(gateway: Gateway, tmp_path: Path) -> Office:
    return Office(gateway, tmp_path / "hires")


def called(number: int, family: str, given: str) -> Any:
    known = hired(number).person
    name = known.name.model_copy(update={"family": family, "given": given})
    return hired(number).model_copy(update={"person": known.model_copy(update={"name": name})})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
async def test_names_in_every_script_arrive_as_they_were_written(office: Office, encoding: str) -> None:
    hires = [called(number, *name) for number, name in enumerate(NAMES)]
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    office.put(FULL, mark + write_hr_file(hires).encode(encoding))
    await office.look()
    assert (office.last().faults, counts(office.last())) == ((), {"new": len(NAMES)})
    taken = [office.gateway.cases.hires[f"hire-to-provision.north.H-{number}"].hire for number in range(len(NAMES))]
    assert taken == hires


async def test_windows_1252_and_columns_in_another_order(office: Office) -> None:
    hires = [called(number, *NAMES[number]) for number in range(4)]
    content = write_hr_file(hires, columns=sorted(COLUMNS, reverse=True), delimiter=";")
    office.put(FULL, content.encode("cp1252"))
    await office.look()
    assert (office.last().encoding, counts(office.last())) == ("cp1252", {"new": 4})
    assert [request.hire for request in office.gateway.cases.hires.values()] == hires


async def test_a_byte_that_is_wrong_does_not_turn_all_names_into_others(office: Office) -> None:
    content = write_hr_file([called(number, *NAMES[number]) for number in range(4)]).encode()
    office.put(FULL, content.replace("Gé".encode(), b"G\xe9"))
    await office.look()
    assert [fault.code for fault in office.last().faults] == ["mixed-encodings"]
    assert not office.gateway.cases.hires


async def test_of_a_file_that_is_cut_off_nothing_is_taken_wherever_it_is_cut(office: Office) -> None:
    content = write_hr_file([hired(number) for number in range(3)]).encode()
    for day, length in enumerate(range(20, len(content) - 2, 41), 1):
        name = f"hires-full-2026{1 + day // 28:02}{1 + day % 28:02}.csv"
        office.put(name, content[:length])
        await office.look()
        assert (office.last().name, office.last().state) == (name, "refused"), length
    assert not office.gateway.cases.hires
    assert office.lying("refused")[0].startswith("hires-full-")


async def test_without_the_last_line_a_file_is_taken_where_the_gateway_is_told_so(
    office: Office, gateway: Gateway, tmp_path: Path
) -> None:
    content = write_hr_file([hired(1)]).encode().replace(b"#end,1\r\n", b"")
    office.put(FULL, content)
    await office.look()
    assert [fault.code for fault in office.last().faults] == ["no-end-line"]
    lenient = Office(gateway, tmp_path / "lenient", end_required=False)
    lenient.put(FULL, content)
    await lenient.look()
    assert lenient.last().state == "taken"


async def test_all_faults_of_a_row_are_told_at_once(office: Office) -> None:
    lines = write_hr_file([hired(1), hired(2), hired(3)]).split("\r\n")
    header = lines[0].split(",")
    cells = lines[2].split(",")
    wrong = {
        "start_on": "23.03.2026",
        "birth_date": "2025-01-01",
        "manager": "",
        "npi": "1234567890",
        "licences": "rn|Ohio|1|2026-02-30;rn|OH|2",
        "extra_access": "moon-base||Why not",
        "end_on": "1999-01-01",
        "status": "hierd",
    }
    for column, text in wrong.items():
        cells[header.index(column)] = text
    lines[2] = ",".join(cells)
    office.put(FULL, "\r\n".join(lines).encode())
    await office.look()
    record = office.last()
    assert counts(record) == {"new": 2, "refused": 1}
    assert [(fault.line, fault.column, fault.code) for fault in record.faults] == [
        (3, "birth_date", "implausible-age"),
        (3, "licences", "no-such-day"),
        (3, "licences", "string_pattern_mismatch"),
        (3, "manager", "missing"),
        (3, "npi", "npi-check-digit"),
        (3, "start_on", "not-a-day"),
        (3, "status", "unknown-status"),
    ]
    assert record.faults[1].message.startswith("Entry 1: ")
    assert {row.line: row.effect for row in await office.gateway.hire_files.fates(record.file_id, None, 9)} == {
        2: "new",
        3: "refused",
        4: "new",
    }


async def test_a_row_of_an_unknown_facility_is_told_with_what_else_is_wrong(office: Office) -> None:
    record = await office.take(FULL, [hired(1, facility="atlantis", employment_type="volunteer")])
    assert [fault.code for fault in record.faults] == ["required", "unknown-facility"]


async def test_a_process_that_dies_in_the_middle_leaves_the_rest_to_the_next(office: Office) -> None:
    """As the kernel leaves it: the file in `working`, its lock gone, some rows with their effect, of which some are not
    remembered."""
    office.leave(FULL, [hired(number) for number in range(40)])
    await office.look(1)
    dead = HrFolder(office.folder)
    dead.waiting(9)
    (key,) = dead.waiting(9)
    assert dead.take(key) is not None
    cases = office.gateway.cases
    first = Office(office.gateway, office.folder.with_name("elsewhere"))
    await first.take(FULL, [hired(number) for number in range(25)])
    office.gateway.hire_files.records.clear()
    for number in range(20, 25):
        del office.gateway.hire_files.hires[("north", f"H-{number}")]
    await office.look()
    assert len(cases.hires) == 25  # a living process holds the file
    for claim in dead._held.values():
        os.close(dead._claims._held.pop(claim.path))
    await office.look()
    assert (office.last().state, office.last().rows, len(cases.hires)) == ("taken", 40, 40)
    assert not cases.received
    assert office.lying("done") == [FULL]


async def test_a_file_that_processes_die_of_is_refused_and_may_be_left_again(office: Office) -> None:
    office.leave(FULL, [hired(1)])
    for _ in range(3):
        dying = HrFolder(office.folder)
        dying.waiting(9)
        (key,) = dying.waiting(9)
        assert dying.take(key) is not None
        for claim in dying._held.values():
            os.close(dying._claims._held.pop(claim.path))
    await office.look()
    assert (office.last().state, office.last().faults[0].code) == ("refused", "given-up")
    record = await office.take(FULL, [hired(1)])
    assert (record.state, counts(record), len(office.gateway.hire_files.records)) == ("taken", {"new": 1}, 1)


async def test_the_content_of_yesterday_under_the_name_of_today_changes_nothing(office: Office) -> None:
    hires = [hired(number) for number in range(12)]
    await office.take(FULL, hires)
    record = await office.take("hires-full-20260303.csv", hires)
    assert counts(record) == {"unchanged": 12}
    assert (len(office.gateway.cases.hires), office.gateway.cases.received) == (12, [])
    assert await office.gateway.hire_files.fates(record.file_id, None, 99) == ()


async def test_no_name_is_in_anything_but_the_case_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    surname, mail, born = "Zyxquartz", "zyx@private.example", "1987-06-05"
    someone = a_person(name={"family": surname, "given": "Wvuth"}, personal_email=mail, birth_date=born)
    clash = a_person(name={"family": surname, "given": "Wvuth"}, birth_date=born, npi="1234567890")
    secrets = (surname, "Wvuth", mail, born)

    async def breaks(_facility: str) -> None:
        raise RuntimeError(f"cannot take {surname}, {born}")

    with structlog.testing.capture_logs() as logged:
        await office.take(FULL, [hired(1, person=someone), hired(2, person=someone), hired(3, person=clash)])
        await office.take(DELTA, [hired(4, person=someone, start_on="2019-01-01")], [Ended("north", "H-9", "no-show")])
        office.put(f"{surname}, Wvuth.csv", surname.encode())
        office.put("hires-full-20260305.csv", write_hr_file([hired(5, person=someone)]).encode()[:-40])
        await office.look()
        with monkeypatch.context() as broken:
            broken.setattr(office.gateway.hire_files, "open_hires", breaks)
            await office.take("hires-full-20260306.csv", [hired(6, person=someone)])
    files = list(office.gateway.hire_files.records.values())
    assert [each.state for each in files] == ["taken", "taken", "refused", "refused", "refused"]
    told = [
        json.dumps(logged, default=str),
        *(each.model_dump_json() for each in files),
        *(each.model_dump_json() for each in office.gateway.hire_files.rows.values()),
        *(each.model_dump_json() for each in office.gateway.hire_files.hires.values()),
        *(each.model_dump_json() for each in office.incidents.raised.values()),
        *(path.read_text() for path in office.folder.rglob("hires-*.problem.json")),
    ]
    assert "hire_file.failed" in told[0]
    for text in told:
        for secret in secrets:
            assert secret not in text
