"""The ERP port, the payables port, the employee port and what people change, over Tryton."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.erp.tryton.changes import TrytonChanges
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.employees import TrytonEmployees
from adapters.erp.tryton.payables import TrytonPayables
from adapters.erp.tryton.settings import TrytonSettings
from domain.ports.erp_claims import ErpClaims
from domain.reference_system import ReferenceSystem


class TrytonErp(TrytonPayables, TrytonEmployees, TrytonChanges):
    """`domain.ports.erp.ErpPort`, `domain.ports.payables.PayablesPort`, `domain.ports.hris.EmployeePort` and
    `domain.ports.erp_changes.ErpChanges`. Raises the errors of `domain.outside_errors`, of the system 'erp', and those
    of the claims."""

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
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(TrytonClient.open(settings))
            approver = None
            if settings.approver is not None:
                approver = await stack.enter_async_context(TrytonClient.open(settings, settings.approver))
            yield cls(client, claims, supplement, extension, approver)

    async def health(self) -> None:
        await self._client.probe()
