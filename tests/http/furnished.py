"""A gateway with one of everything in it, so that a request finds what it names."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.delegation import Delegation
from domain.ports.hire_files import HireFileRecord, RowFate
from domain.ports.overrides import OverrideRecord
from tests.fixtures.evidence import CASE, a_journal, a_task, an_entry
from tests.fixtures.invoices import as_pdf
from tests.fixtures.small_hospital import usd
from tests.http.fakes import NOW, Gateway
from tests.http.hire_desk import under_way
from tests.http.test_http_invoice_views import a_payment
from workflows.messages.invoice_to_payment import invoice_case_id

TASK = f"{CASE}:approve-owner.1"
HIRE = "hire-to-provision.north.H-1"
INVOICE = invoice_case_id("north", "INV-42", hashlib.sha256(as_pdf()).hexdigest())
RUN, MESSAGE = "payment-run.north.20260302-USD-1", "MSG-1"
CLOSED = "procure-to-pay.north.REQ-0"
FILE, FILE_OF_ALL = "0" * 31 + "1", "0" * 31 + "2"

DELEGATION = Delegation(
    delegation_id="delegation-1",
    delegator="carla",
    delegate="olaf",
    valid_from=NOW,
    valid_until=NOW + timedelta(days=7),
    made_by="carla",
    made_at=NOW,
)
OVERRIDE = OverrideRecord(
    override_id="override-1",
    person="bo",
    rule="buyer-is-not-approver",
    facility="north",
    reason="Nobody else is here",
    valid_until=NOW + timedelta(days=7),
    requested_by="rosa",
    requested_at=NOW,
)


async def furnish(gateway: Gateway) -> None:
    """A purchase with a question, an old one, an invoice, its payment, a hire, HR files, a delegation, an override."""
    changes: dict[str, Any] = {"requester": "nina", "order_numbers": ("PO-1",), "emergency": True}
    task = a_task(TASK, excluded=("nina",), duty="approver", amount=usd(400))
    gateway.cases.open(task)
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1), tasks=(task,), **changes))
    await _close_a_case(gateway)
    await furnish_payables(gateway)
    await under_way(gateway, HIRE)
    await gateway.delegations.add(DELEGATION)
    await gateway.overrides.request(OVERRIDE)
    await _hold_files(gateway)


async def _close_a_case(gateway: Gateway) -> None:
    """So long ago that it may be purged."""
    ended = datetime(2010, 1, 5, tzinfo=UTC)
    times = {"submitted_at": ended, "updated_at": ended, "closed_at": ended}
    await gateway.evidence.record(a_journal(CLOSED, 1, an_entry(1), status="completed", requester="nina", **times))
    await gateway.checkpoints.seal(gateway.now)


async def furnish_payables(gateway: Gateway) -> None:
    """An invoice that was taken in, and a run that pays it, with its file."""
    headers = gateway.as_("ada", "portal") | {"content-type": "application/pdf"}
    answer = await gateway.http.post("/v1/invoices", content=as_pdf(), headers=headers)
    assert answer.json()["case_id"] == INVOICE
    await gateway.evidence.record(a_journal(INVOICE, process="invoice-to-payment", requester="ada"))
    await gateway.evidence.record(a_journal(RUN, process="payment-run", requester="tara"))
    await gateway.pay(a_payment(INVOICE, RUN))
    await gateway.payments.keep_file(RUN, MESSAGE, "file.xml", "<Document/>")


async def _hold_files(gateway: Gateway) -> None:
    """One of North alone, and one of all facilities."""
    for file_id, scope in ((FILE, "north"), (FILE_OF_ALL, "")):
        record = HireFileRecord(
            file_id=file_id,
            name="hires-full-20260302.csv",
            scope=scope,
            kind="full",
            day=date(2026, 3, 2),
            sha256=file_id * 2,
            state="held",
            received_at=NOW,
            updated_at=NOW,
        )
        await gateway.hire_files.record(record)
        await gateway.hire_files.note(file_id, [RowFate(line=2, facility="north", number="H-1", effect="new")])
