"""Signatures under what must be shown to be ours, years later and to others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Signer(Protocol):
    @property
    def key_id(self) -> str:
        """The key that signs now. It is part of what is signed, so it is known before."""

    def sign(self, key_id: str, message: bytes) -> bytes:
        """An Ed25519 signature (RFC 8032, 64 bytes). Raises KeyError for a key that is not known."""


class SignatureChecker(Protocol):
    def public_keys(self) -> Mapping[str, bytes]:
        """Raw Ed25519 public keys (32 bytes) by key id, older ones included."""

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Whether the key signed the message; False for an unknown key."""
