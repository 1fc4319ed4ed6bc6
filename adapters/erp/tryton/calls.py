"""What every part of the adapter stands on: the connection, the claims, and what Tryton has no field for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.errors import SYSTEM, drifted
from adapters.erp.tryton.wire import Location, Row, Symbol
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ErpClaims
from domain.reference_system import ReferenceSystem

R = TypeVar("R", bound=Row)
_EXTENSION = "external_id"


def refuse(code: str, message: str) -> NoReturn:
    raise RefusedError(SYSTEM, code, message)


class TrytonCalls:
    """`supplement` says what Tryton cannot: where both know something, Tryton's word counts. Places, units and
    currencies keep their ids for ever, and are asked for once.

    `extension` says whether Tryton itself keeps external ids unique; None asks Tryton. `approver` is another user's
    connection, who approves payments; without one the integration user tries.
    """

    def __init__(
        self,
        client: TrytonClient,
        claims: ErpClaims,
        supplement: ReferenceSystem,
        extension: bool | None = None,
        approver: TrytonClient | None = None,
    ) -> None:
        self._client, self._claims, self._supplement = client, claims, supplement
        self._extension = extension
        self._approver = approver or client
        self._company_currency: str | None = None
        self._owners = {each.code: each.owner for each in supplement.cost_centres}
        self._locations: dict[str, Location] = {}
        self._warehouses: dict[int, Location] = {}
        self._symbols: dict[tuple[str, str], int] = {}
        self._accounts: dict[str, int] = {}
        self._payment_journals: dict[str, int] = {}

    async def _rows(
        self,
        kind: type[R],
        domain: Sequence[Any],
        *,
        limit: int | None = None,
        order: Sequence[tuple[str, str]] | None = None,
    ) -> list[R]:
        rows = await self._client.search_read(kind.model, domain, kind.names(), limit=limit, order=order)
        return [_row(kind, row) for row in rows]

    async def _row(self, kind: type[R], record: int) -> R:
        rows = await self._client.read(kind.model, [record], kind.names())
        if len(rows) != 1:
            raise drifted(f"{kind.model}, which is gone")
        return _row(kind, rows[0])

    async def _has_extension(self) -> bool:
        if self._extension is None:
            domain = [["name", "=", _EXTENSION], ["state", "=", "activated"]]
            self._extension = bool(await self._client.call("model.ir.module.search", domain, 0, 1, None))
        return self._extension

    async def _location(self, code: str) -> Location | None:
        """A warehouse by its facility's code, or another place by its own."""
        if code not in self._locations:
            found = await self._rows(Location, [["code", "=", code]], limit=1)
            if not found:
                return None
            self._locations[code] = found[0]
        return self._locations[code]

    async def _symbol(self, model: str, field: str, value: str) -> int | None:
        """The id of a unit or currency by what it is called."""
        if (model, value) not in self._symbols:
            found = await self._client.search_read(model, [[field, "=", value]], ["id"], limit=1)
            if not found:
                return None
            self._symbols[model, value] = _row(Symbol, found[0]).id
        return self._symbols[model, value]

    async def _held(self, model: str, reference: str, external_id: str) -> int | None:
        """The document of Tryton that bears the external id, in whatever state."""
        field = "external_id" if await self._has_extension() else reference
        found = await self._client.search_read(model, [[field, "=", external_id]], ["id"], order=[("id", "ASC")])
        return _row(Symbol, found[0]).id if found else None

    async def _ensure(self, model: str, reference: str, external_id: str, values: dict[str, Any]) -> int:
        return (await self._ensured(model, reference, external_id, values))[0]

    async def _ensured(self, model: str, reference: str, external_id: str, values: dict[str, Any]) -> tuple[int, bool]:
        """The one document of this external id, and whether it was made now. For who has its turn.

        With the extension Tryton's database keeps it the only one, whoever else comes without a turn: the loser's error
        says nothing certain, and the winner's document is looked up. Without it the turn alone does.
        """
        named = {reference: external_id, **values}
        if not await self._has_extension():
            present = await self._held(model, reference, external_id)
            if present is not None:
                return present, False
            made = await self._client.call(f"model.{model}.create", [named])
            if not isinstance(made, list) or len(made) != 1 or not isinstance(made[0], int):
                raise drifted(f"model.{model}.create")
            return int(made[0]), True
        try:
            ensured = await self._client.call(
                f"model.{model}.ensure", {**named, "external_id": external_id}, again=True
            )
        except RefusedError:
            present = await self._held(model, reference, external_id)
            if present is None:
                raise
            return present, False
        if not isinstance(ensured, list) or len(ensured) != 2 or not isinstance(ensured[0], int):
            raise drifted(f"model.{model}.ensure")
        return int(ensured[0]), ensured[1] is True

    async def _press_on(self, model: str, record: int, *buttons: str) -> None:
        """Press the buttons of a document that was made a moment ago, without a look in between. What Tryton refuses is
        left to the look at the document that follows."""
        with suppress(RefusedError):
            for button in buttons:
                await self._client.press(model, button, [record])

    async def _drive(self, model: str, record: int, buttons: Mapping[str, str]) -> str:
        """Press the button of the document's state until it is in one that has none; that state.

        Whoever presses at the same time may be first: Tryton's refusal counts only when the document is still where it
        was. A button that leaves it there is pressed once.
        """
        state = await self._state(model, record)
        while state in buttons:
            before = state
            try:
                await self._client.press(model, buttons[state], [record])
            except RefusedError:
                state = await self._state(model, record)
                if state == before:
                    raise
            else:
                state = await self._state(model, record)
            if state == before:
                break
        return state

    async def _wizard(
        self, name: str, model: str, records: Sequence[int], data: Mapping[str, Any] | None = None
    ) -> None:
        """A wizard that asks nothing, from its first step to its end, over these records."""
        wizard, context = f"wizard.{name}", {"active_model": model, "active_id": records[0], "active_ids": [*records]}
        begun = await self._client.call(f"{wizard}.create", again=True)
        if not isinstance(begun, list) or len(begun) < 2:
            raise drifted(f"{wizard}.create")
        await self._client.call(f"{wizard}.execute", begun[0], dict(data or {}), begun[1], context=context)
        await self._client.call(f"{wizard}.delete", begun[0], again=True)

    async def _state(self, model: str, record: int) -> str:
        rows = await self._client.read(model, [record], ["state"])
        if len(rows) != 1 or not isinstance(rows[0].get("state"), str):
            raise drifted(f"the state of {model}")
        return str(rows[0]["state"])


def _row(kind: type[R], row: dict[str, Any]) -> R:
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:5])
        raise drifted(f"{kind.model}: {places}") from error
