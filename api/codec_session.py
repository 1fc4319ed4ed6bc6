"""What an operator's browser keeps, signed by this gateway: the session in which payloads are read, and before it, that
the operator is signing in at the identity provider.
"""

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

from api.codec_login import Pending
from api.security import TokenError
from domain.keys import KeyRing, UnknownKeyError
from domain.people import Actor

LIFETIME = timedelta(minutes=30)
LOGIN_LIFETIME = timedelta(minutes=10)
COOKIE = "corridor_codec"
LOGIN_COOKIE = "corridor_codec_login"
MAX_COOKIE_LENGTH = 4_000
# Each purpose has a key of its own, derived from the ring's: a cookie of one is none of the other.
_SESSION, _LOGIN = b"corridor codec session 1", b"corridor codec login 1"


def issue(ring: KeyRing, actor: Actor, now: datetime) -> str:
    """A session of `actor`, which any gateway with the ring reads.

    Raises TokenError when what the actor holds is more than a cookie can carry.
    """
    text = _signed(ring, _SESSION, actor.model_dump(mode="json"), now + LIFETIME)
    if len(text) > MAX_COOKIE_LENGTH:
        raise TokenError("the roles and facilities of this token are more than a session can carry")
    return text


def read(ring: KeyRing, cookie: str, now: datetime) -> tuple[Actor, datetime]:
    """The actor of a session, and until when it lasts. Raises TokenError."""
    content, ends = _opened(ring, _SESSION, cookie, now)
    try:
        return Actor.model_validate(content), ends
    except ValidationError:
        raise TokenError("the session names nobody") from None


def keep(ring: KeyRing, pending: Pending, now: datetime) -> str:
    return _signed(ring, _LOGIN, pending.model_dump(mode="json"), now + LOGIN_LIFETIME)


def kept(ring: KeyRing, cookie: str, now: datetime) -> Pending:
    """What was kept while signing in. Raises TokenError."""
    content, _ = _opened(ring, _LOGIN, cookie, now)
    try:
        return Pending.model_validate(content)
    except ValidationError:
        raise TokenError("the sign-in was not begun in this browser") from None


def _signed(ring: KeyRing, purpose: bytes, content: Mapping[str, Any], ends: datetime) -> str:
    claims = {"exp": int(ends.timestamp()), "content": dict(content)}
    return jwt.encode({"alg": "HS256", "kid": ring.current}, claims, _derived(ring, ring.current, purpose))


def _opened(ring: KeyRing, purpose: bytes, cookie: str, now: datetime) -> tuple[Any, datetime]:
    if len(cookie) > MAX_COOKIE_LENGTH:
        raise TokenError("the session cannot be read")

    def key_of(header: Any) -> OctKey:
        return _derived(ring, str(header.headers().get("kid", "")), purpose)

    try:
        claims = jwt.decode(cookie, key_of, algorithms=["HS256"]).claims
    except (JoseError, UnknownKeyError, ValueError, TypeError):
        raise TokenError("the session was not made by this gateway, or its key is gone") from None
    ends = claims.get("exp")
    if not isinstance(ends, int) or now.timestamp() >= ends:
        raise TokenError("the session has ended; sign in again")
    return claims.get("content"), datetime.fromtimestamp(ends, now.tzinfo)


def _derived(ring: KeyRing, key_id: str, purpose: bytes) -> OctKey:
    return OctKey.import_key(HKDF(SHA256(), 32, None, purpose).derive(ring.key(key_id)))
