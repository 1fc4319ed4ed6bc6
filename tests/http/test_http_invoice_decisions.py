"""Answers to questions about invoices: corrections of the copy, and how a bank account was verified."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.tasks import Decision
from tests.fixtures.evidence import a_task
from tests.fixtures.invoices import an_invoice
from tests.http.fakes import Gateway, pointers, slug

CASE = "invoice-to-payment.north.INV42-0123456789ab"
TASK = f"{CASE}:exception.1"
ROLE = "accounts-payable"
CALL = {"phone": "+1 555 0100", "spoken_with": "Ms. Ledger", "called_at": "2026-03-02T14:00:00Z"}


async def asked(gateway: Gateway, *actions: str) -> None:
    task = a_task(TASK, CASE, kind="exception", role=ROLE, actions=actions or ("correct", "code", "confirm", "reject"))
    await gateway.ask(task, requester="corridor", process="invoice-to-payment")


async def decide(gateway: Gateway, **body: Any) -> httpx.Response:
    given = {"subject_version": 1, "comment": "as the original says"} | body
    return await gateway.post(f"/v1/tasks/{TASK}/decision", given, "ada", ROLE)


@pytest.mark.parametrize(
    ("action", "correction"),
    [
        ("correct", {"supplier": "S-1", "number": "INV-43", "order_numbers": ["PO-1"]}),
        ("correct", {"invoice": an_invoice(lines=2)}),
        ("code", {"lines": [{"line": 1, "costs": [{"cost_centre": "N-100"}], "category": "services"}]}),
        ("correct", {"lines": [{"line": 20_000, "order_number": "PO-1", "order_line": 3, "quantity": "2.5"}]}),
    ],
)
async def test_a_correction_reaches_the_case_whole(gateway: Gateway, action: str, correction: dict[str, Any]) -> None:
    await asked(gateway)
    answer = await decide(gateway, action=action, invoice=correction)
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert isinstance(sent, Decision)
    assert sent.invoice is not None
    reached = sent.invoice.model_dump(mode="json", exclude_defaults=True)
    assert set(reached) == set(correction)


async def test_many_corrections_come_in_one_request(gateway: Gateway) -> None:
    await asked(gateway)
    one = {"task_id": TASK, "action": "correct", "subject_version": 1, "comment": "x", "invoice": {"supplier": "S-1"}}
    answer = await gateway.post("/v1/tasks/decisions", {"decisions": [one]}, "ada", ROLE)
    assert answer.json()["applied"] == 1, answer.text
    (sent,) = gateway.cases.received
    assert sent.invoice.supplier == "S-1"


async def test_a_confirmed_account_needs_its_call_back(gateway: Gateway) -> None:
    await asked(gateway)
    without = await decide(gateway, action="confirm")
    assert (without.status_code, pointers(without)) == (422, {"/call_back"})
    assert without.json()["errors"][0]["code"] == "call-back-required"
    assert not gateway.cases.received
    answer = await decide(gateway, action="confirm", call_back=CALL)
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert (sent.call_back.phone, sent.call_back.spoken_with) == (CALL["phone"], CALL["spoken_with"])


async def test_correct_without_a_correction_is_asked_for_it(gateway: Gateway) -> None:
    await asked(gateway)
    answer = await decide(gateway, action="correct")
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/invoice", "correction-required")
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"invoice": {"account": "x"}}, "/invoice/account"),
        ({"invoice": {"lines": [{"line": 0}]}}, "/invoice/lines/0/line"),
        ({"invoice": {"lines": [{"line": 1, "quantity": "-1"}]}}, "/invoice/lines/0/quantity"),
        ({"invoice": {"invoice": an_invoice(currency="dollars")}}, "/invoice/invoice/currency"),
        ({"call_back": CALL | {"called_at": "yesterday"}}, "/call_back/called_at"),
        ({"call_back": CALL | {"called_at": "2026-03-02T14:00:00"}}, "/call_back/called_at"),
        ({"call_back": {"phone": "1"}}, "/call_back/phone"),
    ],
)
async def test_what_is_wrong_in_it_is_pointed_at(gateway: Gateway, body: dict[str, Any], pointer: str) -> None:
    await asked(gateway)
    answer = await decide(gateway, action="correct", **body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointer in pointers(answer)
    assert not gateway.cases.received
