"""Accounts and groups in a real directory: what the port promises, and what is special about LDAP."""

from __future__ import annotations

import asyncio
from typing import Any

import ldap3
import pytest

from adapters.identity.ldap.adapter import LdapDirectory
from domain.accounts import Account, AccountDraft
from domain.hire import PersonName
from domain.outside_errors import ContractDriftError, RefusedError, TemporarilyUnavailableError
from tests.fixtures.slapd import GROUP_NAMES, GROUPS, PASSWORD, READER, SUFFIX, USERS, Slapd, a_shape

HOSTILE = (
    PersonName(family='Smith, "Jr." + Sons', given="Anne#Marie"),
    PersonName(family="O'Brien-Núñez", given="Zoë"),
    PersonName(family="王", given="小明"),
    PersonName(family="*)(uid=*", given="\\2a<>;="),
    PersonName(family=" spaced ", given="#first"),
    PersonName(family="Prince"),
)


def a_draft(number: int | str = 1, /, **changes: Any) -> AccountDraft:
    given = {
        "worker_id": f"W-{number}",
        "worker_number": f"E{number}",
        "user_name": f"user{number}",
        "name": PersonName(family="Doe", given="Jane"),
        "title": "Nurse",
        "department": "icu",
        "employment_type": "employee",
        "email": f"user{number}@hospital.example",
    }
    return AccountDraft.model_validate(given | changes)


def refusal(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    return caught.value.code


class TestCreating:
    async def test_an_account_is_as_drafted_and_nobody_can_log_in(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        shown = {"user_name": "user1", "worker_number": "E1", "active": False, "display_name": "Jane Doe"}
        expected = Account(account_id=made.account_id, **shown, department="icu", title="Nurse")
        assert made == expected
        assert await directory.account(made.account_id) == expected
        assert await directory.find("E1", "user1") == expected
        entry = slapd.entry("user1")
        assert entry is not None
        assert entry["employeeType"] == [b"employee"]
        assert "userPassword" not in entry
        assert not slapd.login("user1", "anything")

    @pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
    async def test_names_are_what_they_are(self, slapd: Slapd, directory: LdapDirectory, name: PersonName) -> None:
        made = await directory.create(a_draft(name=name))
        assert made.display_name == name.full
        entry = slapd.entry("user1")
        assert entry is not None
        assert entry["sn"][0].decode() == name.family
        assert [each.decode() for each in entry.get("givenName", [])] == ([name.given] if name.given else [])

    @pytest.mark.parametrize("user_name", ["o'brien", 'a,b+c"d', "x\\y;<z>", "#sharp", "jürgen", "a=b", "star*(one)"])
    async def test_user_names_break_out_of_nothing(
        self, slapd: Slapd, directory: LdapDirectory, user_name: str
    ) -> None:
        made = await directory.create(a_draft(user_name=user_name))
        assert made.user_name == user_name
        assert await directory.name_taken(user_name)
        await directory.join(made.account_id, GROUP_NAMES[2])
        assert (await directory.find("E1", user_name)) == await directory.account(made.account_id)
        shown = await directory.enable(made.account_id)
        assert (shown.groups, shown.active) == ((GROUP_NAMES[2],), True)
        await directory.delete(made.account_id)
        assert slapd.members(GROUP_NAMES[2]) == ["cn=nobody"]

    async def test_creating_again_is_the_same_account(self, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        assert await directory.create(a_draft()) == made

    async def test_many_at_once_make_one_account(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await asyncio.gather(*(directory.create(a_draft()) for _ in range(20)))
        assert len(set(made)) == 1
        slapd.raw.search(USERS, "(employeeNumber=E1)", attributes=["1.1"])
        assert len(slapd.raw.response) == 1

    async def test_of_many_workers_one_gets_the_name(self, directory: LdapDirectory) -> None:
        drafts = [a_draft(number, user_name="jdoe" if number % 2 else "JDoe") for number in range(20)]
        answers = await asyncio.gather(*map(directory.create, drafts), return_exceptions=True)
        won = [each for each in answers if isinstance(each, Account)]
        assert len(won) == 1
        assert {getattr(each, "code", "") for each in answers if each not in won} == {"username-taken"}

    async def test_an_account_that_others_made_is_not_taken(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.raw.add(f"uid=jdoe,{USERS}", ["inetOrgPerson"], {"cn": "J", "sn": "Doe"})
        assert await directory.name_taken("JDOE")
        with pytest.raises(RefusedError) as taken:
            await directory.create(a_draft(user_name="jdoe"))
        with pytest.raises(RefusedError) as conflict:
            await directory.find("E1", "jdoe")
        assert (refusal(taken), refusal(conflict)) == ("username-taken", "account-conflict")

    async def test_a_worker_has_one_account(self, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        with pytest.raises(RefusedError) as refused:
            await directory.create(a_draft(user_name="another"))
        assert refusal(refused) == "account-conflict"
        assert await directory.find("E1", "another") == made
        assert await directory.find("e1", "") == made
        assert await directory.find("E2", "nobody") is None
        assert not await directory.name_taken("another")

    async def test_two_accounts_of_one_worker_are_a_conflict(self, slapd: Slapd) -> None:
        """Where the directory does not see to it by itself: here in an attribute that it takes twice."""
        attributes = {"cn": "full_name", "sn": "family", "employeeType": "worker_number"}
        shape = a_shape(number_attribute="employeeType", attributes=attributes)
        for name in ("one", "two"):
            values = {"cn": "J", "sn": "Doe", "employeeType": "E1"}
            slapd.raw.add(f"uid={name},{USERS}", ["inetOrgPerson"], values)
        async with LdapDirectory.connect(slapd.settings(shape=shape)) as directory:
            for call in (
                directory.create(a_draft()),
                directory.create(a_draft(user_name="one")),
                directory.find("E1", ""),
                directory.find("E1", "one"),
            ):
                with pytest.raises(RefusedError) as refused:
                    await call
                assert refusal(refused) == "account-conflict"

    async def test_a_number_that_is_hidden_from_us_is_a_conflict(self, slapd: Slapd) -> None:
        below = f"ou=ours,{USERS}"
        slapd.raw.add(below, ["organizationalUnit"], {"ou": "ours"})
        slapd.raw.add(f"uid=else,{USERS}", ["inetOrgPerson"], {"cn": "J", "sn": "Doe", "employeeNumber": "E1"})
        try:
            async with LdapDirectory.connect(slapd.settings(users=below)) as narrow:
                with pytest.raises(RefusedError) as refused:
                    await narrow.create(a_draft())
            assert refusal(refused) == "account-conflict"
        finally:
            slapd.raw.delete(below)

    async def test_a_manager_is_named_by_their_entry(self, slapd: Slapd, directory: LdapDirectory) -> None:
        await directory.create(a_draft(9, user_name="mira"))
        await directory.create(a_draft(1, manager="mira"))
        await directory.create(a_draft(2, manager="unknown"))
        first, second = slapd.entry("user1"), slapd.entry("user2")
        assert first is not None
        assert second is not None
        assert first["manager"] == [f"uid=mira,{USERS}".encode()]
        assert "manager" not in second


class TestChanging:
    async def test_attributes_become_those_of_the_draft_and_the_name_stays(
        self, slapd: Slapd, directory: LdapDirectory
    ) -> None:
        made = await directory.create(a_draft())
        changed = a_draft(
            user_name="other", name=PersonName(family="Roe", given="Jane"), title="", department="er", email=""
        )
        for _ in range(2):
            shown = await directory.change(made.account_id, changed)
            assert (shown.user_name, shown.display_name, shown.title, shown.department) == (
                "user1",
                "Jane Roe",
                "",
                "er",
            )
        entry = slapd.entry("user1")
        assert entry is not None
        assert not {"title", "mail"} & set(entry)

    async def test_a_number_that_is_another_accounts_is_a_conflict(self, directory: LdapDirectory) -> None:
        await directory.create(a_draft(1))
        made = await directory.create(a_draft(2))
        with pytest.raises(RefusedError) as refused:
            await directory.change(made.account_id, a_draft(2, worker_number="E1"))
        assert refusal(refused) == "account-conflict"

    @pytest.mark.parametrize("account_id", ["8d5e1e4e-6f0f-4f6e-9d83-0d9c53a6b5d1", "no-id", "*", ""])
    async def test_an_account_that_is_gone(self, directory: LdapDirectory, account_id: str) -> None:
        assert await directory.account(account_id) is None
        await directory.delete(account_id)
        await directory.leave(account_id, GROUP_NAMES[0])
        for call in (
            directory.change(account_id, a_draft()),
            directory.enable(account_id),
            directory.disable(account_id),
            directory.join(account_id, GROUP_NAMES[0]),
        ):
            with pytest.raises(RefusedError) as refused:
                await call
            assert refusal(refused) == "account-gone"

    async def test_an_account_that_an_administrator_moved_is_still_the_account(
        self, slapd: Slapd, directory: LdapDirectory
    ) -> None:
        made = await directory.create(a_draft())
        slapd.raw.add(f"ou=icu,{USERS}", ["organizationalUnit"], {"ou": "icu"})
        slapd.raw.modify_dn(f"uid=user1,{USERS}", "uid=user1", new_superior=f"ou=icu,{USERS}")
        try:
            assert (await directory.enable(made.account_id)).active
        finally:
            await directory.delete(made.account_id)
            slapd.raw.delete(f"ou=icu,{USERS}")


class TestSwitching:
    @pytest.mark.parametrize("disabling", ["end-time", "lock", "password"])
    async def test_enabled_and_disabled_again_and_again(self, slapd: Slapd, disabling: str) -> None:
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(disabling=disabling))) as directory:
            made = await directory.create(a_draft())
            assert not made.active
            for _ in range(2):
                for _ in range(2):
                    assert (await directory.enable(made.account_id)).active
                slapd.set_password("user1", "their-own")
                assert slapd.login("user1", "their-own")
                for _ in range(2):
                    assert not (await directory.disable(made.account_id)).active
                assert not slapd.login("user1", "their-own")

    @pytest.mark.parametrize("disabling", ["end-time", "lock", "password"])
    async def test_somebodys_own_password_is_never_reset_while_they_work(self, slapd: Slapd, disabling: str) -> None:
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(disabling=disabling))) as directory:
            made = await directory.create(a_draft())
            await directory.enable(made.account_id)
            slapd.set_password("user1", "their-own")
            await directory.enable(made.account_id)
            await directory.change(made.account_id, a_draft(title="Head nurse"))
            await directory.create(a_draft())
            assert slapd.login("user1", "their-own")

    async def test_what_the_server_does_not_act_upon_is_no_lock(self, slapd: Slapd) -> None:
        shape = a_shape(disabling="account-control", object_classes=("inetOrgPerson", "controlledAccount"))
        async with LdapDirectory.connect(slapd.settings(shape=shape)) as directory:
            made = await directory.create(a_draft())
            assert not made.active
            assert (await directory.enable(made.account_id)).active
            entry = slapd.entry("user1")
            assert entry is not None
            assert entry["userAccountControl"] == [b"512"]
            with pytest.raises(RefusedError) as refused:
                await directory.disable(made.account_id)
            assert refusal(refused) == "login-still-possible"
            assert (await directory.account(made.account_id)) == made

    async def test_an_account_that_cannot_be_used_is_not_left_enabled(self, slapd: Slapd) -> None:
        """The password policy ended this person's account on a day of its own."""
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(disabling="lock"))) as directory:
            made = await directory.create(a_draft())
            ended = {"pwdEndTime": [(ldap3.MODIFY_REPLACE, ["20200101000000Z"])]}
            slapd.raw.modify(f"uid=user1,{USERS}", ended)
            for _ in range(2):
                with pytest.raises(RefusedError) as refused:
                    await directory.enable(made.account_id)
                assert refusal(refused) == "login-not-possible"
                assert await directory.account(made.account_id) == made

    @pytest.mark.parametrize(("disabling", "holds"), [("end-time", True), ("lock", False)])
    async def test_a_new_password_lifts_the_lock_and_not_the_end_time(
        self, slapd: Slapd, disabling: str, holds: bool
    ) -> None:
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(disabling=disabling))) as directory:
            made = await directory.create(a_draft())
            await directory.enable(made.account_id)
            await directory.disable(made.account_id)
            slapd.set_password("user1", "from-the-service-desk")
            assert slapd.login("user1", "from-the-service-desk") != holds
            shown = await directory.account(made.account_id)
            assert shown is not None
            assert shown.active != holds

    async def test_a_lock_after_failed_attempts_is_not_ours(self, slapd: Slapd) -> None:
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(disabling="lock"))) as directory:
            made = await directory.create(a_draft())
            await directory.enable(made.account_id)
            slapd.set_password("user1", "their-own")
            for _ in range(6):
                assert not slapd.login("user1", "mistyped")
            assert not slapd.login("user1", "their-own")
            assert (await directory.enable(made.account_id)).active
            assert not (await directory.disable(made.account_id)).active


class TestGroups:
    async def test_a_member_once(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        for name in (*GROUP_NAMES, *GROUP_NAMES):
            await directory.join(made.account_id, name)
        assert slapd.members(GROUP_NAMES[0]) == ["cn=nobody", f"uid=user1,{USERS}"]
        shown = await directory.account(made.account_id)
        assert shown is not None
        assert shown.groups == tuple(sorted(GROUP_NAMES))
        for _ in range(2):
            await directory.leave(made.account_id, GROUP_NAMES[0])
            await directory.leave(made.account_id, "no-such-group")
        assert slapd.members(GROUP_NAMES[0]) == ["cn=nobody"]

    async def test_the_last_member_may_leave(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        await directory.join(made.account_id, GROUP_NAMES[0])
        group = f"cn={GROUP_NAMES[0]},{GROUPS}"
        slapd.raw.modify(group, {"member": [(ldap3.MODIFY_DELETE, ["cn=nobody"])]})
        assert slapd.members(GROUP_NAMES[0]) == [f"uid=user1,{USERS}"]
        await directory.leave(made.account_id, GROUP_NAMES[0])
        assert slapd.members(GROUP_NAMES[0]) == ["cn=nobody"]

    @pytest.mark.parametrize("name", ["no-such-group", "*", "ehr-nurses)(cn=*"])
    async def test_a_group_that_is_not_there(self, directory: LdapDirectory, name: str) -> None:
        made = await directory.create(a_draft())
        with pytest.raises(RefusedError) as refused:
            await directory.join(made.account_id, name)
        assert refusal(refused) == "group-unknown"

    async def test_an_account_that_goes_leaves_its_groups(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        for name in GROUP_NAMES[:2]:
            await directory.join(made.account_id, name)
        for _ in range(2):
            await directory.delete(made.account_id)
        assert slapd.entry("user1") is None
        assert [slapd.members(name) for name in GROUP_NAMES[:2]] == [["cn=nobody"], ["cn=nobody"]]
        assert not await directory.name_taken("user1")

    async def test_members_by_user_name(self, slapd: Slapd) -> None:
        groups = {"object_class": "posixGroup", "members": "name", "member_attribute": "memberUid"}
        async with LdapDirectory.connect(slapd.settings(shape=a_shape(groups=groups))) as directory:
            made = await directory.create(a_draft())
            for _ in range(2):
                await directory.join(made.account_id, "posix")
            assert slapd.members("posix", "memberUid") == ["user1"]
            shown = await directory.account(made.account_id)
            assert shown is not None
            assert shown.groups == ("posix",)
            for _ in range(2):
                await directory.leave(made.account_id, "posix")
            assert slapd.members("posix", "memberUid") == []


class TestFailures:
    async def test_who_may_not_write_is_refused(self, slapd: Slapd, directory: LdapDirectory) -> None:
        made = await directory.create(a_draft())
        async with LdapDirectory.connect(slapd.settings(bind_dn=READER)) as reading:
            assert await reading.account(made.account_id) == made
            for call in (reading.create(a_draft(2)), reading.disable(made.account_id), reading.delete(made.account_id)):
                with pytest.raises(RefusedError) as refused:
                    await call
                assert refusal(refused) == "not-permitted"

    async def test_a_wrong_password_of_our_own_passes_once_somebody_mends_it(self, slapd: Slapd) -> None:
        async with LdapDirectory.connect(slapd.settings(password="wrong")) as directory:
            with pytest.raises(TemporarilyUnavailableError) as caught:
                await directory.health()
            assert caught.value.code == "login-refused"
            assert PASSWORD not in str(caught.value)

    async def test_a_tree_or_schema_that_differs_is_told(self, slapd: Slapd) -> None:
        async with LdapDirectory.connect(slapd.settings(users=f"ou=nowhere,{SUFFIX}")) as directory:
            with pytest.raises(TemporarilyUnavailableError):
                await directory.health()
            with pytest.raises(ContractDriftError):
                await directory.find("E1", "user1")
        shape = a_shape(object_classes=("inetOrgPerson", "noSuchClass"))
        async with LdapDirectory.connect(slapd.settings(shape=shape)) as directory:
            with pytest.raises((ContractDriftError, RefusedError)):
                await directory.create(a_draft())

    async def test_health(self, directory: LdapDirectory) -> None:
        await directory.health()
        assert directory.system == "directory"
