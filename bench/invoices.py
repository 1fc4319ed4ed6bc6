"""Whole invoices with every port in memory: read, controlled, matched, posted, and paid as soon as they wait for it."""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from temporalio.client import Client

from activities.ports import Invoicing
from adapters.invoice_documents import DocumentReader
from adapters.learning_assistant import LearningAssistant
from adapters.memory.bank import MemoryBank
from adapters.memory.decision_memory import MemoryDecisions
from adapters.memory.documents import MemoryDocuments
from adapters.memory.invoice_register import MemoryInvoiceRegister
from adapters.memory.json_bank_messages import JsonBankMessages
from adapters.memory.match_records import MemoryMatchRecords
from adapters.memory.payment_ledger import MemoryPaymentLedger
from adapters.memory.supplier_answers import MemorySupplierAnswers
from adapters.payment_files import one_file
from api.case_client import TemporalCaseClient
from api.invoice_intake import Delivered, InvoiceIntake
from api.security import TokenError
from bench.driving import Answer, Handle, StepCount, Subject
from bench.gateway import OnePolicy, services_over
from bench.purchases import Hospital, actor
from cli.demo.documents.ubl import ubl_invoice
from domain.invoice import Invoice, InvoiceLine, Party
from domain.people import Actor
from domain.purchase import GoodsReceipt, OrderDraft, OrderLine, PlacedOrder, ReceivedLine
from domain.quantity import Quantity
from domain.requisition import CostShare
from tests.fixtures.small_hospital import FACILITY, usd
from tests.fixtures.sound_invoices import sound
from workflows.messages import invoice_to_payment as messages

LINES = 4
"""Of an invoice, and of the order that it bills."""


class _Nobody:
    """A verifier that is never asked: documents are handed in beside HTTP."""

    async def verify(self, token: str) -> Actor:
        raise TokenError(token)


class PayingHospital(Hospital):
    """The outside of invoices. Each bills an order of its own, whose goods are in and whose purchase case is over."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        register = MemoryInvoiceRegister()
        self.invoicing = Invoicing(
            payables=self.erp,
            documents=MemoryDocuments(),
            matches=MemoryMatchRecords(),
            register=register,
            ledger=MemoryPaymentLedger(register),
            answers=MemorySupplierAnswers(),
            assistant=LearningAssistant(MemoryDecisions()),
            bank=MemoryBank(),
            bank_reader=JsonBankMessages(),
            policies=OnePolicy(self.policy),
            build_file=one_file,
        )
        self.ports = replace(self.ports, invoicing=self.invoicing)
        self._ready: deque[Delivered] = deque()
        self._numbers = itertools.count(1)
        self._services = replace(
            services_over(self, TemporalCaseClient(client), _Nobody()),
            documents=self.invoicing.documents,
            invoice_reader=DocumentReader(),
            register=register,
            payments=self.invoicing.ledger,
        )

    def subject(self) -> Subject:
        """What a payment run says is said in its place: it serves hundreds of invoices at once."""
        answers: dict[StepCount, Answer] = {("announce", 1): self._pay, ("tell_orders", 1): self._end}
        return Subject("invoice case", self.start, answers, self._prepare)

    async def _prepare(self, invoices: int) -> None:
        while len(self._ready) < invoices:
            self._ready.append(await self._delivery(next(self._numbers)))

    async def start(self, number: int) -> Handle:  # noqa: ARG002 - the documents have numbers of their own
        """The whole intake but HTTP. Raises RuntimeError when the document has no case of its own."""
        await self._prepare(1)
        case = await InvoiceIntake(self._services, datetime.now(UTC)).accept(self._ready.popleft())
        return self.client.get_workflow_handle(case, result_type=messages.InvoiceResult)

    async def _delivery(self, number: int) -> Delivered:
        order = await self._received(number)
        lines = [billed(order.number, line, place) for place, line in enumerate(order.lines, start=1)]
        return Delivered(
            content=ubl_invoice(bill(lines, f"INV-{number}", self.today)),
            media_type="application/xml",
            channel="api",
            sender="portal",
            actor=actor("anna"),
            facility=FACILITY.code,
        )

    async def _received(self, number: int) -> PlacedOrder:
        """Every order has other quantities: what looks like an invoice that came before waits for a person."""
        case = f"procure-to-pay.north.REQ-{number}"
        lines = tuple(ordered(line, 10 + number, self.today) for line in range(1, LINES + 1))
        order = await self.erp.place_order(
            OrderDraft(
                external_id=f"{case}:order.S-1:1",
                case_id=case,
                facility=FACILITY.code,
                supplier="S-1",
                requester="nina",
                currency="USD",
                ordered_on=self.today,
                lines=lines,
                categories={line.line: "medical-supplies" for line in lines},
            )
        )
        receipt = GoodsReceipt(
            event_id=f"{case}-received",
            order_number=order.number,
            received_at=datetime.now(UTC),
            received_by="rosa",
            delivery_note=f"DN-{number}",
            lines=tuple(ReceivedLine(line=each.line, accepted=each.quantity.value) for each in order.lines),
        )
        return await self.erp.post_receipt(receipt.event_id, receipt)

    async def _pay(self, handle: Handle) -> None:
        await self._say(handle, "booked")

    async def _end(self, handle: Handle) -> None:
        await self._say(handle, "final")

    async def _say(self, handle: Handle, kind: Any) -> None:
        posted = await self.invoicing.payables.find_posted(f"{handle.id}:post")
        if posted is None:
            raise RuntimeError(f"{handle.id} is not posted")
        progress = messages.PaymentProgress(
            event_id=f"{handle.id}-{kind}",
            run_id="payment-run.north.USD-1",
            payment_id=f"P-{hashlib.sha256(handle.id.encode()).hexdigest()[:8]}",
            kind=kind,
            amount=posted.open,
            discount=usd(0),
            on=self.today,
        )
        await handle.signal(messages.PAYMENT_PROGRESSED, progress)


def ordered(line: int, quantity: int, today: date) -> OrderLine:
    return OrderLine(
        line=line,
        item="GLOVES",
        description=f"Gloves, size {line}",
        quantity=Quantity(value=Decimal(quantity), unit="BX", pack_size=100),
        unit_price=usd("9.00"),
        need_by=today + timedelta(days=30),
        deliver_to="Ward 3",
        costs=(CostShare(cost_centre="N-100", account="610100"),),
    )


def billed(order: str, line: OrderLine, number: int) -> InvoiceLine:
    """What the order line says, exempt from tax."""
    return InvoiceLine(
        line=number,
        reference=str(number),
        description=line.description,
        buyer_item=line.item or "",
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.amount,
        tax_category="E",
        tax_rate=Decimal(0),
        order_number=order,
        order_line=line.line,
    )


def bill(lines: Sequence[InvoiceLine], number: str, today: date) -> Invoice:
    """An invoice of the supplier S-1 that keeps every rule of EN 16931."""
    return sound(
        tuple(lines),
        number=number,
        issued_on=today - timedelta(days=10),
        due_on=today + timedelta(days=20),
        seller=Party(name="S-1 Inc.", tax_id="12-3456789", address="1 Main Street, Springfield", country="US"),
        order_numbers=tuple(dict.fromkeys(each.order_number for each in lines)),
    )
