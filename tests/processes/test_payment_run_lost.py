"""Payments of which somebody loses sight: an answer that is lost, a bank that is silent, news that come too late."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.ports import Ports
from domain.outside_errors import TemporarilyUnavailableError
from domain.payment import PaymentFile
from domain.policy.model import PaymentRule
from tests.fixtures.invoice_stories import approved, sent
from tests.fixtures.invoice_world import InvoiceWorld, RunCase, fact, json_file
from tests.fixtures.small_hospital import policy

CHASED = timedelta(days=4)


def treasury_is_asked(world: InvoiceWorld) -> list[str]:
    """Codes of what treasury was asked outside of any run."""
    cases = [case for case in world.evidence._tasks_of_case if case.startswith("housekeeping")]
    return [task.exception_code or "" for case in cases for task in world.evidence.all_tasks(case)]


async def given_up(world: InvoiceWorld) -> RunCase:
    world.bank.silent = True
    run, _ = await sent(world)
    await run.skip(CHASED)
    await run.decide("status-missing", "record", by="tara")
    return run


async def test_claims_whose_answer_is_lost_are_told_and_recorded_all_the_same(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "41.00")
    invoices.faults.fail("claim", TemporarilyUnavailableError("payment-ledger", "timeout", "no answer"), when="after")
    run = await invoices.pay()
    await run.task("payments-approve")
    assert "payments.proposed" in run.kinds()
    assert await case.ask_for("cancel", "paul") == "not-in-this-stage"


async def test_an_invoice_whose_payment_is_given_up_waits_for_treasury_and_not_for_ever(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "42.00")
    run = await given_up(invoices)
    task = await case.task("payment-rejected")
    assert "given up" in task.why
    await run.result_of_run()
    assert await invoices.ledger.payable("north", "USD", 10) == ()
    await case.answer(task, "retry", "tara")
    await case.until(lambda: "payment.offered-again" in case.kinds())
    assert len(await invoices.ledger.payable("north", "USD", 10)) == 1


async def test_a_booking_after_the_run_gave_up_is_not_lost(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "43.00")
    run = await given_up(invoices)
    await case.task("payment-rejected")
    await run.result_of_run()
    (payment,) = invoices.payments()
    invoices.bank.say(fact(payment, "payment-booked"))
    assert (await invoices.collect()).unknown == 1
    await case.until(lambda: treasury_is_asked(invoices) == ["bank-entry-unknown"])


def issue_list(*of_run: Any) -> PaymentFile:
    """A list of cheques under the id of the payment file, of which the bank takes one only."""
    content = "ISSUED"
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return json_file(*of_run).model_copy(update={"content": content, "sha256": sha256})


class ListingWorld(InvoiceWorld):
    """The bank is told of every cheque that it may pay."""

    def ports(self) -> Ports:
        plain = super().ports()
        assert plain.invoicing is not None
        return replace(plain, invoicing=replace(plain.invoicing, positive_pay=issue_list))


@pytest.fixture
async def listing(temporal: WorkflowEnvironment) -> AsyncIterator[ListingWorld]:
    world = ListingWorld(temporal)
    world.policy = policy(payment=PaymentRule(positive_pay=True))
    async with world.working():
        yield world


async def test_a_payment_is_not_released_while_the_bank_has_its_file(listing: ListingWorld) -> None:
    case = await approved(listing, "44.00")
    run = await listing.pay()
    await run.decide("payments-approve", "approve")
    refused = await run.task("exception")
    await run.answer(refused, "reject", run._entitled(refused))
    await run.result_of_run()
    free = [each.case_id for each in await listing.ledger.payable("north", "USD", 10)]
    with_the_bank = [file.content for file in listing.bank.files]
    assert (free, with_the_bank) == ([case.name], ["ISSUED"]), "free again, for the bank pays nothing"
