"""How long the steps of one very long invoice take: reading it, judging it, matching it, and what it would book."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from adapters.invoice_documents import DocumentReader
from bench.invoices import bill, billed, ordered
from cli.demo.documents.ubl import ubl_invoice
from domain.capture import CapturedDocument, InvoiceCopy, Reading
from domain.invoice_control import ControlFacts, control
from domain.matching import match, posting_lines
from domain.payables import OrderLinePosition, OrderPosition
from tests.fixtures.small_hospital import policy, reference_system, usd

LINES = 10_000
ORDERS = 200
REPEATS = 3
Answer = TypeVar("Answer")
_DAY = date(2026, 11, 20)
_AT = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Steps:
    """Seconds of each step by its name; the best of a few, as whatever else the machine does only adds."""

    lines: int
    orders: int
    bytes: int
    seconds: dict[str, float]


def measure(orders: int = ORDERS, lines: int = LINES) -> Steps:
    """An invoice of so many lines over so many orders, as UBL. Raises RuntimeError when it does not pass."""
    positions = tuple(_order(number, lines // orders) for number in range(1, orders + 1))
    bills = [
        billed(position.number, each.line, at)
        for at, (position, each) in enumerate(
            ((position, each) for position in positions for each in position.lines), start=1
        )
    ]
    content = ubl_invoice(bill(bills, "INV-1", _DAY))
    rounds = [dict(_timed(content, positions)) for _ in range(REPEATS)]
    best = {name: min(each[name] for each in rounds) for name in rounds[0]}
    return Steps(lines=len(bills), orders=orders, bytes=len(content), seconds=best)


def _order(number: int, lines: int) -> OrderPosition:
    """All of it came, nothing is billed."""
    return OrderPosition(
        number=f"PO-{number}",
        facility="north",
        supplier="S-1",
        status="open",
        currency="USD",
        lines=tuple(
            OrderLinePosition(
                line=each, category="medical-supplies", received=each.quantity.value, billed_amount=usd(0)
            )
            for each in (ordered(line, 10 + line % 7, _DAY) for line in range(1, lines + 1))
        ),
    )


def _timed(content: bytes, orders: Sequence[OrderPosition]) -> Iterator[tuple[str, float]]:
    rules, suppliers = policy(), reference_system(_DAY).payable_suppliers
    reading, seconds = _clocked(lambda: DocumentReader().read(content, "application/xml"))
    yield "read", seconds
    copy, document = _kept(reading, content)
    facts = ControlFacts(copy_=copy, document=document, suppliers=suppliers, today=_DAY)
    controlled, seconds = _clocked(lambda: control(facts, rules))
    yield "control", seconds
    result, seconds = _clocked(lambda: match(copy.invoice, "S-1", orders, rules))
    yield "match", seconds
    found = [each.message for each in (*controlled.findings, *result.findings)]
    found += [each.message for each in reading.findings]
    if found or not result.gate:
        raise RuntimeError(f"the invoice does not pass: {found[:5]}")
    _, seconds = _clocked(lambda: posting_lines(copy.invoice, result))
    yield "posting", seconds


def _kept(reading: Reading, content: bytes) -> tuple[InvoiceCopy, CapturedDocument]:
    sha256 = "0" * 64
    copy = InvoiceCopy(
        case_id="invoice-to-payment.north.INV1-000000000000",
        version=1,
        document_sha256=sha256,
        format=reading.format,
        invoice=reading.invoice,
        findings=reading.findings,
        at=_AT,
    )
    document = CapturedDocument(
        sha256=sha256,
        media_type="application/xml",
        size=len(content),
        channel="api",
        sender="portal",
        received_at=_AT,
    )
    return copy, document


def _clocked(step: Callable[[], Answer]) -> tuple[Answer, float]:
    begun = time.perf_counter()
    result = step()
    return result, time.perf_counter() - begun
