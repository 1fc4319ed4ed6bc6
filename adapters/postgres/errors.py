"""PostgreSQL's errors in the domain's words, classified once for every adapter that talks to a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

# SQLSTATE classes (PostgreSQL manual, appendix A) whose cause passes by itself: connection, transaction rollback,
# insufficient resources, operator intervention (shutdown, statement timeout), system error.
_PASSING_CLASSES = ("08", "40", "53", "57", "58")
_PASSING_STATES = ("25006", "55P03")  # a standby that is not yet promoted; a lock that was not free in time
_DRIFT_CLASSES = ("42", "3F", "3D")  # tables, functions or the database are not what this release expects

UNREACHABLE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def classify(system: str, error: Exception) -> OutsideError:
    """The domain's error for a failure of asyncpg. `system` names the database's part, such as 'evidence-store'.

    Messages never carry row values: PostgreSQL puts these into the detail, which is left out.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return TemporarilyUnavailableError(system, "unreachable", f"{type(error).__name__}: {error}")
    state = getattr(error, "sqlstate", None) or ""
    message = str(getattr(error, "message", "") or type(error).__name__)
    if state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES:
        return TemporarilyUnavailableError(system, state, message)
    if state.startswith(_DRIFT_CLASSES):
        return ContractDriftError(system, state, f"{message} (is the database migrated?)")
    return RefusedError(system, state or "unknown", message)


@contextmanager
def translated(system: str) -> Iterator[None]:
    """Raise what goes wrong inside as one of `domain.outside_errors`, and let everything else pass."""
    try:
        yield
    except (asyncpg.PostgresError, *UNREACHABLE) as error:
        raise classify(system, error) from error
