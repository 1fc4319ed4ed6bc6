"""The ERP port, the employee port and what people change, over Tryton."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.erp.tryton.changes import TrytonChanges
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.employees import TrytonEmployees
from adapters.erp.tryton.settings import TrytonSettings
from adapters.erp.tryton.store_room import TrytonStoreRoom
from domain.ports.erp_claims import ErpClaims
from domain.reference_system import ReferenceSystem


class TrytonErp(TrytonStoreRoom, TrytonEmployees, TrytonChanges):
    """`domain.ports.erp.ErpPort`, `domain.ports.hris.EmployeePort` and `domain.ports.erp_changes.ErpChanges`. Raises
    the errors of `domain.outside_errors`, of the system 'erp', and those of the claims."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        settings: TrytonSettings,
        claims: ErpClaims,
        supplement: ReferenceSystem,
        extension: bool | None = None,
    ) -> AsyncIterator[TrytonErp]:
        """Ready for the database that `settings` name. It connects on the first call, so it also begins while Tryton is
        down. `supplement` holds what Tryton has no field for; `extension` says whether Tryton itself keeps external ids
        unique, None asks it."""
        async with TrytonClient.open(settings) as client:
            yield cls(client, claims, supplement, extension)

    async def health(self) -> None:
        await self._client.probe()
