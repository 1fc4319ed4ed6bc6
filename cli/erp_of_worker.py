"""Which ERP a worker acts on: the one that its settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from adapters.postgres.erp_claims import PostgresErpClaims
from adapters.postgres.pool import open_pool
from cli.worker_settings import WorkerSettings
from domain.ports.erp import ErpPort
from domain.ports.erp_changes import ErpChanges
from domain.ports.hris import EmployeePort
from domain.ports.payables import PayablesPort
from domain.reference_system import ReferenceSystem


@dataclass(frozen=True)
class SystemOfRecord:
    """One ERP, as each process sees it; without `changes` nobody but Corridor works in it."""

    orders: ErpPort
    employees: EmployeePort
    payables: PayablesPort
    changes: ErpChanges | None = None


class ErpSettingError(Exception):
    """The settings do not name an ERP that can be reached; says which is missing."""


@asynccontextmanager
async def system_of_record(settings: WorkerSettings, reference: ReferenceSystem) -> AsyncIterator[SystemOfRecord]:
    """`reference` holds what Tryton has no field for. Raises ErpSettingError."""
    if settings.erp == "tryton":
        async with _claims(settings) as claims, TrytonErp.connect(_tryton(settings), claims, reference) as tryton:
            yield SystemOfRecord(tryton, tryton, tryton, tryton)
        return
    if not settings.erp_dsn:
        raise ErpSettingError("CORRIDOR_ERP_DSN is not set: it says where the reference ERP's database is.")
    async with ReferenceErp.connect(settings.erp_dsn) as erp:
        yield SystemOfRecord(erp, erp, erp)


@asynccontextmanager
async def _claims(settings: WorkerSettings) -> AsyncIterator[PostgresErpClaims]:
    """On connections of their own: a claim holds one while the ERP is asked, and evidence must not wait for that."""
    pool = await open_pool(
        settings.database_dsn, min_size=0, max_size=10, application_name="corridor-erp-claims", system="erp-claims"
    )
    try:
        yield PostgresErpClaims(pool)
    finally:
        await pool.close()


def _tryton(settings: WorkerSettings) -> TrytonSettings:
    given = {
        "CORRIDOR_TRYTON_URL": settings.tryton_url,
        "CORRIDOR_TRYTON_DATABASE": settings.tryton_database,
        "CORRIDOR_TRYTON_USER": settings.tryton_user,
        "CORRIDOR_TRYTON_PASSWORD": settings.tryton_password,
    }
    missing = sorted(name for name, value in given.items() if not value)
    if missing or settings.tryton_password is None:
        raise ErpSettingError(f"CORRIDOR_ERP is tryton, and not set: {', '.join(missing)}.")
    approver = None
    if settings.tryton_approver and settings.tryton_approver_password:
        approver = TrytonLogin(user=settings.tryton_approver, password=settings.tryton_approver_password)
    return TrytonSettings(
        url=settings.tryton_url,
        database=settings.tryton_database,
        bot=TrytonLogin(user=settings.tryton_user, password=settings.tryton_password),
        approver=approver,
    )
