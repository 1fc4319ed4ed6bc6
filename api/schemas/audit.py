"""The evidence, and whether it holds."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from domain.case import StoredEntry
from domain.ports.evidence import ChainFault


class AuditTrail(BaseModel):
    """Entries in order of recording; each `hash` covers the entry and the hash before it."""

    case_id: str
    items: list[StoredEntry]
    next_cursor: str | None


class LastCheckpoint(BaseModel):
    """The latest checkpoint that was read. Compare it with the one that was written to the log, or kept elsewhere."""

    number: int
    hash: str
    taken_at: datetime
    key_id: str


class AuditVerdict(BaseModel):
    """`intact` is true when every hash of the entries read follows from the one before it, and the checkpoints hold
    what is there. `signatures_checked` is false where the gateway has no public keys.
    """

    intact: bool
    entries_read: int
    checkpoints_read: int = 0
    last_checkpoint: LastCheckpoint | None = None
    signatures_checked: bool = False
    faults: list[ChainFault]
