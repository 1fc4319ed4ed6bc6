"""Who calls: bearer tokens of an OpenID Connect provider, verified against its published keys (RFC 7519, RFC 8725).

Roles and facilities come from the token's claims and from nowhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeGuard, get_args

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import ValidationError

from api.problems import ProblemError, unavailable
from api.recent import Recent
from domain.people import Actor, Role

ALLOWED_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
MAX_TOKEN_LENGTH = 16_000
REMEMBERED_TOKENS = 1_000
KNOWN_ROLES = frozenset(get_args(Role))


class TokenVerifier(Protocol):
    async def verify(self, token: str) -> Actor:
        """Raises TokenError when the token proves nothing, ProblemError when the issuer's keys cannot be had."""


class TokenError(Exception):
    """Why a token was refused, in words that help an honest caller and say nothing about the keys."""


class KeySource(Protocol):
    async def keys(self, kid: str | None) -> KeySet:
        """The issuer's keys, read anew when none has this id."""


class FileKeys:
    """Keys from a JWKS file, read anew for an unknown key id when the file has changed since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: float | None = None
        self._keys = KeySet([])

    async def keys(self, kid: str | None) -> KeySet:
        changed = self._path.stat().st_mtime
        if self._read_at is None or (changed != self._read_at and not _has(self._keys, kid)):
            self._keys, self._read_at = KeySet.import_key_set(json.loads(self._path.read_text())), changed
        return self._keys


class UrlKeys:
    """Keys from a JWKS URL, kept for `max_age`. An unknown key id fetches them again, at most once per
    `min_interval`, so that made-up ids cannot be turned into load on the issuer.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Any]],
        now: Callable[[], datetime],
        max_age: timedelta = timedelta(hours=1),
        min_interval: timedelta = timedelta(seconds=10),
    ) -> None:
        self._fetch, self._now, self._max_age, self._min_interval = fetch, now, max_age, min_interval
        self._keys = KeySet([])
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def keys(self, kid: str | None) -> KeySet:
        if self._due(kid):
            async with self._lock:
                if self._due(kid):
                    await self._refresh()
        if not self._keys:
            raise unavailable("The keys of the identity provider cannot be read at the moment.")
        return self._keys

    def _due(self, kid: str | None) -> bool:
        now = self._now()
        if self._tried_at is not None and now - self._tried_at < self._min_interval:
            return False
        return self._fetched_at is None or now - self._fetched_at > self._max_age or not _has(self._keys, kid)

    async def _refresh(self) -> None:
        self._tried_at = self._now()
        try:
            self._keys = KeySet.import_key_set(await self._fetch())
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError):
            return  # the keys that are known stay good until the issuer answers again
        self._fetched_at = self._tried_at


def jwks_fetcher(client: httpx.AsyncClient, url: str) -> Callable[[], Awaitable[Any]]:
    async def fetch() -> Any:
        answer = await client.get(url, timeout=5)
        answer.raise_for_status()
        return answer.json()

    return fetch


def _has(keys: KeySet, kid: str | None) -> bool:
    return any(kid is None or key.kid == kid for key in keys)


@dataclass(frozen=True)
class ClaimNames:
    """Where a provider puts what we need; dots reach into nested claims ('realm_access.roles').

    With a prefix ('facility:'), only the values that carry it count, and it is taken off.
    """

    person: str = "sub"
    name: str = "name"
    roles: str = "roles"
    facilities: str = "facilities"
    role_prefix: str = ""
    facility_prefix: str = ""


@dataclass(frozen=True)
class _Proven:
    """What a token says whose signature holds by `keys`; `begins` and `expires` are in seconds since 1970."""

    keys: KeySet
    kid: str | None
    actor: Actor
    begins: float
    expires: float


class JwtVerifier:
    """Checks signature, algorithm, issuer, audience and validity; `leeway` forgives clocks that differ.

    A caller sends the same token many times: a signature that was found good is remembered under the token's SHA-256,
    for as long as the issuer's keys are those by which it was proven. How long the token is valid is looked at each
    time, and the token itself is not kept.
    """

    def __init__(
        self,
        keys: KeySource,
        issuer: str,
        audience: str,
        now: Callable[[], datetime],
        claims: ClaimNames = ClaimNames(),
        algorithms: Sequence[str] = ALLOWED_ALGORITHMS,
        leeway: timedelta = timedelta(seconds=30),
    ) -> None:
        refused = set(algorithms) - set(ALLOWED_ALGORITHMS)
        if refused:
            raise ValueError(f"algorithms that do not prove who signed: {', '.join(sorted(refused))}")
        self._keys, self._issuer, self._audience, self._now = keys, issuer, audience, now
        self._names, self._algorithms, self._leeway = claims, list(algorithms), leeway
        self._registry = JWSRegistry(algorithms=self._algorithms)
        self._proven: Recent[bytes, _Proven] = Recent(REMEMBERED_TOKENS)

    async def verify(self, token: str) -> Actor:
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenError("the token is too long")
        if not token.isascii():
            raise TokenError("the token is not signed by the identity provider")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._proven.get(digest)
        if known is None or await self._keys.keys(known.kid) is not known.keys:
            known = await self._prove(token)
        self._check_time(known)
        self._proven.put(digest, known)
        return known.actor

    async def _prove(self, token: str) -> _Proven:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in self._algorithms:
                raise TokenError("the token is signed with an algorithm that is not accepted")
            kid = kid if isinstance(kid, str) else None
            keys = await self._keys.keys(kid)
            claims = jwt.decode(token, keys, algorithms=self._algorithms, registry=self._registry).claims
        except (JoseError, ValueError, TypeError):
            raise TokenError("the token is not signed by the identity provider") from None
        self._check_parties(claims)
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if not _is_number(expires) or not _is_number(begins):
            raise TokenError("the token does not say how long it is valid")
        return _Proven(keys=keys, kid=kid, actor=self._actor(claims), begins=begins, expires=expires)

    def _check_parties(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self._issuer:
            raise TokenError("the token is of another issuer")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenError("the token is meant for another audience")

    def _check_time(self, token: _Proven) -> None:
        now, leeway = self._now().timestamp(), self._leeway.total_seconds()
        if now >= token.expires + leeway:
            raise TokenError("the token has expired")
        if now < token.begins - leeway:
            raise TokenError("the token is not valid yet")

    def _actor(self, claims: Mapping[str, Any]) -> Actor:
        names = self._names
        roles = _values(_find(claims, names.roles), names.role_prefix)
        facilities = _values(_find(claims, names.facilities), names.facility_prefix)
        name = _find(claims, names.name)
        try:
            return Actor.model_validate(
                {
                    "person": _find(claims, names.person),
                    "name": name if isinstance(name, str) else "",
                    "roles": tuple(role for role in roles if role in KNOWN_ROLES),
                    "facilities": facilities,
                    "issuer": self._issuer,
                }
            )
        except ValidationError:
            raise TokenError("the token does not name a person") from None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _find(claims: Mapping[str, Any], path: str) -> Any:
    if path in claims:  # names that are URLs carry dots of their own
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _values(claim: Any, prefix: str) -> tuple[str, ...]:
    if isinstance(claim, str):
        claim = claim.split()
    if not isinstance(claim, list):
        return ()
    named = (value for value in claim if isinstance(value, str) and value.startswith(prefix))
    return tuple(dict.fromkeys(value[len(prefix) :] for value in named if len(value) > len(prefix)))


def unauthenticated(reason: str | None) -> ProblemError:
    """RFC 6750: the challenge says what was wrong only when a token was sent."""
    challenge = 'Bearer realm="corridor"'
    if reason is not None:
        challenge += f', error="invalid_token", error_description="{reason}"'
    detail = "Send a valid bearer token." if reason is None else f"{reason[:1].upper()}{reason[1:]}."
    return ProblemError(
        401, "unauthenticated", "The caller is not known", detail, headers={"WWW-Authenticate": challenge}
    )


async def authenticate(authorization: str | None, verifier: TokenVerifier) -> Actor:
    """The actor of an Authorization header. Raises the 401 problem with its challenge."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated(None)
    try:
        return await verifier.verify(token.strip())
    except TokenError as error:
        raise unauthenticated(str(error)) from None
