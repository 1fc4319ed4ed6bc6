"""What every store of overrides of the segregation of duties does, checked on the one in memory and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from adapters.memory.overrides import MemoryOverrides
from adapters.postgres.overrides import PostgresOverrides
from adapters.postgres.pool import Pool
from domain.ports.evidence import InvalidCursorError
from domain.ports.overrides import OverrideFilter, OverrideRecord, OverrideTakenError, OverrideUse, SegregationOverrides
from tests.fixtures.evidence import CASE, START

DAY = timedelta(days=1)
EVERYWHERE = OverrideFilter(facilities=("*",))


def an_override(override_id: str = "override-1", **changes: Any) -> OverrideRecord:
    given = {
        "override_id": override_id,
        "person": "bo",
        "rule": "buyer-is-not-receiver",
        "facility": "north",
        "reason": "Nobody else is here at night",
        "valid_until": START + 10 * DAY,
        "requested_by": "rosa",
        "requested_at": START,
    }
    return OverrideRecord.model_validate(given | changes)


def a_use(number: int = 1) -> OverrideUse:
    return OverrideUse(decision_id=f"decision-{number}", task_id="T-1", case_id=CASE, at=START + number * DAY)


@pytest.fixture(params=["memory", "postgres"])
def overrides(request: pytest.FixtureRequest) -> SegregationOverrides:
    if request.param == "memory":
        return MemoryOverrides()
    pool: Pool = request.getfixturevalue("evidence_pool")
    return PostgresOverrides(pool)


async def test_a_request_is_kept_once_and_holds_nothing_yet(overrides: SegregationOverrides) -> None:
    asked = an_override(case_id=CASE)
    assert await overrides.request(asked) == asked
    assert await overrides.request(an_override(case_id=CASE, requested_at=START + DAY)) == asked
    assert await overrides.get("override-1") == asked
    assert await overrides.get("override-2") is None
    assert await overrides.active_for(["bo"], "north", START) == ()
    for change in ({"person": "rosa"}, {"valid_until": START + DAY}, {"case_id": None}, {"reason": "x"}):
        with pytest.raises(OverrideTakenError):
            await overrides.request(an_override(**({"case_id": CASE} | change)))


async def test_it_holds_from_the_approval_to_its_end(overrides: SegregationOverrides) -> None:
    await overrides.request(an_override())
    approved = await overrides.approve("override-1", "cleo", START + DAY)
    assert approved is not None
    assert approved.approved_by == "cleo"
    for instant, count in ((START, 0), (START + DAY, 1), (START + 9 * DAY, 1), (START + 10 * DAY, 0)):
        assert len(await overrides.active_for(["bo"], "north", instant)) == count
    (held,) = await overrides.active_for(["nina", "bo"], "north", START + DAY)
    assert held == approved.granted()
    assert held.valid_from == START + DAY
    assert await overrides.active_for(["nina"], "north", START + DAY) == ()
    assert await overrides.active_for(["bo"], "south", START + DAY) == ()


async def test_the_first_approval_and_the_first_end_stand(overrides: SegregationOverrides) -> None:
    await overrides.request(an_override())
    approvals = await asyncio.gather(*(overrides.approve("override-1", by, START + DAY) for by in ("cleo", "paul")))
    assert len({each.approved_by for each in approvals if each is not None}) == 1
    ended = await overrides.end("override-1", "cleo", START + 2 * DAY)
    assert ended is not None
    assert (ended.ended_by, ended.ended_at) == ("cleo", START + 2 * DAY)
    assert await overrides.end("override-1", "paul", START + 3 * DAY) == ended
    assert await overrides.active_for(["bo"], "north", START + 2 * DAY) == ()
    assert await overrides.approve("nothing", "cleo", START) is None
    assert await overrides.end("nothing", "cleo", START) is None


async def test_what_was_ended_before_is_not_approved_any_more(overrides: SegregationOverrides) -> None:
    await overrides.request(an_override())
    await overrides.end("override-1", "rosa", START + DAY)
    kept = await overrides.approve("override-1", "cleo", START + 2 * DAY)
    assert kept is not None
    assert kept.approved_by is None
    assert await overrides.active_for(["bo"], "north", START + 3 * DAY) == ()


async def test_uses_are_kept_once_for_each_decision(overrides: SegregationOverrides) -> None:
    await overrides.request(an_override())
    await overrides.approve("override-1", "cleo", START)
    for number in (2, 1, 2):
        await overrides.used("override-1", a_use(number))
    kept = await overrides.get("override-1")
    assert kept is not None
    assert kept.uses == (a_use(1), a_use(2))
    assert (await overrides.page(EVERYWHERE, None, 10)).items == (kept,)
    assert await overrides.request(an_override()) == kept


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ({}, "43210"),
        ({"facilities": ("north",)}, "420"),
        ({"facilities": ("south", "east")}, "31"),
        ({"facilities": ()}, ""),
        ({"facility": "south"}, "31"),
        ({"person": "bo"}, "43"),
        ({"requested_from": START + DAY}, "4321"),
        ({"requested_from": START + DAY, "requested_until": START + 2 * DAY}, "21"),
    ],
)
async def test_pages_hold_what_meets_every_condition(
    overrides: SegregationOverrides, conditions: dict[str, Any], numbers: str
) -> None:
    for number in range(5):
        place, person = ("south" if number % 2 else "north"), ("bo" if number > 2 else "rosa")
        asked_at = START + (number + 1) // 2 * DAY
        await overrides.request(
            an_override(f"override-{number}", facility=place, person=person, requested_by="x", requested_at=asked_at)
        )
    shown: list[str] = []
    cursor = None
    while True:
        page = await overrides.page(EVERYWHERE.model_copy(update=conditions), cursor, 2)
        shown.extend(each.override_id[-1] for each in page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert "".join(shown) == numbers
    with pytest.raises(InvalidCursorError):
        await overrides.page(EVERYWHERE, "WyJjYXNlcyJd", 2)


@pytest.mark.parametrize("by", ["bo", "rosa"])
async def test_the_database_lets_nobody_approve_their_own(evidence_pool: Pool, by: str) -> None:
    await PostgresOverrides(evidence_pool).request(an_override())
    with pytest.raises(asyncpg.CheckViolationError):
        await evidence_pool.execute("UPDATE segregation_overrides SET approved_by = $1, approved_at = now()", by)
