"""Money that must not go astray: what changes after somebody has looked is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.invoice import PayeeAccount
from domain.outside_errors import RefusedError
from domain.payables import SupplierAccount
from tests.fixtures.invoice_stories import approved, change_supplier, coded, coded_line, received, sent
from tests.fixtures.invoice_world import InvoiceCase, InvoiceWorld, fact, totals

NEW = PayeeAccount(routing_number="021000021", account_number="777000777")
CALL: dict[str, Any] = {
    "phone": "+1 555 0100",
    "spoken_with": "Ann of S-1",
    "called_at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
}
OTHER_SUPPLIER: dict[str, Any] = {"invoice": {"supplier": "S-2"}}


def account_changes(world: InvoiceWorld, by: str = "sue") -> None:
    """Somebody enters another account of the supplier today."""
    new = SupplierAccount(account=NEW, changed_on=world.today, changed_by=by)
    change_supplier(world, "S-1", accounts=(new,))


async def confirmed(case: InvoiceCase) -> None:
    task = await case.task("bank-account-changed")
    assert task.needs == 2
    await case.answer(task, "confirm", "tess", keep=True, call_back=CALL)
    await case.answer(task, "confirm", "tim", call_back=CALL)


async def test_a_bill_that_goes_to_another_supplier_is_approved_again(invoices: InvoiceWorld) -> None:
    invoices.faults.fail("post_invoice", RefusedError("erp", "no-such-thing", "not booked"))
    case = await coded(invoices, "140.00")
    await case.decide("owner", "approve")
    await case.decide("posting-refused", "correct", by="anna", **OTHER_SUPPLIER)
    await case.until(lambda: len([task for task in case.tasks() if task.level == "owner"]) == 2)
    assert not invoices.erp.invoices
    await case.decide("owner", "approve")
    await case.payable()
    assert [posting.supplier for posting, _ in invoices.erp.invoices] == ["S-2"]


async def test_what_was_let_pass_does_not_cover_what_is_corrected_beside_it(invoices: InvoiceWorld) -> None:
    late = invoices.today + timedelta(days=30)
    keyed = invoices.invoice(number="B-9", lines=(coded_line("100.00"),), issued_on=late + timedelta(days=300))
    wrong = keyed.model_copy(update={"issued_on": late, "totals": totals((coded_line("1.00"),))})
    case = await invoices.capture(wrong)
    early, unbalanced = await case.task("date-implausible"), await case.task("not-balanced")
    # The correction is asked first or last: what was seen when it was let pass is another date.
    await case.answer(early, "accept", "anna")
    await case.answer(unbalanced, "correct", "anna", invoice={"invoice": keyed})
    assert (await case.task("date-implausible")).task_id != early.task_id


async def test_an_account_that_changes_between_control_and_posting_is_confirmed_first(invoices: InvoiceWorld) -> None:
    case = await coded(invoices, "150.00")
    await case.task("owner")
    account_changes(invoices)
    await case.decide("owner", "approve")
    await confirmed(case)
    await case.payable()
    (offer,) = await invoices.ledger.payable("north", "USD", 10)
    assert offer.account == NEW
    assert "sue" in {done.person for done in offer.duties if done.duty == "bank-detail-changer"}


async def returned(world: InvoiceWorld) -> InvoiceCase:
    """A bill whose money came back."""
    case = await approved(world, "160.00")
    _, (payment,) = await sent(world)
    await world.booked(payment)
    await case.until(lambda: "invoice.paid" in case.kinds())
    world.bank.say(fact(payment, "payment-returned", reason="AC03", text="wrong account"))
    await world.collect()
    await case.task("payment-returned")
    return case


async def test_money_that_came_back_goes_to_no_new_account_unconfirmed(invoices: InvoiceWorld) -> None:
    case = await returned(invoices)
    account_changes(invoices)
    await case.decide("payment-returned", "retry")
    await case.task("bank-account-changed")
    assert await invoices.ledger.payable("north", "USD", 10) == ()
    await confirmed(case)
    await case.until(lambda: "payment.offered-again" in case.kinds())
    (offer,) = await invoices.ledger.payable("north", "USD", 10)
    assert offer.account == NEW
    assert {"tess", "tim", "sue"} <= {done.person for done in offer.duties}


async def test_a_case_that_is_cancelled_after_its_money_came_back_leaves_no_bill_in_the_books(
    invoices: InvoiceWorld,
) -> None:
    case = await returned(invoices)
    assert await case.ask_for("cancel", "paul") == "applied"
    assert (await case.outcome()).status == "cancelled"
    assert [posted.status for _, posted in invoices.erp.invoices] == ["reversed"]
    assert invoices.register.state_of(case.name) == "cancelled"


async def test_a_bill_whose_reversal_somebody_takes_over_keeps_its_number(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "170.00")
    invoices.faults.fail("reverse_invoice", RefusedError("erp", "period-closed", "closed"))
    assert await case.ask_for("cancel", "paul") == "applied"
    task = next(iter([await case.task("exception")]))
    await case.answer(task, "skip", "ines" if task.role == "integration-support" else case._entitled(task))
    await case.outcome()
    assert [posted.status for _, posted in invoices.erp.invoices] == ["posted"]
    assert invoices.register.state_of(case.name) == "payable"
    assert await invoices.ledger.payable("north", "USD", 10) == ()


async def test_an_order_whose_bill_is_settled_otherwise_is_closed(invoices: InvoiceWorld) -> None:
    purchase, order = await received(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.payable()
    _, (payment,) = await sent(invoices)
    invoices.bank.say(fact(payment, "payment-rejected", reason="AC04"))
    await invoices.collect()
    await case.decide("payment-rejected", "record")
    assert (await case.outcome()).status == "completed"
    assert (await purchase.result()).status == "completed"
    assert invoices.register.state_of(case.name) == "paid"


async def test_an_earlier_posting_whose_answer_was_lost_is_not_taken_for_the_corrected_one(
    invoices: InvoiceWorld,
) -> None:
    lost = RefusedError("erp", "garbled", "the answer was lost")
    invoices.faults.fail("post_invoice", lost, when="after")
    case = await coded(invoices, "180.00")
    await case.decide("owner", "approve")
    keyed = invoices.invoice(number="B-10", lines=(coded_line("190.00"),))
    await case.decide("posting-refused", "correct", by="anna", invoice={"invoice": keyed})
    await case.decide("owner", "approve")
    task = await case.task("posting-refused")
    assert "180.00" in task.why and "190.00" in task.why
    assert await invoices.ledger.payable("north", "USD", 10) == ()
    await case.answer(task, "reject", "arno")
    await case.outcome()
    assert [posted.status for _, posted in invoices.erp.invoices] == ["reversed"]


async def test_a_reversed_bill_gives_its_budget_back(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "90.00")
    assert invoices.commitments.movements(case.name)
    assert await case.ask_for("cancel", "paul") == "applied"
    await case.outcome()
    assert all(not line.invoiced for line in invoices.commitments._budgets.values())
