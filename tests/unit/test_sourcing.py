"""Orders per supplier, store-room issues, and corrected requisitions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import InvalidRequestError
from domain.purchase import SourcedLine
from domain.quantity import Quantity
from domain.requisition import Requisition
from domain.sourcing import apply_corrections, order_drafts, stock_issue
from domain.tasks import LineCorrection
from tests.fixtures.purchases import TODAY, boxes, item_line, pieces, requisition, share, sourced, text_line, usd

CASE = "procure-to-pay.north.REQ-1"


def drafts(*lines: SourcedLine, **over: Any) -> Any:
    return order_drafts(CASE, "north", "nina", "USD", TODAY, lines, **over)


def test_one_order_per_supplier_by_code() -> None:
    made = drafts(sourced(3, supplier="S-2"), sourced(2), sourced(1), sourced(4, to_order=0, from_stock=5))
    assert [(draft.external_id, [line.line for line in draft.lines]) for draft in made] == [
        (f"{CASE}:order.S-1:1", [1, 2]),
        (f"{CASE}:order.S-2:1", [3]),
    ]
    assert made[0].total == usd(160)


def test_only_what_is_to_order_is_ordered() -> None:
    (draft,) = drafts(sourced(to_order=6, from_stock=4), round=2)
    assert draft.external_id == f"{CASE}:order.S-1:2"
    assert draft.lines[0].quantity == boxes(6)


def test_without_anything_to_order_there_is_no_order() -> None:
    assert drafts(sourced(to_order=0, from_stock=1)) == ()


def test_the_store_room_hands_out_what_it_has_to_the_largest_payer() -> None:
    costs = (share("N-100", 40), share("N-200", 60))
    issue = stock_issue(CASE, "north", (sourced(2, 1, 4, costs=costs, deliver_to="Ward 9"), sourced(1, 0, 3)), round=3)
    assert issue is not None
    assert issue.external_id == f"{CASE}:stock:3"
    assert issue.deliver_to == "Ward 3; Ward 9"
    assert [(line.line, line.item, int(line.quantity), line.cost_centre) for line in issue.lines] == [
        (1, "GLOVE-M", 3, "N-100"),
        (2, "GLOVE-M", 4, "N-200"),
    ]


def test_without_stock_there_is_no_issue() -> None:
    assert stock_issue(CASE, "north", (sourced(),)) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(("S-1", "S-2", "S-3"))), max_size=8))
def test_every_unit_is_ordered_or_issued_once(parts: list[tuple[int, int, str]]) -> None:
    lines = [
        sourced(number, to_order, from_stock, supplier=supplier)
        for number, (to_order, from_stock, supplier) in enumerate(parts, 1)
    ]
    ordered = {line.line: line.quantity.value for draft in drafts(*lines) for line in draft.lines}
    issue = stock_issue(CASE, "north", lines)
    issued = {line.line: line.quantity for line in issue.lines} if issue else {}
    for line in lines:
        assert ordered.get(line.line, 0) + issued.get(line.line, 0) == line.quantity.value
    ids = [draft.external_id for draft in drafts(*lines)]
    assert ids == sorted(set(ids))


REQUEST = requisition(item_line(1), text_line(2))


def test_fields_left_out_stay_as_they_are() -> None:
    corrected = apply_corrections(
        REQUEST,
        (
            LineCorrection(line=2, supplier="S-2", unit_price=usd(300), quantity="2.5", category="facilities"),
            LineCorrection(line=1, item="GLOVE-L", costs=(share("N-200"),)),
        ),
    )
    first, second = corrected.lines
    assert (first.item, first.costs, first.quantity) == ("GLOVE-L", (share("N-200"),), boxes(10))
    assert (second.supplier, second.unit_price, second.quantity) == ("S-2", usd(300), pieces("2.5"))
    assert (second.category, second.description) == ("facilities", REQUEST.lines[1].description)
    assert corrected.model_copy(update={"lines": REQUEST.lines}) == REQUEST


def test_a_corrected_unit_means_the_catalogues_pack() -> None:
    (line, _) = apply_corrections(REQUEST, (LineCorrection(line=1, unit="CS"),)).lines
    assert line.quantity == Quantity(value=Decimal(10), unit="CS")


def test_two_corrections_of_a_line_add_up() -> None:
    both = (LineCorrection(line=1, supplier="S-2"), LineCorrection(line=1, quantity="3"))
    line = apply_corrections(REQUEST, both).lines[0]
    assert (line.supplier, line.quantity) == ("S-2", boxes(3))


def test_all_faults_of_corrections_are_told_at_once() -> None:
    corrections = (
        LineCorrection(line=7, supplier="S-2"),
        LineCorrection(line=1),
        LineCorrection(line=2, quantity="0", category="toys", unit="ZZ"),
        LineCorrection(line=1, costs=(share(percent=30),)),
    )
    with pytest.raises(InvalidRequestError) as refused:
        apply_corrections(REQUEST, corrections)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/corrections/0/line", "unknown-line"),
        ("/corrections/1", "nothing-to-change"),
        ("/corrections/2/quantity", "not-positive"),
        ("/corrections/2/unit", "unknown-unit"),
        ("/corrections/2/category", "unknown-category"),
        ("/corrections/3/costs", "shares-not-100"),
    ]


def test_a_price_in_another_currency_is_refused() -> None:
    foreign = usd(5).model_copy(update={"currency": "EUR"})
    with pytest.raises(InvalidRequestError, match="send the price in USD"):
        apply_corrections(REQUEST, (LineCorrection(line=1, unit_price=foreign),))


def test_nothing_to_correct_is_no_change() -> None:
    assert isinstance(apply_corrections(REQUEST, ()), Requisition)
    assert apply_corrections(REQUEST, ()) == REQUEST
