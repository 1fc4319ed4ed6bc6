"""What can go wrong with folders, in the domain's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from domain.outside_errors import TemporarilyUnavailableError

SYSTEM = "bank"


@contextmanager
def translated() -> Iterator[None]:
    """A folder that cannot be read or written is a bank that is away: an operator mends it, and all goes on."""
    try:
        yield
    except OSError as error:
        where = f" at {error.filename}" if error.filename else ""
        raise TemporarilyUnavailableError(SYSTEM, "folder-unavailable", f"{error.strerror or error}{where}") from error
