"""The session in which an operator reads encrypted payloads in the Web UI: a signed cookie, good for half an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import ValidationError

from api.security import TokenError
from domain.keys import KeyRing, UnknownKeyError
from domain.people import Actor

LIFETIME = timedelta(minutes=30)
COOKIE = "corridor_codec"
MAX_COOKIE_LENGTH = 4_000
_ISSUER = "corridor-codec"
_INFO = b"corridor codec session 1"  # derives a key for this purpose alone


def issue(ring: KeyRing, actor: Actor, now: datetime) -> str:
    """A session of `actor`, signed with a key derived from the ring's current one. Any gateway with the ring reads it.

    Raises TokenError when what the actor holds is more than a cookie can carry.
    """
    claims = {
        "iss": _ISSUER,
        "exp": int((now + LIFETIME).timestamp()),
        "actor": actor.model_dump(mode="json"),
    }
    text = jwt.encode({"alg": "HS256", "kid": ring.current}, claims, _derived(ring, ring.current))
    if len(text) > MAX_COOKIE_LENGTH:
        raise TokenError("the roles and facilities of this token are more than a session can carry")
    return text


def read(ring: KeyRing, cookie: str, now: datetime) -> tuple[Actor, datetime]:
    """The actor of a session, and until when it lasts. Raises TokenError."""
    if len(cookie) > MAX_COOKIE_LENGTH:
        raise TokenError("the session cannot be read")
    claims = _claims(ring, cookie)
    ends = claims.get("exp")
    if claims.get("iss") != _ISSUER or not isinstance(ends, int):
        raise TokenError("the session cannot be read")
    if now.timestamp() >= ends:
        raise TokenError("the session has ended; sign in again")
    try:
        return Actor.model_validate(claims.get("actor")), datetime.fromtimestamp(ends, now.tzinfo)
    except ValidationError:
        raise TokenError("the session names nobody") from None


def _claims(ring: KeyRing, cookie: str) -> Mapping[str, Any]:
    def key_of(header: Any) -> OctKey:
        return _derived(ring, str(header.headers().get("kid", "")))

    try:
        return jwt.decode(cookie, key_of, algorithms=["HS256"]).claims
    except (JoseError, UnknownKeyError, ValueError, TypeError):
        raise TokenError("the session was not made by this gateway, or its key is gone") from None


def _derived(ring: KeyRing, key_id: str) -> OctKey:
    return OctKey.import_key(HKDF(SHA256(), 32, None, _INFO).derive(ring.key(key_id)))
