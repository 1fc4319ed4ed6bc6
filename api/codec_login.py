"""Signing in with the identity provider itself: the authorization code flow with PKCE (RFC 6749, 7636, 9207, 9700)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, SecretStr

from api.problems import unavailable
from api.security import TokenError

_SECONDS = 10


class Pending(BaseModel):
    """What a browser keeps, signed, while its person is at the provider."""

    state: str
    verifier: str


@dataclass(frozen=True)
class OidcLogin:
    """`redirect_uri` is the gateway's own callback, as the provider has it registered for this client."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    redirect_uri: str
    http: httpx.AsyncClient

    async def begin(self) -> tuple[str, Pending]:
        """The provider's page to go to, and what to keep meanwhile. Raises the 503 problem without the provider."""
        pending = Pending(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))
        digest = hashlib.sha256(pending.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": pending.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = await self._place("authorization_endpoint")
        return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}", pending

    async def finish(self, answer: dict[str, str], pending: Pending) -> str:
        """The access token for what the provider sent back. Raises TokenError, and the 503 problem."""
        if not secrets.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise TokenError("the sign-in was not begun in this browser")
        if answer.get("iss", self.issuer) != self.issuer:
            raise TokenError("the sign-in was answered by another issuer")
        if "code" not in answer:
            raise TokenError("the identity provider did not sign you in")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": pending.verifier,
        }
        secret = self.client_secret.get_secret_value() if self.client_secret else None
        given = await self._json(
            "POST",
            await self._place("token_endpoint"),
            data=form,
            auth=httpx.BasicAuth(self.client_id, secret) if secret else None,
        )
        token = given.get("access_token")
        if not isinstance(token, str):
            raise TokenError("the identity provider did not accept the sign-in")
        return token

    async def _place(self, name: str) -> str:
        """An address from the provider's own description, which must be of the issuer that is configured."""
        found = await self._json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer or not isinstance(found.get(name), str):
            raise unavailable("The identity provider does not describe itself as it should.")
        return str(found[name])

    async def _json(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """What the provider answers; empty when it refuses. Raises the 503 problem when it does not answer."""
        try:
            answer = await self.http.request(method, url, timeout=_SECONDS, **options)
            found = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, ValueError):
            raise unavailable("The identity provider does not answer at the moment.") from None
        return found if isinstance(found, dict) else {}
