"""What an invoice is asked before anybody spends time on it, and what people's answers lead to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.capture import DocumentFinding, FieldReading
from domain.invoice import Invoice, InvoiceTotals, Party, TaxTotal
from domain.money import Money
from domain.policy.model import InvoiceRule
from tests.fixtures.invoice_stories import change_supplier, coded_line
from tests.fixtures.invoice_world import InvoiceWorld, totals
from tests.fixtures.small_hospital import policy, usd

BROKEN = DocumentFinding(rule="BR-CO-15", message="The total is not the sum of its parts")
NOBODY = Party(name="Nobody knows", tax_id="55-5555555")
BLURRED = FieldReading(pointer="/number", text="INV-?", confidence=Decimal("0.4"))


RATES = InvoiceRule(tax_rates=(Decimal(0), Decimal(8)))


class Asked:
    """Bills of 101, 102, ... USD, each with one thing wrong."""

    def __init__(self, world: InvoiceWorld) -> None:
        self.world, self.count = world, 0

    def sound(self, **over: Any) -> Invoice:
        self.count += 1
        given = {"lines": (coded_line(str(100 + self.count)),), "number": f"{self.count:03}-BILL-{self.count * 37}"}
        return self.world.invoice(**{**given, **over})

    def taxed(self, net: str, tax: str, rate: int | None) -> Invoice:
        """With a row for the rate, where there is one."""
        lines = (coded_line(net),)
        row = TaxTotal(category="S", rate=Decimal(rate or 0), taxable=usd(net), tax=usd(tax))
        return self.sound(lines=lines, totals=totals(lines, tax), taxes=() if rate is None else (row,))

    async def goes_on(self, code: str, invoice: Invoice, action: str, answer: Any = None, **captured: Any) -> None:
        """It is asked once, and after the answer somebody approves and it is booked."""
        case = await self.world.capture(invoice, **captured)
        record = await case.decide(code, action, **(answer or {}))
        assert (record.status, record.because) == ("applied", None), code
        await case.decide("owner", "approve")
        await case.payable()
        assert [task.exception_code for task in case.tasks() if task.kind == "exception"] == [code]

    async def ends(self, code: str, invoice: Invoice, action: str, told: int = 0, **captured: Any) -> None:
        """It is not taken up: nothing is booked, and its number is free."""
        case = await self.world.capture(invoice, **captured)
        await case.decide(code, action)
        result = await case.outcome()
        assert (result.status, result.voucher, result.touchless) == ("rejected", "", False), code
        assert self.world.register.state_of(case.name) in ("rejected", None), code
        assert [each.number for each in self.world.answers.answers].count(invoice.number) == told, code
        assert "invoice.posted" not in case.kinds(), code


async def test_what_people_let_pass_or_put_right_goes_on(invoices: InvoiceWorld) -> None:
    invoices.policy = policy(invoice=RATES)
    asked = Asked(invoices)
    keyed = asked.sound()
    unbalanced = keyed.model_copy(update={"totals": totals((coded_line("1.00"),))})
    late = invoices.today + timedelta(days=30)
    bare = asked.sound(lines=(coded_line("77.00", description=""),))
    described = {"invoice": {"lines": ({"line": 1, "description": "Cleaning"},)}}
    await asyncio.gather(
        asked.goes_on("sender-unverified", asked.sound(), "verify", channel="mailbox", sender="x@elsewhere.example"),
        asked.goes_on("document-invalid", asked.sound(), "accept", reading={"findings": (BROKEN,)}),
        asked.goes_on("capture-uncertain", asked.sound(), "accept", reading={"fields": (BLURRED,)}),
        asked.goes_on("not-balanced", unbalanced, "correct", {"invoice": {"invoice": keyed}}),
        asked.goes_on("date-implausible", asked.sound(issued_on=late), "accept"),
        asked.goes_on("tax-code-missing", asked.taxed("90.00", "5.00", None), "accept"),
        asked.goes_on("tax-over", asked.taxed("100.00", "9.00", 8), "accept"),
        asked.goes_on("tax-under", asked.taxed("80.00", "5.00", 8), "accept"),
        asked.goes_on("supplier-unknown", asked.sound(seller=NOBODY), "map", {"invoice": {"supplier": "S-1"}}),
        asked.goes_on("missing-required", bare, "correct", described),
    )


async def test_what_is_sent_back_or_refused_ends_and_the_supplier_hears_why(invoices: InvoiceWorld) -> None:
    asked = Asked(invoices)
    unbalanced = asked.sound(totals=totals((coded_line("1.00"),)))
    euros = usd("90.00").model_copy(update={"currency": "EUR"})
    foreign = coded_line("90.00", unit_price=euros, amount=euros)
    in_euros = dict.fromkeys(InvoiceTotals.model_fields, euros)
    none = dict.fromkeys(("allowances", "charges", "tax", "prepaid", "rounding"), Money.zero("EUR"))
    elsewhere = asked.sound(currency="EUR", lines=(foreign,), totals=InvoiceTotals(**{**in_euros, **none}))
    await asyncio.gather(
        asked.ends("sender-unverified", asked.sound(), "reject", channel="mailbox", sender="x@elsewhere.example"),
        asked.ends("document-invalid", asked.sound(), "return-to-supplier", 1, reading={"findings": (BROKEN,)}),
        asked.ends("capture-uncertain", asked.sound(), "reject", reading={"fields": (BLURRED,)}),
        asked.ends("not-balanced", unbalanced, "return-to-supplier", 1),
        asked.ends("currency-mismatch", elsewhere, "return-to-supplier", 1),
        asked.ends("supplier-unknown", asked.sound(seller=NOBODY), "reject"),
    )
    codes = {each.number: [every.reason for every in each.clarifications] for each in invoices.answers.answers}
    assert all(codes.values()), "every answer says why"
    assert {each.status for each in invoices.answers.answers} == {"RE"}


async def test_suppliers_that_may_not_be_dealt_with_stop_their_bills(invoices: InvoiceWorld) -> None:
    asked = Asked(invoices)
    blocked = await invoices.capture(asked.sound())
    await blocked.task("owner")
    change_supplier(invoices, "S-1", blocked_for=("posting",), excluded=True)
    case = await invoices.capture(asked.sound())
    assert {(await case.task(code)).role for code in ("supplier-blocked", "supplier-excluded")} == {
        "supplier-desk",
        "compliance-officer",
    }
    change_supplier(invoices, "S-1", blocked_for=(), excluded=False)
    await case.decide("supplier-blocked", "retry")
    await case.decide("supplier-excluded", "retry")
    await case.decide("owner", "approve")
    await case.payable()


async def test_a_correction_keeps_the_original_and_what_does_not_fit_is_refused(invoices: InvoiceWorld) -> None:
    keyed = Asked(invoices).sound()
    wrong = keyed.model_copy(update={"totals": totals((coded_line("1.00"),))})
    case = await invoices.capture(wrong)
    await case.decide("not-balanced", "correct", by="anna", invoice={"lines": ({"line": 9, "description": "None"},)})
    await case.until(lambda: "correction.refused" in case.kinds())
    await case.decide("not-balanced", "correct", by="anna", invoice={"invoice": keyed})
    task = await case.task("owner")
    assert "anna" not in task.people
    copies = [await invoices.documents.copy(case.name, version) for version in (1, 2, 3)]
    assert [copy and copy.invoice.totals for copy in copies] == [wrong.totals, keyed.totals, None]
    assert copies[1] is not None and (copies[1].by, copies[1].why) == ("anna", "because of the test")


async def test_several_questions_are_asked_side_by_side_and_a_refusal_ends_them_all(invoices: InvoiceWorld) -> None:
    asked = Asked(invoices)
    captured: dict[str, Any] = {"channel": "mailbox", "sender": "x@elsewhere.example"}
    case = await invoices.capture(asked.sound(), reading={"findings": (BROKEN,)}, **captured)
    await case.task("document-invalid")
    await case.decide("sender-unverified", "reject")
    assert (await case.outcome()).status == "rejected"
    assert {task.exception_code: task.status for task in case.tasks()} == {
        "sender-unverified": "done",
        "document-invalid": "cancelled",
    }


async def test_questions_that_stand_side_by_side_all_want_an_answer(invoices: InvoiceWorld) -> None:
    misnumbered = Party(name="S-1 Inc.", tax_id="US12")
    case = await invoices.capture(Asked(invoices).sound(seller=misnumbered))
    await case.decide("supplier-unknown", "map", invoice={"supplier": "S-1"})
    assert (await case.task("tax-validation-failed")).status == "open"
    await case.decide("tax-validation-failed", "accept")
    await case.decide("owner", "approve")
    await case.payable()
