"""What every process shares: steps, waiting, exceptions, and the signals of people.

A process is a workflow class that inherits `CaseWorkflow` and says what happens. This says how a case stays true
to what
it shows: every step carries the facts since the last one, every wait can be interrupted, and nothing waits unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from domain.case import CaseSnapshot, CaseStatus, Journal
from domain.case_actions import MOST_WATCHERS, ActionRecord, ActionRefusal, ActionRequest, CaseAction, action_refusal
from domain.decision_links import asking
from domain.policy.model import FrozenPolicy
from domain.reassigning import roles_above
from domain.tasks import Decision, DecisionRecord, TaskChange, TaskChangeRecord
from workflows.case_file import CaseFile
from workflows.errors import StepFailure, failure_of
from workflows.showing import with_amount
from workflows.steps.case import CaseSteps
from workflows.steps.inputs import AnnounceResult, CloseCaseInput, StepInput

# About three minutes of patience with an outside system before a person is told.
STEP_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=8,
)
# Our own store is retried until it answers: without it nothing could be shown to a person anyway.
OWN_STORE_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
STEP_TIMEOUT = timedelta(seconds=30)
# Of a step that may take minutes: without one, the step is taken from a worker that died.
SIGN_OF_LIFE = timedelta(seconds=10)

# What people look for on a list as soon as they have asked for it; other actions show with the step that follows them.
SHOWN_AT_ONCE: frozenset[CaseAction] = frozenset({"hold", "resume", "add-watcher", "remove-watcher", "add-approver"})

Step = Callable[..., Any]
Build = Callable[[Journal, int], StepInput]


@dataclass(frozen=True)
class Patience:
    """How often a step is tried, and how long it may wait each time until a worker takes it (None: for ever)."""

    retries: RetryPolicy
    in_queue: timedelta | None = None


WITH_SYSTEMS, WITH_OUR_STORE = Patience(STEP_RETRIES), Patience(OWN_STORE_RETRIES)


class CaseEnded(Exception):  # noqa: N818 - it is no error: a person or a rule ended the case
    """The case ends before its work is done: undo what was done, keep the record."""

    def __init__(self, status: CaseStatus, reason: str, actor: str = "corridor") -> None:
        self.status, self.reason, self.actor = status, reason, actor
        super().__init__(reason)


class RequestChanged(Exception):  # noqa: N818 - it is no error: the request was amended, so its checks begin anew
    """What is decided on is another request now: whoever waits for an answer about the old one stops waiting."""


class CaseWorkflow:
    """One case. `requesters` are the persons on whose duty it runs: they may ask for it, and never decide on it."""

    def __init__(self, snapshot: CaseSnapshot, policy: FrozenPolicy, requesters: tuple[str, ...]) -> None:
        self.file = CaseFile(snapshot, policy)
        self.policy = policy
        self.requesters = requesters
        for person in requesters:
            self.file.ledger.note_duty(person, "requester", snapshot.submitted_at)
        self.ended: CaseEnded | None = None
        self.superseded = False
        self.undoing = False
        self.closed = False
        self.held_by: ActionRequest | None = None
        self.unmanned: set[str] = set()
        """Tasks of which the process owner was told that nobody may answer them."""
        self._actions: dict[str, ActionRecord] = {}
        self._task_count = 0

    def run_on_duty_of(self, people: Iterable[str]) -> None:
        """Whoever a change of the request names is one of the requesters from now on. Nobody ceases to be one: an
        amendment must not give back a decision that the request took from somebody.
        """
        for person in people:
            if person not in self.requesters:
                self.requesters = (*self.requesters, person)
                self.file.ledger.note_duty(person, "requester", workflow.now())

    # Waiting

    async def until(
        self, condition: Callable[[], bool], patience: timedelta | None = None, summary: str | None = None
    ) -> bool:
        """Wait until the condition holds; False when the time is over first. Raises CaseEnded when the case is
        ended.
        """
        try:
            await workflow.wait_condition(
                lambda: condition() or self._interrupted(), timeout=patience, timeout_summary=summary
            )
        except TimeoutError:
            return False
        self.check_ended()
        return True

    def _interrupted(self) -> bool:
        return (self.ended is not None or self.superseded) and not self.undoing

    def check_ended(self) -> None:
        """Raises CaseEnded when somebody ended the case, RequestChanged when it was amended; not while it is undone."""
        if self.undoing:
            return
        if self.ended is not None:
            raise self.ended
        if self.superseded:
            raise RequestChanged

    def about(self) -> dict[str, Any]:
        """What whoever is asked something needs to know of the case besides what all cases show."""
        return {}

    def end(self, status: CaseStatus, reason: str, actor: str = "corridor") -> CaseEnded:
        """End the case, for every branch of it. The first end stands."""
        if self.ended is None:
            self.ended = CaseEnded(status, reason, actor)
            self.file.note(f"case.{status}", reason or f"The case was {status}", actor=actor)
        return self.ended

    async def go_ahead(self) -> None:
        """Pass when the case is neither held nor ended."""
        self.check_ended()
        if self.file.snapshot.held and not self.undoing:
            await self.until(lambda: not self.file.snapshot.held)

    # Steps

    async def try_step(self, step: Step, build: Build, summary: str, seq: int | None = None) -> Any | StepFailure:
        """A step whose failure the process deals with: the result, or why there is none after bounded retries. While
        the work for its system is held the step waits, however long that takes.
        """
        waits = False
        while True:
            result = await self._tried(step, build, summary, seq)
            if not isinstance(result, StepFailure):
                return result
            system, message = result.report.system, result.report.message
            if not result.held:
                code = result.report.code
                self.file.note("step.failed", f"{summary}: {system} says {message}", code=code, failure=result.kind)
                return result
            if not waits:
                self.file.note("step.waits", f"{summary}: waits for {system}, which does not answer ({message})")
            waits = True

    async def _tried(
        self, step: Step, build: Build, summary: str, seq: int | None, patience: Patience = WITH_SYSTEMS
    ) -> Any | StepFailure:
        await self.go_ahead()
        self.publish()
        journal = self.journal()
        try:
            result = await workflow.execute_activity_method(
                step,
                build(journal, seq or self.file.next_seq()),
                schedule_to_start_timeout=patience.in_queue,
                start_to_close_timeout=STEP_TIMEOUT,
                retry_policy=patience.retries,
                summary=summary,
            )
        except ActivityError as error:
            return failure_of(error)
        self.file.recorded(journal)
        return result

    def publish(self) -> None:
        """Have operators find the case by what it does now."""
        self.file.publish()

    def journal(self) -> Journal:
        """What the next step carries."""
        return self.file.journal()

    async def announce(self, summary: str) -> AnnounceResult:
        """Put new tasks on worklists and have people told."""
        self.publish()
        result: AnnounceResult = await self.own_step(
            CaseSteps.announce, lambda journal, seq: StepInput(journal=journal, seq=seq), summary
        )
        return result

    async def close(self, key: str) -> None:
        """The last step of every case, and all that there is to record besides: nothing that somebody sent is lost
        because it came late.
        """
        while self.file.overflowing:
            await self.announce("Record what happened")
        await self.own_step(
            CaseSteps.close_case,
            lambda journal, seq: CloseCaseInput(journal=journal, seq=seq, key=key),
            "Close the case",
        )
        while self.file.unrecorded and workflow.patched("late-messages-are-recorded"):
            await self.announce("Record what came late")

    async def own_step(self, step: Step, build: Build, summary: str, patience: Patience = WITH_OUR_STORE) -> Any:
        """A step in our own store: it is repeated until it is done, also while the case is held. Raises ActivityError
        where another `patience` is over.
        """
        journal = self.journal()
        result = await workflow.execute_activity_method(
            step,
            build(journal, self.file.next_seq()),
            schedule_to_start_timeout=patience.in_queue,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=patience.retries,
            summary=summary,
        )
        self.file.recorded(journal)
        return result

    def next_task_id(self, name: str) -> str:
        self._task_count += 1
        return f"{self.file.case_id}:{name}.{self._task_count}"

    # Signals and queries

    @workflow.signal
    def decision_made(self, decision: Decision) -> None:
        """A person answered a task. What does not count is recorded with its reason; it never fails the case."""
        self.file.decide(decision)

    @workflow.signal
    async def task_changed(self, change: TaskChange) -> None:
        """Hand an open task to somebody else, who is told at once."""
        known = self.file.ledger.change_record(change.change_id)
        record = self.file.change_task(change, self._may_take_over(change.task_id))
        if known is not None or record.because is not None:
            return
        task = self.file.ledger.task(change.task_id)
        self.file.tell(
            "task.reassigned",
            with_amount(task.title, self.file.snapshot.amount),
            f"{change.actor.person} hands this to you. {change.comment}\nWhy it is asked: {task.why}.",
            people=task.people,
            **asking(task),
            actions=list(task.actions),
        )
        await self._show_at_once(f"Hand over: {task.title}")

    def _may_take_over(self, task_id: str) -> tuple[str, ...]:
        task = next((each for each in self.file.ledger.tasks() if each.task_id == task_id), None)
        return () if task is None else roles_above(self.policy.levels, task)

    async def _show_at_once(self, summary: str) -> None:
        """Record what changed without waiting for the next step: somebody looks for it on a list now."""
        if not self.closed:
            await self.announce(summary)

    @workflow.signal
    async def action_requested(self, request: ActionRequest) -> None:
        """A person asks for something that concerns the whole case."""
        if request.action_id in self._actions:
            return
        because = self._why_not(request)
        if because is None:
            because = self.perform(request)
        record = ActionRecord(
            request=request,
            status="ignored" if because else "applied",
            because=because,
            recorded_at=workflow.now(),
        )
        self._actions[request.action_id] = record
        self.file.note(
            f"action.{record.status}",
            f"{request.action}" if because is None else f"Ignored ({because}): {request.action}",
            actor=request.actor.person,
            action_id=request.action_id,
            action=request.action,
            because=because,
            comment=request.comment,
            person=request.person,
            issuer=request.actor.issuer,
        )
        if because is None and request.action in SHOWN_AT_ONCE:
            await self._show_at_once(f"Show: {request.action}")

    def _why_not(self, request: ActionRequest) -> ActionRefusal | None:
        if self.closed or self.ended is not None:
            return "case-closed"
        return action_refusal(request, self.file.snapshot.facility, self.requesters)

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        """Do what was asked, or say why it cannot be done now. Processes add what is theirs."""
        match request.action:
            case "withdraw":
                self.end("withdrawn", request.comment, request.actor.person)
            case "cancel":
                self.end("cancelled", request.comment, request.actor.person)
            case "hold" if not self.file.snapshot.held:
                self.held_by = request
                self.file.show(held=True)
            case "hold":
                return "already-held"
            case "resume" if self.file.snapshot.held:
                self.file.show(held=False)
            case "resume":
                return "not-held"
            case "provide-information":
                return self._answer_question(request)
            case "add-watcher" | "remove-watcher":
                return self._watch(request)
            case _:
                return "not-in-this-stage"
        return None

    def _watch(self, request: ActionRequest) -> ActionRefusal | None:
        person, watchers = request.person or "", self.file.snapshot.watchers
        if (person in watchers) == (request.action == "add-watcher"):
            return "duplicate"
        if request.action == "add-watcher" and len(watchers) >= MOST_WATCHERS:
            return "too-many"
        left = tuple(each for each in watchers if each != person)
        self.file.show(watchers=(*left, person) if request.action == "add-watcher" else left)
        return None

    def _answer_question(self, request: ActionRequest) -> ActionRefusal | None:
        """The requester's answer closes the open question, as a decision on its task would."""
        for task in self.file.ledger.open_tasks():
            if task.kind == "information":
                asked = request.actor.person if request.actor.person in task.people else task.people[0]
                actor = request.actor.model_copy(update={"person": asked})
                record = self.file.decide(
                    Decision(
                        decision_id=request.action_id,
                        task_id=task.task_id,
                        action="answer",
                        actor=actor,
                        subject_version=task.subject_version,
                        comment=request.comment,
                    )
                )
                return None if record.status == "applied" else "duplicate"
        return "nothing-asked"

    @workflow.query
    def snapshot(self) -> CaseSnapshot:
        return self.file.snapshot

    @workflow.query
    def decision_record(self, decision_id: str) -> DecisionRecord | None:
        """What became of a decision; None when it has not arrived."""
        return self.file.ledger.record_of(decision_id)

    @workflow.query
    def change_record(self, change_id: str) -> TaskChangeRecord | None:
        """What became of a change to a task; None when it has not arrived."""
        return self.file.ledger.change_record(change_id)

    @workflow.query
    def action_record(self, action_id: str) -> ActionRecord | None:
        """What became of a requested action; None when it has not arrived."""
        return self._actions.get(action_id)
