"""Identifiers of parties that all formats share."""

from __future__ import annotations

from collections.abc import Iterable

_GLN = "0088"  # ISO 6523
_MAIL = "EM"  # the EAS code for a mail address


def gln_of(identifiers: Iterable[tuple[str, str]]) -> str:
    """The first value of scheme 0088."""
    return next((value for scheme, value in identifiers if scheme == _GLN and value), "")


def electronic_address(scheme: str, value: str) -> str:
    """A mail address as it is; any other with its scheme before it, as Peppol writes participants (0088:7300...)."""
    if not value or not scheme or scheme == _MAIL:
        return value
    return f"{scheme}:{value}"
