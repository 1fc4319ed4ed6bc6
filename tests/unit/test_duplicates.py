"""Whether an invoice was sent before: the same again, or the same under another number."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duplicates import NEVER_BOOKED, duplicates, order_numbers, registered
from domain.invoice_control import RegisteredInvoice, control
from tests.fixtures.invoice_copies import CASE, NOW, SHA, copy_of, facts, invoice, line, money, registered_invoice
from tests.fixtures.small_policy import policy

OURS = copy_of()  # INV-42, 125.00, 2026-11-16, PO-7
SAME: dict[str, Any] = {"amount": money("125"), "issued_on": date(2026, 11, 16), "order_numbers": ("PO-7",)}


def ways(*, ours: Any = OURS, supplier: str = "S-1", **other: Any) -> tuple[str, ...]:
    found = duplicates(ours, supplier, (registered_invoice(**other),))
    return found[0].ways if found else ()


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, ()),
        ({"document_sha256": SHA}, ("same-document",)),
        ({"document_sha256": SHA, "supplier": "S-2"}, ("same-document",)),
        ({"number": " inv 0042"}, ()),
        ({"number": "Inv/42"}, ("same-number",)),
        ({"number": "INV-42", "kind": "credit-note"}, ()),
        ({"number": "INV-42", "supplier": "S-2"}, ()),
        (SAME, ("same-amount-date-order",)),
        ({**SAME, "order_numbers": ("po7",)}, ("same-amount-date-order",)),
        ({**SAME, "order_numbers": ("PO-8",)}, ()),
        ({**SAME, "order_numbers": ("PO-8", "PO-7")}, ("same-amount-date-order",)),
        ({**SAME, "order_numbers": ()}, ("same-amount-date-order",)),
        ({**SAME, "kind": "credit-note"}, ()),
        ({**SAME, "amount": money("125.01")}, ()),
        ({**SAME, "amount": money("125", "EUR")}, ()),
        ({**SAME, "issued_on": date(2026, 11, 17)}, ()),
        ({**SAME, "supplier": "S-2"}, ()),
        ({**SAME, "number": "INV-42"}, ("same-number", "same-amount-date-order")),
    ],
)
def test_in_which_ways_an_earlier_invoice_is_the_same(other: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert ways(**other) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "similar"),
    [
        ("INV-1024", "INV-1042", True),
        ("INV-1024", "INV-1224", True),
        ("INV-1024", "INV-10245", True),
        ("INV-1024", "INV-124", True),
        ("INV-1024", "INV-1O24", True),
        ("INV-1024", "INV-1234", False),
        ("INV-1024", "INV-1024", False),
        ("12", "21", False),
        ("123", "132", True),
    ],
)
def test_numbers_that_are_mistyped_or_misread(ours: str, theirs: str, similar: bool) -> None:
    found = ways(ours=copy_of(invoice(number=ours)), **{**SAME, "number": theirs, "issued_on": date(2026, 11, 9)})
    assert ("similar-number" in found) == similar


@pytest.mark.parametrize(
    ("theirs", "days", "similar"),
    [
        ("INV-1023", -30, False),
        ("INV-1025", 30, False),
        ("INV-1023", 30, True),
        ("INV-1025", -30, True),
        ("INV-1023", 0, True),
        ("INV-1034", 30, True),
        ("INV-102A", -30, True),
    ],
)
def test_the_next_number_of_a_series_is_no_duplicate(theirs: str, days: int, similar: bool) -> None:
    bill = copy_of(invoice(number="INV-1024"))
    issued_on = bill.invoice.issued_on + timedelta(days=days)
    found = ways(ours=bill, **{**SAME, "number": theirs, "issued_on": issued_on, "order_numbers": ()})
    assert ("similar-number" in found) == similar


@pytest.mark.parametrize("other", [{"amount": money("125.01")}, {"order_numbers": ("PO-9",)}, {"kind": "credit-note"}])
def test_a_similar_number_of_another_amount_order_or_kind_says_nothing(other: dict[str, Any]) -> None:
    assert ways(**{**SAME, "number": "INV-24", "issued_on": date(2026, 11, 1)}) == ("similar-number",)
    assert ways(**{**SAME, "number": "INV-24", "issued_on": date(2026, 11, 1), **other}) == ()


def test_an_entry_that_is_given_twice_is_shown_once() -> None:
    entry = registered_invoice(number="INV-42")
    assert len(duplicates(OURS, "S-1", (entry, entry))) == 1


def test_the_orders_of_lines_count_as_those_of_the_header() -> None:
    bill = copy_of(invoice(order_numbers=("PO-1",), lines=(line(order_number="PO-2"), line(2, order_number="PO-1"))))
    assert order_numbers(bill) == ("PO-1", "PO-2")
    same = {**SAME, "amount": bill.invoice.totals.payable}
    assert ways(ours=bill, **{**same, "order_numbers": ("PO-2",)}) == ("same-amount-date-order",)
    assert ways(ours=bill, **{**same, "order_numbers": ("PO-3",)}) == ()


def test_its_own_entry_is_no_duplicate_of_it() -> None:
    entry = registered(OURS, "north", "S-1", "registered", NOW)
    assert entry == RegisteredInvoice(
        case_id=CASE,
        facility="north",
        supplier="S-1",
        number="INV-42",
        kind="invoice",
        amount=money("125"),
        issued_on=date(2026, 11, 16),
        order_numbers=("PO-7",),
        document_sha256=SHA,
        state="registered",
        registered_at=NOW,
    )
    assert duplicates(OURS, "S-1", (entry,)) == ()
    again = entry.model_copy(update={"case_id": "another"})
    assert duplicates(OURS, "S-1", (entry, again))[0].ways == ("same-document", "same-number", "same-amount-date-order")


@pytest.mark.parametrize("state", sorted(NEVER_BOOKED))
def test_what_was_never_booked_may_be_sent_again_and_is_noted(state: str) -> None:
    result = control(facts(similar=(registered_invoice(number="INV-42", state=state),)), policy())
    assert result.findings == ()
    assert result.notes == (f"INV-42 came before and was not booked ({state}, case {registered_invoice().case_id}).",)


@pytest.mark.parametrize("state", ["registered", "matched", "posted", "payable", "paid"])
def test_what_is_in_flight_or_done_is_shown_side_by_side(state: str) -> None:
    (found,) = control(facts(similar=(registered_invoice(**SAME, state=state),)), policy()).findings
    assert found.code == "duplicate-suspected"
    assert found.evidence["this"] == {
        "case_id": CASE,
        "number": "INV-42",
        "kind": "invoice",
        "issued_on": "2026-11-16",
        "amount": "125.00 USD",
        "order_numbers": ["PO-7"],
        "document_sha256": SHA,
    }
    (other,) = found.evidence["others"]
    assert {name: other[name] for name in ("facility", "number", "amount", "state", "ways")} == {
        "facility": "south",
        "number": "X-9",
        "amount": "125.00 USD",
        "state": state,
        "ways": ["same-amount-date-order"],
    }


def test_many_are_counted_and_the_closest_shown_first() -> None:
    many = [registered_invoice(case_id=f"case-{number}", **SAME) for number in range(30)]
    closest = registered_invoice(case_id="closest", **SAME, number="INV-42", document_sha256=SHA)
    (found,) = control(facts(similar=(*many, closest)), policy()).findings
    assert found.evidence["others"][0]["case_id"] == "closest"
    assert (len(found.evidence["others"]), found.evidence["count"]) == (10, 31)


@given(
    number=st.text("0123456789ABIO-/ ", min_size=1, max_size=12).filter(lambda text: text.strip("0-/ ")),
    state=st.sampled_from(["registered", "posted", "paid"]),
)
def test_the_same_number_is_found_however_it_is_written(number: str, state: str) -> None:
    bill = copy_of(invoice(number=number))
    written = "0" + number.lower().replace("-", " ").strip()
    assert "same-number" in ways(ours=bill, number=written, state=state)


@given(
    first=st.text("0123456789AB", min_size=3, max_size=8),
    second=st.text("0123456789AB", min_size=3, max_size=8),
    days=st.integers(-40, 40),
)
def test_of_two_invoices_either_resembles_the_other(first: str, second: str, days: int) -> None:
    """Which came first does not matter: whichever is controlled last is held."""
    other_day = date(2026, 11, 16) + timedelta(days=days)
    one = copy_of(invoice(number=first), case_id="one", document_sha256="1" * 64)
    two = copy_of(invoice(number=second, issued_on=other_day), case_id="two", document_sha256="2" * 64)
    there = duplicates(one, "S-1", (registered(two, "north", "S-1", "posted", NOW),))
    back = duplicates(two, "S-1", (registered(one, "north", "S-1", "posted", NOW),))
    assert [each.ways for each in there] == [each.ways for each in back]
