"""The files of a bundle, and the zip that they make. `verify.py` beside this travels in the bundle as it is."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from api.bundle.story import story
from api.bundle.verify import FORMAT, MANIFEST, manifest_of
from domain.chain import RecordedEntry, instant_text
from domain.checkpoints import Inclusion
from domain.keeping import CaseRecord, holds_in_force

_HERE = Path(__file__).parent
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip takes for no date: the same evidence makes the same bytes


@dataclass(frozen=True)
class Evidence:
    """What goes into a bundle. `exported_at` is an instant in UTC; public keys are raw Ed25519 by key id."""

    record: CaseRecord
    inclusions: Sequence[Inclusion]
    public_keys: Mapping[str, bytes]
    exported_at: datetime
    exported_by: str


def packed(evidence: Evidence) -> bytes:
    """The bundle as a zip file."""
    files = _files(evidence)
    files[MANIFEST] = manifest_of(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, content)
    return out.getvalue()


def _files(evidence: Evidence) -> dict[str, bytes]:
    keys = {key_id: base64.b64encode(key).decode() for key_id, key in evidence.public_keys.items()}
    checkpoints = [_inclusion(each) for each in evidence.inclusions]
    return {
        "case.json": _json(_case(evidence)),
        "checkpoints.json": _json({"format": FORMAT, "checkpoints": checkpoints}),
        "keys.json": _json({"format": FORMAT, "algorithm": "Ed25519", "keys": keys}),
        "story.html": story(evidence.record, evidence.inclusions, evidence.exported_at, evidence.exported_by).encode(),
        "VERIFY.md": (_HERE / "VERIFY.md").read_bytes(),
        "verify.py": (_HERE / "verify.py").read_bytes(),
    }


def _case(evidence: Evidence) -> dict[str, Any]:
    record = evidence.record
    return {
        "format": FORMAT,
        "case_id": record.case_id,
        "exported_at": instant_text(evidence.exported_at),
        "exported_by": evidence.exported_by,
        "legal_holds": list(holds_in_force(record.entries)),
        "entries": [_entry(row) for row in record.entries],
        "tombstone": record.tombstone.model_dump(mode="json") if record.tombstone else None,
        "snapshot": record.snapshot.model_dump(mode="json") if record.snapshot else None,
        "tasks": [task.model_dump(mode="json") for task in record.tasks],
    }


def _entry(row: RecordedEntry) -> dict[str, Any]:
    shown = row.model_dump(mode="json", exclude={"case_id"})
    return {**shown, "recorded_at": instant_text(row.recorded_at)}


def _inclusion(inclusion: Inclusion) -> dict[str, Any]:
    checkpoint = inclusion.checkpoint
    return {
        "checkpoint": {
            **checkpoint.model_dump(mode="json"),
            "taken_at": instant_text(checkpoint.taken_at),
        },
        "head": {"position": inclusion.head.position, "hash": inclusion.head.hash},
        "path": [step.model_dump(mode="json") for step in inclusion.path],
    }


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()
