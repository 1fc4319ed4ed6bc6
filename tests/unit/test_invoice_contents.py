"""What an invoice says: its standard, required fields, currency, sums and dates, each at its bounds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.capture import DocumentFinding, FieldReading, Place
from domain.exceptions import Finding
from domain.invoice import AllowanceOrCharge, Invoice, Party
from domain.invoice_checks.totals import differences, line_amount
from domain.invoice_control import ControlFacts, control
from domain.money import MAX_AMOUNT
from domain.policy.model import CaptureRule, FrozenPolicy, InvoiceRule
from domain.quantity import Quantity
from tests.fixtures.invoice_copies import TODAY, copy_of, facts, invoice, line, money, supplier, tax_row, totals
from tests.fixtures.small_policy import policy

CENT = Decimal("0.01")
Amounts = st.decimals(0, 10**6, places=2)


def finding(given_facts: ControlFacts, code: str, rules: FrozenPolicy | None = None) -> Finding | None:
    found = [each for each in control(given_facts, rules or policy()).findings if each.code == code]
    assert len(found) < 2
    return found[0] if found else None


def what_differs(given_invoice: Invoice) -> list[str]:
    found = finding(facts(given_invoice), "not-balanced")
    return [each["what"] for each in found.evidence["differences"]] if found else []


def test_fatal_findings_are_asked_and_warnings_are_notes() -> None:
    fatal = DocumentFinding(rule="BR-02", place="/Invoice/ID", message="An invoice has a number")
    warning = DocumentFinding(rule="BR-CL-23", message="Unit not in the list", severity="warning")
    result = control(facts(copy_=copy_of(findings=(warning, fatal))), policy())
    assert [each.code for each in result.findings] == ["document-invalid"]
    assert result.findings[0].evidence["rules"] == [
        {"rule": "BR-02", "place": "/Invoice/ID", "message": "An invoice has a number"}
    ]
    assert result.notes == ("BR-CL-23: Unit not in the list",)


@pytest.mark.parametrize(("confidence", "asked"), [("0.8499", True), ("0.85", False), ("1", False)])
def test_a_field_below_the_threshold_is_keyed_by_a_person(confidence: str, asked: bool) -> None:
    place = Place(page=2, left=Decimal(10), top=Decimal(20), right=Decimal(30), bottom=Decimal("40.5"))
    field = FieldReading(
        pointer="/accounts/0/account_number", text="000123456789", confidence=Decimal(confidence), place=place
    )
    found = finding(facts(copy_=copy_of(fields=(field,))), "capture-uncertain")
    assert (found is not None) == asked
    if found is not None:
        assert found.evidence["fields"][0]["place"]["page"] == 2
        assert "000123456789" not in found.model_dump_json()


def test_the_threshold_of_confidence_is_policy() -> None:
    unsure = copy_of(fields=(FieldReading(pointer="/number", text="x", confidence=Decimal("0.5")),))
    rules = policy(capture=CaptureRule(confidence=Decimal("0.5")))
    assert finding(facts(copy_=unsure), "capture-uncertain", rules) is None


@pytest.mark.parametrize(
    ("over", "pointers"),
    [
        ({"number": "#"}, ["/number"]),
        ({"seller": Party(country="US")}, ["/seller"]),
        ({"lines": (line(1), line(2, description=""))}, ["/lines/1"]),
        ({"lines": (line(1, description="", gtin="04012345678901"),)}, []),
        ({"seller": Party(name="Acme")}, []),
    ],
)
def test_what_is_required_is_asked_for_by_place(over: dict[str, Any], pointers: list[str]) -> None:
    found = finding(facts(invoice(**over)), "missing-required")
    assert ([each["pointer"] for each in found.evidence["missing"]] if found else []) == pointers


@pytest.mark.parametrize(
    ("bill", "master", "asked"),
    [("USD", "USD", False), ("EUR", "USD", True), ("EUR", "EUR", True), ("USD", "EUR", True)],
)
def test_the_currency_is_the_suppliers_and_the_facilitys(bill: str, master: str, asked: bool) -> None:
    given_facts = facts(invoice(currency=bill, lines=(line(currency=bill),)), suppliers=(supplier(currency=master),))
    assert (finding(given_facts, "currency-mismatch") is not None) == asked


def test_amounts_in_several_currencies_are_not_added_up() -> None:
    mixed = invoice(lines=(line(1), line(2, currency="EUR")), totals=totals("1"))
    result = control(facts(mixed), policy())
    assert [each.code for each in result.findings] == ["currency-mismatch"]
    pointers = [each["pointer"] for each in result.findings[0].evidence["amounts"]]
    assert pointers == ["/lines/1/unit_price", "/lines/1/amount"]


@pytest.mark.parametrize(
    "name", ["lines", "allowances", "charges", "before_tax", "tax", "total", "prepaid", "rounding", "payable"]
)
@pytest.mark.parametrize(("off", "differs"), [("0.01", False), ("0.02", True)])
def test_each_total_may_differ_by_the_tolerance_and_no_more(name: str, off: str, differs: bool) -> None:
    right = invoice(
        lines=(line(1), line(2)),
        allowances=(
            AllowanceOrCharge(amount=money("30"), is_charge=False),
            AllowanceOrCharge(amount=money("12.40"), kind="freight"),
        ),
        taxes=(tax_row("232.40", "18.59", "8", "S"),),
        totals=totals(
            "250",
            allowances="30",
            charges="12.40",
            before_tax="232.40",
            tax="18.59",
            total="250.99",
            prepaid="50",
            rounding="0.01",
            payable="201.00",
        ),
    )
    assert what_differs(right) == []
    amount = getattr(right.totals, name)
    wrong = right.totals.model_copy(update={name: money(amount.amount + Decimal(off))})
    assert bool(what_differs(right.model_copy(update={"totals": wrong}))) == differs


@pytest.mark.parametrize(("amount", "differs"), [("33.33", False), ("33.34", False), ("33.35", True), ("33.31", True)])
def test_a_line_comes_to_quantity_times_price(amount: str, differs: bool) -> None:
    thirds = line(1, "3.333333", "10", amount=money(amount))
    assert ("amount of line 1" in what_differs(invoice(lines=(thirds,)))) == differs


def test_a_price_of_six_places_may_differ_by_what_the_last_place_comes_to() -> None:
    """100,000 sheets at 2.00 per 1,500: the price per sheet is not exact in six places."""
    sheets = line(1, 100_000, "0.001333", amount=money("133.33"))
    assert what_differs(invoice(lines=(sheets,))) == []
    assert what_differs(invoice(lines=(sheets.model_copy(update={"amount": money("133.42")}),))) == ["amount of line 1"]


def test_allowances_and_charges_of_a_line_are_in_its_amount() -> None:
    allowances = (
        AllowanceOrCharge(amount=money("25"), is_charge=False),
        AllowanceOrCharge(amount=money("4.50")),
    )
    assert what_differs(invoice(lines=(line(allowances=allowances, amount=money("104.50")),))) == []
    assert what_differs(invoice(lines=(line(allowances=allowances),))) == ["amount of line 1"]


@pytest.mark.parametrize(
    ("over", "what"),
    [
        ({"totals": totals("-125"), "lines": (line(1, -10),)}, "negative total"),
        ({"totals": totals("125", prepaid="200", payable="-75")}, "negative payable"),
        (
            {
                "allowances": (AllowanceOrCharge(amount=money("-5")),),
                "totals": totals("125", charges="-5", before_tax="120", total="120", payable="120"),
            },
            "negative charge",
        ),
        ({"lines": (line(1, -10, "-12.50"),)}, "negative price of line 1"),
    ],
)
def test_what_gives_money_back_is_no_invoice(over: dict[str, Any], what: str) -> None:
    assert what in what_differs(invoice(**over))


def test_a_returned_line_is_negative_within_a_positive_invoice() -> None:
    assert what_differs(invoice(lines=(line(1), line(2, -3)))) == []


def test_a_credit_note_states_what_it_credits_as_positive() -> None:
    credit = invoice(kind="credit-note", credited=("INV-41",))
    assert control(facts(credit), policy()).findings == ()


def test_the_largest_amounts_are_added_up_without_a_fault() -> None:
    most = money(MAX_AMOUNT)
    huge = line(quantity=1).model_copy(
        update={"quantity": Quantity(value=MAX_AMOUNT), "unit_price": most, "amount": most}
    )
    many = tuple(huge.model_copy(update={"line": number}) for number in range(1, 101))
    assert finding(facts(invoice().model_copy(update={"lines": many})), "not-balanced") is not None


@given(
    lines=st.lists(st.tuples(st.integers(1, 1000), st.decimals(0, 1000, places=4)), min_size=1, max_size=8),
    charges=st.lists(st.tuples(Amounts, st.booleans()), max_size=4),
    tax=Amounts,
    prepaid=Amounts,
)
def test_an_invoice_that_is_added_up_right_balances_to_the_cent(
    lines: list[tuple[int, Decimal]], charges: list[tuple[Decimal, bool]], tax: Decimal, prepaid: Decimal
) -> None:
    right = _summed(lines, charges, tax, prepaid)
    assert list(differences(right, Decimal(0))) == []
    assert all(line_amount(each) == each.amount.amount for each in right.lines)


@given(
    lines=st.lists(st.tuples(st.integers(1, 1000), st.decimals(0, 1000, places=4)), min_size=1, max_size=8),
    off=st.decimals("0.0001", 1000, places=4),
    name=st.sampled_from(["lines", "allowances", "charges", "before_tax", "total", "prepaid", "rounding", "payable"]),
    down=st.booleans(),
)
def test_a_total_that_is_off_never_goes_unnoticed(
    lines: list[tuple[int, Decimal]], off: Decimal, name: str, down: bool
) -> None:
    right = _summed(lines, [], Decimal(0), Decimal(0))
    moved = getattr(right.totals, name).amount + (-off if down else off)
    wrong = right.totals.model_copy(update={name: money(moved)})
    found = list(differences(right.model_copy(update={"totals": wrong}), CENT))
    assert bool(found) == (off > CENT)


def _summed(
    lines: list[tuple[int, Decimal]], charges: list[tuple[Decimal, bool]], tax: Decimal, prepaid: Decimal
) -> Invoice:
    billed = tuple(line(number, quantity, f"{price:f}") for number, (quantity, price) in enumerate(lines, 1))
    total_lines = sum((each.amount.amount for each in billed), Decimal(0))
    allowed = sum((amount for amount, is_charge in charges if not is_charge), Decimal(0))
    charged = sum((amount for amount, is_charge in charges if is_charge), Decimal(0))
    before_tax = total_lines - allowed + charged
    return invoice(
        lines=billed,
        allowances=tuple(AllowanceOrCharge(amount=money(amount), is_charge=is_charge) for amount, is_charge in charges),
        totals=totals(
            total_lines, allowances=allowed, charges=charged, before_tax=before_tax, tax=tax,
            total=before_tax + tax, prepaid=prepaid, payable=before_tax + tax - prepaid,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("days", "odd"), [(3, False), (4, True), (0, False), (-400, False), (-401, True)])
def test_a_date_is_neither_far_ahead_nor_long_past(days: int, odd: bool) -> None:
    given_invoice = invoice(issued_on=TODAY + timedelta(days=days), due_on=None)
    assert (finding(facts(given_invoice), "date-implausible") is not None) == odd


def test_the_bounds_of_dates_are_policy() -> None:
    rules = policy(invoice=InvoiceRule(future_days=10, duplicate_days=5))
    assert finding(facts(invoice(issued_on=TODAY + timedelta(days=10), due_on=None)), "date-implausible", rules) is None
    assert finding(facts(invoice(issued_on=TODAY - timedelta(days=6))), "date-implausible", rules) is not None


def test_nothing_is_due_before_it_was_issued() -> None:
    same_day = invoice(due_on=date(2026, 11, 16))
    assert finding(facts(same_day), "date-implausible") is None
    assert finding(facts(same_day.model_copy(update={"due_on": date(2026, 11, 15)})), "date-implausible") is not None


@given(days=st.integers(-3000, 3000))
def test_one_of_many_days_is_odd_exactly_outside_the_bounds(days: int) -> None:
    assume(date(1, 1, 1) < TODAY + timedelta(days=days))
    found = finding(facts(invoice(issued_on=TODAY + timedelta(days=days), due_on=None)), "date-implausible")
    assert (found is not None) == (days > 3 or days < -400)
