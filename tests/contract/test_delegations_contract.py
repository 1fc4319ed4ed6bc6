"""What every store of delegations does, checked on the one in memory and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from adapters.memory.delegations import MemoryDelegations
from adapters.postgres.delegations import PostgresDelegations
from adapters.postgres.pool import Pool
from domain.delegation import Delegation, DelegationScope
from domain.ports.delegations import DelegationStore, DelegationTakenError
from domain.ports.evidence import InvalidCursorError
from tests.fixtures.evidence import START

DAY = timedelta(days=1)


def a_delegation(delegation_id: str = "delegation-1", **changes: Any) -> Delegation:
    given = {
        "delegation_id": delegation_id,
        "delegator": "carla",
        "delegate": "dirk",
        "valid_from": START,
        "valid_until": START + 7 * DAY,
        "made_by": "carla",
        "made_at": START,
    }
    return Delegation.model_validate(given | changes)


@pytest.fixture(params=["memory", "postgres"])
def delegations(request: pytest.FixtureRequest) -> DelegationStore:
    if request.param == "memory":
        return MemoryDelegations()
    pool: Pool = request.getfixturevalue("evidence_pool")
    return PostgresDelegations(pool)


async def test_what_is_added_is_read_back_unchanged(delegations: DelegationStore) -> None:
    scope = DelegationScope(
        facilities=("north",), roles=("buyer",), categories=("x-ray",), max_amount=Decimal("10.50"), task_id="T-1"
    )
    made = a_delegation(scope=scope, reason="On leave")
    assert await delegations.add(made) == made
    assert await delegations.get(made.delegation_id) == made
    assert await delegations.get("delegation-2") is None


async def test_adding_again_is_no_change_and_an_id_stands_for_one_delegation(delegations: DelegationStore) -> None:
    first = await delegations.add(a_delegation())
    assert await delegations.add(a_delegation(made_at=START + DAY)) == first
    await delegations.revoke("delegation-1", "carla", START + DAY)
    again = await delegations.add(a_delegation(made_at=START + 2 * DAY))
    assert again.revoked_at == START + DAY
    for change in (
        {"delegate": "frida"},
        {"valid_until": START + 8 * DAY},
        {"made_by": "paul"},
        {"scope": {"roles": ("buyer",)}},
        {"reason": "Another"},
    ):
        with pytest.raises(DelegationTakenError):
            await delegations.add(a_delegation(**change))
    assert (await delegations.page("carla", None, 10)).items == (again,)


async def test_the_end_is_exclusive_and_the_beginning_is_not(delegations: DelegationStore) -> None:
    made = await delegations.add(a_delegation())
    moment = timedelta(microseconds=1)
    for instant, holds in (
        (START - moment, False),
        (START, True),
        (START + 7 * DAY - moment, True),
        (START + 7 * DAY, False),
    ):
        expected = (made,) if holds else ()
        assert await delegations.given_to("dirk", instant) == expected
        assert await delegations.given_by("carla", instant) == expected
    assert await delegations.given_to("carla", START) == await delegations.given_by("dirk", START) == ()


async def test_the_first_revocation_stands_and_ends_it(delegations: DelegationStore) -> None:
    await delegations.add(a_delegation())
    revoked = await delegations.revoke("delegation-1", "paul", START + DAY)
    assert revoked is not None
    assert (revoked.revoked_by, revoked.revoked_at) == ("paul", START + DAY)
    assert await delegations.revoke("delegation-1", "carla", START + 2 * DAY) == revoked
    assert await delegations.given_to("dirk", START) == ()
    assert await delegations.overlapping("dirk", START, START + DAY) == ()
    assert await delegations.revoke("delegation-9", "paul", START) is None


async def test_overlaps_of_a_period_concern_both_sides(delegations: DelegationStore) -> None:
    second = await delegations.add(a_delegation("delegation-2", delegator="dirk", delegate="frida"))
    first = await delegations.add(a_delegation(valid_from=START - DAY))
    await delegations.add(a_delegation("delegation-3", delegator="bo", delegate="frida"))
    assert await delegations.overlapping("dirk", START + DAY, START + 2 * DAY) == (first, second)
    assert await delegations.overlapping("carla", START - 9 * DAY, START - DAY) == ()
    assert await delegations.overlapping("carla", START + 7 * DAY, START + 9 * DAY) == ()
    assert await delegations.overlapping("carla", START - 2 * DAY, START) == (first,)


async def test_the_earliest_end_comes_first(delegations: DelegationStore) -> None:
    for number, days in (("1", 5), ("2", 3), ("3", 4)):
        await delegations.add(a_delegation(f"delegation-{number}", valid_until=START + days * DAY))
    assert [each.delegation_id[-1] for each in await delegations.given_to("dirk", START)] == ["2", "3", "1"]


async def test_pages_show_what_somebody_gave_and_received_the_latest_first(delegations: DelegationStore) -> None:
    for number in range(5):
        parties = {"delegator": "dirk", "delegate": "bo"} if number % 2 else {}
        await delegations.add(a_delegation(f"delegation-{number}", made_at=START + number // 2 * DAY, **parties))
    await delegations.add(a_delegation("delegation-x", delegator="bo", delegate="frida"))
    shown: list[str] = []
    cursor = None
    while True:
        page = await delegations.page("dirk", cursor, 2)
        shown.extend(each.delegation_id[-1] for each in page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert shown == ["4", "3", "2", "1", "0"]
    with pytest.raises(InvalidCursorError):
        await delegations.page("dirk", "WyJjYXNlcyJd", 2)


async def test_two_at_once_under_one_id_make_one(delegations: DelegationStore) -> None:
    made = [a_delegation(delegate=f"delegate-{number}") for number in range(5)]
    outcomes = await asyncio.gather(*(delegations.add(each) for each in made), return_exceptions=True)
    assert sum(isinstance(outcome, Delegation) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, DelegationTakenError) for outcome in outcomes) == 4


async def test_the_database_lets_nobody_rewrite_a_delegation(evidence_pool: Pool) -> None:
    store = PostgresDelegations(evidence_pool)
    await store.add(a_delegation())
    for statement in (
        "UPDATE delegations SET valid_until = valid_until + interval '1 day'",
        "UPDATE delegations SET delegate = 'frida', revoked_at = now(), revoked_by = 'x'",
        "DELETE FROM delegations",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await evidence_pool.execute(statement)
    await store.revoke("delegation-1", "carla", START)
    with pytest.raises(asyncpg.RestrictViolationError):
        await evidence_pool.execute("UPDATE delegations SET revoked_at = NULL, revoked_by = NULL")
