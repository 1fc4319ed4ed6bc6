"""What human resources see of their files at the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.demo.hires.writing import Ended
from tests.http.fakes import Gateway, slug
from tests.http.hire_desk import SURNAME
from tests.http.hr_office import DELTA, FULL, Office, hired


@pytest.fixture
def office(gateway: Gateway, tmp_path: Path) -> Office:
    return Office(gateway, tmp_path / "hires")


async def test_human_resources_see_what_became_of_each_file(office: Office) -> None:
    await office.take(FULL, [hired(1), hired(2, start_on="2019-01-01"), hired(3, facility="atlantis")])
    await office.take(DELTA, [hired(4)])
    answer = await office.gateway.get("/v1/hire-files?limit=1", "hanna", "human-resources")
    (first,) = answer.json()["items"]
    assert (first["name"], first["state"], first["new"]) == (DELTA, "taken", 1)
    more = await office.gateway.get(f"/v1/hire-files?cursor={answer.json()['next_cursor']}", "hanna", "human-resources")
    (second,) = more.json()["items"]
    assert (second["refused"], [each["line"] for each in second["faults"]]) == (2, [3, 4])
    assert more.json()["next_cursor"] is None
    assert SURNAME not in more.text
    one = await office.gateway.get(f"/v1/hire-files/{second['file_id']}", "hanna", "human-resources")
    assert one.json() == second


async def test_rows_of_other_facilities_are_not_shown(office: Office) -> None:
    record = await office.take(FULL, [hired(1, start_on="2019-01-01")])
    path = f"/v1/hire-files/{record.file_id}"
    answer = await office.gateway.get(path, "sue", "human-resources", facilities=["south"])
    assert (answer.json()["refused"], answer.json()["faults"]) == (1, [])


async def test_files_are_for_human_resources(office: Office) -> None:
    answer = await office.gateway.get("/v1/hire-files", "nina", "requester")
    assert answer.status_code == 403
    missing = await office.gateway.get(f"/v1/hire-files/{'0' * 32}", "hanna", "human-resources")
    assert (missing.status_code, slug(missing)) == (404, "hire-file-not-found")


async def test_what_is_not_held_is_not_released(office: Office) -> None:
    record = await office.take(FULL, [hired(1)])
    headers = office.gateway.as_("hanna", "human-resources", facilities=["*"])
    path = f"/v1/hire-files/{record.file_id}/release"
    answer = await office.gateway.http.post(path, json={"reason": "x"}, headers=headers)
    assert (answer.status_code, slug(answer)) == (409, "hire-file-not-held")


async def test_who_sees_a_file_of_all_facilities_and_does_not_serve_them_all_is_told_so(office: Office) -> None:
    record = await office.take(FULL, [hired(1)])
    path = f"/v1/hire-files/{record.file_id}"
    assert (await office.gateway.get(path, "hanna", "human-resources")).status_code == 200
    answer = await office.gateway.post(f"{path}/release", {"reason": "x"}, "hanna", "human-resources")
    assert (answer.status_code, slug(answer)) == (403, "facility-required")


async def test_what_became_of_each_row(office: Office) -> None:
    await office.take(FULL, [hired(1), hired(2), hired(5), hired(6, facility="south")])
    bad = hired(3, start_on="2019-01-01", facility="atlantis")
    changed = [hired(1), hired(2, title="Chief"), bad, hired(4), hired(6, facility="south", start_on="2019-01-01")]
    record = await office.take(DELTA, changed, [Ended("north", "H-5", "no-show")])
    path = f"/v1/hire-files/{record.file_id}/rows"
    rows: list[Any] = []
    cursor = ""
    while len(rows) < 9:
        answer = await office.gateway.get(f"{path}?limit=2{cursor}", "hanna", "human-resources", facilities=["north"])
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        if (follows := answer.json()["next_cursor"]) is None:
            break
        cursor = f"&cursor={follows}"
    case = "hire-to-provision.north.H-{}".format
    assert [(row["line"], row["number"], row["effect"], row["case_id"]) for row in rows] == [
        (3, "H-2", "corrected", case(2)),
        (4, "H-3", "refused", ""),
        (5, "H-4", "new", case(4)),
        (7, "H-5", "ended", case(5)),
    ]
    assert {fault["code"] for fault in rows[1]["faults"]} == {"date-too-long-ago", "unknown-facility"}
    everywhere = await office.gateway.get(path, "hanna", "human-resources", facilities=["*"])
    assert [row["line"] for row in everywhere.json()["items"]] == [3, 4, 5, 6, 7]
    assert SURNAME not in everywhere.text


async def test_rows_are_for_human_resources_and_of_a_file_that_there_is(office: Office) -> None:
    path = f"/v1/hire-files/{'0' * 32}/rows"
    assert (await office.gateway.get(path, "nina", "requester")).status_code == 403
    assert slug(await office.gateway.get(path, "hanna", "human-resources")) == "hire-file-not-found"


async def test_a_file_with_another_name_is_shown_without_its_name(office: Office) -> None:
    office.put("Zoe Quartermain.xlsx", b"PK")
    await office.look()
    answer = await office.gateway.get("/v1/hire-files", "hanna", "human-resources")
    (shown,) = answer.json()["items"]
    assert (shown["name"], shown["state"], shown["kind"], shown["day"]) == ("", "refused", None, None)
    assert [fault["code"] for fault in shown["faults"]] == ["unknown-name"]
    assert SURNAME not in answer.text
