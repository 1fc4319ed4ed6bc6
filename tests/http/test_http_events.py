"""Events: signed by a known source, about its own facilities, understood before they are passed on, applied once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from api.event_sources import EventSource
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement
from tests.fixtures.evidence import CASE, a_journal
from tests.http.fakes import NETWORK, OTHER_SECRET, SECRET, WAREHOUSE, Gateway, pointers, slug

SOUTH_CASE = "procure-to-pay.south.REQ-1"
RECEIPT = {
    "order_number": "PO-1",
    "received_at": "2026-03-02T14:00:00Z",
    "received_by": "rosa",
    "delivery_note": "LS-77",
    "lines": [{"line": 1, "accepted": "10"}],
}


def an_event(**changes: Any) -> dict[str, Any]:
    given = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": WAREHOUSE,
        "type": "corridor.goods.received",
        "time": "2026-03-02T14:00:00Z",
        "datacontenttype": "application/json",
        "data": RECEIPT,
    }
    return given | changes


async def two_orders(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(CASE, order_numbers=("PO-1",)))
    await gateway.evidence.record(a_journal(SOUTH_CASE, order_numbers=("PO-2",)))


async def test_a_receipt_reaches_its_case(gateway: Gateway) -> None:
    await two_orders(gateway)
    answer = await gateway.send_event(an_event())
    assert answer.status_code == 200, answer.text
    assert answer.json()["case_id"] == CASE
    (sent,) = gateway.cases.received
    assert isinstance(sent, GoodsReceipt)
    assert sent.event_id == f"{WAREHOUSE}#evt-1"


@pytest.mark.parametrize(
    ("kind", "source", "secret", "data", "model"),
    [
        (
            "corridor.order.acknowledged",
            NETWORK,
            OTHER_SECRET,
            {"order_number": "PO-1", "acknowledged_at": "2026-03-02T14:00:00Z"},
            Acknowledgement,
        ),
        (
            "corridor.goods.returned",
            WAREHOUSE,
            SECRET,
            {
                "order_number": "PO-1",
                "returned_at": "2026-03-02T14:00:00Z",
                "returned_by": "rosa",
                "lines": [{"line": 1, "quantity": "2", "reason": "torn"}],
            },
            GoodsReturn,
        ),
        (
            "corridor.order.settled",
            NETWORK,
            OTHER_SECRET,
            {
                "order_number": "PO-1",
                "settled_at": "2026-03-02T14:00:00Z",
                "amount": {"amount": "90.00", "currency": "USD"},
                "reference": "INV-1",
            },
            Settlement,
        ),
    ],
)
async def test_every_type_of_event(
    gateway: Gateway, kind: str, source: str, secret: str, data: dict[str, Any], model: type
) -> None:
    await two_orders(gateway)
    answer = await gateway.send_event(an_event(type=kind, source=source, data=data), secret)
    assert answer.status_code == 200, answer.text
    assert isinstance(gateway.cases.received[0], model)


async def test_an_event_that_comes_again_is_answered_even_after_the_end(gateway: Gateway) -> None:
    await two_orders(gateway)
    first = await gateway.send_event(an_event())
    gateway.cases.closed.add(CASE)
    gateway.cases.silent = True
    assert (await gateway.send_event(an_event())).status_code == 503, "nobody knows whether it came before"
    gateway.cases.silent = False
    again = await gateway.send_event(an_event())
    assert (again.status_code, again.json()) == (200, first.json())
    new = await gateway.send_event(an_event(id="evt-2"))
    assert (new.status_code, slug(new)) == (409, "case-closed")


async def test_a_busy_case_keeps_the_event(gateway: Gateway) -> None:
    await two_orders(gateway)
    gateway.cases.silent = True
    answer = await gateway.send_event(an_event(), prefer="wait=0")
    assert (answer.status_code, answer.json()["record"]) == (202, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v2,AAAA v1a,BBBB é"},
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "-1"},
    ],
)
async def test_an_unsigned_or_forged_event(gateway: Gateway, headers: dict[str, str]) -> None:
    await two_orders(gateway)
    encoded = {name: value.encode() for name, value in headers.items()}
    answer = await gateway.send_event(an_event(), **encoded)  # type: ignore[arg-type]  # bytes, as a forger would
    assert (answer.status_code, slug(answer)) == (401, "signature-invalid")
    assert not gateway.cases.received


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_signature_of_another_time(gateway: Gateway, minutes: int) -> None:
    answer = await gateway.send_event(an_event(), at=gateway.now + timedelta(minutes=minutes))
    assert (answer.status_code, slug(answer)) == (401, "signature-invalid")


async def test_a_signature_among_several_counts(gateway: Gateway) -> None:
    await two_orders(gateway)
    body = an_event()
    forged = await gateway.send_event(body, OTHER_SECRET)
    assert (forged.status_code, slug(forged)) == (403, "event-source-mismatch")


async def test_a_body_that_was_changed_after_signing(gateway: Gateway) -> None:
    await two_orders(gateway)
    request = (await gateway.send_event(an_event())).request
    gateway.cases.received.clear()
    answer = await gateway.http.post("/v1/events", content=request.content + b" ", headers=request.headers)
    assert answer.status_code == 401
    assert not gateway.cases.received


@pytest.mark.parametrize(
    ("event", "status", "problem"),
    [
        (an_event(type="corridor.order.settled"), 403, "event-type-not-allowed"),
        (an_event(data=RECEIPT | {"order_number": "PO-2"}), 404, "order-not-found"),
        (an_event(data=RECEIPT | {"order_number": "PO-999"}), 404, "order-not-found"),
    ],
)
async def test_what_is_not_the_senders_business(
    gateway: Gateway, event: dict[str, Any], status: int, problem: str
) -> None:
    await two_orders(gateway)
    answer = await gateway.send_event(event)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert not gateway.cases.received


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"type": "corridor.unknown"}, "/type"),
        ({"id": ""}, "/id"),
        ({"id": "é"}, "/id"),
        ({"surprise": 1}, "/surprise"),
        ({"time": 7}, "/time"),
        ({"data": None}, "/data"),
        ({"data": RECEIPT | {"event_id": "x"}}, "/data/event_id"),
        ({"data": RECEIPT | {"surprise": 1}}, "/data/surprise"),
        ({"data": RECEIPT | {"received_at": "2026-03-02T14:00:00"}}, "/data/received_at"),
        ({"data": RECEIPT | {"lines": []}}, "/data/lines"),
        ({"data": RECEIPT | {"lines": [{"line": 1, "accepted": "-1"}]}}, "/data/lines/0/accepted"),
        ({"data": RECEIPT | {"lines": [{"line": 1, "accepted": "NaN"}]}}, "/data/lines/0/accepted"),
        ({"data": RECEIPT | {"lines": [{"line": 1, "accepted": "1"}] * 2}}, "/data/lines/1/line"),
    ],
)
async def test_a_malformed_event_never_reaches_a_case(gateway: Gateway, changes: dict[str, Any], pointer: str) -> None:
    await two_orders(gateway)
    answer = await gateway.send_event(an_event(**changes))
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointers(answer) == {pointer}
    assert not gateway.cases.received


async def test_a_batch_is_not_taken(gateway: Gateway) -> None:
    answer = await gateway.send_event([an_event()])  # type: ignore[arg-type]  # the shape that is refused
    assert answer.status_code == 422


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 !"])
def test_a_secret_that_protects_nothing_cannot_be_configured(secret: str) -> None:
    with pytest.raises(ValidationError, match="secret"):
        EventSource(source="urn:x", secrets=(SecretStr(secret),), types=())
