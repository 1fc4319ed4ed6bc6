"""Messages from one case to another, as signals."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.model import Value
from domain.outside_errors import TemporarilyUnavailableError

_TIMEOUT = timedelta(seconds=5)


class TemporalCaseMessenger:
    """`domain.ports.case_messages.CaseMessenger`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tell(self, case_id: str, signal: str, message: Value) -> bool:
        try:
            await self._client.get_workflow_handle(case_id).signal(signal, message, rpc_timeout=_TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise TemporarilyUnavailableError("temporal", error.status.name.lower(), error.message) from error
        return True
