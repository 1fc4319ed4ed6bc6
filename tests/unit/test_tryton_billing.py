"""What bills take of orders, how they are written down in Tryton, and what payments settle: without a Tryton."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.erp.tryton import accruals, billing, settling
from adapters.erp.tryton.bill_documents import BillDocument, HeldBill, bill_view, open_amount, with_taken
from adapters.erp.tryton.billing import BilledOrder
from adapters.erp.tryton.documents import HeldLine, HeldPurchase, OrderDocument
from adapters.erp.tryton.settling import PaidBill
from domain.outside_errors import RefusedError
from domain.reference_system import PostingAccounts
from domain.requisition import CostShare
from tests.fixtures.payables_contract import bill, cost_line, item, order_posting_line, paying
from tests.fixtures.purchasing import TODAY, order_draft, order_line, usd

ACCOUNTS = PostingAccounts()


def order(received: str = "10", price: str = "12.50", quantity: str = "10", **over: object) -> BilledOrder:
    draft = order_draft("order-1", order_line(price=price, quantity=quantity))
    document = OrderDocument(draft=draft, lines={1: draft.lines[0]}, purchase=5, number="PO-1")
    line = HeldLine(
        id=50,
        product=7,
        unit=2,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        description="",
        moved=Decimal(received),
    )
    held = HeldPurchase(id=5, number="PO-1", state="processing", party=3, warehouse=4, lines={1: line})
    accrued = accruals.with_accrual(document.model_copy(update=over), held, "r", TODAY, ACCOUNTS)
    return BilledOrder(accrued.model_copy(update={"unbooked": ()}), held)


class TestAnAccrual:
    def test_is_booked_against_the_costs_of_the_line(self) -> None:
        draft = order_draft("order-1", order_line())
        document = OrderDocument(draft=draft, lines={1: draft.lines[0]}, purchase=5, number="PO-1")
        found = accruals.with_accrual(document, order().held, "receipt-1", TODAY, ACCOUNTS)
        (move,) = found.unbooked
        assert (move.external_id, move.on) == ("accrual:receipt-1", TODAY)
        entries = [(each.account, each.amount, each.note) for each in move.entries]
        assert entries == [("610000", Decimal(125), "PO-1/1"), ("210100", Decimal(-125), "PO-1/1")]
        assert found.accrued == {1: Decimal(125)}

    def test_that_is_as_it_ought_to_be_books_nothing(self) -> None:
        same = order()
        assert accruals.with_accrual(same.document, same.held, "again", TODAY, ACCOUNTS) == same.document

    def test_of_a_mirrored_move_is_the_opposite(self) -> None:
        draft = order_draft("order-1", order_line())
        document = OrderDocument(draft=draft, lines={1: draft.lines[0]}, purchase=5, number="PO-1")
        (move,) = accruals.with_accrual(document, order().held, "r", TODAY, ACCOUNTS).unbooked
        assert [each.amount for each in move.mirrored("m", TODAY).entries] == [Decimal(-125), Decimal(125)]


class TestABill:
    def test_clears_the_accrual_and_books_the_variance(self) -> None:
        orders = {"PO-1": order()}
        posting = bill("b", order_posting_line("PO-1", "10", "130.00", "125.00"), withheld=usd("5.00"))
        takes = billing.taken(posting, orders)
        assert [(int(each.quantity), int(each.amount), int(each.cleared)) for each in takes] == [(10, 130, 125)]
        lines = billing.bill_lines(posting, takes, orders, ACCOUNTS)
        assert [(each.account, each.quantity, each.unit_price) for each in lines] == [
            ("210100", Decimal(10), Decimal("12.50")),
            ("690100", Decimal(1), Decimal(5)),
            ("200200", Decimal(1), Decimal(-5)),
        ]
        assert (lines[0].purchase_line, lines[0].product, lines[0].unit) == (50, 7, 2)

    def test_in_parts_leaves_no_cent(self) -> None:
        orders = {"PO-1": order(received="3", price="3.333333", quantity="3")}
        posting = bill("b", order_posting_line("PO-1", "3", "10.00"))
        (take,) = billing.taken(posting, orders)
        assert take.cleared == Decimal("10.00")
        assert with_taken(orders["PO-1"].document, [take]).accrued == {1: 0}

    def test_is_written_to_the_cent_where_tryton_rounds_half_to_even(self) -> None:
        orders = {"PO-1": order(received="1", price="0.125", quantity="1")}
        posting = bill("b", order_posting_line("PO-1", "1", "0.13"))
        lines = billing.bill_lines(posting, billing.taken(posting, orders), orders, ACCOUNTS)
        assert [(each.account, each.unit_price) for each in lines] == [
            ("210100", Decimal("0.125")),
            ("210100", Decimal("0.01")),
        ]

    def test_without_an_order_is_a_line_for_each_share(self) -> None:
        shares = (
            CostShare(cost_centre="4100", account="610000", percent=Decimal("33.3")),
            CostShare(cost_centre="4200", account="620000", percent=Decimal("66.7")),
        )
        lines = billing.bill_lines(bill("b", cost_line("100.01", shares)), (), {}, ACCOUNTS)
        assert [(each.account, each.unit_price, each.cost_centre) for each in lines] == [
            ("610000", Decimal("33.30"), "4100"),
            ("620000", Decimal("66.71"), "4200"),
        ]

    def test_is_refused_beyond_what_was_ordered(self) -> None:
        orders = {"PO-1": order(billed={1: Decimal(6)})}
        with pytest.raises(RefusedError) as refusal:
            billing.taken(bill("b", order_posting_line("PO-1", "5", "62.50")), orders)
        assert refusal.value.code == "quantity-over-ordered"

    def test_given_back_leaves_the_order_as_it_was(self) -> None:
        before = order().document.model_copy(update={"billed": {1: Decimal(0)}, "billed_amount": {1: Decimal(0)}})
        takes = billing.taken(bill("b", order_posting_line("PO-1", "4", "50.00")), {"PO-1": order()})
        assert with_taken(with_taken(before, takes), takes, -1) == before


def posted(name: str, amount: str, paid: str = "0", **over: object) -> BillDocument:
    kind = "credit-note" if amount.startswith("-") else "invoice"
    posting = bill(name, cost_line(amount), kind=kind)
    known = {"invoice": len(name), "number": f"INV-{name}", "paid": Decimal(paid), **over}
    return BillDocument(posting=posting, lines=()).model_copy(update=known)


def held(to_pay: str, state: str = "posted") -> HeldBill:
    return HeldBill(number="INV", state=state, to_pay=Decimal(to_pay))


class TestWhatIsOpen:
    @pytest.mark.parametrize(
        ("paid", "to_pay", "state", "still", "status"),
        [
            ("0", "100", "posted", "100", "posted"),
            ("30", "70", "posted", "70", "posted"),
            ("0", "40", "posted", "40", "posted"),  # people paid in Tryton
            ("60", "100", "posted", "40", "posted"),  # we are about to
            ("100", "0", "paid", "0", "paid"),
            ("0", "0", "paid", "0", "paid"),
            ("0", "0", "cancelled", "0", "reversed"),
        ],
    )
    def test_is_what_both_sides_say(self, paid: str, to_pay: str, state: str, still: str, status: str) -> None:
        document, in_tryton = posted("b", "100.00", paid), held(to_pay, state)
        assert open_amount(document, in_tryton) == Decimal(still)
        assert bill_view(document, in_tryton).status == status

    def test_of_a_credit_note_is_negative(self) -> None:
        assert open_amount(posted("c", "-20.00", "-5"), held("-20")) == Decimal(-15)


class TestAPayment:
    def bills(self) -> dict[str, PaidBill]:
        return {
            "one": PaidBill(posted("one", "100.00"), held("100")),
            "three": PaidBill(posted("three", "50.00"), held("50")),
            "credit": PaidBill(posted("credit", "-20.00"), held("-20")),
        }

    def test_offsets_credit_notes_and_discounts_and_pays_the_rest(self) -> None:
        payment = paying("p", item("one", "100.00", "2.00"), item("credit", "-20.00"), item("three", "50.00"))
        settling.check_items(payment, self.bills())
        found = settling.shares(payment, self.bills())
        assert [(each.bill, int(each.cash), int(each.offset), int(each.amount)) for each in found] == [
            ("one", 78, 22, 100),
            ("credit", 0, -20, -20),
            ("three", 50, 0, 50),
        ]
        move = settling.offset_move(payment, found, 3, ACCOUNTS)
        assert move is not None
        assert [(each.account, int(each.amount), each.note) for each in move.entries] == [
            ("200100", 22, "one"),
            ("200100", -20, "credit"),
            ("490100", -2, ""),
        ]

    def test_of_whole_bills_offsets_nothing(self) -> None:
        payment = paying("p", item("one", "100.00"))
        assert settling.offset_move(payment, settling.shares(payment, self.bills()), 3, ACCOUNTS) is None

    def test_of_one_bill_in_two_items_is_one_share(self) -> None:
        payment = paying("p", item("one", "60.00", "1.00"), item("one", "40.00"))
        (share,) = settling.shares(payment, self.bills())
        assert (share.cash, share.offset) == (Decimal(99), Decimal(1))

    def test_of_more_than_is_open_is_refused(self) -> None:
        payment = paying("p", item("one", "60.00"), item("one", "60.00"))
        with pytest.raises(RefusedError) as refusal:
            settling.check_items(payment, self.bills())
        assert refusal.value.code == "payment-over-open"

    @pytest.mark.parametrize("amount", ["100.00", "33.34"])
    def test_sums_to_what_leaves_the_bank(self, amount: str) -> None:
        payment = paying("p", item("one", amount, "0.01"), item("credit", "-7.00", "-0.50"), item("three", "1.00"))
        found = settling.shares(payment, self.bills())
        move = settling.offset_move(payment, found, 3, ACCOUNTS)
        assert sum(each.cash for each in found) == payment.amount.amount
        assert move is not None
        assert sum(each.amount for each in move.entries) == 0
