"""What many cases a day need, computed from what one of them was measured to cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

SECONDS_A_DAY = 86_400
DAYS_A_YEAR = 365
PEAK = 4.0
"""How many times the average the busiest hour is: most of a day's work falls into eight hours, and not evenly."""
BUSY = 0.6
"""How much of a worker's processor is planned to be used in that hour."""
RETENTION_DAYS = 30
CONNECTIONS_OF_WORKER, CONNECTIONS_OF_GATEWAY = 12, 10
CALLS_A_SECOND = 60.0
"""That one gateway process answers on one processor, of intake and decisions together."""
OPEN_DAYS = 5.0
"""How long a case is open on the average: it waits for people and suppliers."""


@dataclass(frozen=True)
class Case:
    """What one of a kind costs. `share` is its part of all cases; milliseconds are of a worker's processor; `calls` are
    those to the gateway; evidence is what stays in PostgreSQL, with indexes. docs/performance.md says how each was
    measured, and docs/scaling.md when.
    """

    name: str
    share: float
    actions: int
    events: int
    history_bytes: int
    evidence_bytes: int
    milliseconds: float
    calls: int


CASES = (
    Case("purchase", 0.6, 16, 65, 32_000, 40_000, 140, 6),
    Case("invoice", 0.35, 10, 44, 28_000, 40_000, 95, 3),
    Case("hire", 0.05, 21, 92, 98_000, 80_000, 280, 6),
)


@dataclass(frozen=True)
class Need:
    """Of a number of cases a day. Rates are of the average second, but for `peak_cases_per_second`."""

    actions: float
    actions_per_second: float
    events_per_second: float
    history_bytes: float
    evidence_bytes_a_year: float
    peak_cases_per_second: float
    workers: int
    gateways: int
    connections: int
    open_cases: float


def need(cases_a_day: int) -> Need:
    """`history_bytes` are those of the retention, uncompressed; workers have one processor each."""

    def each_day(name: str) -> float:
        return cases_a_day * sum(each.share * float(getattr(each, name)) for each in CASES)

    peak = PEAK / SECONDS_A_DAY
    workers = max(2, math.ceil(each_day("milliseconds") / 1000 * peak / BUSY))
    gateways = max(2, math.ceil(each_day("calls") * peak / CALLS_A_SECOND / BUSY))
    return Need(
        actions=each_day("actions"),
        actions_per_second=each_day("actions") / SECONDS_A_DAY,
        events_per_second=each_day("events") / SECONDS_A_DAY,
        history_bytes=each_day("history_bytes") * RETENTION_DAYS,
        evidence_bytes_a_year=each_day("evidence_bytes") * DAYS_A_YEAR,
        peak_cases_per_second=cases_a_day * peak,
        workers=workers,
        gateways=gateways,
        connections=workers * CONNECTIONS_OF_WORKER + gateways * CONNECTIONS_OF_GATEWAY,
        open_cases=cases_a_day * OPEN_DAYS,
    )


def rows(cases_a_day: int) -> Iterator[list[str]]:
    found = need(cases_a_day)
    yield ["cases a second in the busiest hour", f"{found.peak_cases_per_second:,.1f}"]
    yield ["open cases", f"{found.open_cases:,.0f}"]
    yield ["Temporal actions a day", f"{found.actions:,.0f}"]
    yield ["Temporal actions a second, average and busiest", _both(found.actions_per_second)]
    yield ["history events a second, average and busiest", _both(found.events_per_second)]
    yield [f"history of {RETENTION_DAYS} days (GB)", f"{found.history_bytes / 1e9:,.0f}"]
    yield ["evidence of a year in PostgreSQL (GB)", f"{found.evidence_bytes_a_year / 1e9:,.0f}"]
    yield ["workers, one processor each", f"{found.workers:,}"]
    yield ["gateways, one processor each", f"{found.gateways:,}"]
    yield ["connections to PostgreSQL", f"{found.connections:,}"]


def _both(average: float) -> str:
    return f"{average:,.0f}, {average * PEAK:,.0f}"
