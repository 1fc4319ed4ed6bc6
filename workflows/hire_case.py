"""What the stages of a hire share: the hire as it is now, its board, and effects that people are asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from temporalio import workflow

from domain.case import CaseStatus
from domain.exceptions import CATALOGUE, Finding
from domain.hire import Hire
from domain.hire_rules import HireRules
from domain.tasks import Action, Decision, Task
from workflows.case import CaseEnded, RequestChanged, Step
from workflows.compensation import Compensations
from workflows.errors import REFUSED, UNAVAILABLE, StepFailure
from workflows.messages.hire_to_provision import HireInput
from workflows.questions import PROBE_EVERY, open_exception, remaining, report_breach
from workflows.shown_hire import ShownHire
from workflows.steps.hire_inputs import HireStepInput

# Whether what runs looks at a correction, and not at the hire as it is: a newer correction then takes its place.
TAKING_OVER: ContextVar[bool] = ContextVar("taking_over", default=False)

# What the outside systems call it, and which exception of the catalogue it is.
EXCEPTION_OF: Mapping[str, str] = {
    "position-unknown": "position-unavailable",
    "position-taken": "position-unavailable",
    "position-closed": "position-unavailable",
    "worker-active": "identity-conflict",
    "account-gone": "account-conflict",
}


class OvertakenError(Exception):
    """The plan does not ask any more for what a branch works on, or asks for it anew."""


class HireCase(ShownHire):
    """`hire` is the hire with all corrections that were taken over; `corrections` are those that were not, the last one
    last. `worker_id` is empty until the HRIS has one."""

    def __init__(self, start: HireInput) -> None:
        super().__init__(start)
        self.start = start
        self.hire = start.hire
        self.corrections: list[Hire] = []
        self.rules = start.policy.hire or HireRules()
        self.undo = Compensations(self)
        self.worker_id = ""
        self.worker_number = ""
        self.revive = ""
        self.correcting = False
        self.user_names: dict[str, str] = {}

    async def until(
        self, condition: Callable[[], bool], patience: timedelta | None = None, summary: str | None = None
    ) -> bool:
        taking = TAKING_OVER.get()  # the condition is evaluated elsewhere, where it would say nothing
        return await super().until(lambda: condition() or (taking and bool(self.corrections)), patience, summary)

    def check_ended(self) -> None:
        super().check_ended()
        if self._is_overtaken:
            raise RequestChanged

    @property
    def _is_overtaken(self) -> bool:
        return TAKING_OVER.get() and bool(self.corrections) and not self.undoing

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

    async def effect(
        self,
        step: Step,
        build: Callable[[Any, int], HireStepInput],
        summary: str,
        slot: str,
        actions: tuple[Action, ...] = ("retry", "cancel"),
        moot: Callable[[], bool] = lambda: False,
    ) -> Any:
        """A step until it succeeds: its result, or the decision of a person that says more than to try again. The
        answer 'cancel' ends the case. A correction of the hire is worth another try as well. Raises OvertakenError when
        it failed and is `moot`, or the item that `slot` begins with is not asked for any more."""

        carried: list[int] = []

        def overtaken() -> bool:
            return moot() or slot.partition("/")[0] in self.board.stopping

        def watched(journal: Any, seq: int) -> HireStepInput:
            given = build(journal, seq)
            carried[:] = [] if given.standing is None else [self.board.version]
            return given

        seq = self.file.next_seq()
        while True:
            result = await self.try_step(step, watched, summary, seq)
            if not isinstance(result, StepFailure):
                if carried == [self.board.version]:
                    self.board.recorded(self.board.version)
                return result
            decision = None if overtaken() else await self.ask_about(result, summary, slot, actions)
            if decision is not None and decision.action != "retry":
                return decision
            if overtaken():
                raise OvertakenError

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
        if self.board.state(slot) == "running":
            self.board.mark(slot, "waiting", finding.message)
        task = open_exception(self, finding, slot, actions)
        generation = self.board.generation
        await self.announce(f"Ask {task.role}: {task.title}")

        def changed() -> bool:
            return self.board.generation != generation

        if failure.kind == UNAVAILABLE:
            heard = await self.until(lambda: self.is_answered(task) or changed(), PROBE_EVERY, f"Try again: {summary}")
            if not heard:
                self.file.cancel_task(task.task_id, "tried again by itself")
                return None
        return await self.answer_or_change(task, changed)

    def is_answered(self, task: Task) -> bool:
        return self.file.ledger.applied_to(task.task_id) is not None

    async def answer_or_change(self, task: Task, over: Callable[[], bool]) -> Decision | None:
        """Wait for the answer; None when the question is `over` before, so that it is to be asked anew or not at all.
        When the due date passes the process owner gets a task; the question stays open."""
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
        generation = self.board.generation
        await self.announce(f"Ask {task.role}: {task.title}")
        decision = await self.answer_or_change(task, lambda: self.board.generation != generation)
        if decision is not None and decision.action == "stop":
            raise super().end("rejected", f"{task.title}: {decision.comment}", decision.actor.person)
        return decision

    def tell_manager(self, event: str, text: str) -> None:
        self.file.tell(event, self.file.snapshot.title, text, people=(self.hire.manager,))

    def on_start_day(self) -> bool:
        return self.board.today >= self.board.plan.start_on

    @property
    def now_text(self) -> str:
        return f"{workflow.now():%Y-%m-%d %H:%M} UTC"
