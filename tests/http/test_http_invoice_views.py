"""What can be read of an invoice: its working copy, its versions, its lines, the original, its payments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import jsonschema
import pytest

from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payment import Payment, PaymentItem
from tests.fixtures.evidence import a_journal
from tests.fixtures.invoices import IBAN, as_json, as_pdf
from tests.http.fakes import Gateway, slug

NUMBER = IBAN[4:]


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def a_payment(case: str, run: str = "payment-run.north.20260302-USD-1", **changes: object) -> Payment:
    item = PaymentItem(
        case_id=case,
        external_id=f"{case}:post",
        number="INV-42",
        kind="invoice",
        amount=usd("10"),
        discount=usd("0.20"),
        due_on=date(2026, 3, 29),
    )
    given = {
        "payment_id": "PABCDEFGHIJKLMN",
        "run_id": run,
        "facility": "north",
        "supplier": "S-1",
        "supplier_name": "Acme Medical",
        "method": "credit-transfer",
        "account": PayeeAccount(iban=IBAN, bic="COBADEFFXXX", name="Acme Medical"),
        "amount": usd("9.80"),
        "pay_on": date(2026, 3, 4),
        "items": (item,),
    }
    return Payment.model_validate(given | changes)


async def taken_in(gateway: Gateway, content: bytes, media: str = "application/json") -> str:
    headers = gateway.as_("ada", "accounts-payable") | {"content-type": media}
    answer = await gateway.http.post("/v1/invoices", content=content, headers=headers)
    assert answer.status_code == 202, answer.text
    case = str(answer.json()["case_id"])
    await gateway.evidence.record(a_journal(case, process="invoice-to-payment", requester="ada"))
    return case


async def test_the_original_of_a_json_invoice_is_described_as_json_and_not_as_text(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_json())
    answer = await gateway.get(f"/v1/invoices/{case}/document", "bo")
    shown = gateway.app.openapi()["paths"]["/v1/invoices/{case_id}/document"]["get"]["responses"]["200"]["content"]
    jsonschema.validate(answer.json(), shown[answer.headers["content-type"]]["schema"])
    assert shown["application/pdf"]["schema"]["type"] == "string"


async def test_an_invoice_is_shown_with_what_was_read_and_from_where(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_pdf(lines=3), "application/pdf")
    shown = (await gateway.get(f"/v1/invoices/{case}", "bo")).json()
    current = shown["current"]
    assert (current["number"], current["line_count"], current["totals"]["payable"]["amount"]) == ("INV-42", 3, "30.00")
    assert current["seller"]["tax_id"] == "12-3456789"
    assert [each["rule"] for each in current["findings"]] == ["BR-CO-10"]
    assert [(each["pointer"], each["confidence"]) for each in current["fields"]] == [
        ("/number", "0.99"),
        ("/accounts/0/iban", "0.7"),
    ]
    assert (shown["document"]["channel"], shown["document"]["sender"]) == ("api", "ada")
    assert shown["payments"] == []
    assert "lines" not in current


async def test_no_answer_but_the_original_shows_a_bank_number(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_pdf(), "application/pdf")
    run = "payment-run.north.20260302-USD-1"
    await gateway.pay(a_payment(case, run))
    await gateway.evidence.record(a_journal(run, process="payment-run"))
    paths = (f"invoices/{case}", f"invoices/{case}/copies/1", f"invoices/{case}/lines", f"payment-runs/{run}")
    for path in paths:
        answer = await gateway.get(f"/v1/{path}", "bo")
        assert answer.status_code == 200, path
        assert NUMBER not in answer.text, path
    shown = (await gateway.get(f"/v1/invoices/{case}", "bo")).json()
    masked = {"masked": "…3000", "name": "Acme Medical"}
    assert (shown["current"]["accounts"], shown["payments"][0]["account"]) == ([masked], masked)
    assert shown["current"]["fields"][1]["text"] == "…3000"
    assert NUMBER.encode() in (await gateway.get(f"/v1/invoices/{case}/document", "bo")).content


async def test_a_correction_is_a_version_of_its_own(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_json())
    first = await gateway.documents.copy(case)
    assert first is not None
    corrected = first.invoice.model_copy(update={"number": "INV-43"})
    second = {"version": 2, "invoice": corrected, "by": "ada", "why": "misread"}
    await gateway.documents.keep_copy(first.model_copy(update=second))
    shown = (await gateway.get(f"/v1/invoices/{case}", "bo")).json()
    assert shown["current"]["number"] == "INV-43"
    assert [(each["version"], each["by"], each["why"]) for each in shown["versions"]] == [
        (1, "corridor", ""),
        (2, "ada", "misread"),
    ]
    as_read = (await gateway.get(shown["versions"][0]["path"], "bo")).json()
    assert (as_read["version"], as_read["number"]) == (1, "INV-42")
    missing = await gateway.get(f"/v1/invoices/{case}/copies/3", "bo")
    assert (missing.status_code, slug(missing)) == (404, "version-not-found")


async def test_lines_come_in_pages(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_json(lines=7))
    numbers: list[int] = []
    path = f"/v1/invoices/{case}/lines?limit=3"
    cursor, pages = "", 0
    while cursor is not None:
        page = (await gateway.get(f"{path}&cursor={cursor}" if cursor else path, "bo")).json()
        numbers += [each["line"] for each in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (numbers, pages) == ([1, 2, 3, 4, 5, 6, 7], 3)


@pytest.mark.parametrize("cursor", ["nonsense", "YXQ6", "YXQ6LTE=", "YXQ6OTk5OTk5OTk5OTk5", "w7w="])
async def test_an_invented_cursor_is_refused(gateway: Gateway, cursor: str) -> None:
    case = await taken_in(gateway, as_json())
    answer = await gateway.get(f"/v1/invoices/{case}/lines?cursor={cursor}", "bo")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cursor-unknown")


async def test_the_original_is_saved_and_never_run(gateway: Gateway) -> None:
    content = b"<invoice>" + as_json() + b"</invoice>"
    case = await taken_in(gateway, content, "application/xml")
    answer = await gateway.get(f"/v1/invoices/{case}/document", "bo")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{case}.xml"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]


async def test_a_name_cannot_forge_a_header(gateway: Gateway) -> None:
    form = {"document": ('a"; \x00evil\u202e.html', as_json(), "application/json")}
    answer = await gateway.http.post("/v1/invoices", files=form, headers=gateway.as_("ada", "portal"))
    case = answer.json()["case_id"]
    await gateway.evidence.record(a_journal(case, process="invoice-to-payment"))
    shown = await gateway.get(f"/v1/invoices/{case}/document", "bo")
    assert shown.headers["content-disposition"].endswith(".html.json")
    assert "\u202e" not in (await gateway.get(f"/v1/invoices/{case}", "bo")).json()["document"]["name"]


async def test_an_invoice_is_seen_by_those_who_may_see_its_case(gateway: Gateway) -> None:
    case = await taken_in(gateway, as_json())
    for end in ("", "/lines", "/document", "/copies/1"):
        path = f"/v1/invoices/{case}{end}"
        assert (await gateway.get(path, "bo")).status_code == 200
        for stranger, claims in (("olaf", {}), ("bo", {"facilities": ["south"]})):
            answer = await gateway.get(path, stranger, **claims)
            assert (answer.status_code, slug(answer)) == (404, "case-not-found"), path


async def test_a_case_of_another_process_is_no_invoice(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal("procure-to-pay.north.REQ-1"))
    for end in ("", "/lines", "/document", "/copies/1"):
        answer = await gateway.get(f"/v1/invoices/procure-to-pay.north.REQ-1{end}", "bo")
        assert (answer.status_code, slug(answer)) == (404, "invoice-not-found")
