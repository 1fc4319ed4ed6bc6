"""What goes wrong between us and such a system, in the domain's words: decided here, once."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from pydantic import ValidationError

from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

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
_THEIR_DATA = ("22", "23")  # a value that the system's own constraints do not take

UNREACHABLE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
CLASSIFIED = (asyncpg.PostgresError, ValidationError, *UNREACHABLE)


@dataclass(frozen=True)
class SqlSystem:
    """`name` is the system's name in errors and its schema; `title` is what sentences call it. It refuses with the
    SQLSTATE `refusal`, whose detail is the code word."""

    name: str
    title: str
    refusal: str

    def classify(self, error: Exception) -> OutsideError:
        """The domain's error for anything in CLASSIFIED."""
        if isinstance(error, TimeoutError):
            return TemporarilyUnavailableError(self.name, "timeout", f"{self.title} did not answer in time")
        if isinstance(error, ValidationError):
            message = f"{self.title} answered in an unknown shape: {_places(error)}"
            return ContractDriftError(self.name, "answer-unknown", message)
        if isinstance(error, asyncpg.PostgresError):
            return self._classify_sqlstate(error)
        return TemporarilyUnavailableError(self.name, "unreachable", f"{self.title} is not reachable: {error}")

    def _classify_sqlstate(self, error: asyncpg.PostgresError) -> OutsideError:
        state = error.sqlstate or ""
        message = str(getattr(error, "message", "") or error)
        if state == self.refusal:
            return RefusedError(self.name, str(getattr(error, "detail", "") or "refused"), message)
        passing = _PASSING.get(state) or _PASSING.get(state[:2])
        if passing:
            return TemporarilyUnavailableError(self.name, passing, f"{message} ({state})")
        if state[:2] in _THEIR_DATA:
            return RefusedError(self.name, "data-invalid", f"{message} ({state})")
        return ContractDriftError(self.name, "interface-unknown", f"{message} ({state})")


def _places(error: ValidationError) -> str:
    """Where the answer differs, without its values: they may be confidential."""
    return ", ".join(".".join(map(str, each["loc"])) or "the whole answer" for each in error.errors()[:5])
