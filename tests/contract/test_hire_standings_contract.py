"""What every store of standings does, and of clearings on exclusion lists."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.hire_plan import HireStanding, Readiness
from domain.ports.evidence import InvalidCursorError
from domain.ports.hire_standings import HireFilter, HireStandings
from tests.fixtures.hire_stores import NOW, START, HireStores, a_standing, hire_case


@pytest.fixture
def standings(hire_stores: HireStores) -> HireStandings:
    return hire_stores.standings


async def _numbers(standings: HireStandings, **wanted: object) -> list[str]:
    page = await standings.hires(HireFilter.model_validate(wanted), None, 200)
    assert page.next_cursor is None
    return [each.number for each in page.hires]


async def test_a_lower_version_never_replaces_a_later_one(standings: HireStandings) -> None:
    later = a_standing(version=3, closed=True)
    for each in (a_standing(version=2), later, a_standing(version=1)):
        await standings.record(each)
    assert await standings.standing(hire_case(1)) == later
    again = a_standing(version=3, arrived=True)
    await standings.record(again)
    assert await standings.standing(hire_case(1)) == again
    assert await standings.standing(hire_case(2)) is None


async def test_the_highest_of_many_versions_at_once_stays(standings: HireStandings) -> None:
    await asyncio.gather(*(standings.record(a_standing(version=number)) for number in range(1, 60)))
    found = await standings.standing(hire_case(1))
    assert found is not None
    assert found.version == 59


async def test_by_start_date_and_then_case_page_by_page(standings: HireStandings) -> None:
    for number in range(25):
        facility = ("north", "south", "east")[number % 3]
        start = START + timedelta(days=-(number // 4))
        await standings.record(a_standing(f"{number:02}", facility=facility, start_on=start))
    for facilities in (None, ("north", "east", "north")):
        seen: list[HireStanding] = []
        cursor: str | None = None
        while True:
            page = await standings.hires(HireFilter(facilities=facilities), cursor, 4)
            assert len(page.hires) <= 4
            seen += page.hires
            cursor = page.next_cursor
            if cursor is None:
                break
        places = [(each.start_on, each.case_id) for each in seen]
        assert places == sorted(places)
        assert len(set(places)) == len(places) == (25 if facilities is None else 17)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"facilities": ()}, []),
        ({"facilities": ("south",)}, ["2"]),
        ({"manager": "max"}, ["2", "4"]),
        ({"department": "er"}, ["3"]),
        ({"starts_from": START + timedelta(days=1)}, ["3", "4"]),
        ({"starts_until": START}, ["1", "2"]),
        ({"state": "ready"}, ["4"]),
        ({"open_only": True}, ["1", "2", "4"]),
        ({"open_only": True, "manager": "max", "facilities": ("north", "south"), "state": "at-risk"}, ["2"]),
    ],
)
async def test_only_what_is_asked_for(standings: HireStandings, wanted: dict[str, object], found: list[str]) -> None:
    for each in (
        a_standing(1),
        a_standing(2, facility="south", manager="max"),
        a_standing(3, start_on=START + timedelta(days=1), department="er", closed=True),
        a_standing(4, start_on=START + timedelta(days=2), manager="max", readiness=Readiness(state="ready")),
    ):
        await standings.record(each)
    assert await _numbers(standings, **wanted) == [f"H-{number}" for number in found]


@pytest.mark.parametrize(("limit", "size"), [(0, 1), (500, 200)])
async def test_a_page_has_bounds(standings: HireStandings, limit: int, size: int) -> None:
    for number in range(201):
        await standings.record(a_standing(number))
    page = await standings.hires(HireFilter(), None, limit)
    assert len(page.hires) == size
    assert page.next_cursor is not None


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "WyJjYXNlcyIsICIyMDI2LTA0LTAxIiwgImEiXQ==", "WyJoaXJlcyIsIngiLCJhIl0="]
)
async def test_a_cursor_of_others_is_refused(standings: HireStandings, cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        await standings.hires(HireFilter(), cursor, 5)


async def test_the_first_clearing_stands(hire_stores: HireStores) -> None:
    records = hire_stores.screening
    await records.clear("k1", "cleo", "Another birth date", hire_case(1), NOW)
    await records.clear("k1", "mallory", "Whatever", hire_case(2), NOW)
    assert await records.cleared(["k1", "k2"]) == {"k1"}
    assert await records.cleared([]) == frozenset()
