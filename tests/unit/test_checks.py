"""What people are asked before a requisition goes on, and what its lines become once they answered."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.checks import Assessment, assess
from domain.exceptions import Finding
from domain.master_data import Contract
from domain.money import Money
from domain.quantity import Quantity
from domain.requisition import RequisitionLine
from tests.fixtures.purchases import (
    TODAY,
    boxes,
    contract,
    item,
    item_line,
    master,
    pieces,
    policy,
    requester,
    requisition,
    share,
    spend,
    stock,
    supplier,
    text_line,
    tier,
    usd,
)

YESTERDAY = TODAY - timedelta(days=1)


def judge(*lines: RequisitionLine, rules: dict[str, Any] | None = None, **over: Any) -> Assessment:
    """Assess `lines` against the master data of `over`, with the other arguments of `assess` under their own names."""
    own = {name: over.pop(name) for name in ("requester", "recent", "accepted", "cancelled_lines") if name in over}
    who = own.pop("requester", requester())
    return assess(requisition(*lines), master(**over), policy(**(rules or {})), TODAY, who, **own)


def codes(assessment: Assessment) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in assessment.findings]


def counts(assessment: Assessment) -> list[tuple[int, ...]]:
    """(line, from stock, to order) of all lines."""
    return [(line.line, int(line.from_stock), int(line.to_order)) for line in assessment.lines]


def only(assessment: Assessment) -> Finding:
    (finding,) = assessment.findings
    json.dumps(finding.evidence, allow_nan=False)
    return finding


def test_an_item_under_contract_needs_nobody() -> None:
    result = judge(item_line(quantity=boxes(10)))
    assert not result.findings
    assert not result.notes
    (line,) = result.lines
    assert (line.supplier, line.contract, line.unit_price) == ("S-1", "C-1", usd(8))
    assert counts(result) == [(1, 0, 10)]
    assert line.costs == (share(account="6100"),)
    assert result.amount == result.to_order == usd(80)
    assert (line.need_by, line.deliver_to) == (requisition().need_by, "Ward 3")


def test_without_lines_nobody_is_asked_anything() -> None:
    result = judge(item_line(1), cancelled_lines=frozenset({1}), period_open=False, cost_centres=())
    assert result == Assessment(lines=(), findings=(), notes=(), amount=usd(0), to_order=usd(0))


class TestCosts:
    def test_closed_missing_and_strange_cost_centres_are_one_question(self) -> None:
        costs = (share("N-900", 40), share("S-100", 30), share("NONE", 30))
        finding = only(judge(item_line(costs=costs)))
        assert (finding.code, finding.line) == ("cost-centre-closed", 1)
        assert finding.evidence["cost_centres"] == {
            "N-900": "is closed",
            "S-100": "belongs to south",
            "NONE": "does not exist",
        }

    def test_a_cost_centre_outside_the_scope(self) -> None:
        line = item_line(costs=(share("N-100", 50), share("N-200", 50)))
        finding = only(judge(line))
        assert finding.code == "cost-centre-foreign"
        assert finding.evidence["cost_centres"] == ["N-200"]
        assert finding.evidence["owners"] == {"N-200": "omar"}
        assert not judge(line, accepted=frozenset({("cost-centre-foreign", 1)})).findings

    @pytest.mark.parametrize("who", [None, requester(active=False)])
    def test_who_is_not_in_the_directory_may_charge_nothing(self, who: Any) -> None:
        assert codes(judge(item_line(), requester=who)) == [("cost-centre-foreign", 1)]

    def test_own_account_wins_over_the_items_and_the_items_over_the_categorys(self) -> None:
        own = judge(item_line(costs=(share(account="6500"),)))
        assert own.lines[0].costs[0].account == "6500"
        text = judge(text_line(), rules={"off_contract": "accept"})
        assert text.lines[0].costs[0].account == "6500"

    @pytest.mark.parametrize(
        ("line", "over"),
        [
            (item_line(costs=(share(account="9999"),)), {}),
            (item_line(), {"accounts": ()}),
            (text_line(), {"category_accounts": ()}),
        ],
    )
    def test_an_account_that_is_missing_or_not_open(self, line: RequisitionLine, over: dict[str, Any]) -> None:
        assert ("account-unknown", 1) in codes(judge(line, **over))

    def test_closed_books_are_asked_about_once(self) -> None:
        assert codes(judge(item_line(1), item_line(2), period_open=False)) == [("period-closed", None)]


class TestItems:
    def test_unknown(self) -> None:
        result = judge(item_line(item="NOPE"), item_line(2))
        assert only(result).code == "item-unknown"
        assert [line.line for line in result.lines] == [2]

    def test_an_inactive_item_is_replaced_with_a_note(self) -> None:
        items = (item(active=False, substitute="GLOVE-N"), item("GLOVE-N", supplier="S-2", price=usd(7)))
        result = judge(item_line(), items=items, contracts=(contract(item="GLOVE-N", supplier="S-2", price=6),))
        assert not result.findings
        (line,) = result.lines
        assert (line.item, line.substituted_for, line.supplier, line.unit_price) == (
            "GLOVE-N",
            "GLOVE-M",
            "S-2",
            usd(6),
        )
        assert result.notes == ("Line 1: item GLOVE-M is replaced by its substitute GLOVE-N (Thing GLOVE-N).",)

    def test_chains_of_substitutes_end_at_the_first_active_item(self) -> None:
        chain = (item(active=False, substitute="B"), item("B", active=False, substitute="C"), item("C"))
        assert judge(item_line(), items=chain).lines[0].item == "C"

    @pytest.mark.parametrize(
        ("items", "rules"),
        [
            ((item(active=False),), {}),
            ((item(active=False, substitute="GONE"),), {}),
            ((item(active=False, substitute="B"), item("B", active=False, substitute="GLOVE-M")), {}),
            ((item(active=False, substitute="B"), item("B")), {"substitute_inactive": False}),
        ],
    )
    def test_an_inactive_item_without_a_usable_substitute(self, items: Any, rules: dict[str, Any]) -> None:
        assert only(judge(item_line(), items=items, rules=rules)).code == "item-inactive"

    def test_the_price_of_the_replaced_item_says_nothing_about_the_substitute(self) -> None:
        items = (item(active=False, substitute="B"), item("B"))
        result = judge(item_line(unit_price=usd(99)), items=items, contracts=(contract(item="B", price=6),))
        assert not result.findings
        assert result.lines[0].unit_price == usd(6)

    def test_pieces_are_bought_in_whole_boxes(self) -> None:
        result = judge(item_line(quantity=pieces(250), unit_price=usd("0.08")))
        assert not result.findings
        assert (result.lines[0].quantity, result.lines[0].unit_price) == (boxes(3), usd(8))
        assert result.notes == ("Line 1: 250 EA is bought as 3 BX of 100.",)

    def test_the_unit_alone_means_the_catalogues_pack(self) -> None:
        result = judge(item_line(quantity=boxes(2, pack_size=1)))
        assert result.lines[0].quantity == boxes(2)

    def test_units_that_do_not_convert(self) -> None:
        hours = Quantity(value=Decimal(3), unit="HUR")
        assert only(judge(item_line(quantity=hours))).code == "unit-mismatch"

    def test_a_contradicting_category_is_noted(self) -> None:
        result = judge(item_line(category="office"))
        assert result.lines[0].category == "medical-supplies"
        assert result.notes == ("Line 1: the catalogue's category medical-supplies counts, not office.",)


class TestSuppliers:
    def test_free_text_without_a_supplier_waits_for_a_choice(self) -> None:
        result = judge(text_line(supplier=None))
        assert only(result).code == "supplier-unknown"
        assert not result.lines

    def test_unknown(self) -> None:
        assert only(judge(item_line(supplier="S-77"))).evidence["supplier"] == "S-77"

    def test_blocked_for_orders(self) -> None:
        finding = only(judge(item_line(), suppliers=(supplier(blocked_for=("orders", "payment")),)))
        assert finding.code == "supplier-blocked"
        assert finding.evidence["blocked_for"] == ["orders", "payment"]

    def test_blocked_for_payment_only_may_still_deliver(self) -> None:
        assert not judge(item_line(), suppliers=(supplier(blocked_for=("payment",)),)).findings

    def test_a_blocked_supplier_does_not_matter_for_what_the_store_room_has(self) -> None:
        result = judge(item_line(), suppliers=(supplier(blocked_for=("orders",)),), stock=(stock(10),))
        assert not result.findings
        assert result.lines[0].from_stock == 10

    @pytest.mark.parametrize("code", ["supplier-unknown", "supplier-blocked", "account-unknown", "cost-centre-closed"])
    def test_what_nobody_may_accept_is_asked_whatever_was_accepted(self, code: str) -> None:
        line = item_line(costs=(share("N-900", account="9999"),), supplier="S-9")
        blocked = text_line(2)
        result = judge(
            line, blocked, suppliers=(supplier(blocked_for=("orders",)),), accepted=frozenset({(code, 1), (code, 2)})
        )
        assert code in {finding.code for finding in result.findings}


class TestPrices:
    def test_tiers_by_the_quantity_that_is_ordered(self) -> None:
        tiers = (tier(1, 9), tier(50, 8), tier(100, 7))
        contracts = (contract(tiers=tiers),)
        prices = {
            quantity: judge(item_line(quantity=boxes(quantity)), contracts=contracts).lines[0].unit_price.amount
            for quantity in (1, 49, 50, 99, 100, 5000)
        }
        assert prices == {1: 9, 49: 9, 50: 8, 99: 8, 100: 7, 5000: 7}
        partly = judge(item_line(quantity=boxes(100)), contracts=contracts, stock=(stock(1),))
        assert partly.lines[0].unit_price == usd(8)

    def test_a_quantity_below_the_lowest_tier_has_no_agreement(self) -> None:
        finding = only(judge(item_line(quantity=boxes(4)), contracts=(contract(tiers=(tier(5, 7),)),)))
        assert finding.code == "off-contract"
        assert finding.evidence["not_applicable"][0]["prices"] == ["from 5: 7 USD"]

    def test_the_cheapest_of_several_agreements(self) -> None:
        result = judge(item_line(), contracts=(contract(), contract("C-2", "7.50"), contract("C-3", 9)))
        assert result.lines[0].contract == "C-2"

    @pytest.mark.parametrize("agreement", [contract(starts=TODAY), contract(ends=TODAY)])
    def test_first_and_last_day_count(self, agreement: Contract) -> None:
        assert judge(item_line(), contracts=(agreement,)).lines[0].contract == "C-1"

    def test_expired(self) -> None:
        contracts = (contract("C-0", ends=date(2026, 1, 31)), contract("C-1", ends=YESTERDAY))
        finding = only(judge(item_line(), contracts=contracts))
        assert finding.code == "contract-expired"
        assert finding.evidence["contract"] == "C-1"
        assert finding.evidence["price_if_accepted"] == "9.50 USD"
        taken = judge(item_line(), contracts=contracts, accepted=frozenset({("contract-expired", 1)}))
        assert not taken.findings
        assert (taken.lines[0].unit_price, taken.lines[0].contract) == (usd("9.50"), None)

    def test_exhausted(self) -> None:
        contracts = (contract(limit=usd(1000), drawn=usd("920.01")),)
        finding = only(judge(item_line(), contracts=contracts))
        assert finding.code == "contract-exhausted"
        assert finding.evidence["left"] == "79.99 USD"
        taken = judge(item_line(), contracts=contracts, accepted=frozenset({("contract-exhausted", 1)}))
        assert not taken.findings
        assert taken.lines[0].unit_price == usd("9.50")

    def test_a_limit_may_be_drawn_to_the_cent(self) -> None:
        assert not judge(item_line(), contracts=(contract(limit=usd(1000), drawn=usd(920)),)).findings

    def test_lines_draw_on_one_limit_together(self) -> None:
        result = judge(item_line(1), item_line(2), contracts=(contract(limit=usd(150)),))
        assert codes(result) == [("contract-exhausted", 2)]

    def test_another_agreement_steps_in_for_an_exhausted_one(self) -> None:
        result = judge(item_line(), contracts=(contract(limit=usd(1)), contract("C-2", "8.50")))
        assert not result.findings
        assert result.lines[0].contract == "C-2"

    @pytest.mark.parametrize(("requested", "asks"), [("8.16", False), ("7.84", False), ("8.17", True), ("7.83", True)])
    def test_a_requested_price_beyond_the_tolerance(self, requested: str, asks: bool) -> None:
        result = judge(item_line(unit_price=usd(requested)))
        assert (codes(result) == [("contract-price-differs", 1)]) is asks
        if not asks:
            assert result.lines[0].unit_price == usd(8)

    def test_on_large_lines_the_fixed_amount_is_the_smaller_allowance(self) -> None:
        line = item_line(quantity=boxes(1000), unit_price=usd("8.06"))
        finding = only(judge(line))
        assert finding.evidence["line_difference"] == "60.00 USD"
        assert finding.evidence["tolerated_line_difference"] == "50"

    def test_an_accepted_price_is_the_requested_one(self) -> None:
        accepted = frozenset({("contract-price-differs", 1)})
        result = judge(item_line(unit_price=usd("9.10")), accepted=accepted)
        assert not result.findings
        assert (result.lines[0].unit_price, result.lines[0].contract) == (usd("9.10"), "C-1")

    def test_an_accepted_price_cannot_pass_the_limit_unasked(self) -> None:
        line, contracts = item_line(unit_price=usd("9.10")), (contract(limit=usd(90)),)
        assert codes(judge(line, contracts=contracts)) == [("contract-price-differs", 1), ("contract-exhausted", 1)]
        accepted = frozenset({("contract-price-differs", 1), ("contract-exhausted", 1)})
        (taken,) = judge(line, contracts=contracts, accepted=accepted).lines
        assert (taken.unit_price, taken.contract) == (usd("9.10"), None)

    def test_off_contract_is_asked_with_the_other_suppliers_agreements(self) -> None:
        line = item_line(supplier="S-2", unit_price=usd("8.80"))
        finding = only(judge(line))
        assert finding.code == "off-contract"
        assert finding.evidence["price_if_accepted"] == "8.80 USD"
        assert finding.evidence["catalogue_price"] == "9.50 USD"
        assert [terms["contract"] for terms in finding.evidence["other_suppliers"]] == ["C-1"]
        taken = judge(line, accepted=frozenset({("off-contract", 1)}))
        assert (taken.findings, taken.lines[0].unit_price) == ((), usd("8.80"))

    def test_a_policy_that_lets_pass_counts_on_the_catalogue(self) -> None:
        """Otherwise a low price in the request would choose its own approvers."""
        result = judge(item_line(unit_price=usd(1)), contracts=(), rules={"off_contract": "accept"})
        assert not result.findings
        assert result.lines[0].unit_price == usd("9.50")
        assert result.notes == ("Line 1: the catalogue's price 9.50 USD counts, not 1 USD.",)

    def test_free_text_is_off_contract(self) -> None:
        assert only(judge(text_line())).code == "off-contract"
        taken = judge(text_line(), accepted=frozenset({("off-contract", 1)}))
        assert not taken.findings
        assert (taken.lines[0].item, taken.lines[0].unit_price) == (None, usd("350.00"))

    @pytest.mark.parametrize("price", [usd(0), Money(amount=Decimal(5), currency="EUR")])
    def test_a_price_that_nobody_knows(self, price: Money) -> None:
        items = (item(price=price),)
        assert only(judge(item_line(), items=items, contracts=())).code == "price-missing"
        told = judge(item_line(unit_price=usd(4)), items=items, contracts=(), rules={"off_contract": "accept"})
        assert (told.findings, told.lines[0].unit_price) == ((), usd(4))

    def test_an_agreement_in_another_currency_does_not_apply(self) -> None:
        foreign = contract(tiers=(tier(1, 8).model_copy(update={"price": Money(amount=Decimal(8), currency="EUR")}),))
        assert only(judge(item_line(), contracts=(foreign,))).code == "off-contract"

    def test_an_amount_beyond_any_purchase(self) -> None:
        line = item_line(quantity=boxes(1_000_000))
        result = judge(line, items=(item(price=usd(1001)),), contracts=())
        assert only(result).code == "amount-too-large"
        assert not result.lines


class TestStock:
    def test_the_store_room_comes_first(self) -> None:
        result = judge(item_line(quantity=boxes(10)), stock=(stock(4),))
        assert counts(result) == [(1, 4, 6)]
        assert (result.amount, result.to_order) == (usd(80), usd(48))

    def test_one_stock_serves_all_lines_once(self) -> None:
        result = judge(item_line(1, quantity=boxes(3)), item_line(2, quantity=boxes(3)), stock=(stock(4),))
        assert counts(result) == [(1, 3, 0), (2, 1, 2)]

    def test_other_facilities_stock_and_the_policys_no(self) -> None:
        assert judge(item_line(), stock=(stock(9, at="south"),)).lines[0].from_stock == 0
        assert judge(item_line(), stock=(stock(9),), rules={"use_stock_first": False}).lines[0].from_stock == 0

    def test_packs_are_not_broken(self) -> None:
        assert judge(item_line(), stock=(stock("2.75"),)).lines[0].from_stock == 2

    def test_nothing_is_taken_from_a_negative_stock(self) -> None:
        assert judge(item_line(), stock=(stock(-3),)).lines[0].from_stock == 0

    def test_what_is_all_there_needs_no_agreement(self) -> None:
        result = judge(item_line(), contracts=(), stock=(stock(10),))
        assert not result.findings
        assert (result.amount, result.to_order) == (usd(95), usd(0))

    def test_a_line_that_cannot_go_on_leaves_the_stock_to_others(self) -> None:
        result = judge(item_line(1, supplier="S-77"), item_line(2, quantity=boxes(4)), stock=(stock(4),))
        assert counts(result) == [(2, 4, 0)]


def test_a_need_split_over_requests_is_asked_about_once() -> None:
    line = item_line(quantity=boxes(300))
    result = judge(line, recent=(spend(amount=2600),))
    assert codes(result) == [("split-suspected", None)]
    assert not judge(line, recent=(spend(amount=2600),), accepted=frozenset({("split-suspected", None)})).findings


def test_the_case_itself_among_the_recent_ones_is_no_split() -> None:
    own = spend("procure-to-pay.north.REQ-1", amount=4000)
    assert not judge(item_line(quantity=boxes(300)), recent=(own,)).findings


def test_all_rules_speak_at_once() -> None:
    result = judge(
        item_line(1, item="NOPE", costs=(share("N-900"),)),
        item_line(2, supplier="S-9"),
        text_line(3, costs=(share("N-200"),)),
        period_open=False,
        category_accounts=(),
    )
    assert codes(result) == [
        ("cost-centre-closed", 1),
        ("item-unknown", 1),
        ("supplier-unknown", 2),
        ("cost-centre-foreign", 3),
        ("account-unknown", 3),
        ("off-contract", 3),
        ("period-closed", None),
    ]
