"""How Tryton is asked for what people changed: page after page, and never for what Corridor did."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.erp.tryton import encoding
from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from adapters.memory.erp_claims import MemoryErpClaims
from domain.outside_errors import ContractDriftError
from domain.reference_system import ReferenceSystem

LOGIN = TrytonLogin(user="corridor", password=SecretStr("a made-up one"))
SETTINGS = TrytonSettings(url="http://127.0.0.1:8000", database="tryton", bot=LOGIN)
SINCE = datetime(2026, 3, 10, 8, tzinfo=UTC)
SOURCES = [
    "stock.shipment.in",
    "stock.shipment.in.return",
    "purchase.amendment",
    "purchase.purchase",
    "stock.move",
    "account.invoice",
]


class Bills:
    """A Tryton in which people posted bills, minute by minute, and did nothing else."""

    def __init__(self, count: int) -> None:
        self.rows = [self._bill(number) for number in range(1, count + 1)]
        self.asked: list[tuple[str, list[Any], int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = encoding.decode(request.content)
        method = asked["method"].rpartition(".")[2]
        if method in {"login", "get_preferences"}:
            return self._said([7, "token", None] if method == "login" else {})
        domain, _, limit, order, _, _ = asked["params"]
        model = asked["method"].removeprefix("model.").removesuffix(".search_read")
        self.asked.append((model, domain, limit))
        assert order == [["last_modified_at", "ASC"], ["id", "ASC"]]
        return self._said(self._found(domain)[:limit] if model == "account.invoice" else [])

    def _found(self, domain: list[Any]) -> list[dict[str, Any]]:
        if domain[-1][0] != "OR":
            return self.rows
        _, (_, _, at), (_, (_, _, record)) = domain[-1]
        return [row for row in self.rows if (row["last_modified_at"], row["id"]) > (at, record)]

    def _bill(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "last_modified_at": SINCE.replace(tzinfo=None) + timedelta(minutes=number // 2),
            "create_uid.": {"id": 6, "login": "ann"},
            "write_uid.": None,
            "number": f"INV-{number}",
            "reference": f"B-{number}",
            "party.": {"id": 3, "code": "S-1"},
            "currency.": {"id": 1, "code": "USD"},
            "total_amount": number,
            "lines.": [],
        }

    @staticmethod
    def _said(result: Any) -> httpx.Response:
        return httpx.Response(200, text=encoding.encode({"id": 1, "result": result}))


async def sweep(bills: Bills, limit: int) -> list[str]:
    """The suppliers' numbers of all bills, in the order in which they were told."""
    found: list[str] = []
    async with httpx.AsyncClient(base_url=SETTINGS.url, transport=httpx.MockTransport(bills)) as http:
        erp = TrytonErp(TrytonClient(http, SETTINGS, LOGIN), MemoryErpClaims(), ReferenceSystem())
        page = ""
        while True:
            answer = await erp.changes(SINCE, page, limit)
            found += [each.reference for each in answer.changes]
            page = answer.next_page
            if not page:
                return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_of_any_length_tell_the_same(limit: int) -> None:
    bills = Bills(7)
    assert await sweep(bills, limit) == [f"B-{number}" for number in range(1, 8)]
    assert max(asked for _, _, asked in bills.asked) == limit


async def test_every_sort_of_record_is_asked_for_and_no_work_of_corridor() -> None:
    bills = Bills(0)
    await sweep(bills, 100)
    assert [model for model, _, _ in bills.asked] == SOURCES
    for model, domain, _ in bills.asked:
        whose = "write_uid.login" if model in {"purchase.purchase", "stock.move"} else "create_uid.login"
        assert [whose, "not in", ["corridor", "root"]] in domain
        assert ["last_modified_at", ">=", SINCE.replace(tzinfo=None)] in domain


async def test_what_a_bill_says() -> None:
    async with httpx.AsyncClient(base_url=SETTINGS.url, transport=httpx.MockTransport(Bills(1))) as http:
        empty = ReferenceSystem()
        erp = TrytonErp(TrytonClient(http, SETTINGS, LOGIN), MemoryErpClaims(), empty)
        (change,) = (await erp.changes(SINCE, "", 100)).changes
    assert json.loads(change.model_dump_json(exclude_defaults=True)) == {
        "change_id": "account.invoice,1",
        "kind": "bill-posted",
        "at": "2026-03-10T08:00:00Z",
        "by": "ann",
        "document": "INV-1",
        "supplier": "S-1",
        "reference": "B-1",
        "amount": {"amount": "1", "currency": "USD"},
    }


async def test_a_record_without_its_instant_is_a_shape_that_nobody_expects() -> None:
    bills = Bills(1)
    del bills.rows[0]["last_modified_at"]
    with pytest.raises(ContractDriftError, match=r"account\.invoice: last_modified_at"):
        await sweep(bills, 100)
