"""Ed25519 over a ring of seeds that may be rotated while we run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.signing.ed25519 import Ed25519Signer
from domain.keys import KeyRing


class RingSigner:
    """Signer and SignatureChecker over what `ring` gives at each call. Whatever that raises is passed on."""

    def __init__(self, ring: Callable[[], KeyRing]) -> None:
        self._ring = ring
        self._known: tuple[KeyRing, Ed25519Signer] | None = None

    @property
    def key_id(self) -> str:
        return self._signer().key_id

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._signer().sign(key_id, message)

    def public_keys(self) -> Mapping[str, bytes]:
        return self._signer().public_keys()

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        return self._signer().verify(key_id, message, signature)

    def _signer(self) -> Ed25519Signer:
        ring = self._ring()
        if self._known is None or self._known[0] is not ring:
            self._known = (ring, Ed25519Signer(ring.keys, ring.current))
        return self._known[1]
