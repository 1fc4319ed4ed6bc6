"""What human resources see of their files at the API."""

from __future__ import annotations

from pathlib import Path

import pytest

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
