"""The rules of EN 16931 one by one: where they draw the line, and where they point."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.capture import DocumentFinding
from domain.en16931 import RULES, check, check_calculation
from domain.en16931_stated import Stated, cents, rounded
from domain.invoice import Invoice
from tests.fixtures.sound_invoices import dollars, line, sound

SELLER_KNOWN = Stated(identified=frozenset({"seller-vat"}))


def _totals(invoice: Invoice, **amounts: str) -> Invoice:
    changed = {name: dollars(amount, invoice.currency) for name, amount in amounts.items()}
    return invoice.model_copy(update={"totals": invoice.totals.model_copy(update=changed)})


def _tax(invoice: Invoice, **changes: Any) -> Invoice:
    return invoice.model_copy(update={"taxes": (invoice.taxes[0].model_copy(update=changes), *invoice.taxes[1:])})


def _places(findings: tuple[DocumentFinding, ...]) -> set[tuple[str, str]]:
    return {(each.rule, each.place) for each in findings}


@pytest.mark.parametrize(
    ("number", "whole"), [("2.5", 3), ("-2.5", -2), ("0.5", 1), ("-0.5", 0), ("2.4999", 2), ("-2.51", -3)]
)
def test_ties_are_rounded_towards_positive_infinity(number: str, whole: int) -> None:
    assert rounded(Decimal(number)) == whole


def test_cents_are_rounded_like_whole_numbers() -> None:
    assert (cents(Decimal("1.005")), cents(Decimal("-1.005"))) == (Decimal("1.01"), Decimal("-1.00"))


def test_a_sound_invoice_breaks_no_rule() -> None:
    assert check(sound(), SELLER_KNOWN) == ()


@pytest.mark.parametrize(
    ("amounts", "broken"),
    [
        ({"lines": "422.01"}, {("BR-CO-10", "/totals/lines"), ("BR-CO-13", "/totals/before_tax")}),
        ({"allowances": "0.01"}, {("BR-CO-11", "/totals/allowances"), ("BR-CO-13", "/totals/before_tax")}),
        ({"charges": "0.01"}, {("BR-CO-12", "/totals/charges"), ("BR-CO-13", "/totals/before_tax")}),
        ({"tax": "32.72"}, {("BR-CO-14", "/totals/tax"), ("BR-CO-15", "/totals/total")}),
        ({"total": "454.70"}, {("BR-CO-15", "/totals/total"), ("BR-CO-16", "/totals/payable")}),
        ({"prepaid": "0.01"}, {("BR-CO-16", "/totals/payable")}),
        ({"rounding": "0.01"}, {("BR-CO-16", "/totals/payable")}),
        ({"payable": "454.72"}, {("BR-CO-16", "/totals/payable")}),
    ],
)
def test_each_total_is_held_to_its_parts_to_the_cent(amounts: dict[str, str], broken: set[tuple[str, str]]) -> None:
    findings = check_calculation(_totals(sound(), **amounts))
    assert _places(findings) == broken
    assert all(each.severity == "fatal" for each in findings)


def test_rounding_of_the_amount_due_is_taken_into_account() -> None:
    assert check_calculation(_totals(sound(), rounding="0.29", payable="455.00")) == ()


@pytest.mark.parametrize(("off", "agrees"), [("0.99", True), ("-0.99", True), ("1.00", False), ("-1.00", False)])
def test_the_tax_of_a_row_may_be_less_than_one_unit_off(off: str, agrees: bool) -> None:
    invoice = sound()
    tax = invoice.taxes[0].tax.amount + Decimal(off)
    rules = {each.rule for each in check(_tax(invoice, tax=dollars(tax)), SELLER_KNOWN)}
    assert ("BR-CO-17" not in rules) is agrees
    assert ("BR-S-09" not in rules) is agrees


@pytest.mark.parametrize(("off", "agrees"), [("0.02", True), ("-0.02", True), ("0.03", False)])
def test_a_line_may_be_two_cents_off(off: str, agrees: bool) -> None:
    exact = line(1)
    shifted = line(1, amount=dollars(exact.amount.amount + Decimal(off)))
    findings = check_calculation(sound((shifted,)))
    assert _places(findings) == (set() if agrees else {("PEPPOL-EN16931-R120", "/lines/0/amount")})


def test_who_does_not_follow_peppol_is_only_warned_about_lines() -> None:
    invoice = sound((line(1, amount=dollars("1.00")),))
    (found,) = check_calculation(invoice, Stated(strict_lines=False))
    assert (found.rule, found.severity) == ("PEPPOL-EN16931-R120", "warning")


def test_a_rounded_unit_price_is_not_held_against_a_large_quantity() -> None:
    thirds = line(1, unit_price=dollars("0.333333"), amount=dollars("33333.33"))
    quantity = thirds.quantity.of(Decimal(100_000))
    assert check_calculation(sound((thirds.model_copy(update={"quantity": quantity}),))) == ()


def test_amounts_below_zero_are_told_once() -> None:
    invoice = sound((line(1, quantity=line(1).quantity.of(Decimal(-10))),))
    assert _places(check_calculation(invoice)) == {("negative-total", "/totals/total")}


def test_another_currency_inside_is_told_with_its_place() -> None:
    invoice = sound()
    foreign = invoice.lines[1].model_copy(update={"amount": dollars(297, "EUR")})
    findings = check_calculation(invoice.model_copy(update={"lines": (invoice.lines[0], foreign)}))
    assert _places(findings) == {("PEPPOL-EN16931-R051", "/lines/1/amount")}


def test_repeated_line_ids_are_a_warning() -> None:
    findings = check_calculation(sound((line(1), line(2, reference="1"))))
    assert [(each.rule, each.place, each.severity) for each in findings] == [
        ("duplicate-line", "/lines/0/reference", "warning"),
        ("duplicate-line", "/lines/1/reference", "warning"),
    ]


@pytest.mark.parametrize(
    ("pointer", "rule"),
    [
        ("/specification", "BR-01"),
        ("/buyer/address", "BR-10"),
        ("/lines/1/quantity/unit", "BR-23"),
        ("/lines/0/tax_category", "BR-CO-04"),
        ("/accounts", "BR-61"),
    ],
)
def test_a_missing_term_is_told_with_its_rule(pointer: str, rule: str) -> None:
    stated = Stated(absent=frozenset({pointer}), identified=frozenset({"seller-vat"}))
    assert _places(check(sound(), stated)) == {(rule, pointer)}


def test_a_third_decimal_is_told() -> None:
    invoice = sound((line(1, amount=dollars("125.000")),))
    assert ("BR-DEC-23", "/lines/0/amount") in _places(check(invoice, SELLER_KNOWN))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"category": "Z"}, "BR-Z-10"),
        ({"exemption_reason": ""}, "BR-E-10"),
        ({"taxable": dollars("124.00")}, "BR-E-08"),
        ({"tax": dollars("0.10")}, "BR-E-09"),
    ],
)
def test_tax_categories_are_asked_their_questions(changes: dict[str, Any], rule: str) -> None:
    invoice = sound((line(1, tax_category="E", tax_rate=Decimal(0)),))
    assert rule in {each.rule for each in check(_tax(invoice, **changes), SELLER_KNOWN)}


def test_reverse_charge_asks_for_both_parties() -> None:
    invoice = sound((line(1, tax_category="AE", tax_rate=Decimal(0)),))
    assert "BR-AE-02" in {each.rule for each in check(invoice, SELLER_KNOWN)}
    both = Stated(identified=frozenset({"seller-vat", "buyer-vat"}))
    assert "BR-AE-02" not in {each.rule for each in check(invoice, both)}


def test_the_rules_that_are_checked_are_named() -> None:
    assert {"BR-01", "BR-16", "BR-CO-03", "BR-CO-04", "BR-CO-17", "BR-DEC-23", "BR-S-01", "BR-AE-10"} <= RULES
