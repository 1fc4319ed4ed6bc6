"""Worklists of those who act for somebody, what a person holds, and what a family of cases has seen."""

from __future__ import annotations

from typing import Any

from domain.duties import DutyDone
from domain.people import Actor
from domain.ports.evidence import ActingFor
from tests.fixtures.evidence import CASE, START, Store, a_journal, a_task

DELEGATE = Actor(person="dirk", roles=("buyer",), facilities=("north",))
OWNER = Actor(person="carla", roles=("cost-centre-owner",), facilities=("north",))


async def _open(store: Store, *tasks: tuple[str, dict[str, Any]], version: int = 1) -> None:
    made = tuple(a_task(task_id, **changes) for task_id, changes in tasks)
    await store.writer.record(a_journal(CASE, version, tasks=made))


async def _seen(store: Store, actor: Actor, *acting_for: ActingFor, page: int = 2) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        found = await store.reader.worklist(actor, cursor, page, acting_for)
        ids.extend(item.task.task_id for item in found.items)
        cursor = found.next_cursor
        if cursor is None:
            return ids


async def test_a_delegate_sees_the_tasks_of_the_delegator_beside_their_own(store: Store) -> None:
    await _open(
        store,
        ("T-1", {}),
        ("T-2", {"role": "buyer"}),
        ("T-3", {"people": ("carla",)}),
        ("T-4", {"people": ("carla", "dirk")}),
        ("T-5", {"role": "finance-controller"}),
        ("T-6", {"facility": "south"}),
    )
    assert await _seen(store, DELEGATE) == ["T-2", "T-4"]
    assert await _seen(store, DELEGATE, ActingFor(delegator=OWNER)) == ["T-1", "T-2", "T-3", "T-4"]


async def test_who_is_kept_from_a_task_does_not_reach_it_over_somebody_else(store: Store) -> None:
    await _open(
        store,
        ("T-1", {"excluded": ("dirk",)}),
        ("T-2", {"excluded": ("carla",)}),
        ("T-3", {"approved_by": ("dirk",)}),
        ("T-4", {"approved_by": ("carla",)}),
        ("T-5", {"approved_by": ("frida",), "excluded": ("nina",)}),
        ("T-6", {"role": "buyer", "approved_by": ("dirk",)}),
    )
    assert await _seen(store, DELEGATE, ActingFor(delegator=OWNER)) == ["T-5"]
    assert await _seen(store, OWNER) == ["T-1", "T-3", "T-5"]


async def test_one_task_may_be_handed_over_alone(store: Store) -> None:
    await _open(store, ("T-1", {}), ("T-2", {}), ("T-3", {"excluded": ("carla",)}))
    assert await _seen(store, DELEGATE, ActingFor(delegator=OWNER, task_id="T-2")) == ["T-2"]
    assert await _seen(store, DELEGATE, ActingFor(delegator=OWNER, task_id="T-3")) == []
    nobody = Actor(person="nobody")
    assert await _seen(store, DELEGATE, ActingFor(delegator=nobody, task_id="T-1")) == []


async def test_who_approved_leaves_the_list_with_the_next_journal(store: Store) -> None:
    await _open(store, ("T-1", {"needs": 2}))
    assert await _seen(store, OWNER) == ["T-1"]
    await _open(store, ("T-1", {"needs": 2, "approved_by": ("carla",)}), version=2)
    assert await _seen(store, OWNER) == []


async def test_what_a_person_holds_names_them_or_is_claimed_by_them(store: Store) -> None:
    await _open(
        store,
        ("T-1", {"people": ("carla",)}),
        ("T-2", {"people": ("carla", "frida")}),
        ("T-3", {}),
        ("T-4", {}),
        ("T-5", {"people": ("carla",), "status": "done"}),
        ("T-6", {"people": ("frida",)}),
    )
    await store.reader.claim("T-3", "carla", START)
    await store.reader.claim("T-4", "frida", START)
    held = await store.reader.tasks_held_by("carla", 10)
    assert [each.task.task_id for each in held] == ["T-1", "T-2", "T-3"]
    assert held[2].claim is not None
    assert len(await store.reader.tasks_held_by("carla", 2)) == 2
    assert await store.reader.tasks_held_by("nobody", 10) == ()


def _duty(number: int, person: str) -> DutyDone:
    return DutyDone(person=person, duty="approver", case_id=_case(number), at=START)


def _case(number: int) -> str:
    return f"procure-to-pay.north.REQ-{number}"


async def _record_family(store: Store, links: dict[int, tuple[int, ...]]) -> None:
    for number, linked in links.items():
        await store.writer.record(
            a_journal(
                _case(number),
                linked=tuple(_case(each) for each in linked),
                duties=(_duty(number, f"person-{number}"),),
            )
        )


async def test_duties_of_a_family_are_found_over_links_in_both_directions(store: Store) -> None:
    await _record_family(store, {1: (), 2: (1,), 3: (2,), 4: (2, 5), 5: (), 6: (7,), 7: ()})
    for number in range(1, 6):
        duties = await store.reader.family_duties(_case(number))
        assert duties[0] == _duty(number, f"person-{number}")
        assert {each.person for each in duties} == {f"person-{each}" for each in range(1, 6)}
    assert {each.person for each in await store.reader.family_duties(_case(7))} == {"person-6", "person-7"}


async def test_links_in_a_circle_end_and_unknown_cases_add_nothing(store: Store) -> None:
    await _record_family(store, {1: (2, 99), 2: (3,), 3: (1, 1)})
    assert [each.person for each in await store.reader.family_duties(_case(2))] == ["person-2", "person-1", "person-3"]
    assert await store.reader.family_duties(_case(42)) == ()


async def test_a_family_is_looked_at_up_to_its_bound(store: Store) -> None:
    await _record_family(store, {number: (number - 1,) for number in range(1, 510)})
    assert len(await store.reader.family_duties(_case(1))) == 499  # one of the 500 is the case 0, which nobody recorded
