"""A gateway whose cases go on: they ask when they begin and again when they are answered, and the lists show it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import FastAPI
from joserfc.jwk import KeySet

from adapters.memory.evidence import MemoryEvidence
from adapters.memory.hire_standings import MemoryHireStandings
from domain.case import CaseStatus, Journal, parse_case_id
from domain.case_actions import ActionRequest, CaseAction
from domain.tasks import Decision, TaskChange
from tests.fixtures.evidence import a_journal, a_task, an_entry
from tests.http.fake_cases import FakeCases
from tests.http.fakes import Gateway
from tests.http.hire_desk import a_standing
from workflows.messages.hire_to_provision import HireInput
from workflows.messages.invoice_to_payment import InvoiceInput
from workflows.messages.payment_run import PaymentRunInput
from workflows.messages.procure_to_pay import PurchaseInput

QUESTIONS = 2
"""That each case asks, one after the other."""
_ENDS: dict[CaseAction, CaseStatus] = {"withdraw": "withdrawn", "cancel": "cancelled", "rescind": "rescinded"}


@dataclass(kw_only=True)
class LivingCases(FakeCases):
    """Each message that a case takes is in the read model at once."""

    evidence: MemoryEvidence
    standings: MemoryHireStandings
    _beginners: dict[str, str] = field(default_factory=dict)

    async def start(self, request: PurchaseInput) -> None:
        await super().start(request)
        await self._begin(request.case_id, request.requisition.requester)

    async def start_invoice(self, request: InvoiceInput) -> None:
        await super().start_invoice(request)
        await self._begin(request.case_id, request.submitted_by.person)

    async def start_payment_run(self, request: PaymentRunInput, fingerprint: str) -> None:
        await super().start_payment_run(request, fingerprint)
        await self._begin(request.case_id, request.submitted_by.person)

    async def start_hire(self, request: HireInput) -> None:
        await super().start_hire(request)
        await self._begin(request.case_id, request.hire.requester)
        await self.standings.record(a_standing(request.case_id))

    async def decide(self, case_id: str, decision: Decision) -> None:
        await super().decide(case_id, decision)
        if not self.ledgers[case_id].open_tasks():
            self._ask(case_id)
        await self._show(case_id)

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        await super().change_task(case_id, change)
        await self._show(case_id)

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        await super().request_action(case_id, request)
        if request.action in _ENDS:
            await self._end(case_id, _ENDS[request.action])
        elif request.action in ("hold", "resume"):
            await self._show(case_id, held=request.action == "hold")

    async def _begin(self, case_id: str, requester: str) -> None:
        key = parse_case_id(case_id)
        assert key is not None, case_id
        await self.evidence.record(a_journal(case_id, 1, an_entry(1), process=key.process, requester=requester))
        self._ask(case_id)
        await self._show(case_id)

    def _ask(self, case_id: str) -> None:
        asked = len(self.ledgers[case_id].tasks()) if case_id in self.ledgers else 0
        if asked < QUESTIONS:
            self.open(a_task(f"{case_id}:approve-owner.{asked + 1}", case_id))

    async def _end(self, case_id: str, status: CaseStatus) -> None:
        self.closed.add(case_id)
        for task in self.ledgers[case_id].open_tasks() if case_id in self.ledgers else ():
            self.ledgers[case_id].cancel(task.task_id, self.now(), status)
        await self._show(case_id, status=status, closed_at=self.now())

    async def _show(self, case_id: str, **changes: Any) -> None:
        known = await self.evidence.case(case_id)
        assert known is not None, case_id
        ledger = self.ledgers.get(case_id)
        version = known.version + 1
        snapshot = known.model_copy(update={"version": version, "updated_at": self.now(), **changes})
        tasks = ledger.tasks() if ledger is not None else ()
        await self.evidence.record(Journal(snapshot=snapshot, entries=(an_entry(version),), tasks=tasks))


class LivingGateway(Gateway):
    """An `app` that is given serves this world from now on."""

    def __init__(self, keys: KeySet, app: FastAPI | None = None) -> None:
        super().__init__(keys, app)
        self.cases = LivingCases(now=self.clock, evidence=self.evidence, standings=self.hires)
        self.services = replace(self.services, cases=self.cases)
        self.app.state.services = self.services
