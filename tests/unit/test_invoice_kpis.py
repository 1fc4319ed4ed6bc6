"""The measures of accounts payable, by their definitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain import invoice_kpis as kpis
from domain.invoice_kpis import InvoiceFacts
from tests.fixtures.bills import usd

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def facts(case: str, days: int | None = None, **over: Any) -> InvoiceFacts:
    approved = None if days is None else START + timedelta(days=days)
    return InvoiceFacts(**{"case_id": case, "received_at": START, "approved_at": approved, **over})


def test_touchless_counts_what_was_approved() -> None:
    rate = kpis.touchless([facts("a", 1), facts("b", 1, human_actions=2), facts("c")])
    assert (rate.part, rate.whole, rate.value) == (Decimal(1), Decimal(2), Decimal("0.5"))
    assert rate.cases == ("a",)


def test_nothing_to_divide_by() -> None:
    assert kpis.touchless([]).value is None
    assert kpis.approval_time([facts("a")]) is None


def test_first_pass_is_counted_by_lines() -> None:
    invoices = [
        facts("a", order_lines=8, first_pass_lines=6),
        facts("b", order_lines=2, first_pass_lines=2),
        facts("c"),
    ]
    rate = kpis.first_pass_match(invoices)
    assert (rate.value, rate.cases) == (Decimal("0.8"), ("b",))


def test_exceptions_in_all_and_by_code() -> None:
    invoices = [
        facts("a", exceptions=("price-variance", "price-variance", "receipt-short")),
        facts("b", exceptions=("receipt-short",)),
        facts("c"),
        facts("d"),
    ]
    assert kpis.exception_rate(invoices).value == Decimal("0.5")
    assert {code: rate.cases for code, rate in kpis.exceptions_by_code(invoices).items()} == {
        "receipt-short": ("a", "b"),
        "price-variance": ("a",),
    }
    assert list(kpis.exceptions_by_code(invoices)) == ["receipt-short", "price-variance"]


def test_cycle_times_are_percentiles_by_nearest_rank() -> None:
    invoices = [facts(f"i-{days}", days, paid_at=START + timedelta(days=2 * days)) for days in range(1, 11)]
    spread = kpis.approval_time(reversed(invoices))
    assert spread is not None
    assert (spread.p50, spread.p90, spread.count) == (timedelta(days=5), timedelta(days=9), 10)
    assert spread.slowest == ("i-10",)
    paid = kpis.payment_time(invoices[:1])
    assert paid is not None
    assert (paid.p50, paid.p90) == (timedelta(days=2), timedelta(days=2))


def test_discounts_in_money_and_by_cause() -> None:
    invoices = [
        facts("a", discount_offered=usd(20), discount_taken=usd(20)),
        facts("b", discount_offered=usd(30), discount_missed="late-match"),
        facts("c"),
    ]
    rate = kpis.discount_capture(invoices, "USD")
    assert (rate.value, rate.cases) == (Decimal("0.4"), ("b",))
    assert kpis.discounts_missed(invoices, "USD") == {"late-match": usd(30)}
    assert kpis.discount_capture(invoices, "EUR").value is None


def test_duplicates_and_rejects() -> None:
    found = [facts("a", duplicate="before-payment"), facts("b", duplicate="after-payment"), facts("c")]
    assert kpis.duplicates_before_payment(found).value == Decimal("0.5")
    assert kpis.bank_rejects_per_thousand(["p-1", "p-2"], 400).value == Decimal(5)
