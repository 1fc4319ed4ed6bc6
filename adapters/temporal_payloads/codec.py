"""Payloads as the Temporal server keeps them: AES-256-GCM, bound to the key and to the case that they belong to."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from typing import Literal, Self

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from domain.keys import KeyRing, UnknownKeyError

RingSource = Callable[[], KeyRing]
"""Gives the ring as it is now; asked for each payload, so that a rotation needs no restart."""
PlainPayloads = Literal["accept", "refuse"]

ENCODING = "encoding"
ENCRYPTED = b"binary/encrypted"
REFUSED = b"binary/refused"  # which no payload converter can read
CIPHER, CIPHER_NAME = "encryption-cipher", b"A256GCM"
KEY_ID = "encryption-key-id"
CASE = "encryption-case"
NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: a random nonce of 96 bits, good for 2**32 payloads with one key
_PURPOSE = b"corridor payload 1"
_BY_SCHEDULE = re.compile(r"-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")  # what a schedule appends to the ids that it starts
_LOG = structlog.get_logger("security")


class PayloadError(Exception):
    """A payload cannot be opened. The message names the key or the case, never content."""


class EncryptedPayloads(PayloadCodec, WithSerializationContext):
    """Encrypts what goes to the server and opens what comes back, with any key of the ring.

    What was not encrypted is passed on, as cases from before the first key need. With `plain="refuse"` it becomes
    unreadable instead, as does what was changed or made for another case: a signal of that kind is dropped and the
    case goes on, so that only who holds a key can start a case or tell it anything.
    """

    def __init__(self, ring: RingSource, plain: PlainPayloads = "accept", case: str = "") -> None:
        self._ring, self._plain, self._case = ring, plain, case

    def with_context(self, context: SerializationContext) -> Self:
        case = ""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            case = context.workflow_id or ""
        return type(self)(self._ring, self._plain, case)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises what the ring's source raises."""
        ring = self._ring()
        return [self._sealed(ring, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises PayloadError for a key that is not in the ring and, unless such are refused, for changed bytes and for
        another case's payload.
        """
        ring = self._ring()
        return [self._read(ring, payload) for payload in payloads]

    def _read(self, ring: KeyRing, payload: Payload) -> Payload:
        if not is_encrypted(payload):
            return payload if self._plain == "accept" else self._refused("it is not encrypted")
        try:
            return self._opened(ring, payload)
        except UnknownKeyError as error:  # which a ring that is late may still learn
            raise PayloadError(f"a payload cannot be opened: {error}") from None
        except PayloadError as error:
            if self._plain == "accept":
                raise
            return self._refused(str(error))

    def _sealed(self, ring: KeyRing, payload: Payload) -> Payload:
        case, nonce = self._case.encode(), secrets.token_bytes(NONCE_BYTES)
        bound = _bound_to(ring.current, case)
        sealed = AESGCM(ring.current_key).encrypt(nonce, payload.SerializeToString(), bound)
        metadata = {ENCODING: ENCRYPTED, CIPHER: CIPHER_NAME, KEY_ID: ring.current.encode()}
        return Payload(metadata=metadata | ({CASE: case} if case else {}), data=nonce + sealed)

    def _opened(self, ring: KeyRing, payload: Payload) -> Payload:
        key_id, case = _text(payload, KEY_ID), _text(payload, CASE)
        if payload.metadata.get(CIPHER) != CIPHER_NAME:
            raise PayloadError(f"a payload is encrypted with the unknown cipher {_text(payload, CIPHER)!r}")
        if case and self._case and not _same_case(case, self._case):
            raise PayloadError(f"a payload of {case[:200]} was found in {self._case}")
        key = ring.key(key_id)
        try:
            nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
            return Payload.FromString(AESGCM(key).decrypt(nonce, sealed, _bound_to(key_id, case.encode())))
        except (InvalidTag, ValueError, DecodeError):
            raise PayloadError(f"a payload under the key {key_id!r} was changed, or is under another key") from None

    def _refused(self, reason: str) -> Payload:
        _LOG.warning("payload.refused", case_id=self._case or None, reason=reason)
        return Payload(metadata={ENCODING: REFUSED})


class UnopenedPayloads(PayloadCodec):
    """Without any key: what is new stays plain, and what is encrypted is refused in words that help."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises PayloadError for an encrypted payload."""
        for payload in payloads:
            if is_encrypted(payload):
                raise PayloadError(f"a payload is under the key {_text(payload, KEY_ID)!r}, and no keys are configured")
        return list(payloads)


def is_encrypted(payload: Payload) -> bool:
    return payload.metadata.get(ENCODING) == ENCRYPTED


def case_of(payload: Payload) -> str:
    """The workflow that an encrypted payload says it belongs to; empty when it says none. True if the payload opens."""
    return _text(payload, CASE)


def _bound_to(key_id: str, case: bytes) -> bytes:
    """The additional data under the tag; lengths go first, so that no two pairs give the same bytes."""
    parts = (_PURPOSE, key_id.encode(), case)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _same_case(bound: str, present: str) -> bool:
    """The id itself, or another that the same schedule made: Temporal hands a run the result of the one before."""
    return present == bound or _of_schedule(bound) == _of_schedule(present)


def _of_schedule(name: str) -> str:
    """The id of the schedule, of a run that it made or of itself."""
    return _BY_SCHEDULE.sub("", name)


def _text(payload: Payload, name: str) -> str:
    return payload.metadata.get(name, b"").decode("utf-8", "replace")
