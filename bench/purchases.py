"""Whole purchases with every port in memory, and the people and suppliers who answer at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import Client

from activities.ports import Ports
from adapters.directory_files import FileDirectory
from adapters.memory.commitments import MemoryCommitments
from adapters.memory.erp import MemoryErp
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.suppliers import MemorySupplierChannel
from bench.driving import Answer, Handle, StepCount, Subject
from domain.case import case_id
from domain.people import Actor
from domain.policy.model import SplittingRule
from domain.ports.evidence import EvidenceReader
from domain.purchase import Acknowledgement, GoodsReceipt, PlacedOrder, ReceivedLine, Settlement
from domain.requisition import Requisition
from domain.tasks import Decision
from tests.fixtures.small_hospital import PEOPLE, line, policy, reference_system
from workflows.messages import procure_to_pay as messages


class Hospital:
    """The outside of the measured cases. Nobody's earlier requests count: splitting is not what is measured."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.today = datetime.now(UTC).date()
        self.evidence = MemoryEvidence()
        self.tasks: EvidenceReader = self.evidence
        self.policy = policy(splitting=SplittingRule(limit=Decimal(10**9)))
        self.erp = MemoryErp(reference_system(self.today))
        self.ports = Ports(
            erp=self.erp,
            commitments=MemoryCommitments(),
            suppliers=MemorySupplierChannel(),
            directory=FileDirectory(PEOPLE),
            evidence=self.evidence,
            reader=MemoryEvidence(),
        )

    def requisition(self, number: int) -> Requisition:
        return Requisition(
            number=f"REQ-{number}",
            facility="north",
            requester="nina",
            need_by=self.today + timedelta(days=30),
            deliver_to="Ward 3",
            lines=(line(),),
        )

    def subject(self) -> Subject:
        answers: dict[StepCount, Answer] = {
            ("announce", 1): self._approve,
            ("send_order", 1): self._acknowledge,
            ("announce", 2): self._receive,
            ("post_receipt", 1): self._settle,
        }
        return Subject("purchase case", self.start, answers)

    def purchase(self, number: int) -> messages.PurchaseInput:
        requisition = self.requisition(number)
        return messages.PurchaseInput(
            case_id=case_id("procure-to-pay", requisition.facility, requisition.number),
            requisition=requisition,
            policy=self.policy,
            submitted_at=datetime.now(UTC),
            submitted_by=actor("nina"),
            request_sha256="f" * 64,
        )

    async def start(self, number: int) -> Handle:
        given = self.purchase(number)
        return await self.client.start_workflow(
            messages.WORKFLOW_NAME,
            given,
            id=given.case_id,
            task_queue=messages.TASK_QUEUE,
            result_type=messages.PurchaseResult,
        )

    async def _approve(self, handle: Handle) -> None:
        (task,) = await self.tasks.tasks_of_case(handle.id)
        decision = Decision(
            decision_id=f"decide-{handle.id.rpartition('.')[2]}",
            task_id=task.task_id,
            action="approve",
            actor=actor("carla"),
            subject_version=task.subject_version,
        )
        await handle.signal(messages.DECISION_MADE, decision)

    async def _order(self, handle: Handle) -> PlacedOrder:
        order = await self.ports.erp.find_order(f"{handle.id}:order.S-1:1")
        if order is None:
            raise RuntimeError(f"{handle.id} has no order")
        return order

    async def _acknowledge(self, handle: Handle) -> None:
        await handle.signal(messages.ORDER_ACKNOWLEDGED, Acknowledgement(**await self._event(handle, "acknowledged")))

    async def _receive(self, handle: Handle) -> None:
        lines = (ReceivedLine(line=1, accepted=Decimal(10)),)
        event = await self._event(handle, "received")
        receipt = GoodsReceipt(**event, received_by="rosa", delivery_note="DN-1", lines=lines)
        await handle.signal(messages.GOODS_RECEIVED, receipt)

    async def _settle(self, handle: Handle) -> None:
        order = await self._order(handle)
        event = await self._event(handle, "settled")
        await handle.signal(messages.SETTLEMENT_REPORTED, Settlement(**event, amount=order.total, reference="INV-1"))

    async def _event(self, handle: Handle, what: str) -> dict[str, Any]:
        order = await self._order(handle)
        event_id = f"{handle.id}-{what}"
        return {"event_id": event_id, "order_number": order.number, f"{what}_at": datetime.now(UTC)}


def actor(person: str) -> Actor:
    known = next(each for each in PEOPLE if each.person == person)
    return Actor(person=person, roles=known.roles, facilities=known.facilities)
