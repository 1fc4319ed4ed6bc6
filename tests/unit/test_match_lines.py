"""Lines of bills and the order lines that they mean: finding, counting, judging."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.invoice import Invoice
from domain.invoice_units import conversion
from domain.matching import Accepted, LineMatch, MatchResult, match
from domain.payables import OrderPosition
from domain.policy.model import AcceptanceRule, FrozenPolicy, InvoiceRule, InvoiceToleranceRule, MatchWaysRule
from domain.requisition import CostShare
from tests.fixtures.bills import SUPPLIER, billed, count, invoice, order, ordered, usd
from tests.fixtures.small_policy import policy

BOXES = count(10, "BX", 100)


def tolerance(kind: Any, percent: str, amount: str, **over: Any) -> InvoiceToleranceRule:
    return InvoiceToleranceRule(name=kind, kind=kind, percent=Decimal(percent), amount=Decimal(amount), **over)


RULES = policy(invoice_tolerances=(tolerance("price", "2", "50"), tolerance("quantity", "0", "0")))


def matched(
    bill: Invoice, *orders: OrderPosition, rules: FrozenPolicy = RULES, accepted: tuple[Accepted, ...] = ()
) -> MatchResult:
    return match(bill, SUPPLIER, orders, rules, accepted)


def only(result: MatchResult) -> LineMatch:
    assert len(result.lines) == 1
    return result.lines[0]


def codes(result: MatchResult) -> list[str]:
    return [each.code for each in result.findings]


class TestFinding:
    def test_an_explicit_order_line_comes_first(self) -> None:
        bill = invoice(billed(1, "", count(2), "5.00", order_number="po-1 ", order_line=2), order_numbers=())
        result = matched(bill, order("PO-1", ordered(1, "A", count(2), "9.00"), ordered(2, "B", count(2), "5.00")))
        assert (only(result).order_number, only(result).order_line, only(result).state) == ("PO-1", 2, "matched")

    def test_a_line_number_that_the_item_contradicts_is_not_believed(self) -> None:
        bill = invoice(billed(1, "B", count(2), "5.00", order_line=1))
        result = matched(bill, order("PO-1", ordered(1, "A", count(2), "5.00"), ordered(2, "B", count(2), "5.00")))
        assert only(result).order_line == 2
        assert "found by item" in only(result).note

    @pytest.mark.parametrize(
        ("said", "known", "how"),
        [
            ({"buyer_item": "a-1"}, {"item": "A-1"}, "item"),
            ({"buyer_item": "", "gtin": "09524000000018"}, {"gtin": "9524000000018"}, "GTIN"),
            ({"buyer_item": "", "seller_item": "A-1"}, {"item": "A-1"}, "item"),
            ({"buyer_item": "", "description": "Gloves,  nitrile"}, {"description": "gloves nitrile"}, "words"),
            (
                {"buyer_item": "", "seller_item": "77", "description": "Box of gloves"},
                {"description": "Nitrile gloves"},
                "price and description",
            ),
        ],
    )
    def test_what_names_the_goods(self, said: dict[str, Any], known: dict[str, Any], how: str) -> None:
        bill = invoice(billed(1, said.pop("buyer_item"), count(2), "5.00", **said))
        other = ordered(1, "OTHER", count(2), "7.00", description="Something else")
        result = matched(bill, order("PO-1", other, ordered(2, known.pop("item", "X"), count(2), "5.00", **known)))
        assert only(result).order_line == 2
        assert only(result).note == f"found by {how}"

    def test_of_two_lines_of_an_item_the_one_of_the_price(self) -> None:
        both = order("PO-1", ordered(1, "A", count(5), "9.00"), ordered(2, "A", count(5), "5.00"))
        assert only(matched(invoice(billed(1, "A", count(2), "5.00")), both)).order_line == 2

    def test_several_bill_lines_fill_several_order_lines(self) -> None:
        bill = invoice(*(billed(each, "A", count(5), "5.00") for each in range(1, 5)), order_numbers=("PO-2", "PO-1"))
        orders = [order(f"PO-{number}", ordered(1, "A", count(10), "5.00")) for number in (1, 2)]
        result = matched(bill, *orders)
        assert [each.order_number for each in result.lines] == ["PO-2", "PO-2", "PO-1", "PO-1"]
        assert result == matched(bill, *reversed(orders))
        assert (result.gate, result.first_pass, result.order_lines) == (True, 4, 4)

    def test_a_line_that_names_its_order_line_is_not_displaced(self) -> None:
        bill = invoice(billed(1, "A", count(5), "5.00"), billed(2, "A", count(5), "5.00", order_line=1))
        result = matched(bill, order("PO-1", ordered(1, "A", count(5), "5.00"), ordered(2, "A", count(5), "5.00")))
        assert [each.order_line for each in result.lines] == [2, 1]
        assert result.gate

    def test_an_order_of_another_supplier_is_not_found(self) -> None:
        result = matched(invoice(billed(1, "A", count(1), "5.00")), order("PO-1", supplier="S-2"))
        assert codes(result) == ["order-not-found"]
        assert "PO-1 is an order with S-2" in result.findings[0].message
        assert not result.gate

    def test_what_is_on_no_named_order(self) -> None:
        result = matched(invoice(billed(1, "Z", count(1), "5.00")), order("PO-1", ordered(1, "A", count(1), "6.00")))
        assert codes(result) == ["item-not-ordered"]
        assert only(result).state == "exception"
        assert (result.first_pass, result.order_lines) == (0, 1)

    def test_an_unknown_order_may_hold_what_the_known_one_does_not(self) -> None:
        bill = invoice(
            billed(1, "A", count(1), "6.00"), billed(2, "Z", count(1), "5.00"), order_numbers=("PO-1", "PO-9")
        )
        result = matched(bill, order("PO-1", ordered(1, "A", count(1), "6.00")))
        assert codes(result) == ["order-not-found"]
        assert "no order PO-9" in result.findings[0].message

    def test_without_a_number_an_open_order_of_the_item(self) -> None:
        orders = (
            order("PO-1", ordered(1, "A", count(1), "5.00"), status="closed"),
            order("PO-2", ordered(1, "A", count(1), "5.00")),
        )
        result = matched(invoice(billed(1, "A", count(1), "5.00"), order_numbers=()), *orders)
        assert only(result).order_number == "PO-2"
        assert only(result).note == "no order named; found on PO-2 by item"

    def test_without_an_order_somebody_codes_it(self) -> None:
        bill = invoice(billed(1, "", count(1), "5.00"), order_numbers=())
        assert codes(matched(bill)) == ["coding-required"]
        shares = (CostShare(cost_centre="N-200", account="620100"),)
        coded = matched(invoice(billed(1, "", count(1), "5.00", costs=shares), order_numbers=()))
        assert (only(coded).state, coded.gate, coded.order_lines) == ("non-order", True, 0)
        assert only(coded).costs == shares

    def test_coding_cannot_be_accepted_away(self) -> None:
        bill = invoice(billed(1, "", count(1), "5.00"), order_numbers=())
        assert not matched(bill, accepted=(Accepted(code="coding-required"),)).gate

    def test_an_accepted_missing_order_still_needs_its_coding(self) -> None:
        bill = invoice(billed(1, "A", count(1), "5.00"))
        result = matched(bill, accepted=(Accepted(code="order-not-found"),))
        assert codes(result) == ["coding-required"]


class TestUnits:
    @pytest.mark.parametrize(
        ("unit", "price"),
        [
            (count(10, "BX", 100), "12.00"),
            (count(10, "XBX"), "12.00"),
            (count(1000, "EA"), "0.12"),
            (count(1000, "C62"), "0.12"),
            (count(5, "CS", 200), "24.00"),
        ],
    )
    def test_the_same_goods_in_other_units(self, unit: Any, price: str) -> None:
        result = matched(invoice(billed(1, "A", unit, price)), order("PO-1", ordered(1, "A", BOXES, "12.00")))
        line = only(result)
        assert (line.state, line.quantity, line.price, line.variance) == ("matched", Decimal(10), usd("12.00"), usd(0))

    def test_a_part_of_a_pack_is_not_rounded_up(self) -> None:
        line = only(
            matched(invoice(billed(1, "A", count(150), "0.12")), order("PO-1", ordered(1, "A", BOXES, "12.00")))
        )
        assert (line.quantity, line.state) == (Decimal("1.5"), "matched")

    def test_thirds_of_a_pack_say_that_they_were_rounded(self) -> None:
        packs = count(2, "BX", 3)
        line = only(matched(invoice(billed(1, "A", count(1), "4.00")), order("PO-1", ordered(1, "A", packs, "12.00"))))
        assert line.quantity == Decimal("0.333333")
        assert "to six decimal places" in line.note

    def test_hours_are_not_boxes(self) -> None:
        bill = invoice(billed(1, "A", count(10, "HUR"), "12.00"))
        result = matched(bill, order("PO-1", ordered(1, "A", BOXES, "12.00")))
        assert codes(result) == ["unit-mismatch"]
        assert "expected in BX of 100, found billed 10 HUR" in result.findings[0].message

    def test_an_unknown_unit_equals_itself_alone(self) -> None:
        assert conversion(count(1, "ZZ"), count(1, "ZZ")) is not None
        assert conversion(count(1, "ZZ"), count(1)) is None


class TestPrice:
    @pytest.mark.parametrize(
        ("price", "state"),
        [("12.00", "matched"), ("12.24", "tolerated"), ("12.25", "exception"), ("11.00", "tolerated")],
    )
    def test_two_percent(self, price: str, state: str) -> None:
        result = matched(invoice(billed(1, "A", BOXES, price)), order("PO-1", ordered(1, "A", BOXES, "12.00")))
        assert only(result).state == state
        assert only(result).variance == usd(price).times(10) - usd("120.00")

    def test_the_smaller_allowance_counts(self) -> None:
        large = count(1000)
        result = matched(invoice(billed(1, "A", large, "12.06")), order("PO-1", ordered(1, "A", large, "12.00")))
        assert codes(result) == ["price-variance"]
        evidence = result.findings[0].evidence
        assert evidence["lines"][0]["allowance"] == "50.00 USD on the line"
        assert (evidence["at_stake"], evidence["lines_concerned"]) == ("60.00 USD", 1)

    def test_the_first_row_for_the_category_decides(self) -> None:
        rules = policy(
            invoice_tolerances=(
                tolerance("price", "0", "0", categories=("pharmacy",)),
                tolerance("price", "10", "100", suppliers=(SUPPLIER,)),
            )
        )
        bill = invoice(billed(1, "A", count(1), "10.50"))
        for category, state in (("pharmacy", "exception"), ("office", "tolerated")):
            bought = order("PO-1", ordered(1, "A", count(1), "10.00", category=category))
            assert only(matched(bill, bought, rules=rules)).state == state

    def test_at_the_orders_price_when_paid_short(self) -> None:
        bill = invoice(billed(1, "A", BOXES, "13.00"))
        bought = order("PO-1", ordered(1, "A", BOXES, "12.00"))
        result = matched(bill, bought, accepted=(Accepted(code="price-variance", short_pay=True),))
        assert (only(result).state, only(result).payable) == ("accepted", usd("120.00"))
        assert (result.payable, result.withheld, result.gate) == (usd("120.00"), usd("10.00"), True)

    def test_accepted_is_paid_in_full_and_no_first_pass(self) -> None:
        bought = order("PO-1", ordered(1, "A", BOXES, "12.00"))
        result = matched(invoice(billed(1, "A", BOXES, "13.00")), bought, accepted=(Accepted(code="price-variance"),))
        assert (result.payable, result.withheld, result.first_pass) == (usd("130.00"), usd(0), 0)
        assert only(result).codes == ("price-variance",)

    def test_another_currency(self) -> None:
        result = matched(
            invoice(billed(1, "A", BOXES, "12.00")), order("PO-1", ordered(1, "A", BOXES, "12.00"), currency="EUR")
        )
        assert codes(result) == ["currency-mismatch"]
        assert codes(
            matched(
                invoice(billed(1, "A", BOXES, "12.00")),
                order("PO-1", ordered(1, "A", BOXES, "12.00"), currency="EUR"),
                accepted=(Accepted(code="currency-mismatch"),),
            )
        ) == ["currency-mismatch"]


class TestWays:
    @pytest.mark.parametrize(
        ("ways", "received", "inspected", "code"),
        [
            (2, 0, None, None),
            (3, 0, None, "receipt-missing"),
            (3, 6, None, "receipt-short"),
            (3, 10, None, None),
            (3, 10, 0, None),
            (4, 10, 0, "receipt-missing"),
            (4, 10, 9, "receipt-short"),
            (4, 10, 10, None),
            (4, 10, None, None),
        ],
    )
    def test_against_order_receipt_and_inspection(
        self, ways: Any, received: int, inspected: int | None, code: str | None
    ) -> None:
        rules = policy(invoice=InvoiceRule(ways=ways))
        position = ordered(
            1,
            "A",
            BOXES,
            "12.00",
            received=Decimal(received),
            inspected=None if inspected is None else Decimal(inspected),
        )
        result = matched(invoice(billed(1, "A", BOXES, "12.00")), order("PO-1", position), rules=rules)
        assert codes(result) == ([code] if code else [])
        assert only(result).state == ("waiting" if code else "matched")
        assert result.waiting_for == (("PO-1",) if code else ())
        assert ("not inspected" in only(result).note) == (ways == 4 and inspected is None)

    def test_services_need_no_receipt(self) -> None:
        rules = policy(match_ways=(MatchWaysRule(name="services", categories=("services",), ways=2),))
        position = ordered(1, "A", BOXES, "12.00", received=Decimal(0), category="services")
        result = matched(invoice(billed(1, "A", BOXES, "12.00")), order("PO-1", position), rules=rules)
        assert (only(result).state, only(result).ways) == ("matched", 2)

    def test_billed_beyond_the_order(self) -> None:
        position = ordered(1, "A", BOXES, "12.00", billed=Decimal(8), billed_amount=usd("96.00"))
        result = matched(invoice(billed(1, "A", count(3, "BX", 100), "12.00")), order("PO-1", position))
        assert codes(result) == ["quantity-over-ordered"]
        assert "expected 2 BX of 100, found 3 BX of 100" in result.findings[0].message

    def test_the_second_line_of_an_order_line_finds_what_the_first_left(self) -> None:
        bill = invoice(billed(1, "A", count(6), "5.00"), billed(2, "A", count(6), "5.00"))
        result = matched(bill, order("PO-1", ordered(1, "A", count(10), "5.00")))
        assert [each.state for each in result.lines] == ["matched", "exception"]
        paid = matched(
            bill,
            order("PO-1", ordered(1, "A", count(10), "5.00")),
            accepted=(Accepted(code="quantity-over-ordered", short_pay=True),),
        )
        assert [each.payable for each in paid.lines] == [usd("30.00"), usd("20.00")]

    def test_an_over_delivery_within_tolerance_may_be_billed(self) -> None:
        position = ordered(1, "A", count(100), "1.00", received=Decimal(105))
        assert only(matched(invoice(billed(1, "A", count(105), "1.00")), order("PO-1", position))).state == "matched"
        more = ordered(1, "A", count(100), "1.00", received=Decimal(110))
        result = matched(invoice(billed(1, "A", count(110), "1.00")), order("PO-1", more))
        assert codes(result) == ["quantity-over-ordered"]

    def test_a_quantity_tolerance_is_bounded_by_what_it_costs(self) -> None:
        rules = policy(invoice_tolerances=(tolerance("quantity", "10", "6"),))
        for price, state in (("5.00", "tolerated"), ("7.00", "exception")):
            position = ordered(1, "A", count(10), price)
            bill = invoice(billed(1, "A", count(11), price))
            assert only(matched(bill, order("PO-1", position), rules=rules)).state == state

    def test_buying_and_receiving_are_asked_at_once(self) -> None:
        position = ordered(1, "A", count(10), "5.00", received=Decimal(4))
        bill = invoice(billed(1, "A", count(12), "5.00"))
        assert codes(matched(bill, order("PO-1", position))) == ["quantity-over-ordered", "receipt-short"]
        paid = matched(
            bill,
            order("PO-1", position),
            accepted=(
                Accepted(code="quantity-over-ordered", short_pay=True),
                Accepted(code="receipt-short", short_pay=True),
            ),
        )
        assert (only(paid).payable, paid.withheld, paid.gate) == (usd("20.00"), usd("40.00"), True)
        assert (only(paid).quantity, only(paid).disputed) == (Decimal(12), Decimal(8))

    def test_small_excesses_add_up(self) -> None:
        """Each bill is within two percent, and the last one finds that the order's money is gone."""
        position = ordered(1, "A", count(100), "10.00", billed=Decimal(90), billed_amount=usd("945.00"))
        result = matched(invoice(billed(1, "A", count(10), "10.00")), order("PO-1", position))
        assert codes(result) == ["amount-over-ordered"]
        paid = matched(
            invoice(billed(1, "A", count(10), "10.00")),
            order("PO-1", position),
            accepted=(Accepted(code="amount-over-ordered", short_pay=True),),
        )
        assert only(paid).payable == usd("55.00")

    @pytest.mark.parametrize("status", ["closed", "closed-short", "cancelled"])
    def test_a_closed_order(self, status: str) -> None:
        bought = order("PO-1", ordered(1, "A", BOXES, "12.00"), status=status)
        result = matched(invoice(billed(1, "A", BOXES, "12.00")), bought)
        assert codes(result) == ["order-closed"]
        assert f"PO-1 is {status}" in result.findings[0].message

    def test_a_quantity_beyond_all_money(self) -> None:
        bill = invoice(billed(1, "A", count("999999999999", "CS", 1_000_000), "0.00", amount=usd("5.00")))
        result = matched(bill, order("PO-1", ordered(1, "A", count(1), "999999999.00")))
        assert codes(result) == ["quantity-over-ordered"]


def test_evidence_names_the_first_fifty_lines() -> None:
    bill = invoice(*(billed(each, f"A{each}", count(1), "6.00") for each in range(1, 121)))
    bought = order("PO-1", *(ordered(each, f"A{each}", count(1), "5.00") for each in range(1, 121)))
    finding = matched(bill, bought).findings[0]
    assert len(finding.evidence["lines"]) == 50
    assert (finding.evidence["lines_concerned"], finding.evidence["at_stake"]) == (120, "120.00 USD")
    assert finding.line is None
    assert "line 1, expected 5.00 USD, found 6.00 USD and 119 more lines" in finding.message
    shown = finding.evidence["lines"][0]
    assert (shown["order"], shown["order_line"], shown["ordered"], shown["received"]) == ("PO-1", 1, "1 EA", "1")


def test_a_rule_of_the_policy_accepts_by_itself() -> None:
    rule = AcceptanceRule(
        name="small-price", reason="cheaper than asking", code="price-variance", max_amount=Decimal(100)
    )
    bought = order("PO-1", ordered(1, "A", count(1), "5.00"))
    result = matched(invoice(billed(1, "A", count(1), "6.00")), bought, rules=policy(acceptance=(rule,)))
    assert (result.gate, only(result).state) == (True, "accepted")
    assert result.notes == ("Accepted by rule small-price (price-variance): cheaper than asking.",)
