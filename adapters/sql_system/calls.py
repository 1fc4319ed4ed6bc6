"""One call of a function, with its answer in the shape that is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from adapters.sql_system.client import SqlClient
from adapters.sql_system.wire import Wire

Answer = TypeVar("Answer")


class SqlCalls:
    """What adapters of such systems stand on."""

    def __init__(self, client: SqlClient) -> None:
        self._client = client

    async def _ask(self, function: str, request: Wire | Sequence[Wire], shape: TypeAdapter[Answer]) -> Answer:
        answer = await self._client.call(function, request)
        try:
            return shape.validate_json(answer)
        except ValidationError as error:
            raise self._client.system.classify(error) from error
