"""What people may do to a whole case, and who may do it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, Field

from domain.hire import Hire
from domain.model import Request, Value
from domain.people import Actor, PersonId, Role
from domain.requisition import LineNumber, Requisition, Text

CaseAction = Literal[
    "withdraw",
    "amend",
    "provide-information",
    "hold",
    "resume",
    "cancel",
    "cancel-line",
    "close-short",
    "add-approver",
    "add-watcher",
    "remove-watcher",
    "correct-hire",
    "rescind",
]
ActionRefusal = Literal[
    "duplicate",
    "not-authorised",
    "not-in-this-stage",
    "case-closed",
    "already-held",
    "not-held",
    "comment-required",
    "requisition-required",
    "line-required",
    "line-unknown",
    "nothing-asked",
    "key-changed",
    "person-required",
    "requester-may-not-decide",
    "too-many",
    "hire-required",
    "another-person",
]
MOST_WATCHERS = 50
MOST_ADDED = 20
"""Approvers whom people add to one case, besides those of the policy."""

_REQUESTER_MAY: frozenset[CaseAction] = frozenset(
    {
        "withdraw",
        "amend",
        "provide-information",
        "cancel-line",
        "add-approver",
        "add-watcher",
        "remove-watcher",
        "correct-hire",
        "rescind",
    }
)
_DECIDERS = frozenset(get_args(Role)) - {"requester", "portal", "auditor"}
_HOLDERS = frozenset(
    {"buyer", "finance-controller", "process-owner", "compliance-officer", "accounts-payable", "treasury"}
    | {"human-resources"}
)
_ROLES: dict[CaseAction, frozenset[str]] = {
    "withdraw": frozenset({"portal"}),
    "amend": frozenset({"portal"}),
    "provide-information": frozenset({"portal"}),
    "hold": _HOLDERS,
    "resume": _HOLDERS,
    "cancel": frozenset({"buyer", "process-owner"}),
    "cancel-line": frozenset({"portal", "buyer", "process-owner"}),
    "close-short": frozenset({"buyer", "process-owner"}),
    "add-approver": _DECIDERS,
    "add-watcher": _DECIDERS | {"portal", "auditor"},
    "remove-watcher": _DECIDERS | {"portal", "auditor"},
    "correct-hire": frozenset({"portal", "human-resources"}),
    "rescind": frozenset({"portal", "human-resources"}),
}
_NEEDS_COMMENT: frozenset[CaseAction] = frozenset(
    {"withdraw", "hold", "cancel", "cancel-line", "close-short", "provide-information", "rescind"}
)
_NEEDS_PERSON: frozenset[CaseAction] = frozenset({"add-approver", "add-watcher", "remove-watcher"})


class ActionRequest(Request):
    """Somebody asks for an action on a case. `action_id` makes a repeated request harmless.

    `requisition` is the whole amended request (for 'amend'), `line` the requisition line (for 'cancel-line'), `person`
    whom it concerns (for approvers and watchers),
    `hire` the whole corrected hire (for 'correct-hire').
    """

    action_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    action: CaseAction
    actor: Actor
    comment: Text = ""
    requisition: Requisition | None = None
    line: LineNumber | None = None
    person: PersonId | None = None
    hire: Hire | None = None


class ActionRecord(Value):
    """What became of a requested action; instants in UTC."""

    request: ActionRequest
    status: Literal["applied", "ignored"]
    because: ActionRefusal | None = None
    recorded_at: AwareDatetime


def action_refusal(request: ActionRequest, facility: str, requesters: tuple[str, ...]) -> ActionRefusal | None:
    """Why the actor may not ask for this, whatever the stage; None when they may.

    `requesters` are the persons on whose duty the case runs. The gateway and the workflow both ask this function.
    """
    if not _entitled(request, facility, requesters):
        return "not-authorised"
    if request.action == "add-approver" and request.person in requesters:
        return "requester-may-not-decide"
    return _missing(request)


def _missing(request: ActionRequest) -> ActionRefusal | None:
    if request.action in _NEEDS_COMMENT and not request.comment.strip():
        return "comment-required"
    if request.action == "amend" and request.requisition is None:
        return "requisition-required"
    if request.action == "cancel-line" and request.line is None:
        return "line-required"
    if request.action == "correct-hire" and request.hire is None:
        return "hire-required"
    if request.action in _NEEDS_PERSON and request.person is None:
        return "person-required"
    return None


def _entitled(request: ActionRequest, facility: str, requesters: tuple[str, ...]) -> bool:
    actor = request.actor
    if not actor.serves(facility):
        return False
    if actor.person in requesters and request.action in _REQUESTER_MAY:
        return True
    return any(actor.has_role(role) for role in _ROLES[request.action])
