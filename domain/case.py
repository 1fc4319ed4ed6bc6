"""The case: its identity, its stages, and how it is shown and proven."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import AwareDatetime

from domain.duties import DutyDone
from domain.model import Value
from domain.money import Money
from domain.tasks import Task

Process = Literal["procure-to-pay", "invoice-to-payment", "payment-run", "hire-to-provision", "housekeeping"]
"""'payment-run' pays the invoices of one facility in one currency; 'housekeeping' is what Corridor notices about itself
and asks people about.
"""
Stage = Literal[
    "submitted",
    "checks",
    "budget",
    "approval",
    "ordering",
    "acknowledgement",
    "delivery",
    "capture",
    "matching",
    "coding",
    "identification",
    "planning",
    "provisioning",
    "day-one",
    "probation",
    "posting",
    "payment",
    "settlement",
    "compensation",
    "closed",
]
CaseStatus = Literal[
    "running", "completed", "closed-short", "rejected", "withdrawn", "cancelled", "rescinded", "no-show"
]

_CASE_ID = re.compile(r"(?P<process>[a-z-]+)\.(?P<facility>[a-z][a-z0-9-]*)\.(?P<key>[A-Za-z0-9][A-Za-z0-9_-]*)")


class CaseKey(Value):
    """The business key of a case: what it is in the words of those who asked for it."""

    process: Process
    facility: str
    key: str


def case_id(process: Process, facility: str, key: str) -> str:
    """The workflow id of a case, such as 'procure-to-pay.north.REQ-118'."""
    return f"{process}.{facility}.{key}"


def parse_case_id(text: str) -> CaseKey | None:
    """The inverse of `case_id`; None when the text is no case id."""
    match = _CASE_ID.fullmatch(text)
    if match is None or match["process"] not in get_args(Process):
        return None
    return CaseKey.model_validate(match.groupdict())


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def canonical_json(body: dict[str, Any]) -> str:
    """The one spelling of a content that is hashed: keys in order, no blanks, text as it is."""
    return _CANONICAL.encode(body)


def fingerprint(body: dict[str, Any]) -> str:
    """SHA-256 of a request's canonical JSON: equal for equal content, whatever the order of the keys."""
    return hashlib.sha256(canonical_json(body).encode()).hexdigest()


class TimelineEntry(Value):
    """One fact of a case. `seq` counts within the case and names the fact: the same fact recorded again is one row.

    `actor` is a person id, or 'corridor' for what the process did by itself.
    """

    seq: int
    at: AwareDatetime
    kind: str
    summary: str
    actor: str = "corridor"
    on_behalf_of: str | None = None
    detail: dict[str, Any] = {}


class CaseSnapshot(Value):
    """How a case stands, as lists and pages show it. A snapshot of a lower `version` never replaces a later one.

    `watchers` are told what happens and may see the case; `linked` are the cases of the same family that this one
    names; `duties` are who did what in it.
    """

    case_id: str
    version: int
    process: Process
    facility: str
    stage: Stage
    status: CaseStatus
    title: str
    requester: str
    amount: Money
    urgency: str
    suppliers: tuple[str, ...] = ()
    order_numbers: tuple[str, ...] = ()
    cost_centres: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    awaiting_role: str | None = None
    awaiting: str = ""
    awaiting_since: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    next_step: str = ""
    exception_code: str | None = None
    held: bool = False
    emergency: bool = False
    submitted_at: AwareDatetime
    updated_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    policy_version: str = ""
    policy_sha256: str = ""
    request_sha256: str = ""
    on_behalf_of: str | None = None
    watchers: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    duties: tuple[DutyDone, ...] = ()


class Notice(Value):
    """Something that somebody needs to know. It is sent once for its `notice_id`, whoever repeats the step.

    `role` at `facility` and `people` are resolved to addresses when it is sent; `event` is the name that webhook
    subscribers
    filter by, such as 'case.stage-changed'.
    """

    notice_id: str
    case_id: str
    facility: str
    event: str
    subject: str
    text: str
    role: str | None = None
    people: tuple[str, ...] = ()
    data: dict[str, Any] = {}


class Journal(Value):
    """All that is to be recorded with the next step: facts, the snapshot after them, tasks that changed, notices.

    Whoever records it does so in one transaction, and recording it again changes nothing.
    """

    snapshot: CaseSnapshot
    entries: tuple[TimelineEntry, ...] = ()
    tasks: tuple[Task, ...] = ()
    notices: tuple[Notice, ...] = ()

    def with_entry(self, entry: TimelineEntry) -> Journal:
        return self.model_copy(update={"entries": (*self.entries, entry)})


class StoredEntry(Value):
    """A timeline entry as recorded. `position` counts without gaps in order of recording; `domain.chain` says what
    `hash` covers under its `scheme`. `original_sha256` is that of the body before a redaction replaced it.
    """

    position: int
    entry: TimelineEntry
    previous_hash: str
    hash: str
    recorded_at: datetime
    scheme: int = 2
    original_sha256: str | None = None
