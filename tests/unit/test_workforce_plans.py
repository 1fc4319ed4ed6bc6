"""What runs at intervals over everybody who works here, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cli.housekeeping_plans import housekeeping
from cli.worker_settings import WorkerSettings


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CORRIDOR_HRIS_DSN", raising=False)


def plans(**over: Any) -> dict[str, timedelta]:
    settings = WorkerSettings(database_dsn="postgresql://nowhere", erp_dsn="postgresql://nowhere", **over)
    return {plan.name: plan.every for plan in housekeeping(settings)}


def test_workers_are_screened_monthly_and_access_ends_daily() -> None:
    found = plans(hris_dsn="postgresql://nowhere")
    assert found["rescreen-workforce"] == timedelta(days=30)
    assert found["end-access"] == timedelta(days=1)
    often = plans(hris_dsn="postgresql://nowhere", rescreen_every_days=7, end_access_every_hours=1)
    assert (often["rescreen-workforce"], often["end-access"]) == (timedelta(days=7), timedelta(hours=1))


def test_without_an_hris_nobody_is_known_who_could_be_screened() -> None:
    assert not {"rescreen-workforce", "end-access"} & set(plans())


def test_nothing_is_paid_at_intervals_where_no_bills_are_booked() -> None:
    settings = WorkerSettings(database_dsn="postgresql://nowhere")
    names = {plan.name for plan in housekeeping(settings, pays=False)}
    assert names == {"seal-evidence", "reconcile-cases"}
    assert names | {"propose-payments", "collect-bank-messages"} == {plan.name for plan in housekeeping(settings)}


def test_an_erp_is_asked_what_people_changed_where_they_work_in_it() -> None:
    settings = WorkerSettings(database_dsn="postgresql://nowhere", follow_erp_every_seconds=30)
    found = {plan.name: plan.every for plan in housekeeping(settings, follows=True)}
    assert found["collect-erp-changes"] == timedelta(seconds=30)
    assert "collect-erp-changes" not in plans()
