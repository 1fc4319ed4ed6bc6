"""Hire-to-provision: from an accepted offer to a person who can work on the first day.

    identify -> plan -> approve -> carry out the plan, side by side -> start day -> probation -> close

Whatever a person must decide is a task; whatever was done is undone, last first, when the person does not come.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow

from domain.case import CaseStatus
from domain.case_actions import ActionRefusal, ActionRequest
from domain.exceptions import Finding
from domain.hire import Hire, HireChange, HireEnd
from domain.hire_intake import hire_title
from domain.hire_plan import HireStanding
from domain.person_matching import is_somebody_else
from domain.tasks import Task
from workflows.case import CaseEnded, RequestChanged
from workflows.closing import close_case
from workflows.hire_case import TAKING_OVER, HireCase
from workflows.hire_preparation import HireApproval, Identification, Planning
from workflows.hire_provisioning import Provisioning
from workflows.messages.hire_to_provision import WORKFLOW_NAME, EquipmentProgress, HireInput, HireResult
from workflows.messages.procure_to_pay import EventRecord
from workflows.questions import ask
from workflows.steps.hire_inputs import SettleHireInput, SettleHireOutcome
from workflows.steps.hiring import HiringSteps


@workflow.defn(name=WORKFLOW_NAME)
class HireToProvision(HireCase):
    @workflow.init
    def __init__(self, case: HireInput) -> None:
        super().__init__(case)
        self.identification = Identification(self)
        self.planning = Planning(self)
        self.approval = HireApproval(self)
        self.provisioning = Provisioning(self, self.planning, self.approval)
        self._taking: Hire | None = None
        self._events: dict[str, EventRecord] = {}
        self._preparing = True
        self._reason = ""

    @workflow.run
    async def run(self, case: HireInput) -> HireResult:
        self.file.note(
            "hire.submitted",
            f"Submitted: {self.file.snapshot.title}",
            actor=case.submitted_by.person,
            source=case.source,
        )
        try:
            await self._prepare()
            await self.provisioning.run(lambda: bool(self.corrections), self._take_correction)
            self.file.show(status="completed")
            self.closing = self.speaks_at_rest and workflow.patched("hires-close-without-a-word")
            await self._settle("completed")
            self.check_ended()  # whoever ends the case until here is heard
        except CaseEnded as ended:
            await self._undo_all(ended)
        await self._close()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # Stages

    async def _prepare(self) -> None:
        """Until the plan may be carried out; whatever HR corrects meanwhile begins anew."""
        while True:
            self._corrected()
            try:
                self.file.show(stage="identification", next_step="It is looked up whether the person is known already")
                self.revive = await self.identification.run(self.hire)
                self.file.show(stage="planning", next_step="The plan is made from the policy")
                outcome = await self.planning.run(self.hire, self.revive)
                self.board.follow(outcome.plan, self.hire)
                await self.approval.obtain(self.hire, outcome)
                self.check_ended()
                break
            except RequestChanged:
                self.file.cancel_open_tasks("the hire was corrected")
        self._preparing = False

    def _corrected(self) -> None:
        """Take over the last correction."""
        self.superseded = False
        if self.corrections:
            self._go_by(self.corrections[-1])
            self.corrections.clear()

    def _go_by(self, hire: Hire) -> None:
        self.hire = hire
        watchers = tuple(dict.fromkeys((*self.file.snapshot.watchers, hire.manager)))
        self.file.show(title=hire_title(hire), cost_centres=(hire.cost_centre,), watchers=watchers)

    async def _take_correction(self) -> None:
        """Everything goes on by the old hire until the new one is approved. A correction that is refused is dropped; a
        newer one takes its place, whoever is still asked about it."""
        corrected = self._taking = self.corrections[-1]
        self.corrections.clear()
        TAKING_OVER.set(True)
        try:
            made, revive = self._worker_made, await self._identified(corrected)
            outcome = await self.planning.run(corrected, revive)
            self.correcting = True
            await self.approval.obtain(corrected, outcome)
            if made != self._worker_made:
                revive = await self._identified(corrected)
            self.check_ended()
        except RequestChanged:
            self._cancel_questions_of_plan()
            return
        except CaseEnded as ended:
            if self.ended is not None:
                raise
            self.file.note("correction.rejected", f"The correction is dropped: {ended.reason}", actor=ended.actor)
            return
        finally:
            TAKING_OVER.set(False)
            self.correcting, self._taking = False, None
        self.revive = revive
        self._go_by(corrected)
        await self.provisioning.follow(outcome)

    @property
    def _worker_made(self) -> bool:
        kinds = {item.key: item.kind for item in self.board.plan.items}
        return any(kind == "worker-record" and self.board.state(key) != "planned" for key, kind in kinds.items())

    async def _identified(self, corrected: Hire) -> str:
        """Whom the HRIS shall hire again; another name or birth date may be another person's."""
        if corrected.person == self.hire.person:
            return self.revive
        found = await self.identification.run(corrected, self._worker_made)
        return self.revive if self._worker_made else found

    def _cancel_questions_of_plan(self) -> None:
        about = {task.task_id for task in self.file.ledger.open_tasks() if _is_about_plan(task)}
        for task in self.file.ledger.open_tasks():
            evidence = task.subject.get("evidence")
            breached = evidence.get("task_id") if isinstance(evidence, dict) else None
            if task.task_id in about or breached in about:
                self.file.cancel_task(task.task_id, "the hire was corrected again")

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        """Close the doors first, then undo the rest, last first, and look whether anything is left."""
        self.undoing, self.closing = True, False
        self._reason = ended.reason
        self.board.over = True
        self.board.version += 1
        self.file.cancel_open_tasks(f"the case was {ended.status}")
        self.file.show(status="running", stage="compensation", held=False, next_step="What was done is undone")
        accounts = self.provisioning.accounts
        await asyncio.gather(*(accounts.close(system) for system in sorted(accounts.open)))
        await self.undo.run()
        for item in self.board.plan.items:
            was = self.board.state(item.key)
            self.board.mark(item.key, "undone" if was == "done" else "cancelled")
        await self._look_for_remains(ended.status)
        self.file.show(status=ended.status)

    async def _look_for_remains(self, status: CaseStatus) -> None:
        while True:
            outcome: SettleHireOutcome = await self._settle(status, clean_slate=True)
            if not outcome.left:
                return
            finding = Finding(
                code="undo-by-hand",
                message="Left after everything was taken back: " + "; ".join(outcome.left),
                evidence={"left": list(outcome.left)},
            )
            await ask(self, finding, "remains")

    async def _settle(self, state: str, clean_slate: bool = False) -> SettleHireOutcome:
        outcome: SettleHireOutcome = await self.effect(
            HiringSteps.settle_hire,
            self.given(SettleHireInput, state=state, worker_id=self.worker_id, clean_slate=clean_slate),
            "Look whether anything is left" if clean_slate else "Let the hire go",
            "settle",
            ("retry",),
        )
        return outcome

    async def _close(self) -> None:
        await self.silence()
        await close_case(self, self._reason or "The person works here.", (self.start.hire.requester, self.hire.manager))

    def _result(self) -> HireResult:
        return HireResult(
            case_id=self.file.case_id,
            status=self.file.snapshot.status,
            reason=self._reason,
            worker_number=self.worker_number,
            ready_on_day_one=self.provisioning.ready_on_day_one,
            undone=tuple(self.undo.undone),
        )

    # What HR, people and purchases report

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        match request.action:
            case "correct-hire":
                return self._correct(request.hire, request.actor.person)
            case "rescind":
                self.end("rescinded", request.comment, request.actor.person)
            case "add-approver":
                return self.approval.approval.add(request)
            case _:
                return super().perform(request)
        return None

    def _correct(self, corrected: Hire | None, by: str) -> ActionRefusal | None:
        if corrected is None:
            return "hire-required"
        if (corrected.number, corrected.facility) != (self.hire.number, self.hire.facility):
            return "key-changed"
        if not self._preparing and is_somebody_else(self.hire.person, corrected.person, self.rules.parameters):
            return "another-person"
        latest = self.corrections[-1] if self.corrections else self._taking or self.hire
        if corrected == latest:
            return "duplicate"
        self.corrections.append(corrected)
        self.superseded = self._preparing
        self.run_on_duty_of((corrected.requester,))
        self.file.note("hire.corrected", "HR corrected the hire", actor=by, changed=_changed(latest, corrected))
        return None

    @workflow.signal
    def hire_changed(self, change: HireChange) -> None:
        """HR reports the hire as it is now."""
        if change.change_id not in self._events:
            because = "case-closed" if self.closed or self.ended else self._correct(change.hire, change.by)
            self._heard(because, "hire.corrected", change.change_id, change.by)

    @workflow.signal
    def hire_ended(self, end: HireEnd) -> None:
        """HR reports that the person does not come."""
        if end.change_id in self._events:
            return
        if self.closed or self.ended:
            self._heard("case-closed", f"hire.{end.kind}", end.change_id, end.by)
            return
        self._heard(None, f"hire.{end.kind}", end.change_id, end.by)
        status: CaseStatus = "no-show" if end.kind == "no-show" else "rescinded"
        reason = f"wrong person: {end.reason}" if end.kind == "wrong-person" else end.reason
        self.end(status, reason or end.kind, end.by)

    def _heard(self, because: ActionRefusal | None, kind: str, change_id: str, by: str) -> None:
        self._events[change_id] = EventRecord(
            event_id=change_id,
            status="ignored" if because else "applied",
            because=because,
            recorded_at=workflow.now(),
        )
        if because is not None:
            self.file.note(kind, f"Ignored ({because}): {kind}", actor=by, because=because, change_id=change_id)

    @workflow.signal
    def equipment_progressed(self, progress: EquipmentProgress) -> None:
        """A purchase of this hire says how far it is."""
        if self.provisioning.equipment.hear(progress):
            due = f", expected on {progress.expected_on}" if progress.expected_on else ""
            self.file.note(
                f"equipment.{progress.kind}",
                f"{progress.purchase_case}: {progress.kind}{due}",
                purchase=progress.purchase_case,
                status=progress.status,
            )

    @workflow.query
    def event_record(self, event_id: str) -> EventRecord | None:
        """What became of what HR reported; None when it has not arrived."""
        return self._events.get(event_id)

    @workflow.query
    def standing(self) -> HireStanding | None:
        """How far the plan is; None before there is one."""
        return self.board.standing(self.file.snapshot)


def _is_about_plan(task: Task) -> bool:
    slot = task.slot.removeprefix("exception/").partition("/")[0]
    return task.kind in ("approval", "information") or slot in ("identity", "plan", "approval")


def _changed(before: Hire, after: Hire) -> list[str]:
    """The fields that differ, without what they say: some of it is personal."""
    return [name for name in Hire.model_fields if getattr(before, name) != getattr(after, name)]
