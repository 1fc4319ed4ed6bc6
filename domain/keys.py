"""Rings of secret keys: one current key that protects what is new, older ones that still open what is old."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Purpose = Literal["payload", "links", "checkpoint"]
"""What a ring protects: payloads in Temporal (AES-256), links in mail (HMAC-SHA-256), checkpoints of the evidence
(Ed25519, of which the private seed is kept). A key serves one purpose only."""
PURPOSES: tuple[Purpose, ...] = ("payload", "links", "checkpoint")

KEY_BYTES = 32  # AES-256, HMAC-SHA-256 and the Ed25519 seed all take 256 bits
MAX_KEYS = 100
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class KeyRingError(ValueError):
    """A ring that cannot be used; the message has every fault and no secret."""


class UnknownKeyError(LookupError):
    """Something was protected with a key that is not in the ring."""

    def __init__(self, key_id: str, known: tuple[str, ...]) -> None:
        super().__init__(f"the key {key_id!r} is not in the ring, which has {', '.join(known)}")
        self.key_id = key_id


@dataclass(frozen=True, eq=False)
class KeyRing:
    """`current` names the key for what is new; `keys` has the secret of each id. Raises KeyRingError.

    Neither its text nor its representation shows a secret.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        faults = _faults(self.current, self.keys)
        if faults:
            raise KeyRingError("; ".join(faults))
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current!r}, ids={self.ids!r})"

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, in the order in which the keys were added."""
        return tuple(self.keys)

    @property
    def current_key(self) -> bytes:
        return self.keys[self.current]

    def key(self, key_id: str) -> bytes:
        """The secret of that id; raises UnknownKeyError, which names the id."""
        try:
            return self.keys[key_id]
        except KeyError:
            raise UnknownKeyError(key_id, self.ids) from None

    def with_key(self, key_id: str, secret: bytes) -> KeyRing:
        """The ring with one more key, which only opens until it is made current. Raises KeyRingError."""
        if key_id in self.keys:
            raise KeyRingError(f"there is a key {key_id!r} already, and what it protects would become unreadable")
        return KeyRing(self.current, {**self.keys, key_id: secret})

    def made_current(self, key_id: str) -> KeyRing:
        """The ring in which that key protects what is new; all others still open. Raises UnknownKeyError."""
        self.key(key_id)
        return KeyRing(key_id, self.keys)

    def fingerprint(self, key_id: str) -> str:
        """Twelve hexadecimal digits by which the keys of two hosts are compared without showing them."""
        return hashlib.sha256(b"corridor key fingerprint\0" + self.key(key_id)).hexdigest()[:12]


def _faults(current: str, keys: Mapping[str, bytes]) -> list[str]:
    faults = [
        f"the key id {key_id[:80]!r} is not made of 1 to 64 letters, digits, '.', '_' and '-'"
        for key_id in keys
        if not _ID.fullmatch(key_id)
    ]
    faults += [
        f"the key {key_id[:80]!r} has {len(secret)} bytes instead of {KEY_BYTES}"
        for key_id, secret in keys.items()
        if len(secret) != KEY_BYTES
    ]
    if not keys:
        faults.append("the ring has no key")
    elif current not in keys:
        faults.append(f"the current key {current[:80]!r} is not in the ring")
    if len(set(keys.values())) != len(keys):
        faults.append("two ids have the same secret")
    if len(keys) > MAX_KEYS:
        faults.append(f"the ring has more than {MAX_KEYS} keys")
    return faults
