"""Which ERP a worker's settings name, and what is said when they name none that can be reached."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from cli.erp_of_worker import ErpSettingError, system_of_record
from cli.worker_settings import WorkerSettings
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.purchasing import small_system

TRYTON: dict[str, Any] = {
    "erp": "tryton",
    "tryton_url": "http://127.0.0.1:9",
    "tryton_database": "tryton",
    "tryton_user": "corridor",
    "tryton_password": SecretStr("of-a-test"),
}


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERP", "ERP_DSN", "TRYTON_URL", "TRYTON_DATABASE", "TRYTON_USER", "TRYTON_PASSWORD"):
        monkeypatch.delenv(f"CORRIDOR_{name}", raising=False)


def settings(dsn: str = "postgresql://nowhere", **given: Any) -> WorkerSettings:
    return WorkerSettings(database_dsn=dsn, **given)


async def test_without_the_reference_erps_database_it_says_which_setting_is_missing() -> None:
    with pytest.raises(ErpSettingError, match="CORRIDOR_ERP_DSN"):
        async with system_of_record(settings(), small_system()):
            pass


@pytest.mark.parametrize("missing", ["tryton_url", "tryton_database", "tryton_user", "tryton_password"])
async def test_every_setting_of_tryton_is_asked_for(missing: str, evidence_dsn: str) -> None:
    given = {name: value for name, value in TRYTON.items() if name != missing}
    with pytest.raises(ErpSettingError, match=f"CORRIDOR_{missing.upper()}"):
        async with system_of_record(settings(evidence_dsn, **given), small_system()):
            pass


async def test_a_worker_begins_while_tryton_is_down_and_buys_and_pays_in_it(evidence_dsn: str) -> None:
    async with system_of_record(settings(evidence_dsn, **TRYTON), small_system()) as erp:
        with pytest.raises(TemporarilyUnavailableError):
            await erp.orders.health()
        with pytest.raises(TemporarilyUnavailableError):
            await erp.payables.debtor_accounts("north")
