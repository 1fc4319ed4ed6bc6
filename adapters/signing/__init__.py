"""Signing with keys that this process holds."""

from adapters.signing.ed25519 import Ed25519Checker, Ed25519Signer
from adapters.signing.ring import RingSigner

__all__ = ["Ed25519Checker", "Ed25519Signer", "RingSigner"]
