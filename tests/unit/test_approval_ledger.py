"""The ledger of questions and answers: nobody decides without authority, nothing that was decided gets lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.approval import ApprovalLedger, entitled, missing_content, refusal, visible
from domain.people import Actor
from domain.tasks import Action, Decision, DecisionRecord, LineCorrection, Task
from tests.fixtures.purchases import NOW

ACTIONS: tuple[Action, ...] = ("approve", "reject", "return", "correct", "retry", "cancel-line")
FACILITIES = ("north", "south")
ROLES = ("cost-centre-owner", "finance-controller", "buyer")
PEOPLE = ("nina", "olga", "omar", "paul")


def task(number: int = 1, **over: Any) -> Task:
    return Task(
        **{
            "task_id": f"task-{number}",
            "case_id": "procure-to-pay.north.REQ-1",
            "kind": "approval",
            "slot": f"approval/{number}",
            "title": "Approve",
            "why": "The amount",
            "rule": "standard",
            "role": "cost-centre-owner",
            "facility": "north",
            "excluded": ("nina",),
            "actions": ("approve", "reject"),
            "opened_at": NOW,
            **over,
        }
    )


def actor(person: str = "olga", **over: Any) -> Actor:
    return Actor(**{"person": person, "roles": ("cost-centre-owner",), "facilities": ("north",), **over})


def decision(number: int = 1, task_number: int = 1, **over: Any) -> Decision:
    return Decision(
        **{
            "decision_id": f"decision-{number}",
            "task_id": f"task-{task_number}",
            "action": "approve",
            "actor": actor(),
            "subject_version": 1,
            **over,
        }
    )


def ledger(*tasks: Task) -> ApprovalLedger:
    opened = ApprovalLedger()
    for each in tasks or (task(),):
        opened.open(each)
    return opened


def test_an_entitled_answer_closes_the_question() -> None:
    book = ledger()
    record = book.decide(decision(), NOW)
    assert (record.status, record.because) == ("applied", None)
    closed = book.task("task-1")
    assert (closed.status, closed.outcome, closed.closed_at) == ("done", "approve", NOW)
    assert book.applied_to("task-1") == record
    assert book.open_tasks() == ()


@pytest.mark.parametrize(
    ("over", "because"),
    [
        ({"task_id": "task-9"}, "unknown-task"),
        ({"subject_version": 2}, "stale-version"),
        ({"actor": actor("nina")}, "requester-may-not-decide"),
        ({"on_behalf_of": "nina"}, "requester-may-not-decide"),
        ({"actor": actor(roles=("buyer",))}, "not-authorised"),
        ({"actor": actor(facilities=("south",))}, "not-authorised"),
        ({"action": "return", "comment": "why?"}, "action-not-offered"),
        ({"action": "reject"}, "comment-required"),
        ({"action": "reject", "comment": "   "}, "comment-required"),
    ],
)
def test_what_does_not_count_is_kept_with_the_reason(over: dict[str, Any], because: str) -> None:
    book = ledger()
    record = book.decide(decision(**over), NOW)
    assert (record.status, record.because) == ("ignored", because)
    assert book.records() == (record,)
    assert book.task("task-1").status == "open"


def test_a_correction_needs_what_to_correct() -> None:
    book = ledger(task(actions=("correct",)))
    assert book.decide(decision(1, action="correct"), NOW).because == "correction-required"
    fix = LineCorrection(line=1, supplier="S-2")
    assert book.decide(decision(2, action="correct", corrections=(fix,)), NOW).status == "applied"


def test_named_people_decide_whatever_their_roles_and_nobody_else_does() -> None:
    named = task(people=("paul", "nina"))
    assert entitled(named, actor("paul", roles=(), facilities=()))
    assert not entitled(named, actor("olga"))
    assert entitled(named, actor("nina"))
    assert not visible(named, actor("nina"))
    assert refusal(named, actor("nina"), "approve") == "requester-may-not-decide"


def test_all_facilities() -> None:
    assert refusal(task(), actor(facilities=("*",)), "approve") is None


def test_the_second_answer_comes_too_late() -> None:
    book = ledger()
    first = book.decide(decision(1), NOW)
    second = book.decide(decision(2, action="reject", comment="no"), NOW)
    assert second.because == "task-closed"
    assert book.records() == (first, second)
    assert book.task("task-1").outcome == "approve"


def test_the_same_answer_again_gets_the_first_record() -> None:
    book = ledger()
    first = book.decide(decision(), NOW)
    renewed = decision(actor=actor(issuer="new token"), decided_at=NOW)
    assert book.decide(renewed, NOW + timedelta(hours=1)) == first
    assert book.records() == (first,)
    assert [each.because for each in book.repeats()] == ["duplicate"]


@pytest.mark.parametrize(
    "other",
    [
        {"action": "reject", "comment": "no"},
        {"actor": actor("omar")},
        {"comment": "with a comment"},
        {"on_behalf_of": "omar"},
        {"task_number": 2},
    ],
)
def test_another_answer_under_the_same_id_is_told_so_and_kept(other: dict[str, Any]) -> None:
    book = ledger(task(1), task(2))
    book.decide(decision(), NOW)
    again = book.decide(decision(**other), NOW)
    assert (again.status, again.because) == ("ignored", "duplicate")
    assert book.repeats() == (again,)
    assert book.task("task-1").outcome == "approve"
    assert book.task("task-2").status == "open"


def test_a_question_that_was_taken_back_is_not_answered() -> None:
    book = ledger()
    assert book.cancel("task-1", NOW, "escalated").status == "cancelled"
    assert book.decide(decision(), NOW).because == "task-closed"
    assert book.cancel("task-1", NOW, "again").outcome == "escalated"


def test_an_id_names_one_question_for_ever() -> None:
    book = ledger()
    with pytest.raises(ValueError, match="opened before"):
        book.open(task())
    with pytest.raises(ValueError, match="is done"):
        book.open(task(2, status="done"))


actors = st.builds(
    actor,
    person=st.sampled_from(PEOPLE),
    roles=st.sets(st.sampled_from(ROLES)).map(lambda roles: tuple(sorted(roles))),
    facilities=st.sampled_from(((), ("north",), ("south",), ("*",))),
)
tasks = st.builds(
    task,
    number=st.integers(1, 4),
    role=st.sampled_from(ROLES),
    facility=st.sampled_from(FACILITIES),
    people=st.sets(st.sampled_from(PEOPLE), max_size=2).map(lambda people: tuple(sorted(people))),
    excluded=st.sets(st.sampled_from(PEOPLE), max_size=2).map(lambda people: tuple(sorted(people))),
    actions=st.sets(st.sampled_from(ACTIONS), min_size=1).map(lambda actions: tuple(sorted(actions))),
    subject_version=st.integers(1, 2),
)
decisions = st.builds(
    decision,
    number=st.integers(1, 30),
    task_number=st.integers(1, 5),
    action=st.sampled_from(ACTIONS),
    actor=actors,
    on_behalf_of=st.none() | st.sampled_from(PEOPLE),
    subject_version=st.integers(1, 2),
    comment=st.sampled_from(("", " ", "because")),
    corrections=st.sampled_from(((), (LineCorrection(line=1, supplier="S-2"),))),
)


class LedgerMachine(RuleBasedStateMachine):
    """Any mix of questions, answers, repeats and questions taken back, checked against all that came in."""

    @initialize()
    def begin(self) -> None:
        self.book = ApprovalLedger()
        self.opened: dict[str, Task] = {}
        self.arrived: list[Decision] = []
        self.taken_back: set[str] = set()
        self.now: datetime = NOW

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    @rule(question=tasks)
    def open(self, question: Task) -> None:
        if question.task_id in self.opened:
            with pytest.raises(ValueError, match="opened before"):
                self.book.open(question)
            return
        self.book.open(question)
        self.opened[question.task_id] = question

    @rule(answer=decisions)
    def decide(self, answer: Decision) -> None:
        before = self.book.tasks()
        record = self.book.decide(answer, self._tick())
        self.arrived.append(answer)
        if record.status == "ignored":
            assert record.because is not None
            assert self.book.tasks() == before

    @rule(answer=decisions, good=st.data(), stale=st.booleans())
    def decide_properly(self, answer: Decision, good: Any, stale: bool) -> None:
        """Steer towards answers that count, or nearly do, which chance alone seldom finds."""
        still_open = self.book.open_tasks()
        if not still_open:
            return
        asked = good.draw(st.sampled_from(still_open))
        self.decide(
            answer.model_copy(
                update={
                    "task_id": asked.task_id,
                    "action": good.draw(st.sampled_from(asked.actions)),
                    "subject_version": asked.subject_version + stale,
                    "actor": actor(answer.actor.person, roles=(asked.role,), facilities=("*",)),
                    "comment": "because",
                    "corrections": (LineCorrection(line=1, supplier="S-2"),),
                }
            )
        )

    @rule(index=st.integers(0, 1000))
    def repeat(self, index: int) -> None:
        if not self.arrived:
            return
        answer = self.arrived[index % len(self.arrived)]
        before = (self.book.tasks(), self.book.records())
        self.book.decide(answer, self._tick())
        self.arrived.append(answer)
        assert (self.book.tasks(), self.book.records()) == before

    @rule(number=st.integers(1, 4))
    def take_back(self, number: int) -> None:
        task_id = f"task-{number}"
        if task_id not in self.opened:
            return
        before = self.book.task(task_id)
        after = self.book.cancel(task_id, self._tick(), "withdrawn")
        if before.status == "open":
            self.taken_back.add(task_id)
        else:
            assert after == before

    @invariant()
    def only_an_entitled_answer_closes(self) -> None:
        for closed in self.book.tasks():
            record = self.book.applied_to(closed.task_id)
            if closed.status != "done":
                assert record is None
                continue
            assert record is not None
            asked, said = self.opened[closed.task_id], record.decision
            assert entitled(asked, said.actor)
            assert said.actor.person not in asked.excluded
            assert said.on_behalf_of not in asked.excluded
            assert said.action in asked.actions
            assert said.subject_version == asked.subject_version
            assert missing_content(said) is None
            assert (closed.outcome, closed.closed_at) == (said.action, record.recorded_at)

    @invariant()
    def one_answer_closes_one_question(self) -> None:
        applied = [record.decision.task_id for record in self.book.records() if record.status == "applied"]
        assert len(applied) == len(set(applied))
        assert {each.task_id for each in self.book.tasks() if each.status == "done"} == set(applied)
        assert {each.task_id for each in self.book.tasks() if each.status == "cancelled"} == self.taken_back

    @invariant()
    def nothing_is_lost(self) -> None:
        kept = [record.decision for record in (*self.book.records(), *self.book.repeats())]
        assert sorted(kept, key=repr) == sorted(self.arrived, key=repr)
        assert {each.task_id for each in self.book.tasks()} == set(self.opened)

    @invariant()
    def questions_change_in_nothing_but_their_end(self) -> None:
        for now in self.book.tasks():
            end = {"status": "open", "outcome": None, "closed_at": None}
            assert now.model_copy(update=end) == self.opened[now.task_id]


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def ends(book: ApprovalLedger) -> dict[str, tuple[str, str | None]]:
    return {each.task_id: (each.status, each.outcome) for each in book.tasks()}


def verdicts(records: tuple[DecisionRecord, ...]) -> dict[str, tuple[str, str | None]]:
    return {each.decision.decision_id: (each.status, each.because) for each in records}


@given(
    st.lists(tasks, min_size=1, max_size=4, unique_by=lambda each: each.task_id),
    st.lists(decisions, max_size=5, unique_by=(lambda each: each.decision_id, lambda each: each.task_id)),
    st.randoms(),
)
def test_independent_answers_may_arrive_in_any_order(
    questions: list[Task], answers: list[Decision], random: Any
) -> None:
    """Answers to different questions do not touch each other."""
    one, other = ledger(*questions), ledger(*questions)
    for answer in answers:
        one.decide(answer, NOW)
    for answer in random.sample(answers, len(answers)):
        other.decide(answer, NOW)
    assert ends(one) == ends(other)
    assert verdicts(one.records()) == verdicts(other.records())


@given(tasks, st.lists(decisions, max_size=6, unique_by=lambda each: each.decision_id))
def test_of_several_answers_to_one_question_the_first_that_counts_decides(
    question: Task, answers: list[Decision]
) -> None:
    """Answers that do not count change nothing, wherever they arrive among the others."""
    answers = [answer.model_copy(update={"task_id": question.task_id}) for answer in answers]
    alone = [answer for answer in answers if ledger(question).decide(answer, NOW).status == "applied"]
    book = ledger(question)
    for answer in answers:
        book.decide(answer, NOW)
    applied = book.applied_to(question.task_id)
    assert (applied.decision if applied else None) == (alone[0] if alone else None)


@given(tasks, actors, st.sampled_from(ACTIONS))
def test_who_sees_a_task_is_who_may_answer_it(question: Task, who: Actor, action: Action) -> None:
    assert visible(question, who) == (refusal(question, who, question.actions[0]) is None)
    if refusal(question, who, action) is None:
        assert visible(question, who)
