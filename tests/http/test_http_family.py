"""Everything of one purchase in one thread, as far as it is the reader's to see."""

from __future__ import annotations

from tests.fixtures.evidence import a_journal, an_entry
from tests.http.fakes import Gateway

PURCHASE = "procure-to-pay.north.REQ-1"
INVOICE = "invoice-to-payment.north.INV42-0123456789ab"
SHARED_RUN = "payment-run.shared.20260302-USD-1"


async def furnish(gateway: Gateway) -> None:
    """A purchase, its invoice, and the run of another facility that paid it, each with two facts."""
    for case, process, linked in (
        (PURCHASE, "procure-to-pay", ()),
        (INVOICE, "invoice-to-payment", (PURCHASE,)),
        (SHARED_RUN, "payment-run", (INVOICE,)),
    ):
        facts = (an_entry(1), an_entry(2))
        await gateway.evidence.record(a_journal(case, 1, *facts, process=process, linked=linked, requester="nina"))


async def thread(gateway: Gateway, case: str, person: str = "bo", limit: int = 50, **claims: object) -> list[str]:
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        query = f"?family=true&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = await gateway.get(f"/v1/cases/{case}/timeline{query}", person, **claims)
        assert page.status_code == 200, page.text
        found += [each["case_id"] for each in page.json()["items"]]
        cursor = page.json()["next_cursor"]
    return found


async def test_one_thread_has_everything_from_whichever_end(gateway: Gateway) -> None:
    await furnish(gateway)
    for case in (PURCHASE, INVOICE, SHARED_RUN):
        for limit in (1, 4, 50):
            found = await thread(gateway, case, limit=limit, facilities=["*"])
            assert sorted(found) == sorted(2 * [PURCHASE, INVOICE, SHARED_RUN]), (case, limit)


async def test_without_the_question_a_case_tells_its_own_story(gateway: Gateway) -> None:
    await furnish(gateway)
    items = (await gateway.get(f"/v1/cases/{INVOICE}/timeline", "bo")).json()["items"]
    assert [(each["case_id"], each["position"]) for each in items] == [(INVOICE, 1), (INVOICE, 2)]


async def test_entries_of_cases_that_are_not_ones_own_are_left_out(gateway: Gateway) -> None:
    await furnish(gateway)
    assert set(await thread(gateway, PURCHASE, limit=1)) == {PURCHASE, INVOICE}
    await gateway.evidence.record(a_journal(INVOICE, 2, process="invoice-to-payment", linked=(PURCHASE,)))
    assert set(await thread(gateway, PURCHASE, "nina", facilities=["*"])) == {PURCHASE, SHARED_RUN}


async def test_the_family_of_a_foreign_case_does_not_exist(gateway: Gateway) -> None:
    await furnish(gateway)
    answer = await gateway.get(f"/v1/cases/{SHARED_RUN}/timeline?family=true", "bo")
    assert answer.status_code == 404


async def test_cases_are_found_by_the_order_that_they_name(gateway: Gateway) -> None:
    for case, process in ((PURCHASE, "procure-to-pay"), (INVOICE, "invoice-to-payment")):
        await gateway.evidence.record(a_journal(case, 1, process=process, order_numbers=("PO-7",)))
    await gateway.evidence.record(a_journal("procure-to-pay.north.REQ-2", order_numbers=("PO-8",)))
    found = (await gateway.get("/v1/cases?order_number=PO-7", "bo")).json()["items"]
    assert {each["case_id"] for each in found} == {PURCHASE, INVOICE}
