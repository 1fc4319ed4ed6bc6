"""What every register of accounts and entitlements does, wherever it keeps them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from domain.outside_errors import RefusedError
from domain.ports.identity import AccessRegister
from tests.fixtures.hire_stores import NOW, HireStores, an_account, an_entitlement, hire_case


@pytest.fixture
def access(hire_stores: HireStores) -> AccessRegister:
    return hire_stores.access


class TestUserNames:
    async def test_a_claim_is_kept_and_repeated_without_effect(self, access: AccessRegister) -> None:
        for _ in range(2):
            assert await access.claim_name(an_account()) == an_account()
        assert await access.account_of("identity", "W-1") == an_account()
        assert await access.accounts("W-1") == (an_account(),)
        assert await access.account_of("directory", "W-1") is None

    async def test_the_earlier_account_comes_back_whatever_name_is_asked_for(self, access: AccessRegister) -> None:
        await access.claim_name(an_account())
        other = an_account(user_name="another", case_id=hire_case(9))
        assert await access.claim_name(other) == an_account()

    @pytest.mark.parametrize("name", ["user1", "USER1", " User1 ", "\uff55ser1"])
    async def test_names_differ_by_more_than_their_case(self, access: AccessRegister, name: str) -> None:
        await access.claim_name(an_account(1))
        with pytest.raises(RefusedError) as refused:
            await access.claim_name(an_account(2, user_name=name))
        assert refused.value.code == "username-taken"
        assert await access.account_of("identity", "W-2") is None

    async def test_systems_have_names_of_their_own(self, access: AccessRegister) -> None:
        await access.claim_name(an_account(1))
        there = an_account(2, system="directory", user_name="user1")
        assert await access.claim_name(there) == there
        also = an_account(1, system="directory", user_name="user-1")
        await access.claim_name(also)
        assert await access.accounts("W-1") == (also, an_account(1))

    async def test_of_a_hundred_workers_one_gets_the_name(self, access: AccessRegister) -> None:
        claims = [an_account(number, user_name="jdoe" if number % 2 else "JDoe") for number in range(100)]
        answers = await asyncio.gather(*map(access.claim_name, claims), return_exceptions=True)
        won = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(won) == 1
        assert {getattr(each, "code", None) for each in answers if each not in won} == {"username-taken"}
        assert await access.account_of("identity", won[0].worker_id) == won[0]

    async def test_of_a_hundred_claims_for_one_worker_all_get_the_same(self, access: AccessRegister) -> None:
        claims = [an_account(user_name=f"name{number}") for number in range(100)]
        answers = await asyncio.gather(*map(access.claim_name, claims))
        assert len(set(answers)) == 1

    async def test_only_the_case_that_claimed_frees(self, access: AccessRegister) -> None:
        await access.claim_name(an_account())
        await access.free("identity", "W-1", hire_case(2))
        assert await access.account_of("identity", "W-1") == an_account()
        for _ in range(2):
            await access.free("identity", "W-1", hire_case(1))
        assert await access.claim_name(an_account(2, user_name="user1")) == an_account(2, user_name="user1")


class TestAccounts:
    async def test_the_id_is_noted(self, access: AccessRegister) -> None:
        await access.claim_name(an_account())
        for _ in range(2):
            await access.bind("identity", "W-1", "A-1")
        assert await access.account_of("identity", "W-1") == an_account(account_id="A-1")

    async def test_an_account_is_one_workers(self, access: AccessRegister) -> None:
        for number in (1, 2):
            await access.claim_name(an_account(number))
        await access.claim_name(an_account(3, system="directory"))
        await access.bind("identity", "W-1", "A-1")
        await access.bind("directory", "W-3", "A-1")
        with pytest.raises(RefusedError) as refused:
            await access.bind("identity", "W-2", "A-1")
        assert refused.value.code == "account-conflict"
        with pytest.raises(RefusedError) as refused:
            await access.claim_name(an_account(4, account_id="A-1"))
        assert refused.value.code == "account-conflict"

    async def test_without_a_name_nothing_is_noted(self, access: AccessRegister) -> None:
        with pytest.raises(RefusedError) as refused:
            await access.bind("identity", "W-1", "A-1")
        assert refused.value.code == "name-not-claimed"


class TestEntitlements:
    async def test_held_in_order_of_the_grants(self, access: AccessRegister) -> None:
        granted = [an_entitlement("b", until=date(2026, 6, 1)), an_entitlement("a", granted_at=NOW - timedelta(1))]
        for each in (*granted, an_entitlement("c", worker_id="W-2")):
            await access.grant(each)
        assert await access.held("W-1") == tuple(granted)
        assert await access.held("W-3") == ()

    async def test_a_repeated_grant_changes_nothing(self, access: AccessRegister) -> None:
        await access.grant(an_entitlement())
        await access.grant(an_entitlement(reason="Another", case_id=hire_case(2)))
        assert await access.held("W-1") == (an_entitlement(),)

    async def test_of_many_grants_at_once_one_is_entered(self, access: AccessRegister) -> None:
        await asyncio.gather(*(access.grant(an_entitlement()) for _ in range(50)))
        assert await access.held("W-1") == (an_entitlement(),)

    async def test_what_is_revoked_is_not_held_and_may_be_granted_again(self, access: AccessRegister) -> None:
        await access.grant(an_entitlement("a"))
        await access.grant(an_entitlement("b"))
        await access.grant(an_entitlement("a", system="directory"))
        for _ in range(2):
            await access.revoke("W-1", "identity", "a", hire_case(1), "hal")
        assert [(each.system, each.entitlement) for each in await access.held("W-1")] == [
            ("identity", "b"),
            ("directory", "a"),
        ]
        again = an_entitlement("a", case_id=hire_case(2), granted_at=NOW + timedelta(days=9))
        await access.grant(again)
        assert (await access.held("W-1"))[-1] == again


class TestEnding:
    async def test_what_is_over_comes_oldest_first_until_it_is_revoked(self, access: AccessRegister) -> None:
        today = date(2026, 6, 15)
        for name, days in (("a", -1), ("b", 0), ("c", -30), ("d", 5), ("e", None)):
            until = None if days is None else today + timedelta(days=days)
            await access.grant(an_entitlement(name, until=until))
        assert [each.entitlement for each in await access.ending(today, 10)] == ["c", "a"]
        assert [each.entitlement for each in await access.ending(today, 1)] == ["c"]
        assert await access.ending(date(2026, 1, 1), 10) == ()
        await access.revoke("W-1", "identity", "c", hire_case(1), "corridor")
        (left,) = await access.ending(today, 10)
        assert left == an_entitlement("a", until=today - timedelta(days=1))
