"""The store room of every ERP behind the port: issues and their undoing."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from domain.outside_errors import RefusedError
from domain.ports.erp import ErpPort
from tests.fixtures.erp_contract import in_stock, issue_number
from tests.fixtures.purchasing import (
    stock_issue,
)


class TestTheStoreRoom:
    async def test_hands_out_once_however_often_it_is_asked(self, erp: ErpPort) -> None:
        numbers = await asyncio.gather(*(erp.issue_stock(stock_issue("i1", "3", "1")) for _ in range(6)))
        assert set(numbers) == {issue_number(erp, 1)}
        assert await in_stock(erp) == Decimal(6)

    async def test_never_goes_below_zero(self, erp: ErpPort) -> None:
        asked = [erp.issue_stock(stock_issue(f"i{number}", "4")) for number in range(5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refusals = [answer for answer in answers if isinstance(answer, RefusedError)]
        assert [refusal.code for refusal in refusals] == ["stock-short"] * 3
        assert await in_stock(erp) == Decimal(2)

    async def test_counts_the_lines_of_one_item_together(self, erp: ErpPort) -> None:
        with pytest.raises(RefusedError, match="stock-short"):
            await erp.issue_stock(stock_issue("i1", "6", "5"))
        assert await in_stock(erp) == Decimal(10)

    async def test_takes_back_once_and_only_what_it_gave(self, erp: ErpPort) -> None:
        await erp.return_stock("never-made", "compensation")
        number = await erp.issue_stock(stock_issue("i1", "3", "1"))
        for _ in range(2):
            await erp.return_stock("i1", "compensation")
        assert await in_stock(erp) == Decimal(10)
        assert await erp.issue_stock(stock_issue("i1", "3", "1")) == number
        assert await in_stock(erp) == Decimal(10)

    async def test_refuses_what_it_does_not_know(self, erp: ErpPort) -> None:
        with pytest.raises(RefusedError, match="cost-centre-closed"):
            await erp.issue_stock(stock_issue(cost_centre="4900"))
        issue = stock_issue()
        unknown = issue.lines[0].model_copy(update={"item": "NOTHING"})
        with pytest.raises(RefusedError, match="item-unknown"):
            await erp.issue_stock(issue.model_copy(update={"lines": (unknown,)}))
        elsewhere = issue.model_copy(update={"facility": "south"})
        with pytest.raises(RefusedError, match="stock-short"):
            await erp.issue_stock(elsewhere)
