"""An incident: something is wrong with what Corridor itself runs on, and one team is asked to look into it.

    raise the exception -> answered, or cleared because the cause is gone -> close

Where it is about somebody who works here, the answer 'stop' closes all accounts of theirs; nothing else of an incident
has an effect outside, and nothing is undone. Where the question is about entries of exclusion lists, the answer
'clear' is kept, so that nobody is asked about the same ones again.
"""

from __future__ import annotations

from typing import Literal

from temporalio import workflow

from domain.case import CaseSnapshot, parse_case_id
from domain.exceptions import CATALOGUE, Finding
from domain.money import Money
from domain.tasks import Action, Decision, Task
from workflows.case import CaseEnded, CaseWorkflow
from workflows.compensation import PARKED_ACTIONS
from workflows.errors import StepFailure
from workflows.messages.incident import (
    CLEARED,
    FINDING_UPDATED,
    WORKFLOW_NAME,
    Clearance,
    IncidentInput,
    IncidentResult,
)
from workflows.questions import answer_to, ask_about_failure, open_exception
from workflows.steps.hire_inputs import ClearHitInput, ShutWorkerInput
from workflows.steps.hiring import HiringSteps

EndedBy = Literal["answer", "clearance", "request"]


@workflow.defn(name=WORKFLOW_NAME)
class Incident(CaseWorkflow):
    @workflow.init
    def __init__(self, incident: IncidentInput) -> None:
        super().__init__(_first_snapshot(incident), incident.policy, ())
        self._clearance: Clearance | None = None
        self._task: Task | None = None

    @workflow.run
    async def run(self, incident: IncidentInput) -> IncidentResult:
        self.file.note("incident.noticed", incident.finding.message, code=incident.finding.code)
        try:
            self.check_ended()
            ended_by, comment = await self._asked(incident)
        except CaseEnded as ended:
            ended_by, comment = ("request" if self._clearance is None else "clearance"), ended.reason
            self.file.show(status=ended.status)
        await self._close_case(comment)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return IncidentResult(
            case_id=self.file.case_id, status=self.file.snapshot.status, ended_by=ended_by, comment=comment
        )

    async def _asked(self, incident: IncidentInput) -> tuple[EndedBy, str]:
        self.file.show(next_step="It is closed when the team has answered, or when the cause is gone")
        task = self._task = open_exception(self, incident.finding, "incident", _offered(incident))
        await self.announce(f"Ask {task.role}: {task.title}")
        decision = await answer_to(self, task)
        if incident.hits and decision.action == "clear":
            await self._clear_hits(incident.hits, decision)
        if incident.worker_id and decision.action == "stop":
            await self._shut(incident.worker_id, decision)
        self.file.show(status="completed")
        return "answer", decision.comment

    async def _clear_hits(self, keys: tuple[str, ...], decision: Decision) -> None:
        by, reason = decision.actor.person, decision.comment
        await self.own_step(
            HiringSteps.clear_hits,
            lambda journal, seq: ClearHitInput(journal=journal, seq=seq, keys=keys, by=by, reason=reason),
            "Note that the entries are of other people",
        )

    async def _shut(self, worker_id: str, decision: Decision) -> None:
        """Until no system lets the worker in, or somebody takes it over by hand."""
        what = "Close the accounts of the worker"
        while True:
            done = await self.try_step(
                HiringSteps.shut_worker,
                lambda journal, seq: ShutWorkerInput(
                    journal=journal, seq=seq, worker_id=worker_id, reason=decision.comment
                ),
                what,
            )
            if not isinstance(done, StepFailure):
                return
            answer = await ask_about_failure(self, done, what, "shut", PARKED_ACTIONS)
            if answer is not None and answer.action == "skip":
                self.file.note("shut.taken-over", f"{what} by hand. {answer.comment}", actor=answer.actor.person)
                return

    async def _close_case(self, comment: str) -> None:
        shot = self.file.snapshot
        self.undoing = True
        self.file.cancel_open_tasks(comment or "the case is closed")
        self.file.show(stage="closed", held=False, next_step="", closed_at=workflow.now())
        self.file.note("case.closed", f"Closed: {shot.status}" + (f" ({comment})" if comment else ""))
        self.file.tell("case.closed", f"{shot.title}: {shot.status}", comment, status=shot.status)
        self.closed = True
        await self.close(f"{self.file.case_id}:close")

    @workflow.signal(name=CLEARED)
    def cleared(self, clearance: Clearance) -> None:
        """The cause is gone: nobody needs to answer any more."""
        if self.ended is None and not self.closed:
            self._clearance = clearance
            self.end("completed", clearance.reason)

    @workflow.signal(name=FINDING_UPDATED)
    async def finding_updated(self, finding: Finding) -> None:
        """The same cause, and more is known of it: whoever looks at the task sees that."""
        if self._task is None or self.ended is not None or self.closed:
            return
        self.file.inform_task(self._task.task_id, finding.message, {**self._task.subject, "evidence": finding.evidence})
        await self._show_at_once("Show what is known of the cause")


def _offered(incident: IncidentInput) -> tuple[Action, ...]:
    """What is asked of a hire may be tried again; somebody who works here is looked at again anyway, and what was seen
    of them is noted."""
    actions = CATALOGUE[incident.finding.code].actions
    if not incident.worker_id:
        return actions
    return tuple(dict.fromkeys("accept" if each == "retry" else each for each in actions))


def _first_snapshot(incident: IncidentInput) -> CaseSnapshot:
    """Raises ValueError when the case id is none."""
    key = parse_case_id(incident.case_id)
    if key is None:
        raise ValueError(f"not a case id: {incident.case_id}")
    return CaseSnapshot(
        case_id=incident.case_id,
        version=1,
        process=key.process,
        facility=incident.facility,
        stage="submitted",
        status="running",
        title=CATALOGUE[incident.finding.code].title,
        requester="corridor",
        amount=Money.zero(incident.policy.facility.currency),
        urgency="urgent",
        submitted_at=incident.submitted_at,
        updated_at=incident.submitted_at,
        policy_version=incident.policy.version,
        policy_sha256=incident.policy.sha256,
    )
