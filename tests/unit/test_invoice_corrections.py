"""What a person may correct on the working copy of an invoice, and what becomes certain by it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.capture import DocumentFinding, FieldReading, InvoiceCopy, Place
from domain.faults import InvalidRequestError
from domain.invoice_acceptances import still_accepted_codes
from domain.invoice_control import control
from domain.invoice_corrections import corrected
from domain.quantity import Quantity
from domain.requisition import CostShare
from domain.tasks import InvoiceCorrection, LineCoding
from tests.fixtures.invoice_copies import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    NOW,
    OTHER_ACCOUNT,
    copy_of,
    facts,
    invoice,
    line,
    money,
    totals,
)
from tests.fixtures.small_policy import policy

LATER = NOW + timedelta(hours=1)
FATAL = DocumentFinding(rule="BR-CO-10", message="The sum of the lines differs")
PLACE = Place(page=1, left=Decimal(1), top=Decimal(2), right=Decimal(3), bottom=Decimal(4))


def correct(copy: InvoiceCopy, **correction: Any) -> InvoiceCopy:
    return corrected(copy, InvoiceCorrection(**correction), "ann", "read from the page", LATER)


def faults_of(copy: InvoiceCopy, **correction: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as error:
        correct(copy, **correction)
    return [(fault.pointer, fault.code) for fault in error.value.faults]


def cost(percent: str = "100", centre: str = "N-100") -> CostShare:
    return CostShare(cost_centre=centre, percent=Decimal(percent), account="6100")


def reading(pointer: str, confidence: str = "0.4") -> FieldReading:
    return FieldReading(pointer=pointer, text="as read", confidence=Decimal(confidence), place=PLACE)


def test_the_next_version_says_who_why_and_when_and_leaves_the_rest() -> None:
    before = copy_of()
    after = correct(before, number="INV-43", due_on=date(2026, 12, 31))
    assert (after.version, after.by, after.why, after.at) == (2, "ann", "read from the page", LATER)
    assert (after.invoice.number, after.invoice.due_on) == ("INV-43", date(2026, 12, 31))
    assert after.invoice.model_copy(update={"number": "INV-42", "due_on": date(2026, 12, 16)}) == before.invoice
    assert (after.document_sha256, after.case_id) == (before.document_sha256, before.case_id)
    assert before.invoice.number == "INV-42"


def test_a_choice_of_supplier_or_owner_is_a_version_that_changes_nothing_of_the_invoice() -> None:
    for chosen in ({"supplier": "S-9"}, {"owner": "olga"}):
        assert correct(copy_of(), **chosen).invoice == copy_of().invoice


def test_what_a_line_bills_is_corrected_and_the_stated_totals_stay() -> None:
    coding = LineCoding(line=1, quantity="2.5", unit="CS", pack_size=12, unit_price=money("3.20"), amount=money("8.00"))
    after = correct(copy_of(), lines=(coding,)).invoice
    assert after.lines[0].quantity == Quantity(value=Decimal("2.5"), unit="CS", pack_size=12)
    assert (after.lines[0].unit_price, after.lines[0].amount) == (money("3.20"), money("8.00"))
    assert after.totals == invoice().totals
    found = control(facts(copy_=copy_of(after)), policy()).findings
    assert [finding.code for finding in found] == ["not-balanced"]


def test_a_link_to_an_order_is_named_by_the_invoice_and_takes_the_coding_away() -> None:
    coded = copy_of(invoice(lines=(line(costs=(cost(),)), line(2)), order_numbers=()))
    after = correct(coded, lines=(LineCoding(line=1, order_number="PO-9", order_line=3),)).invoice
    assert (after.lines[0].order_number, after.lines[0].order_line, after.lines[0].costs) == ("PO-9", 3, ())
    assert after.order_numbers == ("PO-9",)
    assert after.lines[1] == coded.invoice.lines[1]


def test_another_order_forgets_the_line_of_the_old_one() -> None:
    linked = copy_of(invoice(lines=(line(order_number="PO-7", order_line=2),)))
    assert correct(linked, lines=(LineCoding(line=1, order_number="PO-8"),)).invoice.lines[0].order_line is None
    assert correct(linked, lines=(LineCoding(line=1, order_number="PO-7"),)).invoice.lines[0].order_line == 2


def test_an_order_line_belongs_to_the_only_order_of_the_invoice() -> None:
    after = correct(copy_of(), lines=(LineCoding(line=1, order_line=4),)).invoice.lines[0]
    assert (after.order_number, after.order_line) == ("PO-7", 4)


def test_a_coding_takes_the_line_off_its_order() -> None:
    linked = copy_of(invoice(lines=(line(order_number="PO-7", order_line=2),)))
    after = correct(linked, lines=(LineCoding(line=1, costs=(cost("60"), cost("40", "N-200"))),)).invoice.lines[0]
    assert (after.order_number, after.order_line, len(after.costs)) == ("", None, 2)
    assert correct(linked, lines=(LineCoding(line=1, order_number=""),)).invoice.lines[0].order_line is None


def test_every_fault_is_told_at_once() -> None:
    lines = (
        LineCoding(line=9, quantity="1"),
        LineCoding(line=1, order_line=1),
        LineCoding(line=2, costs=(cost("60"), cost("30"))),
        LineCoding(line=3, costs=(cost(),), order_number="PO-1"),
        LineCoding(line=4, unit_price=money("-1"), amount=money("1", "EUR")),
        LineCoding(line=4, costs=(cost("120"), cost("-20"))),
    )
    given_copy = copy_of(invoice(lines=tuple(line(number) for number in range(1, 5)), order_numbers=()))
    assert sorted(faults_of(given_copy, number="--", credited=("INV-1",), lines=lines)) == sorted(
        [
            ("/invoice/number", "no-number"),
            ("/invoice/credited", "no-credit-note"),
            ("/invoice/lines/0/line", "unknown-line"),
            ("/invoice/lines/1/order_line", "order-missing"),
            ("/invoice/lines/2/costs", "shares-not-whole"),
            ("/invoice/lines/3/costs", "ordered-and-coded"),
            ("/invoice/lines/4/line", "line-twice"),
            ("/invoice/lines/4/unit_price", "negative-price"),
            ("/invoice/lines/4/amount", "other-currency"),
            ("/invoice/lines/5/line", "line-twice"),
            ("/invoice/lines/5/costs/1/percent", "share-not-positive"),
        ]
    )


def test_a_correction_says_something() -> None:
    assert faults_of(copy_of()) == [("/invoice", "nothing-to-correct")]


def test_no_more_orders_than_an_invoice_may_name() -> None:
    orders = tuple(f"PO-{number}" for number in range(200))
    assert faults_of(copy_of(), order_numbers=orders, lines=(LineCoding(line=1, order_number="PO-X"),)) == [
        ("/invoice/order_numbers", "too-many-orders")
    ]
    assert correct(copy_of(), order_numbers=orders, lines=(LineCoding(line=1, order_number="PO-3"),)).version == 2


def test_a_keyed_invoice_replaces_the_reading_in_any_currency() -> None:
    keyed = invoice(currency="EUR", lines=(line(currency="EUR"),), number="E-1", accounts=())
    before = copy_of(fields=(reading("/number"), reading("/accounts/0/account_number")), findings=(FATAL,))
    after = correct(before, invoice=keyed, supplier="S-2")
    assert (after.invoice, after.fields, after.findings) == (keyed, (), ())


def test_a_keyed_invoice_is_said_once_and_holds_together() -> None:
    keyed = invoice(
        number="?",
        credited=("INV-1",),
        lines=(line(1, costs=(cost("50"),)), line(1, order_line=2)),
    )
    assert sorted(faults_of(copy_of(), invoice=keyed, number="X", lines=(LineCoding(line=1, quantity="1"),))) == sorted(
        [
            ("/invoice/number", "said-twice"),
            ("/invoice/lines", "said-twice"),
            ("/invoice/invoice/number", "no-number"),
            ("/invoice/invoice/credited", "no-credit-note"),
            ("/invoice/invoice/lines/0/line", "line-twice"),
            ("/invoice/invoice/lines/1/line", "line-twice"),
            ("/invoice/invoice/lines/0/costs", "shares-not-whole"),
            ("/invoice/invoice/lines/1/order_line", "order-missing"),
        ]
    )


def test_an_account_that_was_read_with_certainty_cannot_be_keyed_away() -> None:
    suspicious = copy_of(
        invoice(accounts=(FOREIGN_ACCOUNT, OTHER_ACCOUNT)), fields=(reading("/accounts/1/account_number"),)
    )
    after = correct(suspicious, invoice=invoice(accounts=(ACCOUNT,)))
    assert after.invoice.accounts == (FOREIGN_ACCOUNT, ACCOUNT)
    again = correct(after, invoice=invoice(accounts=()))
    assert again.invoice.accounts == (FOREIGN_ACCOUNT, ACCOUNT)
    found = control(facts(copy_=again), policy()).findings
    assert [finding.code for finding in found] == ["bank-account-mismatch"]


def test_what_a_person_keyed_is_certain_and_nothing_else() -> None:
    pointers = ("/number", "/issued_on", "/lines/0/quantity/value", "/lines/0/quantity/unit", "/lines/0/amount/amount")
    before = copy_of(invoice(lines=(line(1), line(2))), fields=tuple(reading(each) for each in pointers))
    after = correct(before, number="INV-42", lines=(LineCoding(line=1, unit="BX", amount=money(125)),))
    certain = {field.pointer for field in after.fields if field.confidence == 1}
    assert certain == {"/number", "/lines/0/quantity/unit", "/lines/0/amount/amount"}
    assert {field.pointer: field.place for field in after.fields} == dict.fromkeys(pointers, PLACE)


@given(
    quantity=st.decimals(0, 10**6, places=3),
    price=st.decimals(0, 10**4, places=4),
    number=st.integers(1, 5),
)
def test_a_correction_of_one_line_leaves_all_others_and_the_header_as_they_were(
    quantity: Decimal, price: Decimal, number: int
) -> None:
    before = copy_of(invoice(lines=tuple(line(each) for each in range(1, 6)), totals=totals("625")))
    after = correct(before, lines=(LineCoding(line=number, quantity=f"{quantity:f}", unit_price=money(price)),))
    assert (after.invoice.lines[number - 1].quantity.value, after.invoice.lines[number - 1].unit_price.amount) == (
        quantity,
        price,
    )
    back = tuple(
        was if was.line == number else now for was, now in zip(before.invoice.lines, after.invoice.lines, strict=True)
    )
    assert after.invoice.model_copy(update={"lines": back}) == before.invoice


ACCEPTED = (
    "sender-unverified",
    "document-invalid",
    "date-implausible",
    "tax-over",
    "duplicate-suspected",
    "bank-account-mismatch",
    "price-variance",
    "charge-over",
    "credit-exceeds",
    "something-new",
)


@pytest.mark.parametrize(
    ("correction", "lost"),
    [
        ({"owner": "olga"}, set()),
        ({"due_on": date(2027, 1, 1)}, {"date-implausible", "something-new"}),
        ({"number": "INV-420"}, {"duplicate-suspected", "something-new"}),
        ({"order_numbers": ("PO-8",)}, {"duplicate-suspected", "price-variance", "something-new"}),
        ({"lines": (LineCoding(line=2, costs=(cost(),)),)}, {"something-new"}),
        ({"lines": (LineCoding(line=1, quantity="9"),)}, {"price-variance", "something-new"}),
        (
            {"lines": (LineCoding(line=1, amount=money("120")),)},
            {"price-variance", "tax-over", "charge-over", "something-new"},
        ),
    ],
)
def test_an_acceptance_outlives_a_correction_of_something_else(correction: dict[str, Any], lost: set[str]) -> None:
    before = copy_of(invoice(lines=(line(1), line(2))), findings=(FATAL,))
    after = correct(before, **correction)
    assert still_accepted_codes(before, after, ACCEPTED) == tuple(code for code in ACCEPTED if code not in lost)


def test_with_another_supplier_or_another_invoice_nothing_stays_accepted() -> None:
    before = copy_of()
    assert still_accepted_codes(before, before, ACCEPTED, same_supplier=False) == ()
    other = invoice(seller=invoice().seller.model_copy(update={"name": "X"}), accounts=(OTHER_ACCOUNT,))
    kept = still_accepted_codes(before, correct(before, invoice=other), ("sender-unverified", "bank-account-mismatch"))
    assert kept == ()


def test_an_uncertain_reading_stays_accepted_while_no_other_field_is_uncertain() -> None:
    before = copy_of(fields=(reading("/number"), reading("/issued_on")))
    after = correct(before, number="INV-42")
    assert still_accepted_codes(before, after, ("capture-uncertain",)) == ("capture-uncertain",)
    worse = after.model_copy(update={"fields": (*before.fields, reading("/note"))})
    assert still_accepted_codes(before, worse, ("capture-uncertain",)) == ()
