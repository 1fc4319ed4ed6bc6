"""What every identity system keeps of the port's promises, seen in the system itself and not through the adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from domain.accounts import Account
from domain.hire import PersonName
from domain.outside_errors import OutsideError, RefusedError
from tests.fixtures.identity import PASSWORD, IdentityHouse, a_draft


def _codes(results: Iterable[Account | BaseException]) -> list[str]:
    return sorted(each.code for each in results if isinstance(each, OutsideError))


async def test_it_answers_and_has_a_name(identity_house: IdentityHouse) -> None:
    await identity_house.port.health()
    assert identity_house.port.system


async def test_an_account_is_created_once_disabled_and_found_again(identity_house: IdentityHouse) -> None:
    port, draft = identity_house.port, a_draft()
    assert await port.find(draft.worker_number, draft.user_name) is None
    assert not await port.name_taken(draft.user_name)
    made = await port.create(draft)
    assert not made.active and made.user_name == draft.user_name and made.worker_number == draft.worker_number
    assert (made.display_name, made.department, made.title) == ("Jane Doe", "icu", "Registered nurse")
    assert made.groups == ()
    assert await port.create(draft) == made
    assert await identity_house.raw.ids_named(draft.user_name) == [made.account_id]
    assert not await identity_house.raw.enabled(made.account_id)
    assert await port.account(made.account_id) == made
    assert await port.find(draft.worker_number, draft.user_name) == made
    assert await port.name_taken(draft.user_name.upper())


async def test_a_worker_who_has_an_account_gets_no_second_one_of_another_name(identity_house: IdentityHouse) -> None:
    draft, other = a_draft(), a_draft()
    made = await identity_house.port.create(draft)
    with pytest.raises(RefusedError) as conflict:
        await identity_house.port.create(draft.model_copy(update={"user_name": other.user_name}))
    assert conflict.value.code == "account-conflict"
    assert await identity_house.port.find(draft.worker_number, other.user_name) == made
    assert await identity_house.raw.ids_named(other.user_name) == []


async def test_a_name_of_another_worker_is_refused_whatever_its_case(identity_house: IdentityHouse) -> None:
    port, first = identity_house.port, a_draft()
    second = a_draft(user_name=first.user_name.upper())
    made = await port.create(first)
    with pytest.raises(RefusedError) as taken:
        await port.create(second)
    assert taken.value.code == "username-taken"
    with pytest.raises(RefusedError) as conflict:
        await port.find(second.worker_number, first.user_name)
    assert conflict.value.code == "account-conflict"
    assert await identity_house.raw.ids_named(first.user_name) == [made.account_id]


async def test_six_creations_at_once_make_one_account(identity_house: IdentityHouse) -> None:
    draft = a_draft()
    made = await asyncio.gather(*(identity_house.port.create(draft) for _ in range(6)))
    assert len({each.account_id for each in made}) == 1
    assert await identity_house.raw.ids_named(draft.user_name) == [made[0].account_id]


async def test_of_two_workers_who_want_a_name_at_once_one_is_refused(identity_house: IdentityHouse) -> None:
    for _ in range(3):
        first = a_draft()
        second = a_draft(user_name=first.user_name)
        results = await asyncio.gather(
            identity_house.port.create(first), identity_house.port.create(second), return_exceptions=True
        )
        assert _codes(results) == ["username-taken"], results
        (made,) = [each for each in results if isinstance(each, Account)]
        assert await identity_house.raw.ids_named(first.user_name) == [made.account_id]


async def test_a_change_replaces_what_is_said_of_the_person_and_keeps_the_name(identity_house: IdentityHouse) -> None:
    port, draft = identity_house.port, a_draft()
    made = await port.create(draft)
    wanted = draft.model_copy(
        update={
            "user_name": "somebody.else",
            "name": PersonName(family="Roe-Doe", given="Jané"),
            "department": "ward-3",
            "title": "",
            "email": "",
        }
    )
    changed = await port.change(made.account_id, wanted)
    assert (changed.display_name, changed.department, changed.title) == ("Jané Roe-Doe", "ward-3", "")
    assert (changed.user_name, changed.active) == (draft.user_name, False)
    assert await port.change(made.account_id, wanted) == changed
    assert await port.account(made.account_id) == changed
    with pytest.raises(RefusedError) as gone:
        await port.change("00000000-0000-0000-0000-000000000000", draft)
    assert gone.value.code == "account-gone"


async def test_a_login_is_possible_exactly_while_the_account_is_enabled(identity_house: IdentityHouse) -> None:
    port, raw, draft = identity_house.port, identity_house.raw, a_draft()
    made = await port.create(draft)
    assert (await port.enable(made.account_id)).active
    assert await raw.enabled(made.account_id)
    await raw.set_password(made.account_id, PASSWORD)
    assert await raw.may_log_in(draft.user_name, PASSWORD)
    assert not (await port.disable(made.account_id)).active
    assert not await raw.enabled(made.account_id)
    await raw.set_password(made.account_id, PASSWORD)
    assert not await raw.may_log_in(draft.user_name, PASSWORD)
    assert not (await port.disable(made.account_id)).active
    assert (await port.enable(made.account_id)).active


async def test_enabling_who_works_already_leaves_their_password_alone(identity_house: IdentityHouse) -> None:
    port, raw, draft = identity_house.port, identity_house.raw, a_draft()
    made = await port.create(draft)
    await port.enable(made.account_id)
    await raw.set_password(made.account_id, PASSWORD)
    await port.enable(made.account_id)
    await port.create(draft)
    await port.change(made.account_id, draft.model_copy(update={"title": "Charge nurse"}))
    await port.join(made.account_id, identity_house.groups[0])
    assert await raw.may_log_in(draft.user_name, PASSWORD)


async def test_a_member_is_there_once_however_often_it_joins(identity_house: IdentityHouse) -> None:
    port, raw, (group, other) = identity_house.port, identity_house.raw, identity_house.groups
    made = await port.create(a_draft())
    await port.join(made.account_id, group)
    await port.join(made.account_id, group)
    await asyncio.gather(*(port.join(made.account_id, other) for _ in range(3)))
    assert await raw.entries(group, made.account_id) == 1
    assert await raw.entries(other, made.account_id) == 1
    shown = await port.account(made.account_id)
    assert shown and shown.groups == tuple(sorted((group, other)))
    await port.leave(made.account_id, group)
    await port.leave(made.account_id, group)
    assert await raw.entries(group, made.account_id) == 0
    assert await raw.entries(other, made.account_id) == 1
    with pytest.raises(RefusedError) as unknown:
        await port.join(made.account_id, "no-such-group")
    assert unknown.value.code == "group-unknown"
    await port.leave(made.account_id, "no-such-group")


async def test_many_who_join_at_once_are_all_members(identity_house: IdentityHouse) -> None:
    port, group = identity_house.port, identity_house.groups[0]
    made = await asyncio.gather(*(port.create(a_draft()) for _ in range(8)))
    await asyncio.gather(*(port.join(each.account_id, group) for each in made))
    assert [await identity_house.raw.entries(group, each.account_id) for each in made] == [1] * 8


async def test_a_deleted_account_is_gone_and_its_name_is_free(identity_house: IdentityHouse) -> None:
    port, draft = identity_house.port, a_draft()
    made = await port.create(draft)
    await port.join(made.account_id, identity_house.groups[0])
    await port.delete(made.account_id)
    await port.delete(made.account_id)
    assert await port.account(made.account_id) is None
    assert await identity_house.raw.ids_named(draft.user_name) == []
    assert not await port.name_taken(draft.user_name)
    await port.leave(made.account_id, identity_house.groups[0])
    assert (await port.create(draft)).groups == ()


@pytest.mark.parametrize("name", ["王小明", 'O\'Brien "Bo" \\ (x)*', "Ægir Þórsson"])
async def test_names_of_every_kind_come_back_as_they_are(identity_house: IdentityHouse, name: str) -> None:
    draft = a_draft(name=PersonName(family=name))
    made = await identity_house.port.create(draft)
    assert made.display_name == name
    assert await identity_house.port.find(draft.worker_number, draft.user_name) == made
