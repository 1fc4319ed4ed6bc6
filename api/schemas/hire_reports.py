"""Measures of hires as callers see them: each number with the cases behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel

from domain import hire_kpis as kpis
from domain.hire_kpis import HireFacts, HireRate, HireSpread, LeadTime

MAX_LISTED = 200


class HireRateView(BaseModel):
    """`value` = `part` / `whole`, with four decimal places; null where there is nothing to divide by. `cases` make the
    part, `others` the rest of the whole; the first of them where `more` is true.
    """

    part: int
    whole: int
    value: Decimal | None
    cases: list[str]
    others: list[str]
    more: bool


class HireSpreadView(BaseModel):
    """Median, ninety-fifth percentile and worst of `count` durations, in seconds of calendar time. `cases` from the
    longest on, the first of them where `more` is true.
    """

    p50_seconds: int
    p95_seconds: int
    worst_seconds: int
    count: int
    cases: list[str]
    more: bool


class HireLeadTimeView(BaseModel):
    """Median, fifth percentile and worst of `count` notices, in whole days: the worst is the shortest. `cases` from the
    shortest on, the first of them where `more` is true.
    """

    p50_days: int
    p05_days: int
    worst_days: int
    count: int
    cases: list[str]
    more: bool


class HireMeasures(BaseModel):
    """docs/processes/hire-to-provision.md says how each is counted."""

    facility: str
    hires: int
    lead_time: HireLeadTimeView | None
    day_one_readiness: HireRateView
    time_to_provision: HireSpreadView | None
    time_to_target: dict[str, HireSpreadView]
    arrival_to_close: HireSpreadView | None
    rescinds_cleaned: HireRateView


class HireReport(BaseModel):
    """Hires that start in the period, both days inclusive. `complete` is false where there were more than one report
    reads: then the earliest were, and a shorter period tells of the others.
    """

    first: date
    last: date
    hires: int
    complete: bool
    facilities: list[HireMeasures]


def hire_measures(facility: str, hires: Sequence[HireFacts], now: datetime) -> HireMeasures:
    provisioned, closed = kpis.time_to_provision(hires), kpis.arrival_to_close(hires)
    return HireMeasures(
        facility=facility,
        hires=len(hires),
        lead_time=_days(kpis.lead_time(hires)),
        day_one_readiness=_rate(kpis.day_one_readiness(hires, now)),
        time_to_provision=None if provisioned is None else _seconds(provisioned),
        time_to_target={target: _seconds(spread) for target, spread in kpis.time_to_target(hires).items()},
        arrival_to_close=None if closed is None else _seconds(closed),
        rescinds_cleaned=_rate(kpis.rescinds_cleaned(hires)),
    )


def _rate(rate: HireRate) -> HireRateView:
    value = None if rate.value is None else rate.value.quantize(Decimal("0.0001"))
    return HireRateView(
        part=rate.part,
        whole=rate.whole,
        value=value,
        cases=list(rate.cases[:MAX_LISTED]),
        others=list(rate.others[:MAX_LISTED]),
        more=max(len(rate.cases), len(rate.others)) > MAX_LISTED,
    )


def _seconds(spread: HireSpread) -> HireSpreadView:
    return HireSpreadView(
        p50_seconds=int(spread.p50.total_seconds()),
        p95_seconds=int(spread.p95.total_seconds()),
        worst_seconds=int(spread.worst.total_seconds()),
        count=len(spread.cases),
        cases=list(spread.cases[:MAX_LISTED]),
        more=len(spread.cases) > MAX_LISTED,
    )


def _days(spread: LeadTime | None) -> HireLeadTimeView | None:
    if spread is None:
        return None
    return HireLeadTimeView(
        p50_days=spread.p50_days,
        p05_days=spread.p05_days,
        worst_days=spread.worst_days,
        count=len(spread.cases),
        cases=list(spread.cases[:MAX_LISTED]),
        more=len(spread.cases) > MAX_LISTED,
    )
