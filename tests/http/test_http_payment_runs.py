"""Payment runs over HTTP: who may start one, which number it gets, and what is shown of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway, slug
from tests.http.test_http_invoice_views import a_payment

RUN = "payment-run.north.20260302-USD-1"
INVOICE = "invoice-to-payment.north.INV42-0123456789ab"


async def ask(gateway: Gateway, key: str | None = None, *, role: str = "treasury", **body: Any) -> httpx.Response:
    headers = gateway.as_("tess", role) | ({"idempotency-key": key} if key else {})
    return await gateway.http.post("/v1/payment-runs", json={"facility": "north"} | body, headers=headers)


@pytest.mark.parametrize("role", ["treasury", "accounts-payable"])
async def test_a_run_starts_with_the_first_number_of_the_day(gateway: Gateway, role: str) -> None:
    answer = await ask(gateway, role=role, currency="USD")
    assert (answer.status_code, answer.json()["case_id"]) == (202, RUN)
    assert answer.headers["location"] == f"/v1/payment-runs/{RUN}"
    started, _ = gateway.cases.runs[RUN]
    assert (started.facility, started.currency, started.submitted_by.person) == ("north", "USD", "tess")
    assert started.policy.facility.code == "north"


async def test_a_repeat_with_its_key_is_the_same_run_also_past_midnight(gateway: Gateway) -> None:
    await ask(gateway, "somebody-elses")
    first = await ask(gateway, "monday-afternoon")
    again = await ask(gateway, "monday-afternoon")
    gateway.now += timedelta(hours=14)  # the 3rd in New York
    next_day = await ask(gateway, "monday-afternoon")
    assert {each.json()["case_id"] for each in (first, again, next_day)} == {RUN[:-1] + "2"}
    assert (await ask(gateway, "tuesday")).json()["case_id"] == "payment-run.north.20260303-USD-1"


async def test_without_a_key_each_request_is_a_run(gateway: Gateway) -> None:
    cases = [(await ask(gateway)).json()["case_id"] for _ in range(3)]
    assert cases == [f"{RUN[:-1]}{number}" for number in (1, 2, 3)]


async def test_the_key_is_the_persons_own(gateway: Gateway) -> None:
    await ask(gateway, "the-same-key")
    headers = gateway.as_("toni", "treasury") | {"idempotency-key": "the-same-key"}
    other = await gateway.http.post("/v1/payment-runs", json={"facility": "north"}, headers=headers)
    assert other.json()["case_id"] == RUN[:-1] + "2"


async def test_a_day_has_an_end(gateway: Gateway) -> None:
    for _ in range(50):
        assert (await ask(gateway)).status_code == 202
    answer = await ask(gateway)
    assert (answer.status_code, slug(answer)) == (409, "too-many-runs")


@pytest.mark.parametrize("role", ["requester", "buyer", "finance-controller", "portal", "auditor"])
async def test_others_start_none(gateway: Gateway, role: str) -> None:
    answer = await ask(gateway, role=role)
    assert (answer.status_code, slug(answer)) == (403, "role-required")
    assert not gateway.cases.runs


@pytest.mark.parametrize(
    "body", [{"facility": "south"}, {"facility": "atlantis"}, {"currency": "dollars"}, {"on": "x"}]
)
async def test_what_is_wrong_is_told_and_nothing_starts(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await ask(gateway, **body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(body))}"
    assert not gateway.cases.runs


async def paid(gateway: Gateway, count: int = 1) -> None:
    await gateway.evidence.record(a_journal(RUN, process="payment-run"))
    payments = [
        a_payment(f"{INVOICE}{at}", payment_id=f"P{at:014}", state="proposed", amount=a_payment(INVOICE).amount)
        for at in range(count)
    ]
    await gateway.pay(*payments)


async def test_a_run_shows_its_payments_in_pages(gateway: Gateway) -> None:
    await paid(gateway, 3)
    await gateway.payments.set_state(["P00000000000000"], "booked")
    first = (await gateway.get(f"/v1/payment-runs/{RUN}?limit=2", "bo")).json()
    assert (first["count"], first["total"]) == (3, {"amount": str(Decimal("9.80") * 3), "currency": "USD"})
    assert first["states"] == {"booked": 1, "proposed": 2}
    rest = (await gateway.get(f"/v1/payment-runs/{RUN}?limit=2&cursor={first['next_cursor']}", "bo")).json()
    shown = first["payments"] + rest["payments"]
    assert len({each["payment_id"] for each in shown}) == 3
    assert rest["next_cursor"] is None
    item = shown[0]["items"][0]
    assert (item["number"], item["discount"]["amount"], item["invoice"]) == (
        "INV-42",
        "0.20",
        f"/v1/invoices/{item['case_id']}",
    )


async def test_a_run_without_payments_is_shown_too(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(RUN, process="payment-run"))
    shown = (await gateway.get(f"/v1/payment-runs/{RUN}", "bo")).json()
    assert (shown["count"], shown["total"], shown["payments"]) == (0, None, [])


async def test_the_file_is_for_treasury_and_auditors_only(gateway: Gateway) -> None:
    await paid(gateway)
    await gateway.payments.keep_file(RUN, "MSG-1", "north pain.xml", "<Document/>")
    path = f"/v1/payment-runs/{RUN}/file/MSG-1"
    for role in ("treasury", "auditor"):
        answer = await gateway.get(path, "tess", role)
        assert (answer.status_code, answer.content) == (200, b"<Document/>")
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''north%20pain.xml"
    for role in ("accounts-payable", "finance-controller", "buyer"):
        refused = await gateway.get(path, "tess", role)
        assert (refused.status_code, slug(refused)) == (403, "role-required")


async def test_a_file_is_found_under_its_own_run_only(gateway: Gateway) -> None:
    await paid(gateway)
    other = RUN[:-1] + "2"
    await gateway.payments.keep_file(other, "MSG-2", "other.xml", "<Document/>")
    for message in ("MSG-2", "MSG-3"):
        answer = await gateway.get(f"/v1/payment-runs/{RUN}/file/{message}", "tess", "treasury")
        assert (answer.status_code, slug(answer)) == (404, "file-not-found")


async def test_foreign_runs_and_other_cases_do_not_exist(gateway: Gateway) -> None:
    await paid(gateway)
    foreign = await gateway.get(f"/v1/payment-runs/{RUN}", "bo", facilities=["south"])
    await gateway.evidence.record(a_journal(INVOICE, process="invoice-to-payment"))
    other = await gateway.get(f"/v1/payment-runs/{INVOICE}", "bo")
    assert (slug(foreign), slug(other)) == ("case-not-found", "payment-run-not-found")
