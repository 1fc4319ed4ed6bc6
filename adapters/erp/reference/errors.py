"""What goes wrong between us and the reference ERP, in the domain's words: decided here, once."""

from __future__ import annotations

import asyncpg
from pydantic import ValidationError

from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

SYSTEM = "erp"
REFUSAL = "ERP01"
"""The SQLSTATE under which the ERP refuses; its code word is the error's detail."""

# SQLSTATEs, and classes of them, whose cause passes by itself (PostgreSQL manual, appendix A).
_PASSING = {
    "08": "unreachable",  # connection exceptions
    "25006": "restarting",  # read-only: a stand-by that takes over
    "40": "conflict",  # serialization failure, deadlock
    "53": "overloaded",  # too many connections, out of memory or disk
    "55P03": "locked",  # a lock that was not free in time
    "57": "interrupted",  # shutdown, starting up, statement timeout
    "58": "broken",  # their own input and output
}
_THEIR_DATA = ("22", "23")  # a value that the ERP's own constraints do not take

UNREACHABLE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
CLASSIFIED = (asyncpg.PostgresError, ValidationError, *UNREACHABLE)


def classify(error: Exception) -> OutsideError:
    """The domain's error for anything in CLASSIFIED."""
    if isinstance(error, TimeoutError):
        return TemporarilyUnavailableError(SYSTEM, "timeout", "the ERP did not answer in time")
    if isinstance(error, ValidationError):
        return ContractDriftError(SYSTEM, "answer-unknown", f"the ERP answered in an unknown shape: {_places(error)}")
    if isinstance(error, asyncpg.PostgresError):
        return _classify_sqlstate(error)
    return TemporarilyUnavailableError(SYSTEM, "unreachable", f"the ERP is not reachable: {error}")


def _classify_sqlstate(error: asyncpg.PostgresError) -> OutsideError:
    state = error.sqlstate or ""
    message = str(getattr(error, "message", "") or error)
    if state == REFUSAL:
        return RefusedError(SYSTEM, str(getattr(error, "detail", "") or "refused"), message)
    passing = _PASSING.get(state) or _PASSING.get(state[:2])
    if passing:
        return TemporarilyUnavailableError(SYSTEM, passing, f"{message} ({state})")
    if state[:2] in _THEIR_DATA:
        return RefusedError(SYSTEM, "data-invalid", f"{message} ({state})")
    return ContractDriftError(SYSTEM, "interface-unknown", f"{message} ({state})")


def _places(error: ValidationError) -> str:
    """Where the answer differs, without its values: they may be confidential."""
    return ", ".join(".".join(map(str, each["loc"])) or "the whole answer" for each in error.errors()[:5])
