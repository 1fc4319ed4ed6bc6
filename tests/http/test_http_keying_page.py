"""The page for keying: what is doubtful comes first, nothing in it acts, and its answers are taken as they stand."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html import unescape

from domain.capture import FieldReading, Place
from domain.tasks import Task
from tests.fixtures.evidence import a_journal, a_task
from tests.fixtures.invoices import IBAN, as_pdf
from tests.http.fakes import Gateway

ROLE = "accounts-payable"


async def keyed(gateway: Gateway) -> tuple[str, Task]:
    """A case with a plain PDF of which something is doubtful, and the question about it."""
    headers = gateway.as_("ada", ROLE) | {"content-type": "application/pdf"}
    answer = await gateway.http.post("/v1/invoices", content=as_pdf(), headers=headers)
    case = str(answer.json()["case_id"])
    task = a_task(f"{case}:exception.1", case, kind="exception", role=ROLE, actions=("correct", "accept", "reject"))
    await gateway.ask(task, requester="ada", process="invoice-to-payment")
    return case, task


async def test_the_doubtful_comes_first_and_no_bank_number_is_shown(gateway: Gateway) -> None:
    case, _ = await keyed(gateway)
    answer = await gateway.get(f"/v1/invoices/{case}/page", "ada", ROLE)
    assert answer.status_code == 200
    text = answer.text
    assert text.index("/accounts/0/iban") < text.index("2. /number")
    assert IBAN not in text
    assert f"/v1/invoices/{case}/document" in text


async def test_nothing_on_the_page_acts(gateway: Gateway) -> None:
    case, task = await keyed(gateway)
    copy = await gateway.documents.copy(case)
    assert copy is not None
    hostile = FieldReading(
        pointer="/note",
        text="<script>alert(1)</script>",
        confidence=Decimal("0.1"),
        place=Place(page=1, left=Decimal(10), top=Decimal(20), right=Decimal(30), bottom=Decimal(40)),
    )
    await gateway.documents.keep_copy(copy.model_copy(update={"version": 2, "fields": (hostile,)}))
    answer = await gateway.get(f"/v1/invoices/{case}/page", "ada", ROLE)
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert 'x="10" y="20"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert task.title in unescape(answer.text)


async def test_the_answers_that_are_shown_are_taken(gateway: Gateway) -> None:
    case, task = await keyed(gateway)
    answer = await gateway.get(f"/v1/invoices/{case}/page", "ada", ROLE)
    bodies = [json.loads(unescape(each)) for each in re.findall(r"<pre[^>]*>(.*?)</pre>", answer.text, re.DOTALL)]
    assert [body["action"] for body in bodies] == ["correct", "accept", "reject"]
    assert bodies[0]["invoice"]["invoice"]["number"] == "INV-42"
    taken = await gateway.post(f"/v1/tasks/{task.task_id}/decision", bodies[0], "ada", ROLE)
    assert taken.status_code in (200, 202), taken.text


async def test_what_is_none_of_the_callers_does_not_exist(gateway: Gateway) -> None:
    case, _ = await keyed(gateway)
    elsewhere = await gateway.get(f"/v1/invoices/{case}/page", "eve", ROLE, facilities=["south"])
    assert elsewhere.status_code == 404
    purchase = "procure-to-pay.north.REQ-1"
    await gateway.evidence.record(a_journal(purchase, requester="ada"))
    assert (await gateway.get(f"/v1/invoices/{purchase}/page", "ada", ROLE)).status_code == 404
    assert (await gateway.http.get(f"/v1/invoices/{case}/page")).status_code == 401
