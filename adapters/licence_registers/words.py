"""How boards and services say how a licence stands and what kind it is, in our words."""

from __future__ import annotations

import re

from domain.credentials import LicenceStatus

_STATUS: dict[str, LicenceStatus] = {
    "active": "active",
    "current": "active",
    "clear": "active",
    "good standing": "active",
    "active good standing": "active",
    "unencumbered": "active",
    "expired": "expired",
    "lapsed": "expired",
    "delinquent": "expired",
    "inactive": "expired",
    "retired": "expired",
    "not current": "expired",
    "suspended": "suspended",
    "probation": "suspended",
    "restricted": "suspended",
    "encumbered": "suspended",
    "conditional": "suspended",
    "summary suspension": "suspended",
    "revoked": "revoked",
    "surrendered": "revoked",
    "voluntary surrender": "revoked",
    "denied": "revoked",
    "cancelled": "revoked",
    "canceled": "revoked",
    "null and void": "revoked",
}


def status_of(said: str) -> LicenceStatus | None:
    """None for a word that nobody explained: it must not pass for another. A licence that may be used within limits
    only counts as suspended, so that a person looks."""
    return _STATUS.get(" ".join(re.split(r"[^a-z]+", said.casefold())).strip())
