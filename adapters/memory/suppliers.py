"""The way to suppliers in memory: what was sent is there to be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from domain.outside_errors import RefusedError
from domain.ports.suppliers import OrderDispatch
from domain.purchase import DispatchProof


class MemorySupplierChannel:
    """`sent` holds each dispatch once for its key, in order of sending."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.sent: dict[str, OrderDispatch] = {}
        self._proofs: dict[str, DispatchProof] = {}
        self._clock = clock

    async def health(self) -> None:
        return None

    async def send_order(self, dispatch: OrderDispatch) -> DispatchProof:
        """Raises RefusedError when the supplier has no address."""
        known = self._proofs.get(dispatch.key)
        if known is not None:
            return known
        if not dispatch.supplier.email:
            raise RefusedError("mail", "no-address", f"supplier {dispatch.supplier.code} has no mail address")
        digest = hashlib.sha256(dispatch.key.encode()).hexdigest()
        self.sent[dispatch.key] = dispatch
        self._proofs[dispatch.key] = DispatchProof(
            channel="email",
            recipient=dispatch.supplier.email,
            message_id=f"<{digest[:40]}.order@memory>",
            answer="250 kept in memory",
            dispatched_at=self._clock(),
            document_sha256={},
        )
        return self._proofs[dispatch.key]
