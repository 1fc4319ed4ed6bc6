"""Carrying out the plan: every item when its time has come and what it waits for is done, side by side; and the plan
made anew when HR corrects the hire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from temporalio import workflow

from domain.business_time import start_of_day
from domain.exceptions import Finding
from domain.hire_plan import PlanItem, Readiness
from domain.hire_progress import moot_items, next_change_on, proofs_of, ready_items
from domain.hire_replanning import correction, to_update
from domain.readiness import in_words
from domain.tasks import Decision
from workflows.alarm import Alarm
from workflows.case import CaseEnded
from workflows.compensation import UndoByHand
from workflows.hire_case import HireCase, OvertakenError
from workflows.hire_equipment import Equipment
from workflows.hire_preparation import HireApproval, Planning
from workflows.hire_proofs import Proofs
from workflows.hire_records import Accounts, Records
from workflows.hire_tasks import HandWork
from workflows.questions import remaining
from workflows.steps.hire_inputs import AccessCheckInput, AccessCheckOutcome, PlanOutcome
from workflows.steps.hiring import HiringSteps

Work = Callable[[PlanItem], Awaitable[None]]

NEXT_DAY = "The next day of the plan"


class Provisioning:
    def __init__(self, case: HireCase, planning: Planning, approval: HireApproval) -> None:
        self._case, self._planning, self._approval = case, planning, approval
        self.records, self.accounts, self.proofs = Records(case), Accounts(case), Proofs(case)
        self.hand_work = HandWork(case)
        self.equipment = Equipment(case, self.hand_work)
        self._branches: dict[str, asyncio.Task[None]] = {}
        self._given_back: list[UndoByHand] = []
        self._failed: BaseException | None = None
        self._next_day = Alarm(NEXT_DAY)
        self._told: Readiness | None = None
        self.ready_on_day_one: bool | None = None
        self._work: dict[str, Work] = {
            "worker-record": self.records.make_worker,
            "employee-record": self.records.make_employee,
            "account": self.accounts.make,
            "access": self.accounts.grant,
            "licence": self.proofs.check,
            "npi": self.proofs.check,
            "certificate": self.proofs.check,
            "screening": self.proofs.screen,
            "equipment": self.equipment.obtain,
            "fulfilment": self.hand_work.fulfil,
            "arrival": self._arrive,
            "access-check": self._check_access,
        }

    async def run(self, corrected: Callable[[], bool], take_correction: Callable[[], Awaitable[None]]) -> None:
        """Until every item is settled. Raises CaseEnded after all branches have come to their end."""
        case = self._case
        case.carrying_out = True
        try:
            while corrected() or self._branches or self._outdated() or not case.board.settled:
                if corrected() and "correction" not in self._branches:
                    self._branch("correction", take_correction())
                self._begin()
                self._show()
                version, count = case.board.version, len(self._branches)  # what changes from here on is news
                await case.quiet()
                await self._wait(partial(self._has_news, version, count, corrected))
                if self._failed is not None:
                    raise self._failed
        except CaseEnded:
            await self._all_branches()
            raise
        finally:
            case.carrying_out = False
            self._next_day.set(None)

    async def _wait(self, news: Callable[[], bool]) -> None:
        """For news, or for the next instant that the plan itself goes by; that is looked for once all is still."""
        case, at = self._case, self._next_change()
        if case.speaks_at_rest:
            if self._next_day.rung:
                self._next_day.set(None)
            await case.until(lambda: news() or self._next_day.rung or not case.busy)
            if not case.busy and not news():
                self._next_day.set(at)
                await case.until(lambda: news() or self._next_day.rung)
        else:
            await case.until(news, None if at is None else remaining(at), NEXT_DAY)

    def _has_news(self, version: int, count: int, corrected: Callable[[], bool]) -> bool:
        """Whether the board or the branches are other than they were, or HR has corrected the hire."""
        return (
            self._case.board.version != version
            or len(self._branches) != count
            or (corrected() and "correction" not in self._branches)
            or self._failed is not None
        )

    # Beginning

    def _begin(self) -> None:
        board = self._case.board
        for item in moot_items(board.plan, board.items):
            board.mark(item.key, "skipped", "what it cannot be done without was let go")
        for item in ready_items(board.plan, board.items, board.today):
            if item.key not in self._branches:
                board.mark(item.key, "running")
                self._branch(item.key, self._work[item.kind](item))
        for item in self._unproven():
            board.mark(item.key, "running", "waits for a proof that was given for something else")
            self._branch(item.key, self._take_back(item.key))
        for item in self._outdated():
            self._branch(item.key, self._work[item.kind](item))
        self._move_doors()

    def _move_doors(self) -> None:
        for item in self.accounts.to_move():
            door = f"{item.key}/door"
            if door not in self._branches:
                self._branch(door, self.accounts.move(item))

    def _unproven(self) -> list[PlanItem]:
        """Clinical access that was granted, and a proof of which is a question by now."""
        plan, board = self._case.board.plan, self._case.board
        return [
            item
            for item in plan.items
            if item.clinical
            and board.state(item.key) == "done"
            and item.key not in self._branches
            and any(board.state(each.key) == "waiting" for each in proofs_of(plan, item))
        ]

    def _outdated(self) -> list[PlanItem]:
        """Records that were made from the hire as it was before, of which what they wait for is up to date."""
        board = self._case.board
        stale = [
            item
            for item in board.plan.items
            if board.state(item.key) == "done"
            and item.key in board.drafted
            and item.kind in to_update(board.drafted[item.key], board.hire)
        ]
        waits = {item.key for item in stale} | set(self._branches)
        return [item for item in stale if item.key not in self._branches and waits.isdisjoint(item.after)]

    def _branch(self, name: str, work: Awaitable[None]) -> None:
        self._branches[name] = asyncio.create_task(self._watched(name, work))

    async def _watched(self, name: str, work: Awaitable[None]) -> None:
        """A case that ends ends its branches; any other error is the case's own."""
        try:
            await work
        except (CaseEnded, OvertakenError):
            pass
        except Exception as error:
            self._failed = error
        finally:
            self._branches.pop(name, None)
        if self._case.ended is None:
            self._plan_again(name)

    def _plan_again(self, key: str) -> None:
        """What a branch left undone, because the days of the plan were moved, is begun anew."""
        board, item = self._case.board, self._case.board.plan.item(key)
        if item is not None and board.wanted(item) and board.state(key) in ("running", "waiting"):
            board.mark(key, "planned", task_id="")

    async def _all_branches(self) -> None:
        """Every branch comes to its end before anything is undone."""
        while self._branches:
            await asyncio.gather(*self._branches.values(), return_exceptions=True)

    def _next_change(self) -> datetime | None:
        """When a day begins on which an item may be begun, is late, or the accounts open."""
        case, calendar = self._case, self._case.policy.facility.calendar
        board = case.board
        day = next_change_on(board.plan, board.items, board.today, calendar, frozenset(case.policy.holidays))
        instants: list[datetime] = [] if day is None else [start_of_day(day, calendar)]
        opening = start_of_day(board.plan.start_on, calendar)
        if opening > workflow.now():
            instants.append(opening)
        return min(instants, default=None)

    # Showing

    def _show(self) -> None:
        case = self._case
        ready = case.board.readiness()
        stage = "probation" if case.board.arrived else "day-one" if case.on_start_day() else "provisioning"
        blockers = "; ".join(f"{each.title}: {each.who}" for each in ready.blockers[:3])
        step = f"{in_words(ready)}: {ready.done} of {ready.of} done" + (f", open: {blockers}" if blockers else "")
        if (stage, step) != (case.file.snapshot.stage, case.file.snapshot.next_step):
            case.file.show(stage=stage, next_step=step)
        if self.ready_on_day_one is None and case.on_start_day():
            self.ready_on_day_one = ready.state == "ready"
        self._tell(ready)

    def _tell(self, ready: Readiness) -> None:
        """The manager hears when the answer to the one question changes: will the person be able to work?"""
        was, self._told = self._told, ready
        if was is None or was.state == ready.state or self._case.board.arrived:
            return
        case = self._case
        done = f"{ready.done} of {ready.of} that day one needs are done."
        text = "\n".join((done, *(each.why for each in ready.blockers[:10])))
        case.file.note("hire.readiness", f"{in_words(ready)}: {text}"[:1900], was=was.state)
        case.tell_manager("hire.readiness-changed", f"{in_words(ready)}: {text}")

    # Items that look at the others

    async def _arrive(self, item: PlanItem) -> None:
        if await self.hand_work.arrive(item):
            await self.records.begin()

    async def _check_access(self, item: PlanItem) -> None:
        """Whether the person has what was granted, and nothing else."""
        case = self._case
        while case.board.still(item):
            outcome: AccessCheckOutcome | Decision = await case.effect(
                HiringSteps.check_access,
                case.given(AccessCheckInput, worker_id=case.worker_id, today=case.board.today),
                item.title,
                item.key,
                ("retry", "skip"),
            )
            if isinstance(outcome, Decision):
                case.board.mark(item.key, "skipped", f"{outcome.actor.person}: {outcome.comment}")
                return
            answers = [await self._asked(item, finding) for finding in outcome.findings]
            if all(answer is not None and answer.action == "accept" for answer in answers):
                note = f"{outcome.accounts} account(s), {outcome.entitlements} entitlement(s) looked at"
                case.board.mark(item.key, "done", note)
                return

    async def _asked(self, item: PlanItem, finding: Finding) -> Decision | None:
        return await self._case.ask_finding(finding, item.key)

    # Corrections

    async def follow(self, outcome: PlanOutcome) -> None:
        """Go over to another plan: what is not needed any more is undone, what is corrected is corrected in place, and
        everything else stays as it is."""
        case, before = self._case, self._case.board.plan
        change = correction(case.board.hire, case.hire, before, outcome.plan)
        replaced = (*change.removed, *change.changed)
        begun = [key for key in replaced if case.board.state(key) != "planned"]
        finished = [key for key in case.board.finished if key in begun]
        case.board.follow(outcome.plan, case.hire, replaced)
        self._move_doors()
        for key in replaced:
            await self._ended(key)
        for key in reversed([*finished, *(key for key in begun if key not in finished)]):
            await self._take_back(key)
            self.accounts.forget(before.item(key))
        case.board.stopping = frozenset()
        for key in change.removed:
            case.board.mark(key, "undone" if key in begun else "cancelled")
        for key in change.changed:
            case.board.mark(key, "planned")
        case.file.note(
            "plan.changed",
            f"The plan was made anew: {len(change.added)} added, {len(change.removed)} removed, "
            f"{len(change.changed)} changed, {len(change.moved)} moved, {len(change.kept)} as before",
            **change.model_dump(mode="json", exclude={"kept"}),
        )

    async def _ended(self, key: str) -> None:
        for name in (key, f"{key}/door"):
            while name in self._branches:
                await asyncio.gather(self._branches[name], return_exceptions=True)

    async def _take_back(self, key: str) -> None:
        """Undo what was done of one item. Nothing waits until people have given back what they have."""
        case = self._case
        for undo in case.undo.of(key):
            if not isinstance(undo, UndoByHand):
                await case.undo.at_once(undo)
            elif undo not in self._given_back:
                self._given_back.append(undo)
                self._branch(f"{key}/back.{len(self._given_back)}", case.undo.at_once(undo))
