"""The steps that every process takes in Corridor's own store."""

from __future__ import annotations

from temporalio import activity

from activities.errors import classified, own_store
from domain.approval import entitled
from domain.people import Actor, Person
from domain.ports.commitments import CommitmentPort
from domain.ports.directory import DirectoryPort
from domain.ports.evidence import EvidenceWriter
from domain.tasks import Task
from workflows.steps.case import CaseSteps
from workflows.steps.inputs import AnnounceResult, CloseCaseInput, StepInput


class CaseActivities(CaseSteps):
    def __init__(self, evidence: EvidenceWriter, directory: DirectoryPort, commitments: CommitmentPort) -> None:
        self._evidence, self._directory, self._commitments = evidence, directory, commitments

    @activity.defn(name="announce")
    async def announce(self, step: StepInput) -> AnnounceResult:
        async with classified(), own_store():
            await self._evidence.record(step.journal)
            unmanned = [task.task_id for task in step.journal.tasks if not await self._manned(task)]
        return AnnounceResult(unmanned=tuple(unmanned))

    async def _manned(self, task: Task) -> bool:
        """Whether somebody may answer an open approval. Other tasks belong to teams that are always there."""
        if task.status != "open" or task.kind != "approval":
            return True
        if task.people:
            named = [await self._directory.person(person) for person in task.people]
            return any(each is not None and each.active and each.person not in task.excluded for each in named)
        holders = await self._directory.holders(task.role, task.facility)
        return any(entitled(task, actor_of(person)) and person.person not in task.excluded for person in holders)

    @activity.defn(name="close_case")
    async def close_case(self, step: CloseCaseInput) -> None:
        async with classified(), own_store():
            await self._commitments.release(step.key, step.case_id)
            await self._evidence.record(step.journal)


def actor_of(person: Person) -> Actor:
    """The person as their token would describe them."""
    facilities = person.facilities or (person.facility,)
    return Actor(person=person.person, name=person.name, roles=person.roles, facilities=facilities)
