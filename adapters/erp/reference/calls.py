"""One call of the reference ERP, with its answer in the shape that is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from adapters.erp.reference.client import ErpClient
from adapters.erp.reference.errors import classify
from adapters.erp.reference.wire import Wire

Answer = TypeVar("Answer")


class ErpCalls:
    """What both halves of the adapter stand on."""

    def __init__(self, client: ErpClient) -> None:
        self._client = client

    async def _ask(self, function: str, request: Wire | Sequence[Wire], shape: TypeAdapter[Answer]) -> Answer:
        answer = await self._client.call(function, request)
        try:
            return shape.validate_json(answer)
        except ValidationError as error:
            raise classify(error) from error
