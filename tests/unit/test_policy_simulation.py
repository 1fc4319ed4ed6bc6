"""A changed policy against recorded requests: nothing moves without a change, and nothing gets lost in the sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facility import BusinessCalendar, Facility
from domain.money import Money
from domain.policy.cycle_time import CycleTimes, median
from domain.policy.model import ApprovalLevel, EmergencyRule, FrozenPolicy, RoutingRule
from domain.policy.simulation import (
    AFTERWARDS,
    NEVER_CHECKED,
    NO_POLICY,
    OTHER_CURRENCY,
    UNKNOWN_FACILITY,
    Simulation,
    Simulator,
)
from domain.ports.recorded import RecordedAnswer, RecordedRequest
from domain.routing import RequestFacts, route
from tests.fixtures.small_hospital import FACILITY, policy

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
DAY = START.date()
SOUTH = FACILITY.model_copy(update={"code": "south", "calendar": BusinessCalendar(time_zone="Pacific/Auckland")})
LEVELS = (
    ApprovalLevel(name="owner", role="cost-centre-owner", escalate_to="department-director"),
    ApprovalLevel(name="director", role="department-director", escalate_to="finance-controller"),
    ApprovalLevel(name="committee", role="category-manager", needs=2, stage="side", escalate_to="process-owner"),
    ApprovalLevel(name="finance", role="finance-controller", stage="side", escalate_to="process-owner"),
)


class Store:
    """A PolicyStore with the same rules for every facility, from 2026 on."""

    def __init__(self, rules: FrozenPolicy | None = None, facilities: Sequence[Facility] = (FACILITY, SOUTH)) -> None:
        self.rules, self._facilities = rules or policy(), tuple(facilities)

    def facilities(self) -> tuple[Facility, ...]:
        return self._facilities

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        place = next((each for each in self._facilities if each.code == facility), None)
        known = place is not None and on >= self.rules.effective_from
        return self.rules.model_copy(update={"facility": place}) if known else None


def rule(name: str, *levels: str, **over: Any) -> RoutingRule:
    return RoutingRule(name=name, reason="because of the test", owner="finance", levels=levels, **over)


def request(amount: str | int = 500, name: str = "REQ-1", **over: Any) -> RecordedRequest:
    facts = {"categories": ("linen",), "amount": Money(amount=Decimal(amount), currency=over.pop("currency", "USD"))}
    facts |= {field: over.pop(field) for field in ("categories", "urgency", "cost_centres") if field in over}
    given = {"case_id": f"procure-to-pay.north.{name}", "facility": "north", "submitted_at": START}
    return RecordedRequest.model_validate(given | {"facts": RequestFacts.model_validate(facts)} | over)


def simulate(
    changed: FrozenPolicy, *requests: RecordedRequest, current: FrozenPolicy | None = None, **over: Any
) -> Simulation:
    given = {"since": DAY, "until": DAY} | over
    simulator = Simulator(Store(current), Store(changed), **given)
    for each in requests:
        simulator.replay(each)
    return simulator.outcome()


LOWER = policy(routing=(rule("small", "owner"), rule("large", "director", amount_from=Decimal(600))))


def test_a_lower_threshold_moves_what_lies_between() -> None:
    found = simulate(LOWER, *(request(amount, f"REQ-{amount}") for amount in (500, 600, 999, 1000)))
    assert (found.replayed, found.moved, found.left_out) == (4, 2, {})
    assert [(move.case_id, move.before, move.after) for move in found.moves] == [
        ("procure-to-pay.north.REQ-999", ("owner",), ("owner", "director")),
        ("procure-to-pay.north.REQ-600", ("owner",), ("owner", "director")),
    ]
    (group,) = found.groups
    assert (group.lost, group.gained, group.rules_after) == ((), ("director",), ("large",))
    assert (group.requests, group.amount, group.currency) == (2, Decimal(1599), "USD")
    load = {(each.facility, each.role): (each.before, each.after) for each in found.load}
    assert load == {("north", "cost-centre-owner"): (4, 4), ("north", "department-director"): (1, 3)}
    spend = {each.level: (each.before, each.after) for each in found.spend}
    assert spend == {"owner": (Decimal(3099), Decimal(3099)), "director": (Decimal(1000), Decimal(2599))}


def test_the_list_is_bounded_and_keeps_the_largest() -> None:
    found = simulate(LOWER, *(request(amount, f"REQ-{amount}") for amount in range(600, 700)), listed=3)
    assert found.moved == 100
    assert [move.amount for move in found.moves] == [699, 698, 697]
    assert found.groups[0].requests == 100


def test_a_level_whose_role_changes_hands_is_a_move() -> None:
    owner = LEVELS[0].model_copy(update={"role": "buyer"})
    found = simulate(policy(levels=(owner, LEVELS[1])), request())
    assert (found.moves[0].before, found.moves[0].after) == (("owner",), ("owner",))
    load = {each.role: (each.before, each.after) for each in found.load}
    assert load == {"cost-centre-owner": (1, 0), "buyer": (0, 1)}


def test_a_quorum_is_so_many_decisions_and_a_stage_is_as_slow_as_its_slowest() -> None:
    both = policy(levels=LEVELS, routing=(rule("all", "owner", "committee", "finance"),))
    alone = policy(levels=LEVELS, routing=(rule("all", "owner"),))
    hours = {"cost-centre-owner": 1, "category-manager": 2, "finance-controller": 3}
    answers = tuple(
        RecordedAnswer(role=role, asked_at=START, answered_at=START + timedelta(hours=each))
        for role, each in hours.items()
    )
    found = simulate(both, request(answers=answers), current=alone)
    assert {each.role: each.after - each.before for each in found.load} == {
        "cost-centre-owner": 0, "category-manager": 2, "finance-controller": 1,
    }  # fmt: skip
    assert found.cycle_time is not None
    assert (found.cycle_time.hours_before, found.cycle_time.hours_after) == (Decimal("1.0"), Decimal("4.0"))
    assert (found.cycle_time.slower, found.cycle_time.faster, found.cycle_time.unchanged) == (1, 0, 0)
    assert found.cycle_time.unobserved == ()


def test_an_emergency_under_the_cap_is_answered_for_afterwards() -> None:
    tighter = policy(emergency=EmergencyRule(cap=Decimal(400)))
    asked_at = RecordedAnswer(role="cost-centre-owner", asked_at=START, answered_at=START + timedelta(hours=2))
    urgent = request(urgency="emergency", answers=(asked_at,))
    found = simulate(tighter, urgent, request(300, "REQ-2", urgency="emergency"))
    (move,) = found.moves
    assert (move.before, move.after) == ((AFTERWARDS,), ("owner",))
    assert found.cycle_time is not None
    assert (found.cycle_time.hours_before, found.cycle_time.slower) == (Decimal("0.0"), 1)


def test_what_cannot_be_replayed_is_counted_with_its_reason() -> None:
    euro = request(currency="EUR")
    before = request(submitted_at=datetime(2025, 12, 31, 15, tzinfo=UTC))
    found = simulate(
        policy(),
        request(facility="atlantis"),
        request(categories=()),
        euro,
        before,
        request(),
        since=date(2025, 12, 31),
    )
    assert found.left_out == {UNKNOWN_FACILITY: 1, NEVER_CHECKED: 1, OTHER_CURRENCY: 1, NO_POLICY: 1}
    assert (found.replayed, found.moved) == (1, 0)


@pytest.mark.parametrize(
    ("facility", "at", "within"),
    [
        ("north", "2026-03-02T04:59:00Z", False),
        ("north", "2026-03-02T05:00:00Z", True),
        ("north", "2026-03-03T04:59:00Z", True),
        ("north", "2026-03-03T05:00:00Z", False),
        ("south", "2026-03-01T10:59:00Z", False),
        ("south", "2026-03-01T11:00:00Z", True),
    ],
)
def test_days_are_those_of_the_facility(facility: str, at: str, within: bool) -> None:
    found = simulate(LOWER, request(700, facility=facility, submitted_at=at))
    assert (found.replayed, found.left_out) == (int(within), {})


def test_the_estimate_needs_answers_and_names_what_it_does_not_know() -> None:
    assert simulate(LOWER, request(700)).cycle_time is None
    answer = RecordedAnswer(role="cost-centre-owner", asked_at=START, answered_at=START + timedelta(minutes=90))
    estimate = simulate(LOWER, request(700, answers=(answer,))).cycle_time
    assert estimate is not None
    assert [(each.role, each.median_hours, each.answers) for each in estimate.observed] == [
        ("cost-centre-owner", Decimal("1.5"), 1)
    ]
    assert estimate.unobserved == ("department-director",)
    assert (estimate.hours_before, estimate.hours_after) == (Decimal("1.5"), Decimal("3.0"))


def test_nights_do_not_count_as_time_to_an_answer() -> None:
    friday = datetime(2026, 3, 6, 21, 30, tzinfo=UTC)  # 16:30 in New York
    monday = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)  # 08:30 there, after the change to daylight saving
    answer = RecordedAnswer(role="cost-centre-owner", asked_at=friday, answered_at=monday)
    estimate = simulate(LOWER, request(answers=(answer,))).cycle_time
    assert estimate is not None
    assert estimate.observed[0].median_hours == Decimal("1.0")


amounts = st.decimals(0, 5000, places=2)
rules = st.lists(
    st.builds(
        RoutingRule,
        name=st.sampled_from([f"rule-{number}" for number in range(9)]),
        reason=st.just("because of the test"),
        owner=st.just("finance"),
        amount_from=amounts,
        categories=st.sampled_from([(), ("linen",), ("food", "office")]),
        urgencies=st.sampled_from([(), ("urgent",)]),
        levels=st.lists(st.sampled_from([level.name for level in LEVELS]), min_size=1, unique=True).map(tuple),
    ),
    max_size=6,
    unique_by=lambda each: each.name,
)
policies = st.builds(
    lambda routing, cap: policy(levels=LEVELS, routing=tuple(routing), emergency=EmergencyRule(cap=cap)), rules, amounts
)
requests = st.lists(
    st.builds(
        lambda amount, urgency, category, hours: request(
            str(amount),
            urgency=urgency,
            categories=(category,),
            answers=(
                RecordedAnswer(role="finance-controller", asked_at=START, answered_at=START + timedelta(hours=hours)),
            ),
        ),
        amounts,
        st.sampled_from(["routine", "urgent", "emergency"]),
        st.sampled_from(["linen", "food", "imaging"]),
        st.integers(0, 100),
    ),
    max_size=12,
)


def numbered(given: list[RecordedRequest]) -> list[RecordedRequest]:
    return [each.model_copy(update={"case_id": f"{each.case_id}-{number}"}) for number, each in enumerate(given)]


@given(policies, requests)
def test_an_unchanged_policy_moves_nothing(rules: FrozenPolicy, given: list[RecordedRequest]) -> None:
    found = simulate(rules, *numbered(given), current=rules.model_copy(update={"version": "another name"}))
    assert (found.moved, found.moves, found.groups) == (0, (), ())
    assert all(each.before == each.after for each in found.load)
    assert all(each.before == each.after for each in found.spend)
    assert found.cycle_time is None or found.cycle_time.slower == found.cycle_time.faster == 0


@given(policies, policies, requests)
def test_no_decision_and_no_money_gets_lost(
    before: FrozenPolicy, after: FrozenPolicy, given: list[RecordedRequest]
) -> None:
    found = simulate(after, *numbered(given), current=before)
    assert found.replayed == len(given)
    assert found.moved == len(found.moves) == sum(group.requests for group in found.groups)
    for side, rules in (("before", before), ("after", after)):
        expected_load, expected_spend = 0, Decimal(0)
        for each in given:
            amount = each.facts.amount.amount
            if each.facts.urgency == "emergency" and amount <= rules.emergency.cap:
                expected_load, expected_spend = expected_load + 1, expected_spend + amount
                continue
            levels = [routed.level for routed in route(rules, each.facts).levels]
            expected_load += sum(level.needs if isinstance(level.needs, int) else 1 for level in levels)
            expected_spend += amount * len(levels)
        assert sum(getattr(each, side) for each in found.load) == expected_load
        assert sum((getattr(each, side) for each in found.spend), Decimal(0)) == expected_spend


@given(policies, policies, requests)
def test_the_way_back_is_the_same_way(before: FrozenPolicy, after: FrozenPolicy, given: list[RecordedRequest]) -> None:
    there, back = (simulate(one, *numbered(given), current=other) for one, other in ((after, before), (before, after)))
    assert there.moved == back.moved
    assert [(move.case_id, move.before, move.after) for move in there.moves] == [
        (move.case_id, move.after, move.before) for move in back.moves
    ]
    if there.cycle_time is not None and back.cycle_time is not None:
        assert there.cycle_time.slower == back.cycle_time.faster


@given(st.lists(st.decimals(0, 100, places=1), min_size=1))
def test_the_median_is_the_lower_middle(values: list[Decimal]) -> None:
    counted = {value: values.count(value) for value in values}
    assert median(counted) == sorted(values)[(len(values) - 1) // 2]


def test_no_values_have_no_median() -> None:
    with pytest.raises(ValueError, match="no values"):
        median({})
    assert CycleTimes().estimate() is None
