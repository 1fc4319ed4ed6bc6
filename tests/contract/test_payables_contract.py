"""What every ERP behind the payables port does with bills and payments, and what its general ledger then says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date
from decimal import Decimal

import pytest

from domain.outside_errors import RefusedError
from domain.payables import InvoicePosting, PaymentPosting, PostedInvoice
from domain.requisition import CostShare
from tests.fixtures.payables_contract import (
    House,
    bill,
    cost_line,
    item,
    order_posting_line,
    ordered,
    paying,
)
from tests.fixtures.purchasing import TODAY, goods_receipt, goods_return, order_draft, order_line, usd

EXPENSE, ACCRUAL, PAYABLES, DISPUTED, BANK = "610000", "210100", "200100", "200200", "100100"
VARIANCE, TAX, DISCOUNTS = "690100", "691100", "490100"


def amounts(**by_account: str) -> dict[str, Decimal]:
    names = {
        "expense": EXPENSE,
        "accrual": ACCRUAL,
        "payables": PAYABLES,
        "disputed": DISPUTED,
        "bank": BANK,
        "variance": VARIANCE,
        "tax": TAX,
        "discounts": DISCOUNTS,
        "office": "620000",
    }
    return {names[name]: Decimal(amount) for name, amount in by_account.items()}


THE_ORDER = "the order"


def over(posting: InvoicePosting, number: str) -> InvoicePosting:
    """The bill over the order of that number, where it names THE_ORDER."""
    lines = (
        line.model_copy(update={"order_number": number}) if line.order_number == THE_ORDER else line
        for line in posting.lines
    )
    return posting.model_copy(update={"lines": tuple(lines)})


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(RefusedError) as refusal:
        await call
    assert refusal.value.system == "erp"
    assert refusal.value.message
    return refusal.value.code


class TestGoods:
    async def test_a_receipt_accrues_its_cost_and_a_return_takes_it_back(self, house: House) -> None:
        number = await ordered(house.erp, received="4")
        assert await house.books.balances() == amounts(expense="50.00", accrual="-50.00")
        assert await house.books.accrual_of(number) == Decimal(50)
        await house.erp.post_return("back", goods_return(number, {1: "1"}))
        assert await house.books.balances() == amounts(expense="37.50", accrual="-37.50")

    async def test_a_repeated_receipt_accrues_once(self, house: House) -> None:
        number = await ordered(house.erp, received="4")
        await house.erp.post_receipt("order-1:receipt", goods_receipt(number, {1: "4"}))
        assert await house.books.accrual_of(number) == Decimal(50)

    async def test_shares_the_cost_to_the_cent(self, house: House) -> None:
        thirds = ("33.33", "33.33", "33.34")
        accounts = (("4100", "610000"), ("4200", "610000"), ("4200", "620000"))
        costs = tuple(
            CostShare(cost_centre=centre, account=account, percent=Decimal(percent))
            for (centre, account), percent in zip(accounts, thirds, strict=True)
        )
        await ordered(house.erp, received="1", price="0.05", costs=costs)
        assert await house.books.balances() == amounts(expense="0.03", office="0.02", accrual="-0.05")

    async def test_a_new_price_revalues_what_is_not_billed(self, house: House) -> None:
        number = await ordered(house.erp)
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "4", "50.00")))
        await house.erp.change_order(number, "change-1", [order_line(price="13.00")])
        assert await house.books.accrual_of(number) == Decimal(78)
        assert (await house.books.balances())[EXPENSE] == Decimal(128)

    async def test_parts_that_round_leave_no_cent_behind(self, house: House) -> None:
        number = await ordered(house.erp, received="0", item="MASKS", price="3.333333")
        for part, count in enumerate(("3", "3", "4")):
            await house.erp.post_receipt(f"part-{part}", goods_receipt(number, {1: count}))
        assert await house.books.accrual_of(number) == Decimal("33.33")
        for part in range(10):
            line = order_posting_line(number, "1", "3.33")
            await house.erp.post_invoice(bill(f"bill-{part}", line))
        assert await house.books.accrual_of(number) == 0
        assert (await house.books.balances())[VARIANCE] == Decimal("-0.03")


class TestPositions:
    async def test_show_what_was_received_and_billed(self, house: House) -> None:
        number = await ordered(house.erp, received="6")
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "4", "54.00", "50.00")))
        (position,) = await house.erp.order_positions([number, "PO-0", number])
        line = position.lines[0]
        assert (position.case_id, position.facility) == ("procure-to-pay.north.REQ-1", "north")
        assert (position.supplier, position.requester) == ("MEDIX", "nurse.north")
        assert (line.received, line.billed, line.billed_amount) == (Decimal(6), Decimal(4), usd("54.00"))
        assert line.inspected is None
        assert (line.category, line.line.unit_price) == ("medical-supplies", usd("12.50"))
        assert (position.status, position.currency) == ("open", "USD")

    async def test_a_line_without_an_item_keeps_its_category(self, house: House) -> None:
        draft = order_draft("free", order_line(item=None)).model_copy(update={"categories": {1: "services"}})
        placed = await house.erp.place_order(draft)
        (position,) = await house.erp.order_positions([placed.number])
        assert position.lines[0].category == "services"

    async def test_open_ones_have_something_received_and_not_billed_the_latest_first(self, house: House) -> None:
        first, second = await ordered(house.erp, "a"), await ordered(house.erp, "b", received="3")
        await ordered(house.erp, "not-received", received="0")
        billed = await ordered(house.erp, "billed")
        await house.erp.post_invoice(bill("bill-1", order_posting_line(billed, "10", "125.00")))
        found = await house.erp.open_order_positions("MEDIX", "north", 10)
        assert [each.number for each in found] == [second, first]
        assert [each.number for each in await house.erp.open_order_positions("MEDIX", "north", 1)] == [second]
        assert await house.erp.open_order_positions("OTHER", "north", 10) == ()
        assert await house.erp.open_order_positions("MEDIX", "south", 10) == ()

    async def test_a_billed_order_is_neither_cancelled_nor_cut_below_its_bill(self, house: House) -> None:
        number = await ordered(house.erp, received="0")
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "4", "50.00")))
        assert await refused(house.erp.cancel_order(number, "no need")) == "order-billed"
        change = house.erp.change_order(number, "c", [order_line(quantity="3")])
        assert await refused(change) == "order-below-billed"
        assert (await house.erp.close_order(number, True, "done")).status == "closed-short"


class TestPostingABill:
    async def test_clears_the_accrual_books_variance_and_tax_and_owes_the_amount(self, house: House) -> None:
        number = await ordered(house.erp)
        line = order_posting_line(number, "10", "130.00", "125.00")
        posted = await house.erp.post_invoice(bill("bill-1", line, tax=usd("9.10"), withheld=usd("5.00")))
        assert posted == PostedInvoice(
            number=house.bill_number(1),
            external_id="bill-1",
            supplier="MEDIX",
            supplier_number="No. bill-1",
            amount=usd("139.10"),
            open=usd("134.10"),
            status="posted",
        )
        assert await house.books.balances() == amounts(
            expense="125.00", variance="5.00", tax="9.10", payables="-134.10", disputed="-5.00"
        )
        assert await house.erp.find_posted("bill-1") == posted

    async def test_without_an_order_it_is_charged_to_its_costs(self, house: House) -> None:
        shares = (
            CostShare(cost_centre="4100", account="610000", percent=Decimal("33.3")),
            CostShare(cost_centre="4200", account="620000", percent=Decimal("66.7")),
        )
        await house.erp.post_invoice(bill("bill-1", cost_line("100.01", shares)))
        assert await house.books.balances() == amounts(expense="33.30", office="66.71", payables="-100.01")

    async def test_before_the_goods_the_accrual_waits_for_them(self, house: House) -> None:
        number = await ordered(house.erp, received="0")
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "10", "125.00")))
        assert await house.books.accrual_of(number) == Decimal(-125)
        await house.erp.post_receipt("later", goods_receipt(number, {1: "10"}))
        assert await house.books.balances() == amounts(expense="125.00", payables="-125.00")

    async def test_a_credit_note_takes_back(self, house: House) -> None:
        number = await ordered(house.erp)
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "10", "125.00")))
        credit = bill("credit-1", order_posting_line(number, "-2", "-25.00"), kind="credit-note", credited=("bill-1",))
        assert (await house.erp.post_invoice(credit)).open == usd("-25.00")
        (position,) = await house.erp.order_positions([number])
        assert (position.lines[0].billed, position.lines[0].billed_amount) == (Decimal(8), usd("100.00"))
        assert await house.books.accrual_of(number) == Decimal(25)
        assert (await house.books.balances())[PAYABLES] == Decimal(-100)

    async def test_the_same_external_id_gives_the_same_voucher_for_ever(self, house: House) -> None:
        first = await house.erp.post_invoice(bill("bill-1"))
        assert await house.erp.post_invoice(bill("bill-1", cost_line("7.00"), supplier="NOBODY")) == first
        assert (await house.books.balances())[PAYABLES] == Decimal(-50)
        assert await house.erp.find_posted("bill-2") is None

    async def test_twenty_at_once_make_one_voucher(self, house: House) -> None:
        number = await ordered(house.erp)
        posting = bill("bill-1", order_posting_line(number, "10", "125.00"))
        posted = await asyncio.gather(*(house.erp.post_invoice(posting) for _ in range(20)))
        assert {each.number for each in posted} == {house.bill_number(1)}
        assert (await house.books.balances())[PAYABLES] == Decimal(-125)

    async def test_twenty_names_of_one_bill_make_one_voucher(self, house: House) -> None:
        writings = ("inv-0042", "INV 42".replace(" ", " 00"), "Inv.0042", "inv/0042 ")
        bills = [bill(f"bill-{count}", number=writings[count % 4]) for count in range(20)]
        answers = await asyncio.gather(*(house.erp.post_invoice(each) for each in bills), return_exceptions=True)
        posted = [each for each in answers if isinstance(each, PostedInvoice)]
        codes = [each.code for each in answers if isinstance(each, RefusedError)]
        assert (len(posted), codes) == (1, ["duplicate-suspected"] * 19)
        assert (await house.books.balances())[PAYABLES] == Decimal(-50)

    async def test_the_same_number_of_another_supplier_is_another_bill(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1", number="42"))
        assert (await house.erp.post_invoice(bill("bill-2", number="42", supplier="OTHER"))).status == "posted"

    async def test_two_bills_at_once_never_take_more_than_was_ordered(self, house: House) -> None:
        number = await ordered(house.erp)
        line = order_posting_line(number, "6", "75.00")
        answers = await asyncio.gather(
            *(house.erp.post_invoice(bill(f"bill-{count}", line)) for count in range(4)), return_exceptions=True
        )
        assert sum(isinstance(each, PostedInvoice) for each in answers) == 1
        assert {each.code for each in answers if isinstance(each, RefusedError)} == {"quantity-over-ordered"}

    async def test_what_came_in_beyond_the_order_may_be_billed(self, house: House) -> None:
        number = await ordered(house.erp, received="11")
        posted = await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "11", "137.50")))
        assert posted.amount == usd("137.50")

    @pytest.mark.parametrize(
        ("posting", "code"),
        [
            (bill(supplier="NOBODY"), "supplier-unknown"),
            (bill(supplier="HALTED"), "supplier-blocked"),
            (bill(posted_on=date(2026, 2, 28)), "period-closed"),
            (bill(amount=usd("50.01")), "not-balanced"),
            (bill(tax=usd("1.00"), amount=usd("50.00")), "not-balanced"),
            (bill(currency="EUR"), "currency-differs"),
            (bill(number="  "), "data-invalid"),
            (bill(withheld=usd("50.01")), "data-invalid"),
            (bill(withheld=usd("-1")), "data-invalid"),
            (bill("b", cost_line("-50.00")), "data-invalid"),
            (bill("b", cost_line("50.00"), kind="credit-note"), "data-invalid"),
            (bill("b", cost_line("0.005")), "data-invalid"),
            (bill("b", cost_line("5.00", ())), "coding-invalid"),
            (bill("b", cost_line("5.00", (CostShare(cost_centre="4900", account="610000"),))), "coding-invalid"),
            (bill("b", cost_line("5.00", (CostShare(cost_centre="4100", account="699999"),))), "coding-invalid"),
            (bill("b", cost_line("5.00", (CostShare(cost_centre="4100"),))), "coding-invalid"),
            (bill("b", order_posting_line("PO-404", "1", "12.50")), "order-unknown"),
            (bill("b", order_posting_line(THE_ORDER, "1", "12.50", order_line=9)), "line-unknown"),
            (bill("b", order_posting_line(THE_ORDER, "1", "12.50"), supplier="OTHER"), "supplier-differs"),
            (bill("b", order_posting_line(THE_ORDER, "11", "137.50")), "quantity-over-ordered"),
            (bill("b", order_posting_line(THE_ORDER, "1", "13.00")), "accrual-differs"),
            (
                bill("b", order_posting_line(THE_ORDER, "-1", "-12.50"), kind="credit-note"),
                "credit-over-billed",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_refuses_and_keeps_nothing(self, house: House, posting: InvoicePosting, code: str) -> None:
        posting = over(posting, await ordered(house.erp, received="0"))
        assert await refused(house.erp.post_invoice(posting)) == code
        assert await house.erp.find_posted(posting.external_id) is None
        assert await house.books.balances() == {}
        assert (await house.erp.post_invoice(bill("next"))).number == house.bill_number(1)

    async def test_refuses_a_line_whose_parts_are_not_its_amount(self, house: House) -> None:
        number = await ordered(house.erp, received="0")
        line = order_posting_line(number, "1", "12.50").model_copy(update={"variance": usd("1.00")})
        assert await refused(house.erp.post_invoice(bill("b", line))) == "not-balanced"

    async def test_refuses_a_cancelled_order(self, house: House) -> None:
        number = await ordered(house.erp, received="0")
        await house.erp.cancel_order(number, "no need")
        posting = bill("b", order_posting_line(number, "1", "12.50"))
        assert await refused(house.erp.post_invoice(posting)) == "order-closed"


class TestReversingABill:
    async def test_leaves_the_books_as_they_were_and_the_number_free(self, house: House) -> None:
        number = await ordered(house.erp)
        before = await house.books.balances()
        line = order_posting_line(number, "10", "130.00", "125.00")
        await house.erp.post_invoice(bill("bill-1", line, tax=usd("9.10"), withheld=usd("5.00"), number="A-1"))
        reversed_bill = await house.erp.reverse_invoice("bill-1", "keyed wrong", TODAY)
        assert reversed_bill is not None
        assert (reversed_bill.status, reversed_bill.open) == ("reversed", usd("0"))
        assert await house.books.balances() == before
        assert (await house.erp.order_positions([number]))[0].lines[0].billed == 0
        assert await house.erp.reverse_invoice("bill-1", "again", TODAY) == reversed_bill
        assert (await house.erp.post_invoice(bill("bill-2", line, number="a 1"))).status == "posted"

    async def test_accrues_at_the_price_of_today(self, house: House) -> None:
        number = await ordered(house.erp)
        await house.erp.post_invoice(bill("bill-1", order_posting_line(number, "10", "125.00")))
        await house.erp.change_order(number, "change-1", [order_line(price="13.00")])
        await house.erp.reverse_invoice("bill-1", "keyed wrong", TODAY)
        assert await house.books.balances() == amounts(expense="130.00", accrual="-130.00")

    async def test_is_refused_when_something_was_paid_or_the_books_are_closed(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1"))
        assert await refused(house.erp.reverse_invoice("bill-1", "", date(2026, 2, 1))) == "period-closed"
        await house.erp.post_payment(paying("pay-1", item("bill-1", "10.00")))
        assert await refused(house.erp.reverse_invoice("bill-1", "", TODAY)) == "invoice-paid"

    async def test_of_nothing_is_nothing(self, house: House) -> None:
        assert await house.erp.reverse_invoice("bill-404", "", TODAY) is None


class TestPaying:
    async def test_settles_bills_and_credit_notes_and_keeps_the_discount(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1", cost_line("100.00")))
        await house.erp.post_invoice(bill("bill-2", cost_line("-20.00"), kind="credit-note"))
        posting = paying("pay-1", item("bill-1", "100.00", "2.00"), item("bill-2", "-20.00"))
        assert await house.erp.post_payment(posting) == house.payment_number(1)
        assert await house.erp.post_payment(posting) == house.payment_number(1)
        assert await house.books.balances() == amounts(expense="80.00", bank="-78.00", discounts="-2.00")
        for external_id in ("bill-1", "bill-2"):
            found = await house.erp.find_posted(external_id)
            assert found is not None
            assert (found.status, found.open) == ("paid", usd("0"))

    async def test_money_that_comes_back_opens_the_bills_again(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1"))
        before = await house.books.balances()
        await house.erp.post_payment(paying("pay-1", item("bill-1", "50.00", "1.00")))
        await house.erp.reverse_payment("pay-1", "R02", TODAY)
        await house.erp.reverse_payment("pay-1", "R02", TODAY)
        await house.erp.reverse_payment("pay-404", "R02", TODAY)
        found = await house.erp.find_posted("bill-1")
        assert found is not None
        assert (found.status, found.open) == ("posted", usd("50.00"))
        assert await house.books.balances() == before
        assert await house.erp.post_payment(paying("pay-2", item("bill-1", "50.00"))) == house.payment_number(2)
        assert await refused(house.erp.reverse_payment("pay-2", "R02", date(2026, 2, 1))) == "period-closed"

    async def test_in_parts_leaves_the_rest_open(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1", withheld=usd("10.00")))
        await house.erp.post_payment(paying("pay-1", item("bill-1", "15.00")))
        found = await house.erp.find_posted("bill-1")
        assert found is not None
        assert (found.status, found.open) == ("posted", usd("25.00"))

    async def test_of_two_payments_over_one_bill_one_is_refused(self, house: House) -> None:
        await house.erp.post_invoice(bill("bill-1"))
        payments = [paying(f"pay-{count}", item("bill-1", "50.00")) for count in range(2)]
        answers = await asyncio.gather(*(house.erp.post_payment(each) for each in payments), return_exceptions=True)
        assert sorted(each if isinstance(each, str) else getattr(each, "code", "") for each in answers) == [
            house.payment_number(1),
            "payment-over-open",
        ]
        assert (await house.books.balances())[BANK] == Decimal(-50)

    @pytest.mark.parametrize(
        ("payment", "code"),
        [
            (paying("p", item("bill-1", "50.01")), "payment-over-open"),
            (paying("p", item("bill-1", "30.00"), item("bill-1", "30.00")), "payment-over-open"),
            (paying("p", item("bill-1", "50.00"), item("bill-1", "-1.00")), "payment-over-open"),
            (paying("p", item("bill-1", "50.00"), amount=usd("49.00")), "not-balanced"),
            (paying("p", item("bill-1", "50.00", "51.00"), amount=usd("1.00")), "data-invalid"),
            (paying("p", amount=usd("1.00")), "data-invalid"),
            (paying("p", item("bill-1", "1.00", "1.00")), "data-invalid"),
            (paying("p", item("bill-1", "0.005")), "data-invalid"),
            (paying("p", item("bill-404", "50.00")), "invoice-unknown"),
            (paying("p", item("bill-1", "50.00"), supplier="OTHER"), "supplier-differs"),
            (paying("p", item("bill-1", "50.00"), supplier="SHUT"), "supplier-blocked"),
            (paying("p", item("bill-1", "50.00"), supplier="NOBODY"), "supplier-unknown"),
            (paying("p", item("bill-1", "50.00"), paid_on=date(2026, 2, 1)), "period-closed"),
            (paying("p", item("gone", "50.00")), "invoice-reversed"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_refuses_and_keeps_nothing(self, house: House, payment: PaymentPosting, code: str) -> None:
        await house.erp.post_invoice(bill("bill-1"))
        await house.erp.post_invoice(bill("gone"))
        await house.erp.reverse_invoice("gone", "keyed wrong", TODAY)
        before = await house.books.balances()
        assert await refused(house.erp.post_payment(payment)) == code
        assert await house.books.balances() == before
        assert await house.erp.post_payment(paying("next", item("bill-1", "50.00"))) == house.payment_number(1)
