"""The measures of accounts payable, from what cases put on record to the numbers and the cases behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.case import TimelineEntry
from tests.fixtures.evidence import a_journal
from tests.fixtures.invoices import as_json
from tests.http.fakes import NOW, Gateway, slug
from tests.http.test_http_invoice_views import a_payment

READER = "finance-controller"


class Story:
    """One invoice as its case would have recorded it; hours count since it came in."""

    def __init__(self, gateway: Gateway, number: str, **terms: Any) -> None:
        self._gateway, self._body = gateway, as_json(number=number, **terms)
        self._entries: list[TimelineEntry] = []
        self.note("invoice.captured", 0, actor="ada")

    def note(self, kind: str, hours: float, actor: str = "corridor", **detail: Any) -> Story:
        at = NOW + timedelta(hours=hours)
        seq = len(self._entries) + 1
        self._entries.append(TimelineEntry(seq=seq, at=at, kind=kind, summary=kind, actor=actor, detail=detail))
        return self

    def booked(self, hours: float, lines: int = 2, first_pass: int = 2) -> Story:
        self.note("invoice.matched", hours, round=1, order_lines=lines, first_pass=first_pass)
        return self.note("invoice.posted", hours)

    async def told(self) -> str:
        headers = self._gateway.as_("ada", "portal") | {"content-type": "application/json"}
        answer = await self._gateway.http.post("/v1/invoices", content=self._body, headers=headers)
        case = str(answer.json()["case_id"])
        seen = {"process": "invoice-to-payment", "requester": "ada", "submitted_at": NOW}
        await self._gateway.evidence.record(a_journal(case, 1, *self._entries, **seen))
        return case


async def report(gateway: Gateway, query: str = "", **claims: Any) -> dict[str, Any]:
    gateway.now = NOW + timedelta(days=20)
    answer = await gateway.get(f"/v1/reports/invoices{query}", "frida", READER, **claims)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_number_comes_with_the_cases_behind_it(gateway: Gateway) -> None:
    smooth = await Story(gateway, "A").booked(2).told()
    asked = (
        Story(gateway, "B").note("exception.raised", 1, code="price-variance").note("decision.applied", 5, actor="bo")
    )
    handled = await asked.booked(30, lines=4, first_pass=3).told()
    still = await Story(gateway, "C").note("exception.raised", 1, code="supplier-unknown").told()
    late = Story(gateway, "D").booked(4).note("decision.applied", 9, actor="tess")  # on its payment, after its approval
    paid = await late.note("payment.booked", 100).told()
    (north,) = (await report(gateway))["facilities"]
    assert (north["facility"], north["invoices"]) == ("north", 4)
    assert (north["touchless"]["value"], set(north["touchless"]["cases"])) == ("0.6667", {smooth, paid})
    assert (north["first_pass_match"]["part"], north["first_pass_match"]["whole"]) == ("7", "8")
    assert set(north["exceptions"]["cases"]) == {handled, still}
    assert north["exceptions_by_code"]["price-variance"]["cases"] == [handled]
    spread = north["approval_time"]
    assert (spread["p50_seconds"], spread["p90_seconds"], spread["count"]) == (4 * 3600, 30 * 3600, 3)
    assert north["payment_time"]["p50_seconds"] == 100 * 3600


async def test_decisions_that_did_not_count_touch_nothing(gateway: Gateway) -> None:
    await Story(gateway, "A").note("decision.ignored", 1, actor="bo").booked(2).told()
    (north,) = (await report(gateway))["facilities"]
    assert north["touchless"]["value"] == "1.0000"


TERMS = {"net_days": 30, "discount_percent": "2", "discount_days": 10}


async def test_discounts_count_in_money_with_the_cause_of_what_was_missed(gateway: Gateway) -> None:
    offered = {"terms": TERMS, "issued_on": "2026-02-27"}  # until 9 March: a week after it came in
    taken = await Story(gateway, "A", **offered).booked(2).note("payment.booked", 48).told()
    missed = await Story(gateway, "B", **offered).booked(24 * 12).note("payment.booked", 24 * 13).told()
    unpaid = await Story(gateway, "C", **offered).booked(2).told()
    await gateway.pay(a_payment(taken))
    await gateway.payments.set_state(["PABCDEFGHIJKLMN"], "booked")
    (north,) = (await report(gateway))["facilities"]
    rate = north["discounts"]["USD"]
    assert (rate["part"], rate["whole"], rate["value"]) == ("0.20", "0.60", "0.3333")
    assert set(rate["cases"]) == {missed, unpaid}
    assert north["discounts_missed"] == {"USD": {"late-match": {"amount": "0.20", "currency": "USD"}}}


async def test_the_period_and_the_facility_are_kept_to(gateway: Gateway) -> None:
    await Story(gateway, "A").booked(2).told()
    assert (await report(gateway, "?from=2026-03-02T16:00:00Z"))["invoices"] == 0
    assert (await report(gateway, "?until=2026-03-02T15:00:00Z"))["invoices"] == 0
    assert (await report(gateway, "?from=2026-03-02T15:00:00Z&until=2026-03-02T15:00:01Z"))["invoices"] == 1
    assert (await report(gateway, "?facility=south"))["invoices"] == 0
    assert (await report(gateway, facilities=["south"]))["facilities"] == []
    assert (await report(gateway))["complete"] is True


@pytest.mark.parametrize("page", [1, 2, 200])
@pytest.mark.parametrize(("most", "told"), [(2, (2, False)), (3, (3, True)), (4, (3, True))])
async def test_where_there_are_too_many_the_newest_are_told(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, page: int, most: int, told: tuple[int, bool]
) -> None:
    monkeypatch.setattr("api.routes.invoice_reports.MAX_PAGE", page)
    monkeypatch.setattr("api.routes.invoice_reports.MAX_INVOICES", most)
    for number in "ABC":
        await Story(gateway, number).booked(1).told()
    found = await report(gateway)
    assert (found["invoices"], found["complete"]) == told


async def test_an_empty_period_and_other_roles_are_refused(gateway: Gateway) -> None:
    query = "?from=2026-03-02T15:00:00Z&until=2026-03-02T15:00:00Z"
    empty = await gateway.get(f"/v1/reports/invoices{query}", "frida", READER)
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "period-empty")
    for role in ("requester", "buyer", "portal"):
        answer = await gateway.get("/v1/reports/invoices", "frida", role)
        assert (answer.status_code, slug(answer)) == (403, "role-required")
