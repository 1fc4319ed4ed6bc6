"""The evidence, and whether it holds."""

from __future__ import annotations

from pydantic import BaseModel

from domain.case import StoredEntry
from domain.ports.evidence import ChainFault


class AuditTrail(BaseModel):
    """Entries in order of recording; each `hash` covers the entry and the hash before it."""

    case_id: str
    items: list[StoredEntry]
    next_cursor: str | None


class AuditVerdict(BaseModel):
    """`intact` is true when every hash of the entries read follows from the one before it."""

    intact: bool
    entries_read: int
    faults: list[ChainFault]
