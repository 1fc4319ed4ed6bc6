"""Signing with keys that this process holds."""

from adapters.signing.ed25519 import Ed25519Checker, Ed25519Signer

__all__ = ["Ed25519Checker", "Ed25519Signer"]
