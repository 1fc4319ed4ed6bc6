"""Who links, codes or maps a bill changes nothing else of it on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.approval import missing_content
from domain.correction_rights import beyond_the_action
from domain.people import Actor
from domain.tasks import Decision

BO = Actor(person="bo", roles=("buyer",), facilities=("north",))
NINE = {"amount": "9000.00", "currency": "USD"}
COSTS = ({"cost_centre": "N-100", "account": "610100", "percent": "100"},)


def answer(action: str, **correction: Any) -> Decision:
    return Decision.model_validate(
        {
            "decision_id": "decision-1",
            "task_id": "t",
            "action": action,
            "actor": BO,
            "subject_version": 1,
            "comment": "so",
            "invoice": correction,
            "decided_at": datetime(2026, 11, 21, tzinfo=UTC),
        }
    )


def line(**over: Any) -> dict[str, Any]:
    return {"lines": ({"line": 1, **over},)}


@pytest.mark.parametrize(
    ("action", "correction"),
    [
        ("link", line(order_number="PO-1", order_line=2)),
        ("link", {"order_numbers": ("PO-1",), "credited": ("INV-1",)}),
        ("code", line(costs=COSTS, category="services", order_number="")),
        ("code", line(unit="C62", pack_size=10)),
        ("code", {"owner": "carla", **line(costs=COSTS)}),
        ("map", {"supplier": "S-1", "order_numbers": ("PO-1",)}),
        ("correct", {"supplier": "S-2", "number": "7", **line(amount=NINE, unit_price=NINE, quantity="3")}),
    ],
)
def test_what_belongs_to_the_action_is_taken(action: str, correction: dict[str, Any]) -> None:
    assert missing_content(answer(action, **correction)) is None


@pytest.mark.parametrize(
    ("action", "correction", "beyond"),
    [
        ("link", line(order_number="PO-1", unit_price=NINE), "lines/unit_price"),
        ("link", line(order_number="PO-1", amount=NINE), "lines/amount"),
        ("link", line(quantity="3"), "lines/quantity"),
        ("link", {"order_numbers": ("PO-1",), "supplier": "S-2"}, "supplier"),
        ("link", {"number": "INV-2"}, "number"),
        ("code", line(costs=COSTS, amount=NINE), "lines/amount"),
        ("code", line(order_number="PO-2"), "lines/order_number"),
        ("code", {"supplier": "S-2", **line(costs=COSTS)}, "supplier"),
        ("map", {"supplier": "S-2", **line(amount=NINE)}, "lines"),
        ("map", {"supplier": "S-2", "due_on": "2026-11-22"}, "due_on"),
    ],
)
def test_what_does_not_belong_to_it_is_refused(action: str, correction: dict[str, Any], beyond: str) -> None:
    given = answer(action, **correction)
    assert beyond in beyond_the_action(given)
    assert missing_content(given) == "correction-not-allowed"
