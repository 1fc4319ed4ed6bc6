"""The file of one ring: {"current": "<id>", "keys": {"<id>": "<base64 of 32 bytes>"}}."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from domain.keys import KeyRing, KeyRingError


def parsed(text: str) -> KeyRing:
    """Raises KeyRingError with every fault and without any secret."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise KeyRingError(f"it is no JSON: line {error.lineno}, column {error.colno}") from None
    if not isinstance(document, dict) or set(document) != {"current", "keys"}:
        raise KeyRingError("it must have the members 'current' and 'keys', and no other")
    current, keys = document["current"], document["keys"]
    if not isinstance(current, str) or not isinstance(keys, dict):
        raise KeyRingError("'current' must be a text, and 'keys' an object of texts")
    return KeyRing(current, {key_id: _secret(key_id, text) for key_id, text in keys.items()})


def text_of(ring: KeyRing) -> str:
    keys = {key_id: base64.b64encode(secret).decode() for key_id, secret in ring.keys.items()}
    return json.dumps({"current": ring.current, "keys": keys}, indent=2) + "\n"


def _secret(key_id: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise KeyRingError(f"the key {key_id[:80]!r} is not base64") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise KeyRingError("it names the same member twice")
    return members
