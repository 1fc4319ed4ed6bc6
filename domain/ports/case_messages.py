"""How one case tells another what it should know."""

from __future__ import annotations

from typing import Protocol

from domain.model import Value


class CaseMessenger(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    async def tell(self, case_id: str, signal: str, message: Value) -> bool:
        """Hand a message to a running case; False when no case runs under this id. Telling twice is harmless: every
        message names what it is about, and the case takes each once."""
