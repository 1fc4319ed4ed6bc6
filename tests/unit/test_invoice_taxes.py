"""The tax of an invoice: too much, too little, or at a rate that nobody knows."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoice import AllowanceOrCharge, Invoice, Party, TaxTotal
from domain.invoice_checks.tax_numbers import is_tax_number
from domain.invoice_checks.taxes import TAX_CODES, tax_faults
from domain.invoice_control import control
from domain.policy.model import InvoiceRule
from tests.fixtures.invoice_copies import facts, invoice, line, money, supplier, tax_row, totals
from tests.fixtures.small_policy import policy

RULE = InvoiceRule(tax_rates=(Decimal(0), Decimal(7), Decimal("8.25")))


def taxed(*rows: TaxTotal, **over: Any) -> Invoice:
    tax = sum((row.tax.amount for row in rows), Decimal(0))
    lines = (line(1, 1, f"{sum((row.taxable.amount for row in rows), Decimal(0)):f}"),)
    given_parts = {"lines": lines, "taxes": rows, "totals": totals(lines[0].amount.amount, tax)}
    return invoice(**{**given_parts, **over})


def codes(given_invoice: Invoice, rule: InvoiceRule = RULE) -> list[str]:
    return [fault.code for fault in tax_faults(given_invoice, rule)]


@pytest.mark.parametrize(
    ("tax", "found"),
    [
        ("8.25", []),
        ("8.30", []),
        ("8.31", ["tax-over"]),
        ("8.20", []),
        ("8.19", ["tax-under"]),
        ("0", ["tax-under"]),
    ],
)
def test_a_row_may_differ_by_the_tolerance_and_no_more(tax: str, found: list[str]) -> None:
    assert codes(taxed(tax_row("100", tax, "8.25", "S"))) == found


@pytest.mark.parametrize(
    ("rate", "category", "tax", "found"),
    [
        ("8.26", "S", "8.26", ["tax-over"]),
        ("19", "S", "19", ["tax-over"]),
        ("19", "", "19", ["tax-over"]),
        ("5", "S", "5", ["tax-code-missing"]),
        ("0", "S", "0", []),
        (None, "S", "7", ["tax-code-missing"]),
        (None, "", "7", ["tax-code-missing"]),
        (None, "", "0", []),
        (None, "E", "0", []),
        (None, "E", "1", ["tax-over"]),
        ("7", "E", "7", ["tax-over"]),
        ("0", "AE", "0", []),
        ("7", "XX", "7", ["tax-code-missing"]),
        ("7.0", "S", "7", []),
    ],
)
def test_rates_above_all_allowed_are_too_much_and_others_are_unknown(
    rate: str | None, category: str, tax: str, found: list[str]
) -> None:
    assert codes(taxed(tax_row("100", tax, rate, category))) == found


def test_a_facility_that_pays_no_tax_is_charged_none() -> None:
    assert codes(taxed(tax_row("100", "8.25", "8.25", "S")), InvoiceRule()) == ["tax-over"]
    assert codes(taxed(tax_row("100", "0.01", "0.01", "S")), InvoiceRule(tax_rates=())) == ["tax-over"]
    assert codes(taxed(tax_row("100", "0", "0", "Z")), InvoiceRule(tax_rates=())) == []


def test_tax_without_a_row_has_no_code() -> None:
    assert codes(invoice(totals=totals("125", "8"))) == ["tax-code-missing"]
    assert codes(invoice()) == []


def test_a_line_of_a_category_that_no_row_has_is_told_by_its_place() -> None:
    lines = (line(1, 1, "50", tax_category="S"), line(2, 1, "50", tax_category="Z"))
    (fault,) = tax_faults(taxed(tax_row("100", "7", "7", "S"), lines=lines), RULE)
    assert (fault.code, fault.pointer) == ("tax-code-missing", "/lines/1/tax_category")


def test_the_rates_of_lines_and_charges_give_the_documents_tax() -> None:
    lines = (
        line(1, 1, "100", tax_category="S", tax_rate=Decimal(7)),
        line(2, 1, "100", tax_category="S", tax_rate=Decimal("8.25")),
    )
    freight = AllowanceOrCharge(amount=money("10"), tax_category="S", tax_rate=Decimal(7))
    rows = (tax_row("110", "7.70", "7", "S"), tax_row("100", "8.25", "8.25", "S"))
    assert codes(taxed(*rows, lines=lines, allowances=(freight,))) == []
    swapped = (tax_row("210", "17.33", "8.25", "S"),)
    assert codes(taxed(*swapped, lines=lines, allowances=(freight,))) == ["tax-over"]
    unknown = freight.model_copy(update={"tax_rate": None})
    assert codes(taxed(*swapped, lines=lines, allowances=(unknown,))) == []


@pytest.mark.parametrize(
    ("tax", "found"), [("15.85", []), ("15.86", ["tax-over"]), ("15.65", []), ("15.64", ["tax-under"])]
)
def test_each_rate_of_the_lines_may_differ_by_the_tolerance(tax: str, found: list[str]) -> None:
    """7.50 and 8.25 at two rates: twice the tolerance of a row, in rows that are right by themselves."""
    lines = (
        line(1, 1, "107.142857", tax_category="S", tax_rate=Decimal(7)),
        line(2, 1, "100", tax_category="S", tax_rate=Decimal("8.25")),
    )
    given_invoice = invoice(lines=lines, totals=totals("207.142857", tax), taxes=(tax_row("0", "0", "0", "S"),))
    assert codes(given_invoice) == found


def test_each_code_is_asked_once_with_its_rows_and_what_is_allowed() -> None:
    rows = (
        tax_row("100", "9", "7", "S"),
        tax_row("100", "10", "8.25", "S"),
        tax_row("100", "1", "7", "S"),
        tax_row("100", "5", "5", "S"),
    )
    found = control(facts(taxed(*rows)), policy(invoice=RULE)).findings
    assert [finding.code for finding in found] == list(TAX_CODES)
    over = found[1].evidence
    assert [(row["pointer"], row["expected"]) for row in over["rows"]] == [("/taxes/0", "7.00"), ("/taxes/1", "8.25")]
    assert over["allowed_rates"] == ["0", "7", "8.25"]


def test_tax_is_rounded_to_the_minor_unit_of_its_currency() -> None:
    yen = TaxTotal(category="S", rate=Decimal(7), taxable=money("1050", "JPY"), tax=money("74", "JPY"))  # 73.5, half up
    given_invoice = invoice(
        currency="JPY", lines=(line(1, 1, "1050", "JPY"),), taxes=(yen,), totals=totals("1050", "74", "JPY")
    )
    assert codes(given_invoice) == []
    less = given_invoice.model_copy(update={"taxes": (yen.model_copy(update={"tax": money("73", "JPY")}),)})
    assert codes(less) == ["tax-under"]


@given(
    taxable=st.decimals(0, 10**7, places=2),
    rate=st.sampled_from(RULE.tax_rates),
    off=st.decimals(-10, 10, places=2),
)
def test_a_row_is_odd_exactly_when_it_is_off_by_more_than_the_tolerance(
    taxable: Decimal, rate: Decimal, off: Decimal
) -> None:
    right = (taxable * rate / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    row = tax_row(f"{taxable:f}", f"{right + off:f}", f"{rate:f}", "S")
    found = codes(invoice(taxes=(row,)))
    expected = ["tax-over"] if off > RULE.tax_amount else ["tax-under"] if off < -RULE.tax_amount else []
    assert found == expected


@pytest.mark.parametrize(
    ("tax_id", "country", "valid"),
    [
        ("12-3456789", "US", True),
        ("123456789", "US", True),
        ("US12-3456789", "US", True),
        ("12-345678", "US", False),
        ("00-3456789", "US", False),
        ("12-34567AB", "US", False),
        ("DE136695976", "DE", True),
        ("DE 136 695 976", "DE", True),
        ("136695976", "DE", True),
        ("DE136695977", "DE", False),
        ("EL094259216", "GR", True),
        ("094259216", "GR", True),
        ("FR40303265045", "FR", True),
        ("FR41303265045", "FR", False),
        ("GB980780684", "GB", True),
        ("GB802311781", "GB", False),
        ("anything 7", "ZZ", True),
        ("anything 7", "", True),
        ("--", "", False),
    ],
)
def test_tax_numbers_follow_the_rule_of_their_country(tax_id: str, country: str, valid: bool) -> None:
    assert is_tax_number(tax_id, country) == valid


@pytest.mark.parametrize(
    ("tax_id", "seller_country", "master_country", "asked_of"),
    [
        ("DE136695977", "US", "US", "DE"),
        ("EL094259217", "", "US", "GR"),
        ("US1", "", "DE", "US"),
        ("12-34", "", "US", "US"),
        ("12-34", "FR", "US", "FR"),
        ("12-3456789", "", "US", None),
        ("", "", "US", None),
    ],
)
def test_a_number_is_judged_by_its_prefix_then_the_seller_then_the_master(
    tax_id: str, seller_country: str, master_country: str, asked_of: str | None
) -> None:
    bill = invoice(seller=Party(name="Acme Medical", tax_id=tax_id, country=seller_country))
    known = supplier(country=master_country, tax_id="")
    result = control(facts(bill, suppliers=(known,), chosen_supplier="S-1"), policy())
    found = [each.evidence["country"] for each in result.findings if each.code == "tax-validation-failed"]
    assert found == ([asked_of] if asked_of else [])
