"""Cases as callers see them."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel

from api.schemas.links import CaseLinks
from api.schemas.parameters import MessageId
from api.schemas.tasks import TaskView
from domain.case import CaseSnapshot, TimelineEntry
from domain.case_actions import ActionRecord
from domain.hire import Hire
from domain.model import Request
from domain.people import PersonId
from domain.requisition import LineNumber, Requisition, Text


class CaseAccepted(BaseModel):
    """The request became a case. Sent again with the same content, it gets the same answer."""

    case_id: str
    links: CaseLinks


class CaseItem(CaseSnapshot):
    """`age_seconds` counts since submission, up to the end of a closed case."""

    age_seconds: int
    links: CaseLinks


class CaseList(BaseModel):
    """The newest submission first. `next_cursor` is null on the last page."""

    items: list[CaseItem]
    next_cursor: str | None


class CaseDetail(BaseModel):
    """`tasks` are the open questions of the case, `orders` the ERP's numbers of its orders."""

    case: CaseItem
    tasks: list[TaskView]
    orders: list[str]
    links: CaseLinks


class TimelineItem(BaseModel):
    """`position` counts in order of recording, in the case that is named."""

    case_id: str
    position: int
    recorded_at: AwareDatetime
    entry: TimelineEntry


class Timeline(BaseModel):
    """`next_cursor` is null on the last page. Of a family, a page may have fewer entries than were asked for, where
    some belong to cases that are not the caller's to see.
    """

    case_id: str
    items: list[TimelineItem]
    next_cursor: str | None


class ActionBody(Request):
    """`requisition` is the whole amended request (amend), `line` the requisition line (cancel-line), `person` whom it
    concerns (add-approver, add-watcher, remove-watcher), `hire` the whole corrected hire (correct-hire).
    """

    action_id: MessageId | None = None
    comment: Text = ""
    requisition: Requisition | None = None
    line: LineNumber | None = None
    person: PersonId | None = None
    hire: Hire | None = None


class ActionOutcome(BaseModel):
    """`record` is null while the case has not answered: look at the case, or repeat the request with its id."""

    action_id: str
    record: ActionRecord | None
    links: CaseLinks
