"""Tryton's rows in our words, without a Tryton."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.erp.tryton import documents, mapping, wire
from domain.master_data import BudgetKey, Contract, PriceTier
from domain.outside_errors import ContractDriftError
from domain.quantity import Quantity
from tests.fixtures.purchasing import order_draft, order_line, small_system, usd


def party(*categories: str, **over: Any) -> wire.Party:
    row = {
        "id": 3,
        "code": "MEDIX",
        "name": "Medix",
        "supplier_currency.": {"id": 1, "code": "USD"},
        "supplier_lead_time": timedelta(days=3),
        "supplier_payment_term": None,
        "supplier_location": 9,
        "addresses.": [{"id": 1, "country.": {"id": 4, "code": "CA"}}, {"id": 2, "country.": None}],
        "categories.": [{"id": number, "name": name} for number, name in enumerate(categories)],
        "contact_mechanisms.": [
            {"id": 1, "type": "email", "value": "cash@medix.example", "name": "remittance"},
            {"id": 2, "type": "email", "value": "orders@medix.example", "name": "orders"},
            {"id": 3, "type": "phone", "value": "1", "name": None},
        ],
        "identifiers.": [{"id": 1, "type": None, "code": "GLN:0614141000012"}],
    }
    return wire.Party.model_validate({**row, **over})


def product(*sources: dict[str, Any], **over: Any) -> wire.Product:
    row = {
        "id": 7,
        "code": "GLOVES",
        "active": True,
        "template.": {
            "id": 7,
            "name": "gloves",
            "default_uom.": {"id": 2, "symbol": "BX/100"},
            "account_category.": {"id": 1, "account_expense.": {"id": 5, "code": "610000"}},
            "categories.": [{"id": 8, "code": "medical-supplies"}],
            "product_suppliers.": list(sources),
        },
        "identifiers.": [
            {"id": 1, "type": "ean", "code": "00614141000012"},
            {"id": 2, "type": None, "code": "UNSPSC:42132203"},
            {"id": 3, "type": None, "code": "SUBSTITUTE:MASKS"},
        ],
    }
    return wire.Product.model_validate({**row, **over})


def source(number: int, code: str | None, *tiers: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": number,
        "code": code,
        "party.": {"id": 3, "code": "MEDIX"},
        "currency.": {"id": 1, "code": "USD"},
        "prices.": [
            {"id": place, "quantity": Decimal(minimum), "unit_price": Decimal(price)}
            for place, (minimum, price) in enumerate(tiers)
        ],
    }


def test_rows_ask_for_the_fields_of_related_records() -> None:
    assert wire.Location.names() == ["id", "code", "input_location", "storage_location"]
    assert wire.BudgetOwner.names() == ["id", "name", "fiscalyear.id", "fiscalyear.name"]
    assert "template.product_suppliers.prices.unit_price" in wire.Product.names()


def test_a_supplier_with_its_blocks_risk_and_the_address_for_orders() -> None:
    found = mapping.supplier(party("Blocked: payment", "Risk: high", "Friends"))
    assert (found.blocked_for, found.risk, found.email) == (("payment",), "high", "orders@medix.example")
    assert (found.currency, found.lead_days, found.gln, found.country) == ("USD", 3, "0614141000012", "CA")
    plain = mapping.supplier(party(**{"addresses.": [], "contact_mechanisms.": [], "supplier_lead_time": None}))
    assert (plain.blocked_for, plain.risk, plain.email, plain.country, plain.lead_days) == ((), "low", "", "US", 0)


def test_an_item_has_the_catalogue_s_price_and_not_a_contract_s() -> None:
    found = mapping.item(product(source(1, "C-1", ("1", "11")), source(2, None, ("0", "12.50"))))
    assert (found.price, found.supplier, found.account) == (usd("12.50"), "MEDIX", "610000")
    assert found.unit == Quantity(value=Decimal(1), unit="BX", pack_size=100)
    assert (found.gtin, found.unspsc, found.substitute) == ("00614141000012", "42132203", "MASKS")


def test_a_product_that_nobody_sells_is_drift() -> None:
    with pytest.raises(ContractDriftError, match="GLOVES"):
        mapping.item(product(source(1, "C-1", ("1", "11"))))


def test_a_contract_has_trytons_prices_and_our_limit() -> None:
    known = {each.number: each for each in small_system().contracts}
    found = mapping.contracts(product(source(1, "C-1", ("50", "10"), ("1", "12")), source(2, "X", ("1", "1"))), known)
    tiers = (PriceTier(minimum=Decimal(1), price=usd("12")), PriceTier(minimum=Decimal(50), price=usd("10")))
    assert found == {"C-1": known["C-1"].model_copy(update={"tiers": tiers})}
    assert isinstance(found["C-1"], Contract)


@pytest.mark.parametrize(("symbol", "unit"), [("BX/100", ("BX", 100)), ("EA", ("EA", 1)), ("HUR/x", ("HUR", 1))])
def test_units_carry_their_pack(symbol: str, unit: tuple[str, int]) -> None:
    assert mapping.unit_of(symbol) == unit


def test_a_budget_turns_trytons_sign_and_counts_all_but_what_corridor_accrues() -> None:
    key = BudgetKey(facility="north", cost_centre="4100", account="610000", fiscal_year=2026)
    line = wire.BudgetLine.model_validate(
        {
            "id": 1,
            "total_amount": Decimal("-5000.00"),
            "account.": {"id": 5, "code": "610000"},
            "budget.": {"id": 1, "name": "4100", "fiscalyear.": {"id": 1, "name": "2026"}},
        }
    )

    def booked(
        debit: str, credit: str, centre: str = "4100", year: int = 2026, note: str | None = None
    ) -> wire.AnalyticLine:
        return wire.AnalyticLine.model_validate(
            {
                "id": 1,
                "debit": Decimal(debit),
                "credit": Decimal(credit),
                "date": date(year, 3, 1),
                "account.": {"id": 1, "code": centre},
                "move_line.": {
                    "id": 1,
                    "account.": {"id": 5, "code": "610000"},
                    "move.": {"id": 1, "description": note},
                },
            }
        )

    lines = [booked("300", "0"), booked("0", "50"), booked("7", "0", "4200"), booked("9", "0", year=2025)]
    lines += [booked("1000", "0", note="accrual:receipt-1"), booked("0", "0", note="Rent")]
    found = mapping.budget(key, line, lines, "USD")
    assert (found.total, found.spent) == (usd("5000.00"), usd("250"))


class TestAnOrder:
    def purchase(self, *moves: tuple[str, str, str | None], quantity: str = "10") -> documents.HeldPurchase:
        row = {
            **{"id": 5, "number": "PO-1", "state": "processing", "party": 3, "warehouse": 4},
            "lines.": [
                {
                    **{"id": 50, "sequence": 1, "type": "line", "product": 7, "unit": 2},
                    **{"quantity": Decimal(quantity), "unit_price": Decimal("12.5"), "description": None},
                    "moves.": [
                        {"id": place, "state": state, "quantity": Decimal(count), "shipment": shipment}
                        for place, (state, count, shipment) in enumerate(moves)
                    ],
                }
            ],
        }
        return mapping.held_purchase(wire.Purchase.model_validate(row))

    def document(self, **over: Any) -> documents.OrderDocument:
        draft = order_draft("order-1", order_line(contract="C-1"))
        return documents.OrderDocument(draft=draft, lines={1: draft.lines[0]}, purchase=5, number="PO-1", **over)

    def test_shows_trytons_quantities_and_what_came_in(self) -> None:
        held = self.purchase(("done", "4", "stock.shipment.in,1"), ("draft", "6", None), quantity="12")
        assert held.lines[1].pending == (1,)
        order = documents.view(self.document(returned={1: Decimal(1)}), held)
        assert (order.status, order.received, order.total) == ("open", {1: Decimal(3)}, usd("150.00"))

    def test_is_received_when_as_much_came_in(self) -> None:
        assert documents.view(self.document(), self.purchase(("done", "10", "s"))).status == "received"

    def test_is_cancelled_when_nothing_is_wanted_any_more(self) -> None:
        assert documents.view(self.document(), self.purchase(quantity="0")).status == "cancelled"

    def test_that_ended_shows_its_lines_as_they_stood(self) -> None:
        order = documents.view(self.document(ended="closed-short"), self.purchase(("done", "4", "s"), quantity="4"))
        assert (order.status, order.total) == ("closed-short", usd("125.00"))

    def test_draws_its_contract_for_what_was_ordered_or_came(self) -> None:
        assert self.document().draws() == {1: Decimal(125)}
        assert self.document().draws({1: Decimal(4)}) == {1: Decimal(50)}

    def test_of_somebody_else_is_drift(self) -> None:
        row = self.purchase()
        assert row.lines
        with pytest.raises(ContractDriftError):
            mapping.held_purchase(
                wire.Purchase.model_validate(
                    {
                        **{"id": 1, "number": None, "state": "draft", "party": 3, "warehouse": None},
                        "lines.": [
                            {
                                **{"id": 1, "sequence": None, "type": "line", "product": None, "unit": None},
                                **{"quantity": Decimal(1), "unit_price": None, "description": None, "moves.": []},
                            }
                        ],
                    }
                )
            )
