"""The hash chain of a case's timeline: what is hashed, and how one tells that nothing was changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.case import StoredEntry, TimelineEntry, canonical_json
from domain.model import Value

SCHEMES = (1, 2)
SCHEME = 2
"""What new entries are hashed under. Scheme 1, which older entries have, does not cover the instant of recording."""

REDACTED = "evidence.redacted"
HOLD_SET = "evidence.hold-set"
HOLD_LIFTED = "evidence.hold-lifted"
PURGED = "evidence.purged"
KEEPING_KINDS = (REDACTED, HOLD_SET, HOLD_LIFTED, PURGED)
"""Facts about the evidence itself. Their sequence numbers count down from -1 and never meet the case's own."""


class RecordedEntry(Value):
    """A row of the timeline, with the text that was hashed. `original_sha256` is set when a redaction replaced it."""

    case_id: str
    position: int
    seq: int
    body: str
    previous_hash: str
    hash: str
    recorded_at: datetime
    scheme: int = SCHEME
    original_sha256: str | None = None

    @property
    def body_sha256(self) -> str:
        """What the chain covers: the hash of the body as it was first recorded."""
        return self.original_sha256 or sha256(self.body)

    def entry(self) -> TimelineEntry:
        """Raises pydantic's ValidationError when the body is no entry."""
        return TimelineEntry.model_validate_json(self.body)

    def stored(self) -> StoredEntry:
        return StoredEntry(
            position=self.position,
            entry=self.entry(),
            previous_hash=self.previous_hash,
            hash=self.hash,
            recorded_at=self.recorded_at,
            scheme=self.scheme,
            original_sha256=self.original_sha256,
        )


class Tombstone(Value):
    """What is left of a purged case: where its chain went on from, which is the entry that says that it was purged."""

    case_id: str
    position: int
    hash: str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def instant_text(at: datetime) -> str:
    """The one spelling of an instant that is hashed: UTC with six decimals, such as 2026-03-02T14:30:00.000000Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def body_of(entry: TimelineEntry) -> str:
    """The text of an entry that is recorded and hashed."""
    return canonical_json(entry.model_dump(mode="json"))


def chain_hash(previous: str, case_id: str, body_sha256: str, recorded_at: datetime, scheme: int = SCHEME) -> str:
    """Hash of an entry chained to the one recorded before it in the same case: SHA-256 (hex) over lines of text."""
    lines = [previous, case_id, body_sha256]
    if scheme > 1:
        lines.append(instant_text(recorded_at))
    return sha256("\n".join(lines))


def chained(case_id: str, position: int, previous: str, entry: TimelineEntry, recorded_at: datetime) -> RecordedEntry:
    """The row of an entry that follows the hash `previous`."""
    body = body_of(entry)
    return RecordedEntry(
        case_id=case_id,
        position=position,
        seq=entry.seq,
        body=body,
        previous_hash=previous,
        hash=chain_hash(previous, case_id, sha256(body), recorded_at),
        recorded_at=recorded_at,
    )


def chain_faults(
    case_id: str, rows: Sequence[RecordedEntry], head: tuple[int, str] | None, tombstone: Tombstone | None
) -> Iterator[tuple[int, str]]:
    """Position and reason of everything that is wrong with the rows of one case, which are in order of position.

    `head` is the position and the hash that the case itself says it is at; None when there is no such case.
    """
    before, hash_before = (tombstone.position - 1, None) if tombstone else (0, "")
    known = head or ((tombstone.position, tombstone.hash) if tombstone else None)
    for row in rows:
        reason = _fault(case_id, row, before, hash_before, rows) or _misplaced(row, row is rows[-1], known)
        if tombstone and row.position == tombstone.position and not reason:
            reason = _purge_fault(row, tombstone)
        if reason:
            yield row.position, reason
        before, hash_before = row.position, row.hash
    if not rows and known and known[0] > 0:
        yield 1, "all entries are missing"


def _fault(
    case_id: str, row: RecordedEntry, before: int, hash_before: str | None, rows: Sequence[RecordedEntry]
) -> str | None:
    if row.position != before + 1:
        return f"entries {before + 1} to {row.position - 1} are missing"
    if hash_before is not None and row.previous_hash != hash_before:
        return "it does not follow the entry before it"
    covered = chain_hash(row.previous_hash, case_id, row.body_sha256, row.recorded_at, row.scheme)
    if row.hash != covered or row.scheme not in SCHEMES:
        return "its content or its instant was changed"
    if row.original_sha256 is not None and not any(_redacts(later, row) for later in rows):
        return "its content was replaced without a recorded redaction"
    body = _object(row.body)
    if body is None:
        return "its content is no entry"
    return "its sequence number was changed" if body.get("seq") != row.seq else None


def _misplaced(row: RecordedEntry, is_last: bool, head: tuple[int, str] | None) -> str | None:
    if head is None:
        return "its case is missing"
    if is_last and row.position < head[0]:
        return f"entries {row.position + 1} to {head[0]} are missing"
    if row.position > head[0] or (is_last and row.hash != head[1]):
        return "it was not recorded by the store"
    return None


def _purge_fault(row: RecordedEntry, tombstone: Tombstone) -> str | None:
    body = _object(row.body) or {}
    if body.get("kind") != PURGED or row.hash != tombstone.hash:
        return "entries before it are missing, and it records no purge"
    return None


def _redacts(later: RecordedEntry, row: RecordedEntry) -> bool:
    """Whether `later` says that the body of `row` is what a redaction left of it."""
    body = _object(later.body) or {}
    if later.position <= row.position or later.original_sha256 is not None or body.get("kind") != REDACTED:
        return False
    wanted = {"position": row.position, "original_sha256": row.original_sha256, "replaced_sha256": sha256(row.body)}
    return any(wanted.items() <= each.items() for each in body.get("detail", {}).get("entries", ()))


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
