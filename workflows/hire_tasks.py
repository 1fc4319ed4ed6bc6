"""What people do for a hire by hand: the same status, service level, evidence and undo as what a system does."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from temporalio import workflow

from domain.business_time import closing_time, minutes_after_midnight, start_of_business, start_of_day
from domain.decision_links import asking
from domain.hire_plan import PlanItem
from domain.tasks import Action, Decision, Task, TaskKind
from workflows.hire_case import HireCase
from workflows.questions import business_hours_from_now, remaining

LEAST_HOURS = 4
"""Business hours that whoever is asked has at least, also where the plan's day has passed before they were asked."""
TAKE_BACK_HOURS = 16
"""Business hours for what is taken back by hand; what opens a system has the least."""


def closing_of(case: HireCase, day: date) -> datetime:
    """The instant (UTC) at which the facility's office closes on that day, or would close."""
    calendar = case.policy.facility.calendar
    minutes = minutes_after_midnight(closing_time(day, calendar))
    return start_of_day(day, calendar) + timedelta(minutes=minutes)


def open_task(
    case: HireCase,
    item: PlanItem,
    kind: TaskKind,
    title: str,
    actions: tuple[Action, ...],
    people: tuple[str, ...] = (),
    due_at: datetime | None = None,
    role: str = "",
) -> Task:
    """Put something to do on a worklist. It is announced by the caller."""
    task = Task(
        task_id=case.next_task_id(item.key.replace(":", "-")),
        case_id=case.file.case_id,
        kind=kind,
        slot=f"{kind}/{item.key}",
        title=f"{title} · {case.file.snapshot.title}",
        why=item.reason or title,
        rule=", ".join(item.rules),
        role=role or item.done_by,
        people=people,
        facility=case.file.snapshot.facility,
        actions=actions,
        subject=_told(case, item),
        opened_at=workflow.now(),
        due_at=due_at or max(closing_of(case, item.due_on), business_hours_from_now(case, LEAST_HOURS)),
    )
    case.file.open_task(task)
    case.file.tell(
        "task.asked",
        task.title,
        f"{title}{'' if title.endswith('?') else ':'} {task.why.rstrip('.')}. "
        f"Please do it by {task.due_at:%Y-%m-%d %H:%M} UTC.",
        role=None if people else task.role,
        people=people,
        **asking(task),
        actions=list(actions),
    )
    return task


def _told(case: HireCase, item: PlanItem) -> dict[str, object]:
    """For whom, what, where; a date of birth is nobody's business who makes a badge."""
    person = {key: value for key, value in case.about().items() if key != "birth_date"}
    told = {**person, "item": item.key, "target": item.target}
    if item.entitlement:
        told |= {"entitlement": item.entitlement, "group": item.group, "until": item.until and item.until.isoformat()}
    return told


class HandWork:
    """Fulfilments of manual targets, the arrival, and what has to be taken back by hand."""

    def __init__(self, case: HireCase) -> None:
        self._case = case

    async def fulfil(self, item: PlanItem) -> None:
        """Until somebody says that it is done, and how; or lets it go."""
        case = self._case
        task = open_task(case, item, "fulfilment", item.title, ("complete", "skip"))
        case.board.mark(item.key, "waiting", f"asked {task.role}", task_id=task.task_id)
        await case.announce(f"Ask {task.role}: {item.title}")
        decision = await case.answer_or_change(task, lambda: not case.board.still(item))
        if decision is None:
            return
        note = f"{decision.actor.person}: {evidence_of(decision)}"
        case.board.mark(item.key, "skipped" if decision.action == "skip" else "done", note, task_id="")
        if decision.action == "complete" and item.undo == "task":
            case.undo.register_by_hand(
                f"{item.title} ({evidence_of(decision)})", lambda: self.take_back(item, note), item.key
            )

    async def take_back(self, item: PlanItem, note: str) -> str:
        """Have somebody undo what somebody did; returns what they say of it."""
        case = self._case
        task = open_task(
            case,
            item.model_copy(update={"reason": f"It was done ({note}) and is not needed any more."}),
            "fulfilment",
            f"Take back: {item.title}",
            ("complete",),
            due_at=business_hours_from_now(case, LEAST_HOURS if item.system else TAKE_BACK_HOURS),
        )
        await case.announce(f"Ask {task.role}: {task.title}")
        decision = await case.answer_or_change(task, lambda: False)
        return evidence_of(decision) if decision is not None else ""

    async def arrive(self, item: PlanItem) -> bool:
        """Ask the manager on the start day whether the person came; HR is asked as well when the manager is silent.
        False when the plan was changed meanwhile. A no-show ends the case."""
        case, calendar = self._case, self._case.policy.facility.calendar
        opens = start_of_business(case.board.plan.start_on, calendar, frozenset(case.policy.holidays))

        def gone() -> bool:
            return not case.board.still(item)

        if opens > workflow.now():
            await case.until(gone, remaining(opens), "Waiting for the start day")
            if gone():
                return False
        hours = case.rules.parameters.no_show_hours
        task = self._ask_arrival(item, (case.hire.manager,), hours)
        case.board.mark(item.key, "waiting", f"asked {case.hire.manager}", task_id=task.task_id)
        await case.announce("Ask the manager whether the person came")
        tasks = [task]

        def answered() -> bool:
            return any(case.is_answered(each) for each in tasks) or gone()

        if not await case.until(answered, remaining(task.due_at or opens), "Waiting for the manager"):
            tasks.append(self._ask_arrival(item, (), LEAST_HOURS))
            await case.announce("Ask HR whether the person came")
            await case.until(answered)
        decision = next((self._answer(each) for each in tasks if case.is_answered(each)), None)
        for each in tasks:
            if not case.is_answered(each):
                case.file.cancel_task(each.task_id, "answered, or not asked any more")
        if decision is None:
            return False
        if decision.action == "no-show":
            case.board.arrived = False
            raise case.end("no-show", decision.comment, decision.actor.person)
        case.board.arrived = True
        case.board.mark(item.key, "done", f"{decision.actor.person} confirmed the arrival", task_id="")
        return True

    def _ask_arrival(self, item: PlanItem, people: tuple[str, ...], hours: int) -> Task:
        return open_task(
            self._case,
            item,
            "arrival",
            "Did the person come?",
            ("confirm-arrival", "no-show"),
            people=people,
            due_at=business_hours_from_now(self._case, hours),
            role="human-resources",
        )

    def _answer(self, task: Task) -> Decision | None:
        record = self._case.file.ledger.applied_to(task.task_id)
        return None if record is None else record.decision


def evidence_of(decision: Decision) -> str:
    """What whoever did it wrote, with the reference that they gave."""
    reference = decision.hire.reference if decision.hire is not None else ""
    return ", ".join(each for each in (decision.comment, reference) if each)
