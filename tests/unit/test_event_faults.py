"""Events whose shape is right and whose numbers nobody can mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.event_faults import acknowledgement_faults, receipt_faults, settlement_faults
from domain.faults import Fault
from domain.money import Money
from domain.purchase import AcknowledgedLine, ReceivedLine, Settlement
from tests.fixtures.purchases import NOW, answer, receipt, usd


def told(faults: tuple[Fault, ...]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults]


def test_a_receipt_of_nothing_and_a_rejection_without_a_reason() -> None:
    assert told(receipt_faults(receipt((1, 5, 0), (2, 0, 0), (3, 0, 2)))) == [
        ("/lines/1/accepted", "nothing-received"),
        ("/lines/2/reason", "required"),
    ]
    reasoned = receipt((1, 5, 0)).model_copy(
        update={"lines": (ReceivedLine(line=1, accepted=Decimal(0), rejected=Decimal(1), reason="broken"),)}
    )
    assert receipt_faults(reasoned) == ()


def test_an_answer_with_impossible_numbers() -> None:
    reply = answer(
        AcknowledgedLine(line=1, quantity=Decimal(0)),
        AcknowledgedLine(line=2, quantity=Decimal(-1), unit_price=usd(0)),
        AcknowledgedLine(line=1),
    )
    assert told(acknowledgement_faults(reply)) == [
        ("/lines/2/line", "duplicate-line"),
        ("/lines/1/quantity", "negative"),
        ("/lines/1/unit_price/amount", "not-positive"),
    ]
    assert acknowledgement_faults(answer()) == ()


@pytest.mark.parametrize(
    ("amount", "faults"),
    [
        (usd(0), []),
        (usd("0.01"), []),
        (usd("-0.01"), [("/amount/amount", "negative")]),
        (Money(amount=Decimal(1), currency="EUR"), [("/amount/currency", "currency-mismatch")]),
    ],
)
def test_a_settlement(amount: Money, faults: list[tuple[str, str]]) -> None:
    settlement = Settlement(event_id="e-4", order_number="PO-1", settled_at=NOW, amount=amount, reference="INV-1")
    assert told(settlement_faults(settlement, "USD")) == faults
