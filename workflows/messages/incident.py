"""An incident: what Corridor noticed about itself, what starts it, and the names that clients use."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import AwareDatetime

from domain.case import CaseStatus, case_id
from domain.exceptions import Finding
from domain.model import Value
from domain.policy.model import FrozenPolicy

WORKFLOW_NAME = "Incident"
CLEARED = "cleared"
FINDING_UPDATED = "finding_updated"
MAX_ITEMS = 200
"""Entries of one list in the evidence of a finding; the rest are counted."""


class IncidentInput(Value):
    """Something that a person has to look into. `finding` carries a code of the catalogue of exceptions, which says
    who owns it and how long they have; `policy` is that of the facility whose people are asked. `hits` are keys of
    candidates of exclusion lists: the answer 'clear' notes that they are other people. `worker_id` is whom it is about,
    if it is about somebody who works here: the answer 'stop' closes their accounts."""

    case_id: str
    facility: str
    finding: Finding
    policy: FrozenPolicy
    submitted_at: AwareDatetime
    hits: tuple[str, ...] = ()
    worker_id: str = ""


class Clearance(Value):
    """The cause is gone without anybody's answer."""

    reason: str


class IncidentResult(Value):
    case_id: str
    status: CaseStatus
    ended_by: Literal["answer", "clearance", "request"]
    comment: str = ""


def incident_case_id(facility: str, subject: str, text: str, occurrence: int = 1) -> str:
    """The case of one occurrence of one cause, such as 'housekeeping.shared.policy-3f2a9c0d1e5b'.

    `text` is what was noticed: whoever notices the same names the same case. `occurrence` counts from 1; the next one
    begins when the same is noticed again after the case was closed.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    again = f"-{occurrence}" if occurrence > 1 else ""
    return case_id("housekeeping", facility, f"{subject}-{digest}{again}")


def bounded(items: tuple[str, ...]) -> list[str]:
    """A list for the evidence of a finding, of a length that every store takes."""
    if len(items) <= MAX_ITEMS:
        return list(items)
    return [*items[:MAX_ITEMS], f"and {len(items) - MAX_ITEMS:,} more"]
