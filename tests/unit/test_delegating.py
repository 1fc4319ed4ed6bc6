"""Delegations: which may be made, and what they are good for when they are used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delegating import MOST_AT_ONCE, authority_refusal, delegation_refusal
from domain.delegation import Delegation
from domain.people import Person
from domain.policy.model import DelegationRule
from tests.fixtures.approvals import DAY, OWNER, a_delegation, a_person, a_task, an_actor, authority
from tests.fixtures.purchases import NOW, usd

RULE = DelegationRule(max_days=60, roles_never=("chief-financial-officer",), max_amount=Decimal(5000))


def faults(
    delegation: Delegation,
    existing: Any = (),
    delegator: Person | None = None,
    delegate: Person | None = None,
    rule: DelegationRule = RULE,
) -> tuple[str, ...]:
    return delegation_refusal(
        delegation,
        rule,
        NOW,
        existing=existing,
        delegator=delegator or a_person(delegation.delegator),
        delegate=delegate or a_person(delegation.delegate),
    )


def test_a_substitute_for_the_holidays() -> None:
    assert faults(a_delegation()) == ()


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"delegate": "olga"}, "olga cannot be their own substitute"),
        ({"made_by": "dirk"}, "dirk cannot make themselves the substitute of olga"),
        ({"valid_until": NOW - 2 * DAY}, "before it begins"),
        ({"valid_until": NOW - DAY}, "before it begins"),
        ({"valid_from": NOW - 3 * DAY, "valid_until": NOW}, "it ended already (2026-03-02 15:00 UTC)"),
        ({"valid_until": NOW + 60 * DAY}, "it holds for 61 days, more than the 60"),
        ({"scope": {"roles": ("chief-financial-officer",)}}, "never lets chief-financial-officer be delegated"),
        ({"scope": {"max_amount": Decimal(5001)}}, "up to 5001, more than the 5000"),
    ],
)
def test_what_may_not_be_handed_over(over: dict[str, Any], told: str) -> None:
    (fault,) = faults(a_delegation(**over))
    assert told in fault


def test_nobody_hands_out_delegations_without_end() -> None:
    many = [a_delegation(delegate=f"stand-in{at}", delegation_id=f"number-{at}") for at in range(MOST_AT_ONCE)]
    (fault,) = faults(a_delegation(), many)
    assert "olga has given 50 delegations for that time already" in fault
    assert faults(a_delegation(), many[1:]) == ()
    assert faults(a_delegation(), [each.model_copy(update={"revoked_at": NOW}) for each in many]) == ()
    assert faults(a_delegation("omar"), many) == ()


def test_sixty_days_are_sixty_days_when_the_clocks_are_put_back() -> None:
    assert faults(a_delegation(valid_until=NOW + 59 * DAY + timedelta(hours=1))) == ()
    assert faults(a_delegation(valid_until=NOW + 59 * DAY + timedelta(hours=1, seconds=1)))


def test_people_who_left_neither_hand_over_nor_stand_in() -> None:
    (fault,) = faults(a_delegation(), delegator=a_person("olga", active=False))
    assert fault == "olga is no longer active and has nothing to hand over"
    (fault,) = faults(a_delegation(), delegate=a_person("dirk", active=False))
    assert fault == "dirk is no longer active and cannot stand in"


def test_whoever_holds_only_roles_that_are_never_delegated_has_nothing_to_hand_over() -> None:
    cfo = a_person("olga", roles=("chief-financial-officer",))
    assert faults(a_delegation(), delegator=cfo) == (
        "the policy lets none of olga's roles be delegated: chief-financial-officer",
    )
    both = a_person("olga", roles=("chief-financial-officer", OWNER))
    assert faults(a_delegation(), delegator=both) == ()


def test_no_chains() -> None:
    onward = a_delegation("dirk", "emma")
    (fault,) = faults(a_delegation(), [onward])
    assert fault.startswith("dirk has handed decisions to emma in that time (delegation dirk-to-emma, until 2026-03-03")
    inward = a_delegation("cora", "olga")
    (fault,) = faults(a_delegation(), [inward])
    assert fault.startswith("olga decides for cora in that time (delegation cora-to-olga")


def test_no_circles() -> None:
    (fault,) = faults(a_delegation(), [a_delegation("dirk", "olga")])
    assert "it would be a circle" in fault
    found = faults(a_delegation(), [a_delegation("dirk", "emma"), a_delegation("emma", "olga")])
    assert "it would close a circle: olga -> dirk -> emma -> olga" in found
    assert len(found) == 3


@pytest.mark.parametrize(
    "over",
    [
        {"revoked_at": NOW},
        {"valid_from": NOW + DAY, "valid_until": NOW + 2 * DAY},
        {"valid_from": NOW - 2 * DAY, "valid_until": NOW - DAY},
        {"scope": {"facilities": ("south",)}},
        {"scope": {"roles": ("buyer",)}},
        {"scope": {"categories": ("food",)}},
        {"scope": {"task_id": "task-9"}},
    ],
)
def test_what_never_meets_is_no_chain(over: dict[str, Any]) -> None:
    mine = a_delegation(
        scope={"facilities": ("north",), "roles": (OWNER,), "categories": ("office",), "task_id": "task-1"}
    )
    assert faults(mine, [a_delegation("dirk", "emma", **over)]) == ()
    assert faults(mine, [a_delegation("dirk", "emma")]) != ()


def test_two_may_name_the_same_substitute_and_one_may_name_two() -> None:
    assert faults(a_delegation(), [a_delegation("omar", "dirk"), a_delegation("olga", "emma")]) == ()


def test_the_same_delegation_again_does_not_stand_in_its_own_way() -> None:
    turned = a_delegation("dirk", "olga", delegation_id="olga-to-dirk")
    assert faults(a_delegation(), [turned]) == ()


def test_all_faults_are_told_at_once() -> None:
    bad = a_delegation(
        valid_until=NOW + 90 * DAY,
        scope={"roles": ("chief-financial-officer",), "max_amount": Decimal(9000)},
    )
    found = faults(
        bad,
        [a_delegation("dirk", "emma"), a_delegation("cora", "olga")],
        delegator=a_person("olga", active=False),
        delegate=a_person("dirk", active=False),
    )
    assert len(found) == 7


def test_a_substitute_decides_with_the_authority_of_the_one_who_is_away() -> None:
    assert used() is None


def used(given: Any = None, **over: Any) -> Any:
    arguments = {
        "task": a_task(),
        "actor": an_actor("dirk", "requester"),
        "on_behalf_of": "olga",
        "at": NOW,
        "rule": RULE,
        **over,
    }
    return authority_refusal(given or authority(), **arguments)


@pytest.mark.parametrize(
    "delegation",
    [
        a_delegation(valid_until=NOW),
        a_delegation(valid_from=NOW + timedelta(seconds=1)),
        a_delegation(revoked_at=NOW - DAY / 2),
        a_delegation(scope={"facilities": ("south",)}),
        a_delegation(scope={"roles": ("buyer",)}),
        a_delegation(scope={"categories": ("food",)}),
        a_delegation(scope={"max_amount": Decimal("499.99")}),
        a_delegation(scope={"task_id": "task-2"}),
    ],
)
def test_beyond_its_time_or_scope_a_delegation_is_worth_nothing(delegation: Delegation) -> None:
    assert used(authority(delegation)) == "delegation-not-valid"


@pytest.mark.parametrize(
    "delegation",
    [
        a_delegation(valid_from=NOW, valid_until=NOW + timedelta(seconds=1)),
        a_delegation(scope={"facilities": ("south", "north"), "roles": (OWNER,), "task_id": "task-1"}),
        a_delegation(scope={"categories": ("food", "office"), "max_amount": Decimal(500)}),
    ],
)
def test_within_its_time_and_scope_it_holds(delegation: Delegation) -> None:
    assert used(authority(delegation)) is None


@pytest.mark.parametrize(
    "over",
    [
        {"actor": an_actor("emma")},
        {"on_behalf_of": "omar"},
        {"given": authority(a_delegation(), an_actor("omar"))},
        {"given": authority(a_delegation("dirk", "dirk")), "on_behalf_of": "dirk"},
        {"given": authority(a_delegation("dirk", "olga"), an_actor("dirk"))},
    ],
)
def test_it_holds_for_the_persons_that_it_names(over: dict[str, Any]) -> None:
    given_authority = over.pop("given", None)
    assert used(given_authority, **over) == "delegation-not-valid"


def test_one_category_beyond_the_scope_is_too_many() -> None:
    lent = authority(a_delegation(scope={"categories": ("office",)}))
    assert used(lent, task=a_task(categories=("office", "food"))) == "delegation-not-valid"


def test_what_is_not_known_is_not_within_limits() -> None:
    assert used(authority(a_delegation(scope={"categories": ("office",)})), task=a_task(categories=())) is not None
    assert used(task=a_task(amount=None)) == "delegation-not-valid"
    assert used(task=a_task(amount=None), rule=DelegationRule()) is None


def test_the_policy_limits_what_any_delegation_is_good_for() -> None:
    assert used(task=a_task(amount=usd(5000))) is None
    assert used(task=a_task(amount=usd("5000.01"))) == "delegation-not-valid"
    cfo = authority(delegator=an_actor("olga", "chief-financial-officer"))
    assert used(cfo, task=a_task(role="chief-financial-officer")) == "delegation-not-valid"


def test_never_to_or_for_somebody_who_may_not_decide() -> None:
    assert used(task=a_task(excluded=("dirk",))) == "requester-may-not-decide"
    assert used(task=a_task(excluded=("olga",))) == "requester-may-not-decide"


def test_nobody_hands_over_what_they_do_not_have() -> None:
    assert used(authority(delegator=an_actor("olga", "buyer"))) == "not-authorised"
    assert used(authority(delegator=an_actor("olga", facility="south"))) == "not-authorised"
    assert used(actor=an_actor("dirk"), task=a_task(people=("omar",))) == "not-authorised"
    assert used(task=a_task(people=("olga",))) is None


people = st.sampled_from(("anna", "bert", "cleo", "dora", "emil"))
pairs = st.lists(st.tuples(people, people).filter(lambda pair: pair[0] != pair[1]), max_size=12)


@given(pairs)
def test_what_was_made_one_after_the_other_never_chains(wanted: list[tuple[str, str]]) -> None:
    """Nobody both lends and borrows at the same time, so that no way through the delegations has two steps."""
    made: list[Delegation] = []
    for number, (delegator, delegate) in enumerate(wanted):
        candidate = a_delegation(delegator, delegate, delegation_id=f"delegation-{number}")
        if not faults(candidate, made):
            made.append(candidate)
    assert not {each.delegator for each in made} & {each.delegate for each in made}
