"""The evidence, and whether it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from domain.case import StoredEntry
from domain.model import Request
from domain.ports.evidence import ChainFault

Reason = Annotated[str, Field(min_length=3, max_length=2000)]
Matter = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")]


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
    what is there. `signatures_checked` is false where the gateway has no public keys. `faults` are the first thousand
    of the chains and the first thousand of the checkpoints.
    """

    intact: bool
    entries_read: int
    checkpoints_read: int = 0
    last_checkpoint: LastCheckpoint | None = None
    signatures_checked: bool = False
    faults: list[ChainFault]


class PublicKeys(BaseModel):
    """Public keys under which checkpoints are signed, by their ids, in Base64."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    keys: dict[str, str]


class HoldBody(Request):
    """`matter` names what the case is held for, such as a lawsuit; a case may be held for several."""

    matter: Matter
    reason: Reason


class RedactBody(Request):
    """`text` is what is to be removed, exactly as it stands there. The reason is recorded, so it must not repeat it."""

    text: Annotated[str, Field(min_length=3, max_length=2000)]
    reason: Reason


class PurgeBody(Request):
    """With `dry_run` nothing is removed. Go on with `next_cursor` of the answer until it is null."""

    reason: Reason
    facility: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    dry_run: bool = False
    cursor: Annotated[str, Field(max_length=1000)] | None = None


class KeepingOutcome(BaseModel):
    """`recorded` is the entry that says what was done; null when there was nothing to do. `holds` are the matters for
    which the case is held now.
    """

    case_id: str
    recorded: StoredEntry | None
    holds: list[str]


class KeptCase(BaseModel):
    """A closed case that was not purged, and why."""

    case_id: str
    because: str


class PurgeOutcome(BaseModel):
    """What was purged or, on a dry run, what would be. Cases that are younger than the rule are not listed."""

    dry_run: bool
    purged: list[str]
    kept: list[KeptCase]
    next_cursor: str | None
