"""Whether a login is possible: the only proof that an account is enabled, or disabled."""

from __future__ import annotations

from typing import Protocol

import httpx
from pydantic import SecretStr

from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError

# RFC 6749, section 5.2, and what providers say of somebody who is disabled.
_REFUSED = frozenset({"invalid_grant", "access_denied", "account_disabled", "user_disabled", "unauthorized_user"})


class LoginProbe(Protocol):
    async def possible(self, user_name: str, password: SecretStr) -> bool:
        """Whether this login succeeds, tried once. Raises `domain.outside_errors` when nobody can say."""


class TokenLogin:
    """Asks an OAuth 2.0 token endpoint by resource owner password (RFC 6749, section 4.3); throws the token away.

    An answer about anything else than this login, such as a client that is not known, is never read as a refusal.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        system: str,
        token_url: str,
        client_id: str = "",
        client_secret: SecretStr | None = None,
    ) -> None:
        self._http, self._system, self._url = http, system, token_url
        self._client = (client_id, client_secret.get_secret_value()) if client_id and client_secret else None
        self._named = {"client_id": client_id} if client_id and not client_secret else {}

    async def possible(self, user_name: str, password: SecretStr) -> bool:
        form = {"grant_type": "password", "username": user_name, "password": password.get_secret_value(), **self._named}
        auth = httpx.BasicAuth(*self._client) if self._client else httpx.Auth()
        try:
            response = await self._http.post(self._url, data=form, auth=auth)
        except httpx.HTTPError as error:
            message = f"the login gave no answer: {type(error).__name__}"
            raise TemporarilyUnavailableError(self._system, "login-unreachable", message) from error
        status, answer = response.status_code, _object(response)
        if status == 429 or status >= 500:
            raise TemporarilyUnavailableError(self._system, "login-unavailable", f"the login answered {status}")
        if status == 200 and answer.get("access_token"):
            return True
        if status in {400, 401, 403} and answer.get("error") in _REFUSED:
            return False
        raise ContractDriftError(self._system, "login-unknown", f"the login answered {status}, which says nothing")


def _object(response: httpx.Response) -> dict[str, object]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
