"""Bills whose ERP is a real Tryton, from their capture to booked money; the amounts are read in its own tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.memory.erp_claims import MemoryErpClaims
from tests.fixtures.erp_contract import answering
from tests.fixtures.invoice_stories import approved, received, sent, settled
from tests.fixtures.invoice_world import InvoiceWorld
from tests.fixtures.small_hospital import reference_system, usd
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.tryton_world import TrytonWorld

BILLS = "SELECT reference, state, total_amount_cache AS total FROM account_invoice ORDER BY id"
PAYMENTS = "SELECT amount, state FROM account_payment ORDER BY id"
BALANCES = """
SELECT a.code, sum(l.debit - l.credit) AS balance
FROM account_move_line l JOIN account_move m ON m.id = l.move AND m.state = 'posted'
JOIN account_account a ON a.id = l.account
GROUP BY a.code HAVING sum(l.debit - l.credit) <> 0 ORDER BY a.code
"""


class TrytonInvoiceWorld(TrytonWorld, InvoiceWorld):
    """A world that orders and pays in Tryton."""


@pytest.fixture
async def world(tryton_hospital: TrytonTestServer, temporal: WorkflowEnvironment) -> AsyncIterator[TrytonInvoiceWorld]:
    await tryton_hospital.reset()
    if not tryton_hospital.running:
        await tryton_hospital.start()
    system = reference_system(datetime.now(UTC).date())
    async with TrytonErp.connect(tryton_hospital.settings, MemoryErpClaims(), system) as erp:
        await answering(erp)
        async with TrytonInvoiceWorld(temporal, tryton_hospital, erp).working() as working:
            yield cast(TrytonInvoiceWorld, working)


def booked(**amounts: str) -> list[dict[str, Any]]:
    codes = {"bank": "100100", "payables": "200100", "accrual": "210100", "supplies": "610100"}
    rows = ({"code": codes[name], "balance": Decimal(amount)} for name, amount in amounts.items())
    return sorted(rows, key=lambda row: str(row["code"]))


async def test_a_bill_that_matches_is_paid_in_tryton_without_anybody_touching_it(world: TrytonInvoiceWorld) -> None:
    purchase, order = await received(world)
    assert await world.rows(BALANCES) == booked(accrual="-90.00", supplies="90.00")
    bill = world.invoice(order)
    case = await world.capture(bill)
    await case.payable()
    assert [task.kind for task in case.tasks()] == []
    assert await world.rows(BILLS) == [{"reference": bill.number, "state": "posted", "total": Decimal(90)}]
    assert await world.rows(BALANCES) == booked(payables="-90.00", supplies="90.00")
    run, (payment,) = await sent(world)
    await world.booked(payment)
    await case.until(lambda: "invoice.paid" in case.kinds())
    assert (await purchase.result()).status == "completed"
    await settled(run)
    result = await case.outcome()
    assert (result.status, result.paid, result.touchless) == ("completed", usd("90.00"), True)
    assert await world.rows(BILLS) == [{"reference": bill.number, "state": "paid", "total": Decimal(90)}]
    assert await world.rows(PAYMENTS) == [{"amount": Decimal(90), "state": "succeeded"}]
    assert await world.rows(BALANCES) == booked(bank="-90.00", supplies="90.00")
    assert await world.rows("SELECT state, invoice_state FROM purchase_purchase") == [
        {"state": "done", "invoice_state": "paid"}
    ]


async def keyed_by_hand(world: TrytonInvoiceWorld, number: str) -> None:
    """A person enters a bill of the supplier in Tryton."""
    tryton = world.tryton
    async with TrytonClient.open(tryton.settings, tryton.logins["buyer"]) as person:
        (party,) = await person.search_read("party.party", [["code", "=", "S-1"]], ["addresses"])
        (account,) = await person.search_read("account.account", [["code", "=", "200100"]], ["id"])
        values = {
            "type": "in",
            "party": party["id"],
            "invoice_address": party["addresses"][0],
            "account": account["id"],
            "reference": number,
            "invoice_date": world.today,
        }
        await person.call("model.account.invoice.create", [values])


async def test_a_bill_that_people_have_entered_in_tryton_is_a_question_and_nothing_is_skipped(
    world: TrytonInvoiceWorld,
) -> None:
    await keyed_by_hand(world, "INV-HAND")
    _, order = await received(world)
    case = await world.capture(world.invoice(order, number="INV-HAND", issued_on=world.today))
    task = await case.task("duplicate-suspected")
    assert "invoice_similar" in task.why
    assert [each["state"] for each in await world.rows(BILLS)] == ["draft"]
    assert await world.rows(BALANCES) == booked(accrual="-90.00", supplies="90.00")
    await world.rows("DELETE FROM account_invoice")  # the person takes theirs out again
    await case.answer(task, "not-duplicate", "anna")
    await case.payable()
    assert [(each["reference"], each["state"]) for each in await world.rows(BILLS)] == [("INV-HAND", "posted")]
    assert await world.rows("SELECT count(*) AS skipped FROM res_user_warning") == [{"skipped": 0}]


async def test_a_coded_bill_is_charged_to_its_cost_centre_and_taken_back_with_its_case(
    world: TrytonInvoiceWorld,
) -> None:
    case = await approved(world, "71.00")
    charged = """
        SELECT c.code, l.debit - l.credit AS amount
        FROM analytic_account_line l JOIN analytic_account_account c ON c.id = l.account ORDER BY l.id
    """
    assert await world.rows(charged) == [{"code": "N-100", "amount": Decimal(71)}]
    assert await world.rows(BALANCES) == booked(payables="-71.00", supplies="71.00")
    assert await case.ask_for("cancel", "paul") == "applied"
    assert (await case.outcome()).status == "cancelled"
    assert [each["state"] for each in await world.rows(BILLS)] == ["cancelled"]
    assert await world.rows(BALANCES) == []
