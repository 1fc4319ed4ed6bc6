"""A posting that the ERP refuses is corrected by a person and resumed, and the invoice is paid in the end."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.invoicing import InvoicingActivities
from activities.purchasing import wall_clock
from domain.outside_errors import RefusedError
from tests.fixtures.invoice_stories import coded, sent, settled
from tests.fixtures.invoice_world import InvoiceWorld
from tests.fixtures.small_hospital import usd
from tests.fixtures.world import actor
from worker import ports_of_invoices
from workflows.steps.invoice_inputs import PostInput

NO = RefusedError("erp", "period-rule", "the account 610100 takes no postings of this category")


async def test_a_refused_posting_that_is_corrected_and_resumed_ends_paid(invoices: InvoiceWorld) -> None:
    invoices.faults.fail("post_invoice", NO)
    case = await coded(invoices, "71.00")
    await case.decide("owner", "approve")
    task = await case.task("posting-refused")
    assert (task.role, "takes no postings" in task.why) == ("accounts-payable", True)
    line = {"line": 1, "costs": [{"cost_centre": "N-200", "account": "610100"}], "category": "medical-supplies"}
    record = await case.answer(task, "correct", "anna", invoice={"lines": (line,)})
    assert record.status == "applied"
    await case.decide("owner", "approve")
    await case.payable()
    run, (payment,) = await sent(invoices)
    await invoices.booked(payment)
    await settled(run)
    result = await case.outcome()
    assert (result.status, result.paid, result.touchless) == ("completed", usd("71.00"), False)
    ((posting, voucher),) = invoices.erp.invoices
    centres = [share.cost_centre for line in posting.lines for share in line.costs]
    assert (voucher.status, centres) == ("paid", ["N-200"])
    assert case.kinds().count("invoice.posted") == 1
    assert "invoice.corrected" in case.kinds()


async def test_a_refused_posting_that_is_resumed_as_it_is_ends_paid(invoices: InvoiceWorld) -> None:
    """Somebody mended the ERP: the same posting, under the same key, is tried again."""
    invoices.faults.fail("post_invoice", NO, times=2)
    case = await coded(invoices, "72.00", submitted_by=actor("nina"))
    await case.decide("owner", "approve")
    await case.decide("posting-refused", "retry", by="anna")
    await case.decide("posting-refused", "retry", by="anna")
    await case.payable()
    run, (payment,) = await sent(invoices)
    await invoices.booked(payment)
    await settled(run)
    assert (await case.outcome()).paid == usd("72.00")
    keys = {call.arguments[0].external_id for call in invoices.faults.calls_of("post_invoice")}
    assert keys == {f"{case.name}:post"}
    assert len(invoices.erp.invoices) == len(invoices.erp.payments) == 1


async def test_an_attempt_that_wakes_up_after_the_invoice_was_cancelled_books_and_offers_nothing(
    invoices: InvoiceWorld,
) -> None:
    case = await coded(invoices, "71.00")
    await case.decide("owner", "approve")
    await case.payable()
    history = await case.handle.fetch_history()
    late = await posted_with(history, invoices.client.data_converter)
    ports = ports_of_invoices(invoices.client, invoices.ports())
    assert ports is not None
    activities = InvoicingActivities(ports, invoices.evidence, wall_clock)
    assert await case.ask_for("cancel", "paul") == "applied"
    assert (await case.outcome()).status == "cancelled"
    with pytest.raises(ApplicationError, match="invoice-over"):
        await ActivityEnvironment().run(activities.post_invoice, late)
    assert not await invoices.ledger.payable("north", "USD", 10)


async def posted_with(history: WorkflowHistory, converter: DataConverter) -> PostInput:
    """What the step that booked the invoice was given."""
    (scheduled,) = (
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "post_invoice"
    )
    (given,) = await converter.decode(scheduled.input.payloads, [PostInput])
    assert isinstance(given, PostInput)
    return given
