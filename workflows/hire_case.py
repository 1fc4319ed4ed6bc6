"""What the stages of a hire share: the hire as it is now, its board, and effects that people are asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from temporalio import workflow

from domain.case import CaseStatus
from domain.exceptions import CATALOGUE, Finding
from domain.hire_plan import ItemState
from domain.hire_rules import HireRules
from domain.tasks import Action, Decision, Task
from workflows.case import CaseEnded, CaseWorkflow
from workflows.compensation import Compensations
from workflows.errors import REFUSED, UNAVAILABLE, StepFailure
from workflows.hire_board import Board
from workflows.messages.hire_to_provision import HireInput
from workflows.questions import PROBE_EVERY, open_exception, remaining, report_breach
from workflows.starting import hire_snapshot
from workflows.steps.hire_inputs import HireStepInput
from workflows.steps.hiring import HiringSteps
from workflows.steps.inputs import AnnounceResult

Given = TypeVar("Given", bound=HireStepInput)
Step = Callable[..., Any]

# What the outside systems call it, and which exception of the catalogue it is.
EXCEPTION_OF: Mapping[str, str] = {
    "position-unknown": "position-unavailable",
    "position-taken": "position-unavailable",
    "position-closed": "position-unavailable",
    "worker-active": "identity-conflict",
    "account-gone": "account-conflict",
}


class HireCase(CaseWorkflow):
    """`hire` is the hire with all corrections that were taken over. `worker_id` is empty until the HRIS has one."""

    def __init__(self, start: HireInput) -> None:
        super().__init__(hire_snapshot(start), start.policy, (start.hire.requester,))
        self.start = start
        self.hire = start.hire
        self.rules = start.policy.hire or HireRules()
        self.board = Board(start.hire, start.policy, start.submitted_at)
        self.undo = Compensations(self)
        self.worker_id = ""
        self.worker_number = ""
        self.revive = ""
        self.correcting = False
        self.user_names: dict[str, str] = {}

    @property
    def external_id(self) -> str:
        """Under which the HRIS and the ERP know this hire, for ever."""
        return self.file.case_id

    def end(self, status: CaseStatus, reason: str, actor: str = "corridor") -> CaseEnded:
        """A correction whose approval is refused ends the correction, and not the hire."""
        if self.correcting and status == "rejected":
            return CaseEnded(status, reason, actor)
        return super().end(status, reason, actor)

    def about(self) -> dict[str, Any]:
        """Who it is: whoever decides or does something for a person must not take them for another one."""
        hire = self.hire
        return {
            "title": self.file.snapshot.title,
            "name": hire.person.name.full,
            "birth_date": hire.person.birth_date and hire.person.birth_date.isoformat(),
            "job": hire.title,
            "department": hire.department,
            "manager": hire.manager,
            "start_on": hire.start_on.isoformat(),
            "worker_number": self.worker_number,
            "user_names": dict(self.user_names),
            "deliver_to": hire.deliver_to,
            "asked_at": f"{workflow.now():%Y-%m-%d}",
        }

    def given(self, model: type[Given], /, done: str = "", **fields: Any) -> Callable[[Any, int], Given]:
        """Builds the input of a step that, once it has succeeded, has `done` this item. A field that is a function is
        asked each time."""

        presumed: dict[str, ItemState] = {done: "done"} if done else {}

        def build(journal: Any, seq: int) -> Given:
            standing = self.board.standing(self.file.snapshot, presumed)
            now = {name: field() if callable(field) else field for name, field in fields.items()}
            return model(journal=journal, seq=seq, standing=standing, **now)

        return build

    async def announce(self, summary: str) -> AnnounceResult:
        """Put new tasks on worklists, have people told, and show how far the plan is."""
        self.file.publish()
        version = self.board.version
        result: AnnounceResult = await self.own_step(HiringSteps.note_standing, self.given(HireStepInput), summary)
        self.board.recorded(version)
        return result

    async def effect(
        self,
        step: Step,
        build: Callable[[Any, int], HireStepInput],
        summary: str,
        slot: str,
        actions: tuple[Action, ...] = ("retry", "cancel"),
    ) -> Any:
        """A step until it succeeds: its result, or the decision of a person that says more than to try again. The
        answer 'cancel' ends the case. A correction of the hire is worth another try as well."""
        seq = self.file.next_seq()
        while True:
            version = self.board.version
            result = await self.try_step(step, build, summary, seq)
            if not isinstance(result, StepFailure):
                if self.board.version == version:
                    self.board.recorded(version)
                return result
            decision = await self.ask_about(result, summary, slot, actions)
            if decision is not None and decision.action != "retry":
                return decision

    async def ask_about(
        self, failure: StepFailure, summary: str, slot: str, actions: tuple[Action, ...]
    ) -> Decision | None:
        """Have the failure solved by its owner; None when it is worth another try by itself."""
        code = EXCEPTION_OF.get(failure.report.code, failure.report.code)
        known = failure.kind == REFUSED and code in CATALOGUE
        finding = Finding(
            code=code if known else failure.exception_code,
            message=f"{summary}: {failure.report.system} says {failure.report.message}",
            evidence={**failure.report.model_dump(), "failure": failure.kind},
        )
        task = open_exception(self, finding, slot, actions)
        await self.announce(f"Ask {task.role}: {task.title}")
        if failure.kind == UNAVAILABLE:
            answered = await self.until(lambda: self.is_answered(task), PROBE_EVERY, f"Try again: {summary}")
            if not answered:
                self.file.cancel_task(task.task_id, "tried again by itself")
                return None
        return await self.answer_or_change(task)

    def is_answered(self, task: Task) -> bool:
        return self.file.ledger.applied_to(task.task_id) is not None

    async def answer_or_change(self, task: Task, moot: Callable[[], bool] | None = None) -> Decision | None:
        """Wait for the answer; None when the plan was changed meanwhile, or the question is `moot`, so that it is to be
        asked anew or not at all. When the due date passes the process owner gets a task; the question stays open."""
        generation = self.board.generation
        over = moot or (lambda: self.board.generation != generation)
        left = remaining(task.due_at) if task.due_at else None
        if not await self.until(lambda: self.is_answered(task) or over(), left, f"Due: {task.title}"):
            breach = await report_breach(self, task)
            await self.until(lambda: self.is_answered(task) or over())
            self.file.cancel_task(breach.task_id, "answered meanwhile")
        record = self.file.ledger.applied_to(task.task_id)
        if record is None:
            self.file.cancel_task(task.task_id, "the plan was changed")
            return None
        if record.decision.action == "cancel":
            raise self.end("cancelled", record.decision.comment, record.decision.actor.person)
        return record.decision

    async def ask_finding(
        self, finding: Finding, slot: str, actions: tuple[Action, ...] = (), excluded: tuple[str, ...] = ()
    ) -> Decision | None:
        """Raise an exception and wait for its answer; None when the plan was changed meanwhile. The answer 'stop' ends
        the case: the person may not begin."""
        task = open_exception(self, finding, slot, actions, excluded=excluded)
        await self.announce(f"Ask {task.role}: {task.title}")
        decision = await self.answer_or_change(task)
        if decision is not None and decision.action == "stop":
            raise super().end("rejected", f"{task.title}: {decision.comment}", decision.actor.person)
        return decision

    async def quiet(self) -> None:
        """Record what no step has carried yet."""
        if self.file.unrecorded or (self.board.planned and not self.board.shown):
            await self.announce("Show how far the hire is")

    def tell_manager(self, event: str, text: str) -> None:
        self.file.tell(event, self.file.snapshot.title, text, people=(self.hire.manager,))

    def on_start_day(self) -> bool:
        return self.board.today >= self.board.plan.start_on

    @property
    def now_text(self) -> str:
        return f"{workflow.now():%Y-%m-%d %H:%M} UTC"
