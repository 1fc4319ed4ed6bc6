"""What a buyer may correct on an order that the ERP refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.faults import InvalidRequestError
from domain.order_correction import corrected_draft
from domain.purchase import OrderDraft
from domain.tasks import LineCorrection
from tests.fixtures.purchases import TODAY, order_line, share, usd


def draft() -> OrderDraft:
    return OrderDraft(
        external_id="case:order.S-1:1",
        case_id="case",
        facility="north",
        supplier="S-1",
        requester="nina",
        currency="USD",
        ordered_on=TODAY,
        lines=(order_line(1, contract="C-1"), order_line(2, contract="C-1")),
    )


def test_another_supplier_takes_all_lines_and_no_agreement_along() -> None:
    changed = corrected_draft(draft(), [LineCorrection(line=1, supplier="S-2")])
    assert (changed.supplier, changed.external_id) == ("S-2", "case:order.S-1:2")
    assert [line.contract for line in changed.lines] == [None, None]


def test_with_the_same_supplier_the_agreement_holds() -> None:
    changed = corrected_draft(draft(), [LineCorrection(line=1, quantity="5")])
    assert [(line.quantity.value, line.contract) for line in changed.lines] == [
        (Decimal(5), "C-1"),
        (Decimal(100), "C-1"),
    ]


def test_other_cost_centres_keep_the_account_of_what_is_bought() -> None:
    shares = (share("N-200", 40), share("N-300", 60, "6500"))
    changed = corrected_draft(draft(), [LineCorrection(line=2, costs=shares)])
    assert [(each.cost_centre, each.account) for each in changed.lines[1].costs] == [
        ("N-200", "6100"),
        ("N-300", "6500"),
    ]
    assert changed.lines[0].costs == draft().lines[0].costs


def test_every_fault_is_told_at_once() -> None:
    corrections = [
        LineCorrection(line=9, quantity="1"),
        LineCorrection(line=1, item="OTHER", supplier="S-2"),
        LineCorrection(line=2, supplier="S-3"),
    ]
    with pytest.raises(InvalidRequestError) as error:
        corrected_draft(draft(), corrections)
    assert [fault.code for fault in error.value.faults] == ["unknown-line", "needs-amendment", "several-suppliers"]


def test_what_costs_more_than_was_approved_needs_an_amendment() -> None:
    with pytest.raises(InvalidRequestError, match="amend the case"):
        corrected_draft(draft(), [LineCorrection(line=1, unit_price=usd(Decimal("8.01")))])
