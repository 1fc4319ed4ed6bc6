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
from domain.hire_plan import HireStanding
from workflows.case import CaseEnded, RequestChanged
from workflows.closing import close_case
from workflows.hire_case import HireCase
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
        self._corrections: list[Hire] = []
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
            await self.provisioning.run(lambda: bool(self._corrections), self._take_correction)
            self.file.show(status="completed")
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
                await self.identification.run()
                self.file.show(stage="planning", next_step="The plan is made from the policy")
                outcome = await self.planning.run(self.hire)
                if outcome is None:
                    continue
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
        if self._corrections:
            self._take_over(self._corrections[-1])
            self._corrections.clear()

    def _take_over(self, corrected: Hire) -> None:
        self.hire = corrected
        watchers = tuple(dict.fromkeys((*self.file.snapshot.watchers, corrected.manager)))
        self.file.show(cost_centres=(corrected.cost_centre,), watchers=watchers)

    async def _take_correction(self) -> None:
        """Everything goes on by the old hire until the new one is approved; a correction that is refused is dropped."""
        corrected = self._taking = self._corrections[-1]
        self._corrections.clear()
        outcome = await self.planning.run(corrected)
        if outcome is None:
            self._corrections, self._taking = self._corrections or [corrected], None
            return
        self.correcting = True
        try:
            await self.approval.obtain(corrected, outcome)
        except CaseEnded as ended:
            if self.ended is not None:
                raise
            self.file.note("correction.rejected", f"The correction is dropped: {ended.reason}", actor=ended.actor)
            return
        finally:
            self.correcting, self._taking = False, None
        self._take_over(corrected)
        await self.provisioning.follow(outcome)

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        """Close the doors first, then undo the rest, last first, and look whether anything is left."""
        self.undoing = True
        self._reason = ended.reason
        self.board.over = True
        self.board.version += 1
        self.file.cancel_open_tasks(f"the case was {ended.status}")
        self.file.show(stage="compensation", held=False, next_step="What was done is undone")
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
            decision = await ask(self, finding, "remains")
            if decision.action == "skip":
                return

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
        if self.file.snapshot.status == "completed":
            await self._settle("completed")
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
        latest = self._corrections[-1] if self._corrections else self._taking or self.hire
        if corrected == latest:
            return "duplicate"
        self._corrections.append(corrected)
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


def _changed(before: Hire, after: Hire) -> list[str]:
    """The fields that differ, without what they say: some of it is personal."""
    return [name for name in Hire.model_fields if getattr(before, name) != getattr(after, name)]
