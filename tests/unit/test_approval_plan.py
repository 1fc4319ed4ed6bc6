"""From a route to questions in stages: quorums, chains of superiors, and what an amendment leaves standing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.approval_plan import (
    ADDED_ROLE,
    AddedApprover,
    Ask,
    Given,
    directly_before,
    escalation,
    escalation_chain,
    given_by,
    implied,
    implied_given,
    level_of,
    next_stage,
    short_of,
    stages,
    still_given,
)
from domain.authority import ApproverDirectory, ChainMember
from domain.policy.model import AmendmentRule, AuthorityLimit
from domain.routing import Route, RoutedLevel
from tests.fixtures.approvals import (
    a_decision,
    a_delegation,
    a_ledger,
    a_level,
    a_route,
    a_task,
    an_actor,
    authority,
    for_somebody,
)
from tests.fixtures.purchases import NOW, policy, usd

NOBODY = ApproverDirectory()
DIRECTOR = a_level("director", role="department-director")
CHAIN = a_level("superiors", role="finance-controller", approvers="management-chain")
LIMITS = (
    AuthorityLimit(job_level=6, amount=Decimal(5000)),
    AuthorityLimit(job_level=4, amount=Decimal(1000)),
)
SUPERIORS = ApproverDirectory(
    chain=(
        ChainMember(person="mia", job_level=4),
        ChainMember(person="dan", job_level=7),
        ChainMember(person="ceo", job_level=9),
    )
)


def planned(route: Route, approvers: ApproverDirectory = NOBODY, amount: int = 500, **over: Any) -> list[list[str]]:
    """The keys of the questions, stage by stage."""
    return [[ask.key for ask in stage] for stage in plan(route, approvers, amount, **over)]


def plan(route: Route, approvers: ApproverDirectory = NOBODY, amount: int | str = 500, **over: Any) -> Any:
    arguments: dict[str, Any] = {"requesters": ("nina",), "added": (), "authority": LIMITS, **over}
    frozen = policy(authority=arguments["authority"])
    return stages(frozen, route, approvers, usd(amount), arguments["requesters"], arguments["added"])


# --- stages ---


def test_levels_are_asked_one_after_the_other() -> None:
    assert planned(a_route(a_level(), DIRECTOR)) == [["owner"], ["director"]]
    assert plan(Route()) == ()


def test_neighbours_of_one_stage_are_asked_side_by_side() -> None:
    side = [a_level(name, stage="experts") for name in ("it", "pharmacy")]
    assert planned(a_route(a_level(), *side, DIRECTOR)) == [["owner"], ["it", "pharmacy"], ["director"]]
    assert planned(a_route(side[0], a_level(), side[1])) == [["it"], ["owner"], ["pharmacy"]]
    assert planned(a_route(*side, a_level("legal", stage="lawyers"))) == [["it", "pharmacy"], ["legal"]]


def test_a_question_says_why_it_is_asked() -> None:
    ((ask,),) = plan(a_route(a_level(), rules=("standard", "large")))
    assert (ask.role, ask.people, ask.needs) == ("cost-centre-owner", (), 1)
    assert ask.rules == ("standard", "large")
    assert ask.reasons == ("because of standard", "because of large")


def test_several_of_a_role() -> None:
    ((ask,),) = plan(a_route(a_level(needs=2)))
    assert (ask.people, ask.needs) == ((), 2)


def test_all_of_a_role_are_those_who_hold_it_and_did_not_ask_for_it() -> None:
    level = a_level(needs="all")
    known = ApproverDirectory(holders={"cost-centre-owner": ("nina", "olga", "omar")})
    ((ask,),) = plan(a_route(level), known)
    assert (ask.people, ask.needs) == (("olga", "omar"), 2)
    for nobody in (NOBODY, ApproverDirectory(holders={"cost-centre-owner": ("nina",)})):
        ((ask,),) = plan(a_route(level), nobody)
        assert (ask.people, ask.needs, ask.role) == ((), 1, "cost-centre-owner")


@pytest.mark.parametrize(
    ("amount", "people"),
    [
        ("1000", ["mia"]),
        ("1000.01", ["mia", "dan"]),
        ("5000", ["mia", "dan"]),
        ("5000.01", ["mia", "dan", "ceo", "finance-controller"]),
    ],
)
def test_superiors_are_asked_upwards_until_one_has_the_authority(amount: str, people: list[str]) -> None:
    asked = [ask for (ask,) in plan(a_route(CHAIN), SUPERIORS, amount)]
    assert [ask.people[0] if ask.people else ask.role for ask in asked] == people
    assert [ask.key for ask in asked] == [f"superiors/{place}" for place in range(1, len(people) + 1)]


def test_superiors_who_asked_for_it_are_passed_over_with_their_authority() -> None:
    asked = [ask.people for (ask,) in plan(a_route(CHAIN), SUPERIORS, 500, requesters=("nina", "mia"))]
    assert asked == [("dan",)]


def test_without_superiors_or_limits_the_role_is_asked_last() -> None:
    assert [ask.people for (ask,) in plan(a_route(CHAIN))] == [()]
    without_limits = [ask.people for (ask,) in plan(a_route(CHAIN), SUPERIORS, authority=())]
    assert without_limits == [("mia",), ("dan",), ("ceo",), ()]
    low = ApproverDirectory(chain=(ChainMember(person="mia", job_level=3),))
    assert [ask.people for (ask,) in plan(a_route(CHAIN), low)] == [("mia",), ()]


def test_a_chain_that_runs_in_a_circle_asks_everybody_once() -> None:
    circle = ApproverDirectory(chain=tuple(ChainMember(person=who, job_level=1) for who in ("a", "b", "a", "b")))
    assert [ask.people for (ask,) in plan(a_route(CHAIN), circle)] == [("a",), ("b",), ()]


def test_a_chain_beside_others_goes_on_after_them() -> None:
    side = a_route(a_level("it", stage="s"), CHAIN.model_copy(update={"stage": "s"}), DIRECTOR)
    assert planned(side, SUPERIORS, 2000) == [["it", "superiors/1"], ["superiors/2"], ["director"]]


def test_those_who_were_added_come_last_and_side_by_side() -> None:
    added = (
        AddedApprover(person="ines", by="olga", reason="knows the device"),
        AddedApprover(person="jack", by="omar"),
        AddedApprover(person="ines", by="omar", reason="again"),
        AddedApprover(person="nina", by="omar"),
    )
    *_, last = plan(a_route(a_level()), added=added)
    assert [(ask.people, ask.role, ask.needs) for ask in last] == [
        (("ines",), ADDED_ROLE, 1),
        (("jack",), ADDED_ROLE, 1),
    ]
    assert last[0].reasons == ("olga asked for this approval: knows the device",)
    assert last[1].reasons == ("omar asked for this approval",)
    assert len({ask.key for ask in last}) == 2


def test_too_few_hold_the_role() -> None:
    ((ask,),) = plan(a_route(a_level(needs=3)))
    known = ApproverDirectory(holders={"cost-centre-owner": ("nina", "olga", "omar")})
    assert short_of(ask, known) is None
    assert short_of(ask, known, ("nina",)) == "owner needs 3 approvals; cost-centre-owner is held by olga, omar"
    assert short_of(ask, ApproverDirectory(holders={"cost-centre-owner": ()})) is not None
    assert short_of(ask, NOBODY) is None
    ((one,),) = plan(a_route(a_level()))
    assert short_of(one, ApproverDirectory(holders={"cost-centre-owner": ()})) is None


# --- what comes next ---


def asks(*names: str) -> tuple[tuple[Ask, ...], ...]:
    """Stages of questions; 'a+b' is one stage of two."""
    return tuple(
        tuple(Ask(key=name, level=a_level(), role="cost-centre-owner") for name in stage.split("+")) for stage in names
    )


def given(*keys: str) -> dict[str, Given]:
    return {key: Given(key=key, approved_by=(an_actor(),), rules=("standard",)) for key in keys}


@pytest.mark.parametrize(
    ("known", "following", "before"),
    [
        ((), ["a"], []),
        (("a",), ["b", "c"], ["a"]),
        (("a", "b"), ["c"], ["a"]),
        (("a", "b", "c"), ["d"], ["b", "c"]),
        (("b", "c", "d"), ["a"], []),
        (("a", "b", "c", "d"), [], ["d"]),
    ],
)
def test_the_first_stage_that_lacks_an_answer_comes_next(
    known: tuple[str, ...], following: list[str], before: list[str]
) -> None:
    three = asks("a", "b+c", "d")
    assert [ask.key for ask in next_stage(three, given(*known))] == following
    assert [each.key for each in directly_before(three, given(*known))] == before


def test_what_was_given_is_what_the_ledger_counts() -> None:
    ((ask,),) = asks("owner")
    ledger = a_ledger(a_task(needs=2))
    ledger.decide(a_decision(1, "omar"), NOW)
    ledger.decide(for_somebody(2), NOW)
    known = given_by(ask, ledger.approvals("task-1"), usd(500))
    assert [actor.person for actor in known.approved_by] == ["omar", "dirk"]
    assert known.decision_ids == ("decision-1", "decision-2")
    assert (known.for_others, known.principals, known.total) == (("dirk",), ("olga",), usd(500))


# --- same person decides once ---

BOTH = an_actor("olga", "cost-centre-owner", "department-director")
NEXT = Ask(key="director", level=DIRECTOR, role="department-director")
BY_OLGA = Given(key="owner", approved_by=(BOTH,))


def test_the_same_person_in_consecutive_levels_decides_once() -> None:
    assert implied(policy(), NEXT, [BY_OLGA], "north") == BOTH


@pytest.mark.parametrize(
    ("frozen", "ask", "before"),
    [
        (policy(same_person_decides_once=False), NEXT, BY_OLGA),
        (policy(), NEXT.model_copy(update={"needs": 2}), BY_OLGA),
        (policy(), NEXT.model_copy(update={"people": ("dan",)}), BY_OLGA),
        (policy(), NEXT, BY_OLGA.model_copy(update={"approved_by": (an_actor("olga"),)})),
        (policy(), NEXT, BY_OLGA.model_copy(update={"for_others": ("olga",)})),
        (policy(), NEXT, BY_OLGA.model_copy(update={"stands": True})),
        (
            policy(),
            NEXT,
            BY_OLGA.model_copy(update={"approved_by": (an_actor("olga", "department-director", facility="south"),)}),
        ),
    ],
)
def test_whoever_did_not_decide_this_themselves_is_asked(frozen: Any, ask: Ask, before: Given) -> None:
    assert implied(frozen, ask, [before], "north") is None


def test_one_of_several_of_the_stage_before_is_enough_and_names_count() -> None:
    by_omar = Given(key="it", approved_by=(an_actor("omar"),))
    assert implied(policy(), NEXT, [by_omar, BY_OLGA], "north") == BOTH
    named = NEXT.model_copy(update={"people": ("omar",)})
    assert implied(policy(), named, [by_omar, BY_OLGA], "north") == an_actor("omar")


def test_nothing_is_implied_across_a_stage_in_between() -> None:
    route = a_route(a_level(), a_level("it", role="it-security"), DIRECTOR)
    three = plan(route)
    known = {"owner": BY_OLGA, "it": Given(key="it", approved_by=(an_actor("ines", "it-security"),))}
    assert implied(policy(), next_stage(three, known)[0], directly_before(three, known), "north") is None


def test_through_consecutive_levels_it_goes_on() -> None:
    route = a_route(a_level(), DIRECTOR, a_level("second", role="department-director"))
    three = plan(route)
    known = {"owner": BY_OLGA, "director": implied_given(NEXT, BOTH, "owner")}
    assert known["director"].implied_by == "owner"
    assert implied(policy(), next_stage(three, known)[0], directly_before(three, known), "north") == BOTH


# --- amendments ---

RULE = AmendmentRule(increase_percent=Decimal(10), increase_amount=Decimal(250))


def routes(*rules: str) -> Route:
    """'standard' demands the owner, 'large' the director, 'chain' the superiors, each for itself."""
    levels = {"standard": a_level(), "large": DIRECTOR, "chain": CHAIN}
    routed = (RoutedLevel(level=levels[rule], rules=(rule,), reasons=("why",)) for rule in rules)
    return Route(levels=tuple(routed), rules=rules)


def standing(known: dict[str, Given], before: Route | None, after: Route, old: int, new: int, **over: Any) -> Any:
    return still_given(known, before, after, usd(old), usd(new), RULE, **over)


def test_a_small_rise_leaves_approvals_standing() -> None:
    kept, reasons = standing(given("owner"), routes("standard"), routes("standard"), 1000, 1100)
    assert (list(kept), reasons) == (["owner"], ())
    assert kept["owner"].stands


def test_a_rise_beyond_the_bounds_is_approved_anew_by_everybody() -> None:
    kept, reasons = standing(given("owner", "director"), routes("standard"), routes("standard"), 1000, 1101)
    assert kept == {}
    assert "by more than 10 percent" in reasons[0]


def test_only_levels_whose_rule_fires_anew_are_asked() -> None:
    known = given("owner", "director", "superiors/1")
    kept, reasons = standing(known, routes("standard"), routes("standard", "large", "chain"), 1000, 1050)
    assert list(kept) == ["owner"]
    assert reasons == (
        "Rule 'large' applies now and did not before.",
        "Rule 'chain' applies now and did not before.",
    )


def test_a_level_that_another_rule_demanded_already_is_asked_when_a_new_rule_demands_it() -> None:
    before = Route(levels=(RoutedLevel(level=a_level(), rules=("standard",), reasons=("why",)),), rules=("standard",))
    both = ("standard", "risky")
    after = Route(levels=(RoutedLevel(level=a_level(), rules=both, reasons=("why", "risk")),), rules=both)
    assert standing(given("owner"), before, after, 1000, 1000)[0] == {}


def test_rules_that_no_longer_fire_need_nobody() -> None:
    kept, reasons = standing(given("owner", "director"), routes("standard", "large"), routes("standard"), 1000, 500)
    assert (list(kept), reasons) == (["owner", "director"], ())


def test_without_a_route_before_every_rule_is_new() -> None:
    assert standing(given("owner"), None, routes("standard"), 1000, 1000)[0] == {}
    assert standing({}, None, routes("standard"), 1000, 2000) == ({}, ())


def test_an_approval_is_measured_by_what_it_was_given_for() -> None:
    small = {"owner": Given(key="owner", approved_by=(an_actor(),), total=usd(500))}
    kept, reasons = standing(small, routes("standard"), routes("standard"), 1000, 1050)
    assert kept == {}
    assert "from 500.00 USD to 1,050.00 USD" in " ".join(reasons)


def test_whoever_asks_for_it_now_cannot_have_approved() -> None:
    route = routes("standard")
    kept, reasons = standing(given("owner"), route, route, 1000, 1000, requesters=("olga",))
    assert (kept, reasons) == ({}, ("olga is a requester now and cannot have approved.",))
    lent = {"owner": Given(key="owner", approved_by=(an_actor("dirk"),), for_others=("dirk",), principals=("olga",))}
    assert standing(lent, route, route, 1000, 1000, requesters=("olga",))[0] == {}


def test_keys_lead_back_to_their_level() -> None:
    assert level_of("superiors/2") == "superiors"
    assert level_of("owner") == "owner"


# --- escalation ---


def test_a_question_climbs_until_the_end_of_the_chain() -> None:
    owner = a_level(escalate_to="department-director")
    director = a_level("director", role="department-director", escalate_to="finance-controller")
    frozen = policy(levels=(owner, director))
    assert escalation(frozen, "cost-centre-owner", owner) == "department-director"
    assert escalation(frozen, "department-director", owner) == "finance-controller"
    assert escalation(frozen, "finance-controller", owner) is None
    assert escalation(frozen, "buyer", owner) is None
    assert escalation_chain(frozen, owner) == ("cost-centre-owner", "department-director", "finance-controller")


def test_a_circle_of_escalations_ends() -> None:
    owner = a_level(escalate_to="department-director")
    director = a_level("director", role="department-director", escalate_to="cost-centre-owner")
    frozen = policy(levels=(owner, director))
    assert escalation(frozen, "department-director", owner) is None
    assert escalation(policy(), "cost-centre-owner", a_level(escalate_to="cost-centre-owner")) is None


def test_a_substitute_of_a_named_superior_answers_for_them() -> None:
    (first, *_) = (ask for (ask,) in plan(a_route(CHAIN), SUPERIORS, 500))
    ledger = a_ledger(a_task(people=first.people, role=first.role))
    lent = authority(a_delegation("mia", "dirk"), an_actor("mia", "requester"))
    assert ledger.decide(for_somebody(1, lent), NOW).status == "applied"
