"""The measures of hires, from what cases show to the numbers and the cases behind them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.hire_plan import HirePlan, ItemStanding
from tests.http.fakes import NOW, Gateway, slug
from tests.http.hire_desk import REQUESTED, START, an_item, under_way

HR = "human-resources"
BOTH = (ItemStanding(key="account", state="done"), ItemStanding(key="badge", state="done"))
UNDONE = (ItemStanding(key="account", state="undone"), ItemStanding(key="badge", state="cancelled"))


def case(number: int, facility: str = "north") -> str:
    return f"hire-to-provision.{facility}.H-{number}"


async def report(gateway: Gateway, query: str = "", role: str = HR, **claims: Any) -> dict[str, Any]:
    gateway.now = NOW + timedelta(days=30)
    answer = await gateway.get(f"/v1/reports/hires{query}", "hugo", role, **claims)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_number_comes_with_the_cases_behind_it(gateway: Gateway) -> None:
    for number, days in ((1, 2), (2, 5)):
        times = {"account": REQUESTED + timedelta(days=1), "badge": REQUESTED + timedelta(days=days)}
        await under_way(gateway, case(number), standings=BOTH, confirmed=times)
    await under_way(gateway, case(3), start_on=START - timedelta(days=7))
    await under_way(gateway, case(4), status="rescinded", closed_at=NOW, standings=UNDONE, confirmed={})
    await under_way(gateway, case(5), status="no-show", closed_at=NOW)
    (north,) = (await report(gateway))["facilities"]
    assert (north["facility"], north["hires"]) == ("north", 5)
    assert (north["lead_time"]["p50_days"], north["lead_time"]["worst_days"]) == (21, 14)
    assert north["lead_time"]["cases"][0] == case(3)
    ready = north["day_one_readiness"]
    assert (ready["value"], ready["cases"], ready["others"]) == ("0.6667", [case(1), case(2)], [case(3)])
    time = north["time_to_provision"]
    assert (time["p50_seconds"], time["p95_seconds"], time["worst_seconds"]) == (2 * 86_400, 5 * 86_400, 5 * 86_400)
    assert time["cases"] == [case(2), case(1)]
    assert north["time_to_target"]["account"]["count"] == 3
    cleaned = north["rescinds_cleaned"]
    assert (cleaned["value"], cleaned["cases"], cleaned["others"]) == ("0.5000", [case(4)], [case(5)])


async def test_the_time_from_arrival_to_close_is_told(gateway: Gateway) -> None:
    came = NOW - timedelta(days=20)
    plan = HirePlan(start_on=START, items=(an_item("arrival", "arrival"),))
    await under_way(
        gateway,
        case(1),
        status="completed",
        closed_at=NOW,
        arrived=True,
        plan=plan,
        standings=(ItemStanding(key="arrival", state="done"),),
        confirmed={"arrival": came},
    )
    await under_way(gateway, case(2))
    (north,) = (await report(gateway))["facilities"]
    spread = north["arrival_to_close"]
    assert (spread["p50_seconds"], spread["cases"]) == (20 * 86_400, [case(1)])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?from=2026-03-23&until=2026-03-23", 1),
        ("?from=2026-03-24", 0),
        ("?until=2026-03-22", 0),
        ("?facility=north", 1),
        ("?facility=south", 0),
    ],
)
async def test_the_period_and_the_facility_are_kept_to(gateway: Gateway, query: str, count: int) -> None:
    await under_way(gateway)
    await under_way(gateway, case(9, "south"))
    assert (await report(gateway, query))["hires"] == count


async def test_nothing_to_count(gateway: Gateway) -> None:
    found = await report(gateway)
    assert (found["first"], found["last"], found["facilities"]) == (
        str(date(2026, 3, 2)),
        str(date(2026, 4, 1)),
        [],
    )


async def test_where_there_are_too_many_the_earliest_are_told(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.hire_reports.MAX_HIRES", 2)
    for number in (1, 2, 3):
        await under_way(gateway, case(number))
    found = await report(gateway)
    assert (found["hires"], found["complete"]) == (2, False)


async def test_an_empty_period_and_other_roles_are_refused(gateway: Gateway) -> None:
    empty = await gateway.get("/v1/reports/hires?from=2026-03-03&until=2026-03-02", "hugo", HR)
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "period-empty")
    for query in ("from=0", "until=2026-3-1", "until=2026-03-01T00:00:00Z"):
        answer = await gateway.get(f"/v1/reports/hires?{query}", "hugo", HR)
        assert answer.json()["errors"][0]["parameter"] == query.split("=")[0]
    for role in ("requester", "buyer", "portal"):
        answer = await gateway.get("/v1/reports/hires", "bo", role)
        assert (answer.status_code, slug(answer)) == (403, "role-required")
