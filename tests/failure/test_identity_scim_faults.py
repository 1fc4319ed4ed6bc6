"""Providers that ignore, lose, repeat and lie: for each, how it ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.identity.scim.settings import AttributeRule, ScimMapping
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError
from tests.fixtures.faulty_scim import FaultyHouse, faulty_house
from tests.fixtures.identity import PASSWORD, a_draft


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[FaultyHouse]:
    async with faulty_house(tmp_path) as faulty:
        yield faulty


@pytest.mark.parametrize("fault", ["filter-ignored", "filter-refused"])
async def test_who_is_found_is_compared_once_more_where_filters_do_nothing(house: FaultyHouse, fault: str) -> None:
    others = [await house.port.create(a_draft()) for _ in range(5)]
    house.suffers(fault)
    draft = a_draft()
    assert await house.port.find(draft.worker_number, draft.user_name) is None
    assert not await house.port.name_taken(draft.user_name)
    made = await house.port.create(draft)
    assert made.account_id not in {each.account_id for each in others}
    await house.port.join(made.account_id, "ehr-nurse")
    shown = await house.port.find(draft.worker_number, draft.user_name)
    assert shown and shown.account_id == made.account_id and shown.groups == ("ehr-nurse",)
    assert await house.raw.entries("ehr-nurse", others[0].account_id) == 0
    assert await house.raw.entries("all-staff", made.account_id) == 0


@pytest.mark.parametrize("fault", ["500-after-create", "cut-after-create", "slow-after-create"])
async def test_an_account_whose_answer_was_lost_is_taken_and_not_made_again(house: FaultyHouse, fault: str) -> None:
    draft = a_draft()
    house.suffers(fault)
    made = await house.port.create(draft)
    assert not made.active and made.worker_number == draft.worker_number
    assert await house.port.create(draft) == made
    assert len(house.provider.sent("POST", "/Users")) == 1
    assert await house.count(draft) == 1


async def test_an_error_without_an_effect_is_said_and_the_next_try_makes_the_account(house: FaultyHouse) -> None:
    draft = a_draft()
    house.suffers("500-at-create")
    with pytest.raises(TemporarilyUnavailableError) as error:
        await house.port.create(draft)
    assert error.value.code == "http-500"
    assert await house.count(draft) == 0
    house.recovers()
    await house.port.create(draft)
    assert await house.count(draft) == 1


async def test_a_provider_that_keeps_no_number_is_told_apart_by_its_mapping(house: FaultyHouse) -> None:
    house.suffers("no-numbers")
    draft, other = a_draft(), a_draft()
    with pytest.raises(ContractDriftError) as drift:
        await house.port.create(draft)
    assert drift.value.code == "worker-number-not-kept"
    with pytest.raises(RefusedError) as conflict:
        await house.port.find(draft.worker_number, draft.user_name)
    assert conflict.value.code == "account-conflict"
    by_name = house.with_mapping(ScimMapping(keeps_worker_number=False))
    made = await by_name.create(other)
    assert made.worker_number == "" and await by_name.create(other) == made
    assert await by_name.find(other.worker_number, other.user_name) == made
    assert await house.count(other) == 1


async def test_two_accounts_with_one_number_need_a_person(house: FaultyHouse) -> None:
    draft = a_draft()
    await house.port.create(draft)
    twin = a_draft(worker_number=f"{draft.worker_number}X")
    stranger = await house.port.create(twin)
    await house.raw.change(stranger.account_id, "externalId", draft.worker_number)
    for look in (house.port.find(draft.worker_number, draft.user_name), house.port.create(draft)):
        with pytest.raises(RefusedError) as conflict:
            await look
        assert conflict.value.code == "account-conflict"
    assert await house.count(draft) == 1


async def test_an_account_that_comes_out_enabled_is_disabled(house: FaultyHouse) -> None:
    house.suffers("creates-enabled")
    made = await house.port.create(a_draft())
    assert not made.active and not await house.raw.enabled(made.account_id)


@pytest.mark.parametrize("fault", ["patch-204", "patch-200", "cut-after-patch"])
async def test_what_the_answer_of_a_change_says_does_not_matter(house: FaultyHouse, fault: str) -> None:
    made = await house.port.create(a_draft())
    house.suffers(fault, times=1)
    assert (await house.port.enable(made.account_id)).active
    assert await house.raw.enabled(made.account_id)
    await house.port.join(made.account_id, "all-staff")
    assert await house.raw.entries("all-staff", made.account_id) == 1


async def test_nobody_is_enabled_although_the_provider_said_so(house: FaultyHouse) -> None:
    made = await house.port.create(a_draft())
    house.suffers("enables-nobody")
    with pytest.raises(RefusedError) as refused:
        await house.port.enable(made.account_id)
    assert refused.value.code == "login-not-possible"
    assert house.slept == [0.5] * 3  # it might only show it late
    house.recovers()
    assert (await house.port.enable(made.account_id)).active


async def test_nobody_is_disabled_although_the_provider_said_so(house: FaultyHouse) -> None:
    made = await house.port.create(a_draft())
    await house.port.enable(made.account_id)
    house.suffers("disables-nobody")
    with pytest.raises(RefusedError) as refused:
        await house.port.disable(made.account_id)
    assert refused.value.code == "login-still-possible"
    house.recovers()
    assert not (await house.port.disable(made.account_id)).active


async def test_an_account_that_is_enabled_and_cannot_log_in_is_not_left_enabled(house: FaultyHouse) -> None:
    made = await house.port.create(a_draft())
    for fault, kind, code in (
        ("login-refuses", RefusedError, "login-not-possible"),
        ("login-down", TemporarilyUnavailableError, "login-unreachable"),
        ("login-misconfigured", ContractDriftError, "login-unknown"),
        ("password-refused", RefusedError, "data-invalid"),
    ):
        house.suffers(fault)
        with pytest.raises(kind) as error:
            await house.port.enable(made.account_id)
        assert error.value.code == code
        assert not await house.raw.enabled(made.account_id)
        house.recovers()
    assert (await house.port.enable(made.account_id)).active


async def test_a_login_that_goes_on_working_is_found_also_by_the_next_try(house: FaultyHouse) -> None:
    made = await house.port.create(a_draft())
    await house.port.enable(made.account_id)
    house.suffers("login-lets-in")
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            await house.port.disable(made.account_id)
        assert refused.value.code == "login-still-possible"
    house.recovers()
    house.suffers("login-misconfigured")
    with pytest.raises(ContractDriftError):  # 'the client is unknown' does not mean 'refused'
        await house.port.disable(made.account_id)
    house.recovers()
    assert not (await house.port.disable(made.account_id)).active


async def test_without_a_probe_what_the_provider_shows_is_believed_and_no_password_is_touched(
    house: FaultyHouse,
) -> None:
    port = house.with_mapping(ScimMapping(), probe=False)
    made = await port.create(a_draft())
    await house.raw.set_password(made.account_id, PASSWORD)
    assert (await port.enable(made.account_id)).active
    assert not (await port.disable(made.account_id)).active
    assert not [each for each in house.provider.sent("PATCH") if b'"password"' in each.content]


async def test_the_one_time_password_is_new_each_time_and_is_in_no_account(house: FaultyHouse) -> None:
    made = await house.port.create(a_draft())
    shown = [await house.port.enable(made.account_id), await house.port.disable(made.account_id)]
    sent = [each for each in house.provider.sent("PATCH") if b'"password"' in each.content]
    passwords = {json.loads(each.content)["Operations"][0]["value"] for each in sent}
    assert len(passwords) == 2 and all(len(each) > 40 for each in passwords)
    assert not any(word in each.model_dump_json() for each in shown for word in passwords)


async def test_a_member_whom_the_provider_notes_twice_is_left_once(house: FaultyHouse) -> None:
    made, other = [await house.port.create(a_draft()) for _ in range(2)]
    await house.port.join(other.account_id, "ehr-nurse")
    house.suffers("members-twice", times=1)
    await house.port.join(made.account_id, "ehr-nurse")
    assert await house.raw.entries("ehr-nurse", made.account_id) == 1
    assert await house.raw.entries("ehr-nurse", other.account_id) == 1
    assert [each for each in house.provider.sent("PATCH", "/Groups/") if b'"remove"' in each.content]
    house.suffers("members-twice")
    await house.port.join(made.account_id, "ehr-nurse")  # there already: nothing is added
    assert await house.raw.entries("ehr-nurse", made.account_id) == 1


async def test_somebody_elses_change_in_between_is_kept_and_ours_is_made_once_more(house: FaultyHouse) -> None:
    draft = a_draft()
    made = await house.port.create(draft)

    async def meanwhile() -> None:
        await house.raw.change(made.account_id, "nickName", "Janie")

    house.provider.before = meanwhile
    changed = await house.port.change(made.account_id, draft.model_copy(update={"title": "Charge nurse"}))
    assert changed.title == "Charge nurse"
    assert (await house.raw.user(made.account_id))["nickName"] == "Janie"
    versions = [each.headers.get("If-Match") for each in house.provider.sent("PATCH", "/Users/")]
    assert len(versions) == 2 and versions[0] != versions[1] and None not in versions
    assert 'W/"made-up"' not in versions


async def test_versions_are_sent_only_where_the_provider_says_that_it_keeps_them(house: FaultyHouse) -> None:
    house.suffers("no-etag")
    made = await house.port.create(a_draft())
    await house.port.enable(made.account_id)
    assert not [each for each in house.provider.requests if "If-Match" in each.headers]


async def test_flags_as_text_are_read_and_where_it_must_be_sent(house: FaultyHouse) -> None:
    house.suffers("text-flags")
    port = house.with_mapping(ScimMapping(text_booleans=True))
    made = await port.create(a_draft())
    assert made.active is False
    assert (await port.enable(made.account_id)).active is True


async def test_what_a_provider_requires_is_a_line_of_its_mapping(house: FaultyHouse) -> None:
    house.suffers("formatted-required")
    poor = ScimMapping(attributes=(AttributeRule(path="externalId", value="{worker_number}"),))
    draft = a_draft()
    with pytest.raises(RefusedError) as refused:
        await house.with_mapping(poor).create(draft)
    assert refused.value.code == "data-invalid"
    assert "name.formatted" in str(refused.value) and "Jane" not in str(refused.value)
    rule = AttributeRule(path="name.formatted", value="{family}, {given}")
    made = await house.with_mapping(ScimMapping(attributes=(*poor.attributes, rule))).create(draft)
    assert (await house.raw.user(made.account_id))["name"]["formatted"] == "Doe, Jane"


async def test_the_manager_is_named_by_their_own_id_there(house: FaultyHouse) -> None:
    boss = a_draft()
    chief = await house.port.create(boss)
    made = await house.port.create(a_draft(manager=boss.user_name))
    alone = await house.port.create(a_draft(manager="nobody.knows"))
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert (await house.raw.user(made.account_id))[enterprise]["manager"]["value"] == chief.account_id
    assert "manager" not in (await house.raw.user(alone.account_id))[enterprise]


async def test_a_provider_that_asks_to_wait_is_waited_for_up_to_a_bound(house: FaultyHouse) -> None:
    house.suffers("429", times=2)
    await house.port.health()
    assert house.slept == [3.0, 3.0]
    house.suffers("slow-down-long")
    with pytest.raises(TemporarilyUnavailableError) as throttled:
        await house.port.health()
    assert throttled.value.code == "throttled" and house.slept == [3.0, 3.0]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("down", TemporarilyUnavailableError, "unreachable"),
        ("500", TemporarilyUnavailableError, "http-500"),
        ("503", TemporarilyUnavailableError, "http-503"),
        ("401", RefusedError, "access-refused"),
        ("403", RefusedError, "access-refused"),
        ("302", ContractDriftError, "interface-unknown"),
        ("404", ContractDriftError, "interface-unknown"),
        ("page", ContractDriftError, "answer-unknown"),
    ],
)
async def test_each_failure_has_its_class(house: FaultyHouse, fault: str, kind: type[OutsideError], code: str) -> None:
    draft = a_draft()
    made = await house.port.create(draft)
    house.suffers(fault)
    for call in (
        house.port.health(),
        house.port.find(draft.worker_number, draft.user_name),
        house.port.name_taken(draft.user_name),
        house.port.create(draft),
    ):
        with pytest.raises(kind) as error:
            await call
        assert (error.value.system, error.value.code) == ("identity", code)
        assert "the-right-token" not in str(error.value) and draft.user_name not in str(error.value)
    house.recovers()
    assert await house.port.account(made.account_id) == made
