"""What the embedded Tryton holds once it is built, as its own tables show it."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.install_people import APPROVER, BOT, BUYER
from domain.outside_errors import RefusedError
from tests.fixtures.purchasing import GLOVES_BUDGET
from tests.fixtures.tryton import TrytonTestServer


class TestTheSmallSystem:
    async def test_spent_before_is_booked_on_its_cost_centre_and_account(self, tryton: TrytonTestServer) -> None:
        (row,) = await tryton.rows(
            """SELECT sum(l.debit - l.credit) AS spent FROM analytic_account_line l
            JOIN analytic_account_account c ON c.id = l.account
            JOIN account_move_line m ON m.id = l.move_line
            JOIN account_move v ON v.id = m.move
            JOIN account_account a ON a.id = m.account
            WHERE c.code = $1 AND a.code = $2 AND v.state = 'posted'""",
            GLOVES_BUDGET.cost_centre,
            GLOVES_BUDGET.account,
        )
        assert row["spent"] == Decimal("250.00")

    async def test_every_move_balances(self, tryton: TrytonTestServer) -> None:
        assert not await tryton.rows(
            "SELECT move FROM account_move_line GROUP BY move HAVING sum(debit) <> sum(credit)"
        )

    async def test_a_month_that_is_closed_everywhere_is_closed_and_no_other(self, tryton: TrytonTestServer) -> None:
        rows = await tryton.rows("SELECT start_date FROM account_period WHERE state <> 'open'")
        assert [row["start_date"] for row in rows] == [date(2026, 2, 1)]

    async def test_stock_lies_in_the_facilitys_own_store_room(self, tryton: TrytonTestServer) -> None:
        rows = await tryton.rows(
            """SELECT l.code, p.code AS product, m.quantity FROM stock_move m
            JOIN stock_location l ON l.id = m.to_location
            JOIN product_product p ON p.id = m.product WHERE m.state = 'done'"""
        )
        assert [tuple(row) for row in rows] == [("north/storage", "GLOVES", 10.0)]


class TestRights:
    async def test_who_prepares_payments_cannot_approve_them(self, tryton: TrytonTestServer) -> None:
        rows = await tryton.rows(
            """SELECT u.login, g.name FROM "res_user-res_group" ug JOIN res_user u ON u.id = ug."user"
            JOIN res_group g ON g.id = ug."group" WHERE u.login <> 'admin'"""
        )
        rights = {(row["login"], row["name"]) for row in rows}
        assert (BOT, "Payment") in rights
        assert (APPROVER, "Payment Approval") in rights
        assert not {
            (BOT, "Payment Approval"),
            (APPROVER, "Payment"),
            (BUYER, "Payment"),
            (BUYER, "Payment Approval"),
        } & (rights)

    async def test_the_integration_user_makes_no_account_and_no_product(self, tryton: TrytonTestServer) -> None:
        async with TrytonClient.open(tryton.settings) as client:
            for model, values in (("account.account", {"name": "Mine"}), ("product.template", {"name": "Mine"})):
                with pytest.raises(RefusedError):
                    await client.call(f"model.{model}.create", [values])


class TestExternalIds:
    async def test_six_at_once_make_one_order_and_the_rest_find_it(self, tryton: TrytonTestServer) -> None:
        async with TrytonClient.open(tryton.settings) as client:
            party = (await client.search_read("party.party", [["code", "=", "MEDIX"]], ["id"]))[0]["id"]
            values = {"external_id": "order-1", "party": party}

            async def ensure() -> int:
                try:
                    found = await client.call("model.purchase.purchase.ensure", values, again=True)
                except RefusedError:
                    found = await client.call("model.purchase.purchase.ensure", values, again=True)
                return int(found[0])

            made = await asyncio.gather(*(ensure() for _ in range(6)))
        assert len(set(made)) == 1
        rows = await tryton.rows("SELECT id FROM purchase_purchase")
        assert [row["id"] for row in rows] == made[:1]

    async def test_a_plain_second_one_is_refused_by_the_database(self, tryton: TrytonTestServer) -> None:
        async with TrytonClient.open(tryton.settings) as client:
            party = (await client.search_read("party.party", [["code", "=", "MEDIX"]], ["id"]))[0]["id"]
            values = {"external_id": "order-1", "party": party}
            await client.call("model.purchase.purchase.create", [values])
            with pytest.raises(RefusedError):
                await client.call("model.purchase.purchase.create", [values])

    async def test_a_copy_has_none(self, tryton: TrytonTestServer) -> None:
        async with TrytonClient.open(tryton.settings) as client:
            party = (await client.search_read("party.party", [["code", "=", "MEDIX"]], ["id"]))[0]["id"]
            (first,) = await client.call("model.purchase.purchase.create", [{"external_id": "order-1", "party": party}])
            await client.call("model.purchase.purchase.copy", [first], {})
        rows = await tryton.rows("SELECT external_id FROM purchase_purchase ORDER BY id")
        assert [row["external_id"] for row in rows] == ["order-1", None]


class TestRestarts:
    async def test_a_server_that_was_killed_answers_again_at_its_address(self, tryton: TrytonTestServer) -> None:
        async with TrytonClient.open(tryton.settings) as client:
            await client.probe()
            await tryton.kill()
            await tryton.start()
            await client.probe()
