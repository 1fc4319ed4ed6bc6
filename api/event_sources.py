"""Systems that may send events, and the proof that an event is theirs (Standard Webhooks 1.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from api.problems import ProblemError

TOLERANCE = timedelta(minutes=5)
MIN_SECRET_BYTES = 24
_PREFIX = "whsec_"


class EventSource(BaseModel):
    """`source` is the CloudEvents source that it signs for. Two secrets at once let one be replaced without a gap."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: Annotated[str, Field(min_length=1, max_length=90)]
    secrets: Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=2)]
    types: tuple[str, ...]
    facilities: tuple[str, ...] = ("*",)

    @field_validator("secrets")
    @classmethod
    def _usable(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            try:
                key = _key(secret)
            except binascii.Error:
                raise ValueError("a secret is base64, with or without the prefix whsec_") from None
            if len(key) < MIN_SECRET_BYTES:
                raise ValueError(f"a secret has at least {MIN_SECRET_BYTES} bytes")
        return secrets

    def serves(self, facility: str) -> bool:
        return "*" in self.facilities or facility in self.facilities


def signer_of(sources: Sequence[EventSource], headers: Mapping[str, str], body: bytes, now: datetime) -> EventSource:
    """The source whose secret signed this body. Raises the 401 problem when it is unsigned, forged, or older or newer
    than five minutes.
    """
    message, stamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message and stamp and signatures):
        raise _refused("Sign the event: webhook-id, webhook-timestamp and webhook-signature are all needed.")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise _refused("webhook-timestamp counts seconds since 1970.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise _refused("webhook-timestamp is more than five minutes away from now: sign each attempt anew.")
    signed = b".".join((message.encode(), stamp.encode(), body))
    given = [part[3:] for part in signatures.split(" ") if part.startswith("v1,")]
    for source in sources:
        if any(_matches(secret, signed, given) for secret in source.secrets):
            return source
    raise _refused("No known source has signed this.")


def _matches(secret: SecretStr, signed: bytes, given: Sequence[str]) -> bool:
    expected = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    return any(hmac.compare_digest(expected, signature.encode()) for signature in given)


def _key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().removeprefix(_PREFIX)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _refused(detail: str) -> ProblemError:
    return ProblemError(
        401,
        "signature-invalid",
        "The event is not signed by a known source",
        detail,
        headers={"WWW-Authenticate": 'StandardWebhooks realm="corridor"'},
    )
