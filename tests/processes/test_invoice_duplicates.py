"""The same invoice again: under its number, under a similar one, as the same document, and all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.invoice import PayeeAccount
from tests.fixtures.invoice_stories import approved, change_supplier, coded, coded_line
from tests.fixtures.invoice_world import InvoiceCase, InvoiceWorld
from tests.fixtures.small_hospital import usd
from workflows.messages import invoice_to_payment as messages

MANY = 20
STRANGE = PayeeAccount(routing_number="021000021", account_number="666000666")
CALL: dict[str, Any] = {
    "phone": "+1 555 0100",
    "spoken_with": "Ann of S-1",
    "called_at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
}


async def test_of_many_documents_with_one_number_one_is_booked_and_the_others_are_asked(
    invoices: InvoiceWorld,
) -> None:
    bills = [invoices.invoice(number="B-77", lines=(coded_line("55.00"),), note=f"Page {n}") for n in range(MANY)]
    cases = await asyncio.gather(*(invoices.capture(bill) for bill in bills))
    asked = []
    for case in cases:
        await case.until(partial(_is_asked, case))
        asked.append(case.tasks()[0].exception_code or "approval")
    assert Counter(asked) == {"approval": 1, "duplicate-suspected": MANY - 1}
    states = Counter(invoices.register.state_of(case.name) for case in cases)
    assert states["captured"] + states["matched"] >= 1
    holders = [case for case, what in zip(cases, asked, strict=True) if what == "approval"]
    (holder,) = holders
    await asyncio.gather(
        *(case.decide("duplicate-suspected", "confirm-duplicate") for case in cases if case is not holder)
    )
    await holder.decide("owner", "approve")
    await holder.payable()
    results = await asyncio.gather(*(case.outcome() for case in cases if case is not holder))
    assert {result.status for result in results} == {"rejected"}
    assert len(invoices.erp.invoices) == 1
    assert len(invoices.answers.answers) == MANY - 1


async def test_one_document_handed_in_many_times_at_once_is_one_case(invoices: InvoiceWorld) -> None:
    first = await coded(invoices, "44.00")
    start = messages.InvoiceInput.model_validate(await _input_of(first))

    async def again() -> bool:
        try:
            await invoices.client.start_workflow(
                messages.WORKFLOW_NAME,
                start,
                id=first.name,
                task_queue=invoices.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    with invoices.temporal.with_time_skipping_disabled():
        assert not any(await asyncio.gather(*(again() for _ in range(100))))
    await first.decide("owner", "approve")
    await first.payable()
    assert len(invoices.erp.invoices) == 1


def _is_asked(case: InvoiceCase) -> bool:
    return bool(case.tasks())


async def _input_of(case: InvoiceCase) -> Any:
    history = await case.handle.fetch_history()
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    return (await case.world.client.data_converter.decode(payloads, [messages.InvoiceInput]))[0]


async def test_a_misread_number_is_asked_and_may_be_another_invoice(invoices: InvoiceWorld) -> None:
    await approved(invoices, "66.00", number="AB-1234")
    misread = await coded(invoices, "66.00", number="AB-1243")
    await misread.decide("duplicate-suspected", "not-duplicate")
    await misread.decide("owner", "approve")
    await misread.payable()
    same = await coded(invoices, "66.00", number="ab 1234", note="sent again")
    await same.decide("duplicate-suspected", "not-duplicate")
    await same.decide("owner", "approve")
    await same.payable()
    numbers = [posting.number for posting, _ in invoices.erp.invoices]
    assert len(set(numbers)) == 3, "each is in the books under a number of its own"


async def test_an_account_that_only_the_document_names_is_confirmed_by_two_persons_and_never_paid(
    invoices: InvoiceWorld,
) -> None:
    case = await coded(invoices, "120.00", accounts=(STRANGE,))
    task = await case.task("bank-account-mismatch")
    assert task.needs == 2
    silent = await case.answer(task, "confirm", "tara")
    assert silent.because == "call-back-required"
    first = await case.answer(task, "confirm", "tara", keep=True, call_back=CALL)
    again = await case.answer(task, "confirm", "tara", keep=True, call_back=CALL)
    assert (first.because, again.because) == (None, "already-approved")
    assert (await case.task("bank-account-mismatch")).status == "open"
    await case.answer(task, "confirm", "tess", call_back=CALL)
    await case.decide("owner", "approve")
    await case.payable()
    (known,) = await invoices.register.confirmations("S-1")
    assert (known.account_fingerprint, known.confirmed_by) == (STRANGE.fingerprint, ("tara", "tess"))
    later = await approved(invoices, "121.00", accounts=(STRANGE,))
    assert [task.exception_code for task in later.tasks() if task.kind == "exception"] == []
    run = await invoices.pay()
    await run.decide("payments-approve", "approve")
    await run.until(lambda: "payments.delivered" in run.kinds())
    assert {each.account.fingerprint for each in invoices.payments()} != {STRANGE.fingerprint}
    assert STRANGE.account_number not in "".join(file.content for file in invoices.bank.files)


async def test_who_changed_the_account_does_not_confirm_it(invoices: InvoiceWorld) -> None:
    account = invoices.erp._master.payables["S-1"].accounts[0]
    changed = account.model_copy(update={"changed_on": invoices.today - timedelta(days=2), "changed_by": "tara"})
    change_supplier(invoices, "S-1", accounts=(changed,))
    case = await coded(invoices, "130.00")
    task = await case.task("bank-account-changed")
    assert "tara" in task.excluded
    assert (await case.answer(task, "confirm", "tara", call_back=CALL)).because is not None
    await case.answer(task, "confirm", "tess", keep=True, call_back=CALL)
    await case.answer(task, "confirm", "tim", call_back=CALL)
    await case.decide("owner", "approve")
    await case.payable()
    run = await invoices.pay()
    approval = await run.task("payments-approve")
    assert {"tess", "tim"} <= set(approval.excluded), "who confirmed an account lets no payment to it go"


async def test_an_account_that_nobody_confirms_stops_the_bill(invoices: InvoiceWorld) -> None:
    case = await coded(invoices, "131.00", accounts=(STRANGE,))
    await case.decide("bank-account-mismatch", "reject")
    assert (await case.outcome()).status == "rejected"
    assert usd("131.00") not in [posting.amount for posting, _ in invoices.erp.invoices]
