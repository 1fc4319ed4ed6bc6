"""Purchases through the public API alone with a real Tryton for the ERP; what it holds is read in its own tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from joserfc.jwk import KeySet

from tests.fixtures.tryton_world import TrytonWorld
from tests.fixtures.world import Case
from tests.http.fakes import NETWORK, OTHER_SECRET, SECRET, WAREHOUSE
from tests.http.purchase_people import People, people_of, request_in

LINES = """
SELECT p.number, p.state, p.shipment_state, l.quantity, l.unit_price, c.code AS cost_centre
FROM purchase_line l JOIN purchase_purchase p ON p.id = l.purchase
LEFT JOIN analytic_account_entry e ON e.origin = 'purchase.line,' || l.id
LEFT JOIN analytic_account_account c ON c.id = e.account
"""
MOVED = """
SELECT f.type AS source, t.type AS target, m.state, sum(m.quantity) AS quantity
FROM stock_move m JOIN stock_location f ON f.id = m.from_location JOIN stock_location t ON t.id = m.to_location
WHERE 'supplier' IN (f.type, t.type) AND m.quantity <> 0 AND m.state <> 'cancelled'
GROUP BY f.type, t.type, m.state ORDER BY f.type DESC, m.state
"""


def line_in_tryton(number: str, quantity: str, **over: Any) -> dict[str, Any]:
    given = {"state": "processing", "shipment_state": "waiting", "unit_price": Decimal("9"), "cost_centre": "N-100"}
    return {"number": number, **given, "quantity": Decimal(quantity), **over}


def moved(source: str, target: str, state: str, quantity: str) -> dict[str, Any]:
    return {"source": source, "target": target, "state": state, "quantity": Decimal(quantity)}


@dataclass
class Order:
    """An order that was sent, and what comes of it."""

    people: People
    case: Case
    number: str
    _events: list[str] = field(default_factory=list)

    async def report(self, what: str, kind: str, at: str, **data: Any) -> None:
        self._events.append(kind)
        source, secret = (WAREHOUSE, SECRET) if what == "goods" else (NETWORK, OTHER_SECRET)
        event = f"{self.number}-{len(self._events)}"
        told = {"order_number": self.number, at: self.people.gateway.now.isoformat(), **data}
        answer = await self.people.send(source, secret, f"corridor.{what}.{kind}", event, told)
        assert answer.status_code == 200, answer.text

    async def acknowledge(self, *lines: dict[str, Any]) -> None:
        await self.report("order", "acknowledged", "acknowledged_at", lines=list(lines))

    async def receive(self, accepted: str) -> None:
        note = f"LS-{len(self._events)}"
        rows = [{"line": 1, "accepted": accepted}]
        await self.report("goods", "received", "received_at", received_by="rosa", delivery_note=note, lines=rows)

    async def give_back(self, quantity: str) -> None:
        rows = [{"line": 1, "quantity": quantity, "reason": "damaged"}]
        await self.report("goods", "returned", "returned_at", returned_by="rosa", lines=rows)

    async def settle(self, amount: str) -> None:
        total = {"amount": amount, "currency": "USD"}
        await self.report("order", "settled", "settled_at", amount=total, reference=f"INV-{self.number}")

    async def answer(self, person: str, what: str, action: str) -> None:
        task = await self.people.asked(person, self.case, what)
        given = {"action": action, "subject_version": task["subject_version"], "comment": "As agreed with the ward"}
        body = {"decision_id": f"{self.number}-{what}-{action}", **given}
        answer = await self.people.post(person, f"/v1/tasks/{task['task_id']}/decision", body)
        assert answer.status_code == 200, answer.text

    async def closed(self) -> str:
        """How the case ended, as the API tells it."""
        await self.case.result()
        found = (await self.people.get("nina", f"/v1/cases/{self.case.name}"))["case"]
        return str(found["status"])


@pytest.fixture
async def people(tryton_world: TrytonWorld, issuer_keys: KeySet) -> AsyncIterator[People]:
    async with people_of(tryton_world, issuer_keys) as people:
        yield people


@pytest.fixture
async def order(people: People, tryton_world: TrytonWorld) -> Order:
    """Ten boxes of gloves at 9.00 USD, requested, approved and sent to the supplier."""
    case, body = request_in(tryton_world)
    assert (await people.submit(body)).status_code == 202
    found = Order(people, case, "")
    await found.answer("carla", "approval", "approve")
    await case.ordered()
    await case.until(lambda: case.name in tryton_world.evidence._orders.values())
    (found.number,) = (await people.get("nina", f"/v1/cases/{case.name}"))["orders"]
    assert await tryton_world.rows(LINES) == [line_in_tryton(found.number, "10")]
    return found


async def test_what_comes_in_parts_adds_up_in_tryton(order: Order, tryton_world: TrytonWorld) -> None:
    await order.acknowledge()
    await order.receive("4")
    await tryton_world.until_rows(
        [moved("supplier", "storage", "done", "4"), moved("supplier", "storage", "draft", "6")], MOVED
    )
    assert await tryton_world.rows(LINES) == [line_in_tryton(order.number, "10", shipment_state="partially shipped")]
    await order.receive("6")
    await order.settle("90")
    assert await order.closed() == "completed"
    assert await tryton_world.rows(MOVED) == [moved("supplier", "storage", "done", "10")]
    assert await tryton_world.rows(LINES) == [line_in_tryton(order.number, "10", shipment_state="received")]


async def test_what_goes_back_leaves_tryton_s_stock_and_comes_again(order: Order, tryton_world: TrytonWorld) -> None:
    await order.acknowledge()
    await order.receive("9")
    await tryton_world.until_rows(
        [moved("supplier", "storage", "done", "9"), moved("supplier", "storage", "draft", "1")], MOVED
    )
    await order.give_back("2")
    await order.answer("bo", "goods-rejected", "wait")
    assert await tryton_world.rows("SELECT state FROM stock_shipment_in_return") == [{"state": "done"}]
    await order.receive("3")
    await order.settle("90")
    assert await order.closed() == "completed"
    came, back = moved("supplier", "storage", "done", "12"), moved("storage", "supplier", "done", "2")
    assert await tryton_world.rows(MOVED) == [came, back]


async def test_a_price_that_the_buyer_accepts_is_that_of_tryton_s_line(order: Order, tryton_world: TrytonWorld) -> None:
    await order.acknowledge({"line": 1, "status": "changed", "unit_price": {"amount": "10.00", "currency": "USD"}})
    await order.answer("bo", "acknowledgement-differs", "accept")
    await order.answer("carla", "approval", "approve")
    await tryton_world.until_rows([line_in_tryton(order.number, "10", unit_price=Decimal("10"))], LINES)
    assert await tryton_world.rows("SELECT state FROM purchase_amendment") == [{"state": "validated"}]
    await order.receive("10")
    await order.settle("100")
    assert await order.closed() == "completed"
    (line,) = await tryton_world.rows(LINES)
    assert (line["quantity"], line["unit_price"], line["shipment_state"]) == (10, 10, "received")


async def test_of_a_cancelled_order_tryton_awaits_nothing(order: Order, tryton_world: TrytonWorld) -> None:
    await order.acknowledge()
    asked = await order.people.post("bo", f"/v1/cases/{order.case.name}/actions/cancel", {"comment": "Ward closes"})
    assert asked.status_code == 200, asked.text
    assert await order.closed() == "cancelled"
    assert await tryton_world.rows(MOVED) == []
    (line,) = await tryton_world.rows(LINES)
    assert (line["number"], line["quantity"]) == (order.number, 0)
    assert await tryton_world.rows("SELECT count(*) AS shipments FROM stock_shipment_in") == [{"shipments": 0}]
