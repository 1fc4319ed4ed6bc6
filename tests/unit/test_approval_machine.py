"""No sequence of answers, substitutes, hand-overs and amendments approves what the frozen policy does not let pass."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.delegation import DelegatedAuthority
from domain.people import Actor
from domain.policy.model import DelegationRule, FrozenPolicy
from domain.tasks import Action, Decision, Task
from tests.fixtures.approval_oracle import History, Oracle, Version, may_be_handed_to
from tests.fixtures.approval_people import DIRECTOR, DIRECTORY, FINANCE, LEVELS, PEOPLE, REQUESTERS, TOKENS, frozen
from tests.fixtures.approvals import (
    DAY,
    OWNER,
    a_change,
    a_decision,
    a_delegation,
    an_override,
    did,
)
from tests.fixtures.played_case import PlayedCase
from tests.fixtures.purchases import NOW, usd

TICK = timedelta(hours=3)
TOTALS = tuple(Decimal(total) for total in (500, 900, 1000, 1090, 1150, 2000))
ACTIONS: tuple[Action, ...] = ("approve", "approve", "approve", "reject", "return", "retry")


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
    st.tuples(
        st.sampled_from(("owners", "directors", "owner", "superiors")),
        st.sets(st.sampled_from([level.name for level in LEVELS]), max_size=3),
    ).map(lambda one_and_more: {one_and_more[0], *one_and_more[1]}),
    st.sets(st.sampled_from([level.name for level in LEVELS])),
    st.booleans(),
    st.sampled_from(((), (), (FINANCE,))),
)
SUBSTITUTES = ("zed", "zed", "zed", "dan", "dan", *PEOPLE)
DEFECTS = (
    "",
    "",
    "",
    "ended",
    "ends now",
    "to come",
    "revoked",
    "elsewhere",
    "too small",
    "not theirs",
    "misdescribed",
)


def lent(delegator: str, delegate: str, at: datetime, defect: str) -> DelegatedAuthority:
    """A delegation that holds at `at`, but for one defect."""
    defects: dict[str, dict[str, Any]] = {
        "ended": {"valid_until": at - timedelta(seconds=1)},
        "ends now": {"valid_until": at},
        "to come": {"valid_from": at + timedelta(seconds=1)},
        "revoked": {"revoked_at": NOW},
        "elsewhere": {"scope": {"facilities": ("south",)}},
        "too small": {"scope": {"max_amount": Decimal(499)}},
        "not theirs": {"delegate": "petra"},
    }
    over = defects.get(defect, {})
    paper = a_delegation(
        **{"delegator": delegator, "delegate": delegate, "valid_from": NOW - DAY, "valid_until": at + DAY, **over}
    )
    return DelegatedAuthority(delegation=paper, delegator=TOKENS["fay" if defect == "misdescribed" else delegator])


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
        self.now += TICK
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
            assert self.oracle.last_was_lawful(self.history)

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
        who = pick.draw(st.sampled_from(_able(task)))
        answer = a_decision(self._number(), TOKENS[who], task_id=task.task_id, subject_version=task.subject_version)
        self._send(answer.model_copy(update={"overrides": excuse}))

    @precondition(lambda self: self.case.end is None)
    @rule(
        pick=st.data(),
        delegate=st.sampled_from(SUBSTITUTES),
        anybody=st.none() | st.sampled_from(PEOPLE),
        defect=st.sampled_from(DEFECTS),
    )
    def answer_for_somebody(self, pick: Any, delegate: str, anybody: str | None, defect: str) -> None:
        """Delegations that hold, ended, were revoked, belong to others, or name oneself."""
        task = pick.draw(st.sampled_from(self._open_tasks()))
        delegator = anybody or pick.draw(st.sampled_from(_able(task)))
        self._send(
            a_decision(
                self._number(),
                TOKENS[delegate],
                task_id=task.task_id,
                subject_version=task.subject_version,
                on_behalf_of=delegator,
                authority=lent(delegator, delegate, self.now + TICK, defect),
            )
        )

    @precondition(lambda self: self.counted_in_open_questions())
    @rule(pick=st.data(), way=st.sampled_from(("themselves", "for another", "by another")))
    def try_to_count_twice(self, pick: Any, way: str) -> None:
        """Whoever counts for a question tries again: in their own name, for somebody else, or through a substitute."""
        first = pick.draw(st.sampled_from(self.counted_in_open_questions()))
        task = self.case.ledger.task(first.task_id)
        who = pick.draw(st.sampled_from(sorted({first.actor.person, first.on_behalf_of or first.actor.person})))
        other = pick.draw(st.sampled_from(_able(task)))
        actor, principal = {"themselves": (who, None), "for another": (who, other), "by another": (other, who)}[way]
        answer = a_decision(self._number(), TOKENS[actor], task_id=task.task_id, subject_version=task.subject_version)
        if principal is not None:
            paper = lent(principal, actor, self.now + TICK, "")
            answer = answer.model_copy(update={"on_behalf_of": principal, "authority": paper})
        self._send(answer)

    def counted_in_open_questions(self) -> list[Decision]:
        ledger = self.case.ledger
        return [record.decision for task in ledger.open_tasks() for record in ledger.approvals(task.task_id)]

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
    def nobody_counts_twice_for_a_question(self) -> None:
        for task in self.case.ledger.tasks():
            decisions = [record.decision for record in self.case.ledger.approvals(task.task_id)]
            people = Counter(
                person for each in decisions for person in {each.actor.person, each.on_behalf_of} if person is not None
            )
            assert max(people.values(), default=1) == 1

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


def _able(task: Task) -> list[str]:
    """Those whose question it is, whether or not they may answer it."""
    return [who for who in PEOPLE if who in task.people or (not task.people and task.role in TOKENS[who].roles)]


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
