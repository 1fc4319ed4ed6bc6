"""The record that a case keeps of itself while it runs: facts, tasks, notices and the snapshot after them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from temporalio import workflow

from domain.approval import ApprovalLedger
from domain.case import CaseSnapshot, Journal, Notice, TimelineEntry
from domain.duties import DutyDone
from domain.policy.model import FrozenPolicy
from domain.tasks import Decision, DecisionRecord, Task, TaskChange, TaskChangeRecord
from workflows.search_attributes import phase_of, updates
from workflows.showing import current_details

# A step's input is bounded (2 MB, whatever signs it is written in): who floods a case with messages must not be able to
# make one that no server takes, or the case would hang for ever.
CHARACTERS_PER_STEP = 200_000
NOTICES_PER_STEP = 50


class CaseFile:
    """Facts wait here until a step carries them into the evidence store: no activity exists only to write a log."""

    def __init__(self, snapshot: CaseSnapshot, policy: FrozenPolicy) -> None:
        self.snapshot = snapshot
        self._policy = policy
        self.ledger = ApprovalLedger(
            segregation=policy.segregation,
            delegation=policy.delegation,
            case_id=snapshot.case_id,
            facility=snapshot.facility,
        )
        self._seq = 0
        self._entries: list[TimelineEntry] = []
        self._changed_tasks: dict[str, Task] = {}
        self._notices: list[Notice] = []
        # What the start of the workflow has set already.
        self._answered: tuple[Any, ...] = (phase_of("submitted"), None, None)

    @property
    def case_id(self) -> str:
        return self.snapshot.case_id

    @property
    def last_seq(self) -> int:
        """The last place on the timeline that was given away."""
        return self._seq

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def note(
        self, kind: str, summary: str, actor: str = "corridor", on_behalf_of: str | None = None, **detail: Any
    ) -> None:
        """Put a fact on the timeline."""
        self._entries.append(
            TimelineEntry(
                seq=self.next_seq(),
                at=workflow.now(),
                kind=kind,
                summary=summary,
                actor=actor,
                on_behalf_of=on_behalf_of,
                detail=detail,
            )
        )

    def duties(self) -> tuple[DutyDone, ...]:
        """Who did what in this case; what was done in other cases of its family is theirs to show."""
        return tuple(done for done in self.ledger.duties() if done.case_id == self.case_id)

    def tell_watchers(self, event: str, subject: str, text: str) -> None:
        """Tell those who asked to be told what happens to the case."""
        if self.snapshot.watchers:
            self.tell(event, subject, text, people=self.snapshot.watchers)

    def tell(
        self, event: str, subject: str, text: str, role: str | None = None, people: tuple[str, ...] = (), **data: Any
    ) -> None:
        """Have somebody told, once; subscribers of `event` are told as well."""
        self._notices.append(
            Notice(
                notice_id=f"{self.case_id}:notice.{self.next_seq()}",
                case_id=self.case_id,
                facility=self.snapshot.facility,
                event=event,
                subject=subject,
                text=text,
                role=role,
                people=people,
                data=data,
            )
        )

    def show(self, **changes: Any) -> None:
        """Change what the case shows: in the Web UI at once, in the read model with the next step."""
        self.snapshot = self.snapshot.model_copy(
            update={**changes, "version": self.snapshot.version + 1, "updated_at": workflow.now()}
        )
        workflow.set_current_details(current_details(self.snapshot, self.ledger.open_tasks()))

    def open_task(self, task: Task) -> None:
        self.ledger.open(task)
        self._changed_tasks[task.task_id] = task
        self._show_tasks()

    def cancel_task(self, task_id: str, outcome: str) -> None:
        self._changed_tasks[task_id] = self.ledger.cancel(task_id, workflow.now(), outcome)
        self._show_tasks()

    def inform_task(self, task_id: str, why: str, subject: dict[str, Any]) -> None:
        self._changed_tasks[task_id] = self.ledger.inform(task_id, why, subject)

    def cancel_open_tasks(self, outcome: str) -> None:
        for task in self.ledger.open_tasks():
            self.cancel_task(task.task_id, outcome)

    def decide(self, decision: Decision) -> DecisionRecord:
        """Let the ledger say what a decision does, and put it on the timeline either way."""
        known = self.ledger.record_of(decision.decision_id) is not None
        record = self.ledger.decide(decision, workflow.now())
        if not known or record.because == "duplicate":
            self._note_decision(record)
        if record.status == "applied" and not known:
            self._changed_tasks[decision.task_id] = self.ledger.task(decision.task_id)
            self._show_tasks()
        return record

    def change_task(self, change: TaskChange, acceptable_roles: Collection[str]) -> TaskChangeRecord:
        """Let the ledger say whether the task goes to somebody else, and put it on the timeline either way."""
        if (known := self.ledger.change_record(change.change_id)) is not None:
            return known
        record = self.ledger.change(change, workflow.now(), acceptable_roles)
        what = f"{change.task_id} to {change.assignee.person}"
        self.note(
            f"task.{'reassigned' if record.because is None else 'reassignment-refused'}",
            f"Handed over: {what}" if record.because is None else f"Ignored ({record.because}): {what}",
            actor=change.actor.person,
            change_id=change.change_id,
            because=record.because,
            comment=change.comment,
            issuer=change.actor.issuer,
        )
        if record.because is None:
            self._changed_tasks[change.task_id] = self.ledger.task(change.task_id)
            self._show_tasks()
        return record

    def _note_decision(self, record: DecisionRecord) -> None:
        decision = record.decision
        what = f"{decision.action} on {decision.task_id}"
        summary = f"Decided: {what}" if record.because is None else f"Ignored ({record.because}): {what}"
        rule = next((task.rule for task in self.ledger.tasks() if task.task_id == decision.task_id), None)
        delegation = decision.authority.delegation if decision.authority is not None else None
        self.note(
            f"decision.{record.status}",
            summary,
            actor=decision.actor.person,
            on_behalf_of=decision.on_behalf_of,
            decision_id=decision.decision_id,
            task_id=decision.task_id,
            action=decision.action,
            because=record.because,
            comment=decision.comment,
            subject_version=decision.subject_version,
            rule=rule,
            policy_version=self._policy.version,
            policy_sha256=self._policy.sha256,
            issuer=decision.actor.issuer,
            roles=list(decision.actor.roles),
            delegation_id=delegation and delegation.delegation_id,
            delegation=delegation and delegation.model_dump(mode="json", exclude_defaults=True, exclude={"reason"}),
            overrides=[each.override_id for each in decision.overrides],
            leave=[each.model_dump(mode="json", exclude_none=True, exclude={"reason"}) for each in decision.overrides],
            corrections=[each.model_dump(mode="json", exclude_none=True) for each in decision.corrections],
        )

    def _show_tasks(self) -> None:
        """Say whom the case waits for: the open task that is due first."""
        tasks = self.ledger.open_tasks()
        first = min(tasks, key=lambda task: (task.due_at or task.opened_at, task.task_id), default=None)
        if first is None:
            self.show(
                awaiting_role=None,
                awaiting="",
                awaiting_since=None,
                due_at=None,
                exception_code=None,
                duties=self.duties(),
            )
            return
        self.show(
            duties=self.duties(),
            awaiting_role=first.role,
            awaiting=first.title,
            awaiting_since=first.opened_at,
            due_at=first.due_at,
            exception_code=first.exception_code
            or next((task.exception_code for task in tasks if task.exception_code), None),
        )

    @property
    def phase_changed(self) -> bool:
        """Whether operators would look for the case in another phase than where they find it."""
        return bool(phase_of(self.snapshot.stage) != self._answered[0])

    def publish(self) -> None:
        """Upsert search attributes, but only when an operator's question would be answered differently by them."""
        answer = (phase_of(self.snapshot.stage), self.snapshot.awaiting_role, self.snapshot.exception_code)
        if answer != self._answered:
            self._answered = answer
            workflow.upsert_search_attributes(updates(self.snapshot))

    def journal(self) -> Journal:
        """What the next step carries: the oldest facts first, and no more than fits into a step."""
        return Journal(
            snapshot=self.snapshot,
            entries=self._oldest_entries(),
            tasks=tuple(self._changed_tasks.values()),
            notices=tuple(self._notices[:NOTICES_PER_STEP]),
        )

    def _oldest_entries(self) -> tuple[TimelineEntry, ...]:
        """At least one, so that every step brings the record forward."""
        room, oldest = CHARACTERS_PER_STEP, list[TimelineEntry]()
        for entry in self._entries:
            room -= len(entry.summary) + len(str(entry.detail))
            if room < 0 and oldest:
                break
            oldest.append(entry)
        return tuple(oldest)

    @property
    def unrecorded(self) -> bool:
        """Whether something happened that no step has carried."""
        return bool(self._entries or self._notices or self._changed_tasks)

    @property
    def overflowing(self) -> bool:
        """Whether more happened than one step can carry."""
        return len(self._notices) > NOTICES_PER_STEP or len(self._oldest_entries()) < len(self._entries)

    def recorded(self, journal: Journal) -> None:
        """What a step has carried is not carried again; what changed meanwhile is."""
        seqs = {entry.seq for entry in journal.entries}
        self._entries = [entry for entry in self._entries if entry.seq not in seqs]
        sent = {notice.notice_id for notice in journal.notices}
        self._notices = [notice for notice in self._notices if notice.notice_id not in sent]
        for task in journal.tasks:
            if self._changed_tasks.get(task.task_id) == task:
                del self._changed_tasks[task.task_id]
