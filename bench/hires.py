"""Whole hires with every port in memory: from the request to the arrival, with people who answer at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from temporalio.client import Client

from activities.hire_ports import Hiring
from adapters.memory.access_register import MemoryAccessRegister
from adapters.memory.credentials import MemoryExclusions, MemoryLicences
from adapters.memory.employees import MemoryEmployees
from adapters.memory.hire_register import MemoryHireRegister
from adapters.memory.hire_standings import MemoryHireStandings
from adapters.memory.hris import MemoryHris
from adapters.memory.identity import MemoryIdentity
from adapters.memory.screening_records import MemoryScreeningRecords
from bench.driving import AFTER_EACH, Answer, Handle, StepCount, Subject
from bench.purchases import Hospital, actor
from domain.business_time import local_day
from domain.case import case_id
from domain.credentials import LicenceRecord, ListState
from domain.facility import BusinessCalendar
from domain.hire import Hire, LicenceClaim
from domain.hire_rules import HireRules
from domain.hris_system import HrisSystem
from domain.policy.routing_rule import RoutingRule
from domain.tasks import Action, Decision, Task
from tests.fixtures.hire_rules import ENTITLEMENTS, row
from tests.fixtures.small_hospital import FACILITY, reference_system
from tests.fixtures.small_hris import hire as small_hire
from tests.fixtures.small_hris import position, small_hris
from workflows.messages import hire_to_provision as messages
from workflows.messages.procure_to_pay import DECISION_MADE, TASK_QUEUE

ALWAYS = BusinessCalendar(
    time_zone=FACILITY.calendar.time_zone, weekdays=tuple(range(7)), opens="00:00", closes="24:00"
)
"""An office that never closes: no measured hire waits for a morning."""
APPROVAL = RoutingRule(
    name="every-position", reason="every hire", owner="finance", categories=("position",), levels=("owner",)
)
PLAN = (
    row("worker", "worker-record", -10, done_by="human-resources"),
    row("employee", "employee-record", -8, after=("worker",)),
    row("identity-account", "account", -5, target="identity", done_by="identity-desk", after=("worker",)),
    row("staff-access", "access", -3, entitlements=("staff",), done_by="it-security", after=("identity-account",)),
    row("chart-access", "access", -1, entitlements=("chart",), done_by="it-security"),
    row("rn-licence", "licence", -1, credential="rn", done_by="credentialing"),
    row("exclusion-lists", "screening", -7, done_by="compliance-officer"),
    row("badge", "fulfilment", -1, target="badge", done_by="facilities-desk", undo="task"),
    row("arrival", "arrival", 0, from_days=0, done_by="human-resources", undo="none"),
)
ANSWERS: dict[str, tuple[Action, str]] = {
    "approval/1/owner": ("approve", "carla"),
    "fulfilment/badge": ("complete", "fae"),
    "arrival/arrival": ("confirm-arrival", "mia"),
}
"""By the slot of a task: how it is answered, and by whom."""


class HiringHospital(Hospital):
    """The outside of hires. Everybody begins on the day of the request, in a position of their own."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.policy = self.policy.model_copy(
            update={
                "facility": FACILITY.model_copy(update={"calendar": ALWAYS}),
                "hire": HireRules(entitlements=ENTITLEMENTS, plan=PLAN, approvals=(APPROVAL,)),
            }
        )
        self.hris = MemoryHris(small_hris())
        self.licences = MemoryLicences()
        self.ports = replace(
            self.ports,
            hiring=Hiring(
                hris=self.hris,
                employees=MemoryEmployees(reference_system(self.today).cost_centres),
                identities={"identity": MemoryIdentity("identity", [each.group for each in ENTITLEMENTS])},
                access=MemoryAccessRegister(),
                licences=self.licences,
                exclusions=MemoryExclusions([ListState(list_name="LEIE", as_of=self.today, rows=1)]),
                screening=MemoryScreeningRecords(),
                register=MemoryHireRegister(),
                standings=MemoryHireStandings(),
            ),
        )
        self._answered: set[str] = set()

    def subject(self) -> Subject:
        """Questions reach the worklist with whatever step comes next."""
        answers: dict[StepCount, Answer] = {AFTER_EACH: self._answer, ("close_case", 1): _nothing}
        return Subject("hire case", self.start, answers)

    def hire(self, number: int) -> Hire:
        """A nurse with a good licence, whose name nobody else has."""
        today = local_day(datetime.now(UTC), ALWAYS)
        claim = LicenceClaim(kind="rn", state="NY", number=f"RN-{number}")
        ends = today + timedelta(days=500)
        self.licences.take_in(
            LicenceRecord(status="active", number=claim.number, state="NY", kind="rn", expires_on=ends)
        )
        place = position(f"P-{1000 + number}")
        self.hris.load(HrisSystem(positions=(place,)))
        return small_hire(
            f"H-{number}",
            family=_word(number),
            birth_date=date(1960, 1, 1) + timedelta(days=number * 7919 % 12_000),  # else HR would be asked about twins
            manager="mia",
            position=place.number,
            start_on=today,
            licences=(claim,),
        )

    async def start(self, number: int) -> Handle:
        hire = self.hire(number)
        name = case_id("hire-to-provision", hire.facility, hire.number)
        given = messages.HireInput(
            case_id=name,
            hire=hire,
            policy=self.policy,
            submitted_at=datetime.now(UTC),
            submitted_by=actor("nina"),
            request_sha256="f" * 64,
        )
        return await self.client.start_workflow(
            messages.WORKFLOW_NAME, given, id=name, task_queue=TASK_QUEUE, result_type=messages.HireResult
        )

    async def _answer(self, handle: Handle) -> None:
        """Whatever was newly asked is answered at once."""
        for task in await self.evidence.tasks_of_case(handle.id):
            if task.status == "open" and task.task_id not in self._answered:
                self._answered.add(task.task_id)
                await handle.signal(DECISION_MADE, _decision(task))


def _decision(task: Task) -> Decision:
    """Raises KeyError for a question that no measured hire should raise."""
    action, person = ANSWERS[task.slot]
    return Decision(
        decision_id=f"decide-{task.task_id}".translate(str.maketrans(".:", "--")),
        task_id=task.task_id,
        action=action,
        actor=actor(person),
        subject_version=task.subject_version,
        comment="It is so",
    )


async def _nothing(handle: Handle) -> None:
    """The case is over."""


def _word(number: int) -> str:
    """A family name of its own for each number, unlike the one before it."""
    letters = "bcdfghjklmnpqrst"
    digits = [(number * 40503 >> shift) & 15 for shift in range(0, 28, 4)]
    return "".join(f"{letters[each]}{'aeiou'[(each + place) % 5]}" for place, each in enumerate(digits)).title()
