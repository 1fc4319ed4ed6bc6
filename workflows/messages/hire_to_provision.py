"""Hire-to-provision: what starts it, what it is told, what it returns, and the names that clients use."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.case import CaseStatus
from domain.hire import Hire
from domain.model import Value
from domain.people import Actor
from domain.policy.model import FrozenPolicy

WORKFLOW_NAME = "HireToProvision"
HIRE_CHANGED = "hire_changed"
HIRE_ENDED = "hire_ended"
EQUIPMENT_PROGRESSED = "equipment_progressed"
STANDING = "standing"
RESCREEN_WORKFORCE = "RescreenWorkforce"


class HireInput(Value):
    """`policy.hire` holds the rules of hires; `source` is where the hire came from: 'api', 'event' or 'file'."""

    case_id: str
    hire: Hire
    policy: FrozenPolicy
    submitted_at: AwareDatetime
    submitted_by: Actor
    request_sha256: str
    source: Literal["api", "event", "file"] = "api"


class EquipmentProgress(Value):
    """What a purchase says to the hire that started it. `expected_on` is when the last line is promised."""

    event_id: str
    purchase_case: str
    kind: Literal["ordered", "promised", "received", "ended"]
    expected_on: date | None = None
    status: CaseStatus = "running"
    text: str = ""


class HireResult(Value):
    case_id: str
    status: CaseStatus
    reason: str = ""
    worker_number: str = ""
    ready_on_day_one: bool | None = None
    undone: tuple[str, ...] = ()
