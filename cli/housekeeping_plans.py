"""What runs at intervals, as the worker's settings say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from adapters.temporal_cases import Plan
from cli.worker_settings import WorkerSettings
from workflows.messages.erp_changes import COLLECT_ERP_CHANGES
from workflows.messages.hire_to_provision import RESCREEN_WORKFORCE
from workflows.messages.housekeeping import RECONCILE_CASES, SEAL_EVIDENCE
from workflows.messages.payment_run import COLLECT_BANK_MESSAGES, PROPOSE_PAYMENTS
from workflows.messages.workforce import END_ACCESS


def housekeeping(settings: WorkerSettings, pays: bool = True, follows: bool = False) -> Sequence[Plan]:
    """What runs at which intervals; `pays` says that bills are paid in this ERP, `follows` that people work in it."""
    return (
        Plan(name="seal-evidence", workflow=SEAL_EVIDENCE, every=timedelta(minutes=settings.seal_every_minutes)),
        *(_of_payments(settings) if pays else ()),
        *(_of_workforce(settings) if settings.hris_dsn else ()),
        *(_of_erp(settings) if follows else ()),
        Plan(
            name="reconcile-cases", workflow=RECONCILE_CASES, every=timedelta(minutes=settings.reconcile_every_minutes)
        ),
    )


def _of_payments(settings: WorkerSettings) -> Sequence[Plan]:
    return (
        Plan(
            name="propose-payments", workflow=PROPOSE_PAYMENTS, every=timedelta(minutes=settings.propose_every_minutes)
        ),
        Plan(
            name="collect-bank-messages",
            workflow=COLLECT_BANK_MESSAGES,
            every=timedelta(seconds=settings.collect_every_seconds),
        ),
    )


def _of_erp(settings: WorkerSettings) -> Sequence[Plan]:
    every = timedelta(seconds=settings.follow_erp_every_seconds)
    return (Plan(name="collect-erp-changes", workflow=COLLECT_ERP_CHANGES, every=every),)


def _of_workforce(settings: WorkerSettings) -> Sequence[Plan]:
    """What concerns everybody who works here, whom only an HRIS knows."""
    return (
        Plan(
            name="rescreen-workforce", workflow=RESCREEN_WORKFORCE, every=timedelta(days=settings.rescreen_every_days)
        ),
        Plan(name="end-access", workflow=END_ACCESS, every=timedelta(hours=settings.end_access_every_hours)),
    )
