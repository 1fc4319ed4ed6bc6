"""Ed25519 (RFC 8032) over seeds that somebody else keeps."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32


class Ed25519Checker:
    """Checks signatures with public keys alone (raw, 32 bytes, by key id)."""

    def __init__(self, public_keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in public_keys.items()}

    def public_keys(self) -> Mapping[str, bytes]:
        return {key_id: key.public_bytes_raw() for key_id, key in self._keys.items()}

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        key = self._keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Ed25519Signer(Ed25519Checker):
    """Signs with the seed named `current`; the other seeds stay known, so that what they signed can be checked.

    Raises ValueError when a seed has not 32 bytes or `current` is none of them.
    """

    def __init__(self, seeds: Mapping[str, bytes], current: str) -> None:
        if current not in seeds:
            raise ValueError(f"there is no signing key named {current}")
        short = sorted(key_id for key_id, seed in seeds.items() if len(seed) != SEED_BYTES)
        if short:
            raise ValueError(f"a seed has {SEED_BYTES} bytes; these have not: {', '.join(short)}")
        self._private = {key_id: Ed25519PrivateKey.from_private_bytes(seed) for key_id, seed in seeds.items()}
        super().__init__({key_id: key.public_key().public_bytes_raw() for key_id, key in self._private.items()})
        self._current = current

    @property
    def key_id(self) -> str:
        return self._current

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._private[key_id].sign(message)
