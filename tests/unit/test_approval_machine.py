"""No sequence of answers, substitutes, hand-overs and amendments approves what the frozen policy does not let pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.authority import ApproverDirectory, ChainMember
from domain.delegation import DelegatedAuthority, DelegationScope
from domain.people import Actor
from domain.policy.model import AmendmentRule, ApprovalLevel, AuthorityLimit, DelegationRule, FrozenPolicy
from domain.tasks import Action, Decision, Task
from tests.fixtures.approval_oracle import History, Oracle, Version, may_be_handed_to
from tests.fixtures.approvals import (
    DAY,
    OWNER,
    a_change,
    a_decision,
    a_delegation,
    a_ledger,
    a_level,
    a_task,
    an_actor,
    an_override,
    apart,
    did,
)
from tests.fixtures.played_case import PlayedCase
from tests.fixtures.purchases import NOW, policy, usd

DIRECTOR, FINANCE = "department-director", "finance-controller"
TOKENS = {
    token.person: token
    for token in (
        an_actor("nina", OWNER, DIRECTOR),
        an_actor("olga", OWNER),
        an_actor("omar", OWNER, DIRECTOR),
        an_actor("dan", DIRECTOR),
        an_actor("fred", FINANCE, facility="*"),
        an_actor("fay", FINANCE, OWNER),
        an_actor("sue", OWNER, DIRECTOR, FINANCE, facility="south"),
        an_actor("mia", "requester"),
        an_actor("zed", "requester"),
        an_actor("petra", "process-owner"),
    )
}
PEOPLE = tuple(sorted(TOKENS))
REQUESTERS = ("nina", "mia")
DIRECTORY = ApproverDirectory(
    chain=(
        ChainMember(person="mia", job_level=4),
        ChainMember(person="olga", job_level=4),
        ChainMember(person="dan", job_level=6),
    ),
    holders={DIRECTOR: ("dan", "nina", "omar"), "board": ("nina",)},
)
LEVELS = (
    a_level("owner", escalate_to=DIRECTOR),
    a_level("owners", needs=2, escalate_to=DIRECTOR),
    a_level("director", role=DIRECTOR, escalate_to=FINANCE),
    a_level("directors", role=DIRECTOR, needs="all", escalate_to=FINANCE),
    a_level("superiors", role=FINANCE, approvers="management-chain"),
    a_level("finance", role=FINANCE),
)
TOTALS = tuple(Decimal(total) for total in (500, 900, 1000, 1090, 1150, 2000))
ACTIONS: tuple[Action, ...] = ("approve", "approve", "approve", "reject", "return", "retry")


def frozen(levels: Sequence[ApprovalLevel], **over: Any) -> FrozenPolicy:
    limits = (AuthorityLimit(job_level=4, amount=Decimal(999)), AuthorityLimit(job_level=6, amount=Decimal(1999)))
    return policy(
        **{
            "levels": tuple(levels),
            "authority": limits,
            "segregation": (apart(),),
            "amendment": AmendmentRule(increase_percent=Decimal(10), increase_amount=Decimal(100)),
            **over,
        }
    )


policies = st.builds(
    lambda picked, shared, once, never: frozen(
        [
            level.model_copy(update={"stage": "shared" if level.name in shared and level.name != "superiors" else ""})
            for level in LEVELS
            if level.name in picked
        ],
        same_person_decides_once=once,
        delegation=DelegationRule(roles_never=never),
    ),
    st.sets(st.sampled_from([level.name for level in LEVELS]), min_size=1, max_size=4),
    st.sets(st.sampled_from([level.name for level in LEVELS])),
    st.booleans(),
    st.sampled_from(((), (), (FINANCE,))),
)
scopes = st.sampled_from(
    (
        DelegationScope(),
        DelegationScope(),
        DelegationScope(facilities=("south",)),
        DelegationScope(max_amount=Decimal(1000)),
    )
)
delegations = st.builds(
    lambda delegator, delegate, begin, days, revoked, scope: a_delegation(
        delegator,
        delegate,
        delegation_id=f"{delegator}-to-{delegate}",
        valid_from=NOW + begin * DAY,
        valid_until=NOW + (begin + days) * DAY,
        revoked_at=NOW if revoked else None,
    ).model_copy(update={"scope": scope}),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
    st.integers(-3, 2),
    st.integers(0, 6),
    st.sampled_from((False, False, False, True)),
    scopes,
)
overrides = st.sampled_from(
    (
        (),
        (),
        (an_override("omar"),),
        (an_override("omar", valid_until=NOW),),
        (an_override("omar", approved_by="omar"),),
    )
)


class ApprovalMachine(RuleBasedStateMachine):
    """A case under fire. What it comes to is judged by an oracle that shares no code with it."""

    @initialize(
        law=policies, total=st.sampled_from(TOTALS), buyers=st.sets(st.sampled_from(("omar", "fay", "zed")), max_size=2)
    )
    def begin(self, law: FrozenPolicy, total: Decimal, buyers: set[str]) -> None:
        self.law, self.now = law, NOW
        done = [did(person) for person in sorted(buyers)]
        rules = tuple(level.name for level in law.levels[: max(1, len(law.levels) - 1)])
        self.case = PlayedCase(law, rules, DIRECTORY, usd(total), REQUESTERS, done)
        self.case.go_on(NOW)
        self.oracle = Oracle(law, DIRECTORY, REQUESTERS, TOKENS, sorted(buyers))
        self.history = History(versions=[Version(rules, total)])
        self.sent: list[Decision] = []
        self.handed: dict[str, tuple[str, ...]] = {}
        self.judged = False

    def _tick(self) -> datetime:
        self.now += timedelta(hours=3)
        return self.now

    def _send(self, decision: Decision) -> None:
        now = self._tick()
        before = self.case.ledger.tasks()
        known = {each.decision_id for each in self.sent}
        record = self.case.decide(decision, now)
        self.sent.append(decision)
        if decision.decision_id in known:
            assert self.case.ledger.tasks() == before
        elif record.status == "applied":
            asked = self.case.asked[decision.task_id]
            handed_to = self.handed.get(decision.task_id, ())
            self.history.answers.append((decision, asked.key, decision.subject_version, now, handed_to))

    def _number(self) -> int:
        return len(self.sent) + 1

    def _open_tasks(self) -> tuple[Task, ...]:
        return self.case.ledger.open_tasks()

    @rule(
        task=st.integers(1, 12),
        who=st.sampled_from(PEOPLE),
        roles=st.none() | st.sampled_from(((OWNER,), (DIRECTOR, FINANCE), ())),
        action=st.sampled_from(ACTIONS),
        version=st.integers(1, 3),
        pretended=st.none() | st.sampled_from(PEOPLE),
    )
    def answer_anything(
        self, task: int, who: str, roles: tuple[str, ...] | None, action: Action, version: int, pretended: str | None
    ) -> None:
        """Tokens of another facility, pretended substitutes, unknown questions, versions that are gone."""
        actor = TOKENS[who] if roles is None else Actor(person=who, roles=roles, facilities=("south",))
        self._send(
            a_decision(
                self._number(),
                actor,
                task_id=f"task-{task}",
                action=action,
                subject_version=version,
                on_behalf_of=pretended,
                comment="because",
            )
        )

    @precondition(lambda self: self.case.end is None)
    @rule(
        pick=st.data(),
        who=st.sampled_from(PEOPLE),
        action=st.sampled_from(ACTIONS),
        stale=st.sampled_from((0, 0, 0, 0, 1)),
        excuse=overrides,
    )
    def answer_what_is_asked(self, pick: Any, who: str, action: Action, stale: int, excuse: Any) -> None:
        task = pick.draw(st.sampled_from(self._open_tasks()))
        self._send(
            a_decision(
                self._number(),
                TOKENS[who],
                task_id=task.task_id,
                action=action,
                subject_version=max(1, task.subject_version - stale),
                overrides=excuse,
                comment="because",
            )
        )

    @precondition(lambda self: self.case.end is None)
    @rule(pick=st.data(), excuse=overrides)
    def answer_as_one_should(self, pick: Any, excuse: Any) -> None:
        """Chance alone seldom fills all places."""
        task = pick.draw(st.sampled_from(self._open_tasks()))
        able = [who for who in PEOPLE if who in task.people or (not task.people and task.role in TOKENS[who].roles)]
        who = pick.draw(st.sampled_from(able))
        answer = a_decision(self._number(), TOKENS[who], task_id=task.task_id, subject_version=task.subject_version)
        self._send(answer.model_copy(update={"overrides": excuse}))

    @precondition(lambda self: self.case.end is None)
    @rule(
        pick=st.data(),
        paper=delegations,
        described=st.sampled_from(PEOPLE),
        honest=st.sampled_from((True, True, False)),
    )
    def answer_for_somebody(self, pick: Any, paper: Any, described: str, honest: bool) -> None:
        """Delegations that hold, ended, were revoked, belong to others, or name oneself."""
        task = pick.draw(st.sampled_from(self._open_tasks()))
        lent = DelegatedAuthority(delegation=paper, delegator=TOKENS[paper.delegator if honest else described])
        self._send(
            a_decision(
                self._number(),
                TOKENS[paper.delegate if honest else described],
                task_id=task.task_id,
                subject_version=task.subject_version,
                on_behalf_of=paper.delegator,
                authority=lent,
            )
        )

    @rule(index=st.integers(0, 1000), other=st.booleans())
    def send_again(self, index: int, other: bool) -> None:
        if self.sent:
            first = self.sent[index % len(self.sent)]
            self._send(first.model_copy(update={"action": "approve", "actor": TOKENS["omar"]}) if other else first)

    @precondition(lambda self: self.case.end is None)
    @rule(
        pick=st.data(),
        who=st.sampled_from(PEOPLE),
        to=st.sampled_from(PEOPLE),
        place=st.none() | st.sampled_from(PEOPLE),
    )
    def hand_over(self, pick: Any, who: str, to: str, place: str | None) -> None:
        task = pick.draw(st.sampled_from(self._open_tasks()))
        number = len(self.case.ledger.changes()) + 1
        change = a_change(TOKENS[to], TOKENS[who], change_id=f"change-{number}", task_id=task.task_id, instead_of=place)
        record = self.case.change(change, self._tick())
        if record.status == "ignored":
            assert self.case.ledger.task(task.task_id) == task
            return
        assert not {who, to} & set(REQUESTERS)
        assert may_be_handed_to(change, task.role, TOKENS, _climbs_to(self.law, self.case.asked[task.task_id].key))
        self.handed[task.task_id] = (*self.handed.get(task.task_id, ()), to)

    @precondition(lambda self: self.case.end is None)
    @rule(total=st.sampled_from(TOTALS), fewer=st.integers(0, 2))
    def amend(self, total: Decimal, fewer: int) -> None:
        names = [level.name for level in self.law.levels]
        rules = tuple(names[: max(1, len(names) - fewer)])
        self.history.versions.append(Version(rules, total))
        self.case.amend(rules, usd(total), self._tick())

    @precondition(lambda self: self.case.end is None and len(self.sent) > 12)
    @rule()
    def withdraw(self) -> None:
        self.case.withdraw(self._tick())

    @invariant()
    def what_is_approved_was_approved_by_those_who_may(self) -> None:
        if self.case.end == "approved" and not self.judged:
            self.judged = True
            assert self.oracle.objections(self.history) == []

    @invariant()
    def every_answer_is_on_record_once(self) -> None:
        ids = [each.decision_id for each in self.sent]
        records = self.case.ledger.records()
        assert Counter(record.decision.decision_id for record in records) == Counter(set(ids))
        assert len(self.case.ledger.repeats()) == len(ids) - len(set(ids))

    @invariant()
    def no_question_is_answered_twice(self) -> None:
        ledger = self.case.ledger
        for task in ledger.tasks():
            applied = [
                each for each in ledger.records() if each.status == "applied" and each.decision.task_id == task.task_id
            ]
            closing = [each for each in applied if each.decision.action != "approve"]
            assert len(ledger.approvals(task.task_id)) <= task.needs
            assert len(closing) <= 1
            assert (task.status == "done") == (ledger.applied_to(task.task_id) is not None)
            assert len(applied) == len(ledger.approvals(task.task_id)) + len(closing)

    @invariant()
    def nothing_is_asked_once_it_is_over(self) -> None:
        if self.case.end in ("approved", "withdrawn"):
            assert self._open_tasks() == ()

    def teardown(self) -> None:
        if hasattr(self, "case"):
            event(f"ends {self.case.end or 'open'}")


def _climbs_to(law: FrozenPolicy, key: str) -> set[str]:
    """Every role that the policy leads to from this place by escalating."""
    reached = {level.escalate_to for level in law.levels if level.name == key.split("/", maxsplit=1)[0]}
    while True:
        further = {level.escalate_to for level in law.levels if level.role in reached} - reached
        if not further:
            return reached
        reached |= further


TestApproval = ApprovalMachine.TestCase
TestApproval.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


# --- arrival in another order, and races ---

SIDE_BY_SIDE = frozen(
    [
        a_level("owners", needs=2, stage="first"),
        a_level("directors", role=DIRECTOR, needs="all", stage="first"),
        a_level("finance", role=FINANCE, stage="first"),
        a_level("last", role=DIRECTOR),
    ]
)
ANSWERS = (
    ("owners", "olga"),
    ("owners", "fay"),
    ("directors", "dan"),
    ("directors", "omar"),
    ("finance", "fred"),
    ("owners", "nina"),
    ("finance", "sue"),
)


def played(answers: Sequence[tuple[str, str]]) -> PlayedCase:
    """A case that is asked side by side, with these answers in this order."""
    rules = [level.name for level in SIDE_BY_SIDE.levels]
    case = PlayedCase(SIDE_BY_SIDE, rules, DIRECTORY, usd(500), REQUESTERS)
    case.go_on(NOW)
    task_of = {asked.key: task_id for task_id, asked in case.asked.items()}
    for number, (key, who) in enumerate(answers, start=1):
        case.decide(a_decision(number, TOKENS[who], task_id=task_of[key]), NOW + number * timedelta(minutes=1))
    return case


def test_answers_side_by_side_may_arrive_in_any_order() -> None:
    """Whichever comes first, the same people count for the same places, and the same is asked or spared next."""
    ends = set()
    for order in permutations(ANSWERS[:5]):
        case = played((*order, *ANSWERS[5:]))
        counted = tuple(
            (key, tuple(sorted(actor.person for actor in known.approved_by)), bool(known.implied_by))
            for key, known in sorted(case.given.items())
        )
        ends.add((case.end, counted))
    assert len(ends) == 1
    ((end, counted),) = ends
    assert end == "approved"
    assert ("last", ("dan",), True) in counted


@given(st.permutations(ANSWERS))
def test_answers_that_do_not_count_change_nothing_wherever_they_come(order: list[tuple[str, str]]) -> None:
    case = played(order)
    assert case.end == "approved"
    ignored = {each.decision.actor.person: each.because for each in case.ledger.records() if each.status == "ignored"}
    assert set(ignored) == {"nina", "sue"}


answers_of_many = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(("olga", "omar", "dan", "fay", "nina", "sue"))),
    max_size=8,
    unique=True,
)


@given(answers_of_many, st.randoms(use_true_random=False), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_any_approvals_of_any_questions_come_to_the_same_in_any_order(
    answers: list[tuple[int, str]], random: Any, needs: list[int]
) -> None:
    """Which questions are settled, and by how many, does not depend on who was faster."""
    decisions = [
        a_decision(number, TOKENS[who], task_id=f"task-{task}") for number, (task, who) in enumerate(answers, start=1)
    ]
    ends = []
    for arrived in (decisions, random.sample(decisions, len(decisions))):
        ledger = a_ledger(*(a_task(f"task-{place}", needs=need) for place, need in enumerate(needs, start=1)))
        for decision in arrived:
            ledger.decide(decision, NOW)
        ends.append([(task.status, task.outcome, len(ledger.approvals(task.task_id))) for task in ledger.tasks()])
    assert ends[0] == ends[1]


@given(st.permutations(("olga", "omar", "fay")), st.sampled_from(("approve", "reject")), st.integers(1, 2))
def test_of_those_who_race_for_the_last_place_one_is_applied(who: list[str], action: Action, needs: int) -> None:
    ledger = a_ledger(a_task(needs=needs))
    for number in range(1, needs):
        ledger.decide(a_decision(number, TOKENS["dan"].model_copy(update={"roles": (OWNER,)})), NOW)
    racing = [
        a_decision(number, TOKENS[person], action=action, comment="because")
        for number, person in enumerate(who, start=needs)
    ]
    records = [ledger.decide(decision, NOW) for decision in racing]
    assert [(record.status, record.because) for record in records] == [
        ("applied", None),
        ("ignored", "task-closed"),
        ("ignored", "task-closed"),
    ]
    assert ledger.applied_to("task-1") == records[0]
