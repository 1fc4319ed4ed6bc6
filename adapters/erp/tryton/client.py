"""Transport to Tryton's JSON-RPC: connections, time limits, sessions, and one call. Knows no documents."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from adapters.erp.tryton import encoding, errors
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from domain.outside_errors import TemporarilyUnavailableError

Context = Mapping[str, Any]
_READS = frozenset(
    {"search", "search_read", "search_count", "read", "fields_get", "default_get", "get_preferences", "on_change"}
)


class Session:
    """One user's session. `context` is what Tryton wants with every call: company, employee, language."""

    def __init__(self, header: str, context: Context) -> None:
        self.header, self.context = header, context


class TrytonClient:
    """Calls as one user. Raises the errors of `domain.outside_errors`, and no others.

    A session that is over is replaced by a new one, once per call. Tryton looks at the session before it does anything,
    but what stands between us may answer 401 as well: only what may be repeated is repeated, reads and calls that say
    `again`. Any other raises TemporarilyUnavailableError, and the next try looks for what is there.
    """

    def __init__(self, http: httpx.AsyncClient, settings: TrytonSettings, login: TrytonLogin) -> None:
        self._http, self._login = http, login
        self.settings = settings
        self._path = f"/{settings.database}/rpc/"
        self._session: Session | None = None
        self._entering = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: TrytonSettings, login: TrytonLogin | None = None) -> AsyncIterator[TrytonClient]:
        """As the bot, unless another login is given. Nothing is connected yet, so that a worker can start while Tryton
        is down."""
        limits = httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections)
        timeout = httpx.Timeout(settings.answer, connect=settings.connect, pool=settings.turn)
        # Redirects are not followed: they would lead the session where no operator has sent it.
        async with httpx.AsyncClient(base_url=settings.url, limits=limits, timeout=timeout, trust_env=False) as http:
            yield cls(http, settings, login or settings.bot)

    @property
    def user(self) -> str:
        """The login as which it calls."""
        return self._login.user

    async def call(
        self, method: str, *params: Any, context: Context | None = None, again: bool = False, fresh: bool = False
    ) -> Any:
        """The result of `method`, such as 'model.party.party.search_read'. `context` is added to the session's.

        `again`: repeating it does nothing new, since it brings a unique external id, or presses a button that does not
        work twice. `fresh`: begin a new session first, as Tryton wants for the approval of payments.
        """
        session = await self._session_of(fresh)
        try:
            return await self._ask(session, method, params, context)
        except TemporarilyUnavailableError as error:
            if error.code != errors.SESSION_OVER:
                raise
            if self._session is session:
                self._session = None
            if not again and method.rpartition(".")[2] not in _READS:
                raise
        return await self._ask(await self._session_of(fresh), method, params, context)

    async def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: Sequence[tuple[str, str]] | None = None,
        context: Context | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of `model`, active or not."""
        method = f"model.{model}.search_read"
        wide = {"active_test": False, **(context or {})}
        rows = await self.call(method, list(domain), 0, limit, order, list(fields), context=wide)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise errors.drifted(method)
        return rows

    async def read(
        self, model: str, ids: Sequence[int], fields: Sequence[str], *, context: Context | None = None
    ) -> list[dict[str, Any]]:
        """The rows of these ids; none for no ids."""
        if not ids:
            return []
        method = f"model.{model}.read"
        rows = await self.call(method, list(ids), list(fields), context=context)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise errors.drifted(method)
        return rows

    async def press(self, model: str, button: str, ids: Sequence[int], *, fresh: bool = False) -> Any:
        """A button that moves documents on. Tryton refuses one that does not fit their state, so it may be repeated."""
        return await self.call(f"model.{model}.{button}", list(ids), again=True, fresh=fresh)

    async def probe(self) -> None:
        """Raises when Tryton, its database or our login does not work."""
        await self.call("model.res.user.get_preferences", True)

    async def _session_of(self, fresh: bool) -> Session:
        before = self._session
        async with self._entering:
            # Whoever waited for another's login takes its session, unless they need one of their own.
            if self._session is None or (fresh and self._session is before):
                self._session = await self._enter()
            return self._session

    async def _enter(self) -> Session:
        secret = {"password": self._login.password.get_secret_value()}
        answer = await self._send("common.db.login", [self._login.user, secret], "")
        if answer.status_code != 200:
            raise errors.login_refused(answer.status_code)
        entered = _result(answer, "common.db.login")
        if not isinstance(entered, list) or len(entered) < 2:
            raise errors.drifted("common.db.login")
        token = f"{self._login.user}:{entered[0]}:{entered[1]}"
        header = f"Session {base64.b64encode(token.encode()).decode()}"
        preferences = await self._ask(Session(header, {}), "model.res.user.get_preferences", (True,), None)
        if not isinstance(preferences, dict):
            raise errors.drifted("model.res.user.get_preferences")
        return Session(header, preferences)

    async def _ask(self, session: Session, method: str, params: Sequence[Any], context: Context | None) -> Any:
        answer = await self._send(method, [*params, {**session.context, **(context or {})}], session.header)
        if answer.status_code != 200:
            raise errors.of_status(answer.status_code)
        return _result(answer, method)

    async def _send(self, method: str, params: Sequence[Any], authorization: str) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        body = encoding.encode({"id": 1, "method": method, "params": params})
        try:
            return await self._http.post(self._path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise errors.unreachable(error) from error


def _result(answer: httpx.Response, method: str) -> Any:
    try:
        body = encoding.decode(answer.content)
    except ValueError as error:
        raise errors.drifted(method) from error
    if not isinstance(body, dict) or not body.keys() & {"result", "error"}:
        raise errors.drifted(method)
    if "error" in body:
        raise errors.of_payload(body["error"], method)
    return body["result"]
