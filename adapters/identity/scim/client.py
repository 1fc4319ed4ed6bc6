"""Transport to a SCIM provider: one call, and searches that do not believe in filters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import ValidationError

from adapters.identity.scim.errors import FILTER_REFUSED, classify, drifted, unreachable
from adapters.identity.scim.settings import ScimSettings
from adapters.identity.scim.wire import Json, WireConfig, WireList
from domain.outside_errors import ContractDriftError

Sleep = Callable[[float], Awaitable[None]]
_MEDIA = "application/scim+json"
_ASKED_TO_WAIT = (429, 503)
_WAITS = 2


class ScimClient:
    """Raises the errors of `domain.outside_errors`, and no others."""

    def __init__(self, http: httpx.AsyncClient, settings: ScimSettings, sleep: Sleep = asyncio.sleep) -> None:
        self._http, self.settings, self.sleep = http, settings, sleep
        self._config: WireConfig | None = None

    @property
    def system(self) -> str:
        return self.settings.system

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: ScimSettings, sleep: Sleep = asyncio.sleep) -> AsyncIterator[ScimClient]:
        """Nothing is connected yet, so that a worker can start while the provider is down."""
        headers = {"Accept": f"{_MEDIA}, application/json"}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        # Redirects are not followed: they would lead the token where no operator has sent it.
        async with httpx.AsyncClient(
            base_url=settings.url.rstrip("/"), headers=headers, timeout=settings.timeout, trust_env=False
        ) as http:
            yield cls(http, settings, sleep)

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: dict[str, str] | None = None,
        version: str = "",
        absent: bool = False,
    ) -> Json | None:
        """The answer's resource; None for an empty one, and with `absent` for one that does not exist."""
        headers = {"If-Match": version} if version else {}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = _MEDIA
        request = self._http.build_request(method, path, params=query, content=content, headers=headers)
        response = await self._send(request)
        if absent and response.status_code in {404, 410}:
            return None
        if not response.is_success:
            raise classify(self.system, response)
        return self._read(response)

    async def config(self) -> WireConfig:
        """What the provider says that it can do, asked once; nothing where it does not say."""
        if self._config is None:
            answer = await self.call("GET", "/ServiceProviderConfig", absent=True)
            try:
                self._config = WireConfig.model_validate(answer or {})
            except ValidationError as error:
                raise drifted(self.system, error) from error
        return self._config

    async def search(self, path: str, attribute: str, value: str) -> list[dict[str, Any]]:
        """Whatever the provider returns for `attribute eq "value"`: the caller must look at each, because a provider
        may ignore the filter and return everything, page by page. One that refuses it is asked for everything."""
        try:
            return await self._pages(path, {"filter": f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"})
        except ContractDriftError as error:
            if error.code != FILTER_REFUSED:
                raise
            return await self._pages(path, {})

    async def _pages(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        while True:
            paged = {**query, "startIndex": str(len(found) + 1), "count": str(self.settings.page)}
            page = await self._page(path, paged)
            new = {str(each.get("id")): each for each in page.resources if str(each.get("id")) not in found}
            found |= new
            # One that ignores startIndex as well says the same again: nothing new is the end.
            if not new or len(found) >= page.total:
                return list(found.values())
            if len(found) > self.settings.scan_limit:
                raise ContractDriftError(self.system, "too-many", "the provider ignores filters and has too many")

    async def _page(self, path: str, query: dict[str, str]) -> WireList:
        answer = await self.call("GET", path, query=query)
        try:
            return WireList.model_validate(answer or {})
        except ValidationError as error:
            raise drifted(self.system, error) from error

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send, and wait as long as the provider asks for where that is not too long: it did nothing then."""
        for _ in range(_WAITS):
            response = await self._once(request)
            seconds = _asked_to_wait(response)
            if seconds is None or seconds > self.settings.patience:
                return response
            await self.sleep(seconds)
        return await self._once(request)

    async def _once(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._http.send(request)
        except httpx.HTTPError as error:
            raise unreachable(self.system, error) from error

    def _read(self, response: httpx.Response) -> Json | None:
        if not response.content.strip():
            return None
        try:
            answer = response.json()
        except ValueError as error:
            raise drifted(self.system, error) from error
        if not isinstance(answer, dict):
            raise drifted(self.system, ValueError("no object"))
        return answer


def _asked_to_wait(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, section 10.2.3); None where nobody asks."""
    asked = response.headers.get("Retry-After", "").strip()
    if response.status_code not in _ASKED_TO_WAIT or not asked:
        return None
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
