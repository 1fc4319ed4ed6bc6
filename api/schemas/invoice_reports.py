"""Measures of accounts payable as callers see them: each number with the cases behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from domain import invoice_kpis as kpis
from domain.invoice_kpis import InvoiceFacts, Missed, Rate, Spread
from domain.money import Money

MAX_LISTED = 200


class RateView(BaseModel):
    """`value` = `part` / `whole`, with four decimal places; null where there is nothing to divide by. `cases` make the
    part, the first of them where `more` is true.
    """

    part: Decimal
    whole: Decimal
    value: Decimal | None
    cases: list[str]
    more: bool


class SpreadView(BaseModel):
    """Median and ninetieth percentile of `count` durations, in seconds of calendar time; `slowest` are beyond it."""

    p50_seconds: int
    p90_seconds: int
    count: int
    slowest: list[str]
    more: bool


class FacilityMeasures(BaseModel):
    """docs/capture.md says how each is counted. Of first-pass match, the cases are those of which every line did; of
    discounts, those that missed some; of all others, those that make the part.
    """

    facility: str
    invoices: int
    touchless: RateView
    first_pass_match: RateView
    exceptions: RateView
    exceptions_by_code: dict[str, RateView]
    approval_time: SpreadView | None
    payment_time: SpreadView | None
    discounts: dict[str, RateView]
    discounts_missed: dict[str, dict[Missed, Money]]
    duplicates_before_payment: RateView


class InvoiceReport(BaseModel):
    """Invoices that came in during the period. `complete` is false where there were more than one report reads: then
    the newest were, and a shorter period tells of the others.
    """

    first: datetime
    until: datetime
    invoices: int
    complete: bool
    facilities: list[FacilityMeasures]


def measures(facility: str, invoices: Sequence[InvoiceFacts]) -> FacilityMeasures:
    currencies = sorted({each.discount_offered.currency for each in invoices if each.discount_offered})
    return FacilityMeasures(
        facility=facility,
        invoices=len(invoices),
        touchless=_rate(kpis.touchless(invoices)),
        first_pass_match=_rate(kpis.first_pass_match(invoices)),
        exceptions=_rate(kpis.exception_rate(invoices)),
        exceptions_by_code={code: _rate(rate) for code, rate in kpis.exceptions_by_code(invoices).items()},
        approval_time=_spread(kpis.approval_time(invoices)),
        payment_time=_spread(kpis.payment_time(invoices)),
        discounts={each: _rate(kpis.discount_capture(invoices, each)) for each in currencies},
        discounts_missed={each: kpis.discounts_missed(invoices, each) for each in currencies},
        duplicates_before_payment=_rate(kpis.duplicates_before_payment(invoices)),
    )


def _rate(rate: Rate) -> RateView:
    value = None if rate.value is None else rate.value.quantize(Decimal("0.0001"))
    listed = list(rate.cases[:MAX_LISTED])
    return RateView(part=rate.part, whole=rate.whole, value=value, cases=listed, more=len(rate.cases) > MAX_LISTED)


def _spread(spread: Spread | None) -> SpreadView | None:
    if spread is None:
        return None
    return SpreadView(
        p50_seconds=int(spread.p50.total_seconds()),
        p90_seconds=int(spread.p90.total_seconds()),
        count=spread.count,
        slowest=list(spread.slowest[:MAX_LISTED]),
        more=len(spread.slowest) > MAX_LISTED,
    )
