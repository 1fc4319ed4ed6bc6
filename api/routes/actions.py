"""What people ask for on a whole case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access import QUERY_TIMEOUT, require_linkable, visible_case
from api.case_client import CaseClosedError
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.hire_intake import HireIntake
from api.intake import Intake
from api.people import active_person, refused_person, serves
from api.posted import posted
from api.problems import (
    ProblemDetail,
    ProblemError,
    conflict,
    forbidden,
    invalid_request,
    key_reused,
)
from api.routes.documents import problems
from api.schemas.cases import ActionBody, ActionOutcome
from api.schemas.links import case_links, case_path
from api.schemas.parameters import CaseId
from api.services import Services
from api.waiting import IdempotencyKey, Prefer, before, chosen_id, outcome, wait_seconds
from domain.case import CaseSnapshot, parse_case_id
from domain.case_actions import ActionRecord, ActionRefusal, ActionRequest, CaseAction, action_refusal
from domain.hire import Hire
from domain.people import Actor
from domain.requisition import Requisition

router = APIRouter(route_class=BearerRoute, tags=["Cases"])

_MISSING: dict[ActionRefusal, tuple[str, str]] = {
    "comment-required": ("/comment", "Say why."),
    "requisition-required": ("/requisition", "Send the whole amended requisition."),
    "line-required": ("/line", "Say which line of the requisition."),
    "person-required": ("/person", "Say whom it concerns."),
    "hire-required": ("/hire", "Send the whole corrected hire."),
}
_REASONS: dict[ActionRefusal, str] = {
    "duplicate": "The same was asked before.",
    "not-authorised": "The case does not take this from you.",
    "not-in-this-stage": "The case has moved on to where this is no longer possible.",
    "case-closed": "The case is closed.",
    "already-held": "The case is held already.",
    "not-held": "The case is not held.",
    "line-unknown": "The requisition has no such line.",
    "nothing-asked": "Nobody has asked for information.",
    "key-changed": "Number and facility of a case do not change, nor does who asked for a purchase.",
    "another-person": "Name and birth date are another person's: rescind this hire, and submit theirs.",
    "requester-may-not-decide": "Whoever asks does not decide.",
    "too-many": "So many people are added to the case already that no more can be.",
}


@router.post(
    "/v1/cases/{case_id}/actions/{action}",
    responses=problems(403, 404, 409, body=True)
    | {202: {"model": ActionOutcome, "description": "Taken in; the outcome is not known yet"}},
)
async def act(
    services: TheServices,
    actor: TheActor,
    response: Response,
    case_id: CaseId,
    action: CaseAction,
    body: Annotated[ActionBody, Depends(posted(ActionBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> ActionOutcome:
    """Withdraw, amend, provide information, hold, resume, cancel, cancel a line, close short, add an approver, add or
    remove a watcher; correct or rescind a hire. 200 with what became of it; 202 when the case has not answered within
    `Prefer: wait=N`; 409 when the case refuses it.
    """
    case = await visible_case(services, actor, case_id)
    request = ActionRequest(
        action_id=chosen_id(body.action_id, idempotency_key),
        action=action,
        actor=actor,
        comment=body.comment,
        requisition=body.requisition,
        line=body.line,
        person=body.person,
        hire=body.hire,
    )
    _authorise(request, case)
    record = await _known(services, case, request)
    if record is None:
        await _check_person(services, case, request)
        if request.action == "amend" and request.requisition is not None:
            await _check_amendment(services, actor, case, request.requisition)
        if request.action == "correct-hire" and request.hire is not None:
            await _check_correction(services, actor, case, request.hire)
        record = await _hand_in(services, case, request, wait_seconds(prefer))
    if record is None:
        response.status_code = 202
        response.headers["Location"] = case_path(case_id)
    elif not _same(record.request, request):
        raise key_reused("action")
    elif record.status == "ignored":
        raise _refused(record.because)
    return ActionOutcome(action_id=request.action_id, record=record, links=case_links(case_id))


def _authorise(request: ActionRequest, case: CaseSnapshot) -> None:
    requesters = tuple(person for person in (case.requester, case.on_behalf_of) if person is not None)
    because = action_refusal(request, case.facility, requesters)
    if because == "not-authorised":
        raise forbidden("not-authorised", f"You may not {request.action} this case.")
    if because == "requester-may-not-decide":
        raise forbidden(because, _REASONS[because])
    if because is not None:
        pointer, message = _MISSING[because]
        raise invalid_request((ProblemDetail(pointer=pointer, code=because, message=message),))


async def _known(services: Services, case: CaseSnapshot, request: ActionRequest) -> ActionRecord | None:
    """What became of this very request when the case is closed by now. Raises the 409 problem when it came too late."""
    if case.status == "running":
        return None
    record = await before(services.cases.action_record(case.case_id, request.action_id, QUERY_TIMEOUT))
    if record is None:
        raise _refused("case-closed")
    return record


async def _check_person(services: Services, case: CaseSnapshot, request: ActionRequest) -> None:
    """Raises the 422 problem unless whom it concerns is there and works for the facility; anybody may stop watching."""
    if request.person is None or request.action == "remove-watcher":
        return
    person = await active_person(services, request.person, "/person")
    if not serves(person, case.facility):
        raise refused_person("/person", "not-at-facility", f"{person.person} does not work for {case.facility}.")


async def _check_amendment(services: Services, actor: Actor, case: CaseSnapshot, amended: Requisition) -> None:
    _keep_key(case, amended)
    Intake(services, actor, services.now()).check(amended, "/requisition")
    await require_linkable(services, actor, amended.linked_cases, "/requisition/linked_cases", known=case.linked)


async def _check_correction(services: Services, actor: Actor, case: CaseSnapshot, hire: Hire) -> None:
    if case.process != "hire-to-provision":
        raise _refused("not-in-this-stage")
    key = parse_case_id(case.case_id)
    _keep(hire, {"number": key.key if key else "", "facility": case.facility}, "/hire")
    HireIntake.of_caller(services, actor, services.now()).check(hire, "/hire", own_only=False)
    await require_linkable(services, actor, hire.linked_cases, "/hire/linked_cases", known=case.linked)


def _keep_key(case: CaseSnapshot, amended: Requisition) -> None:
    key = parse_case_id(case.case_id)
    expected = {
        "number": key.key if key else "",
        "facility": case.facility,
        "requester": case.requester,
    }
    _keep(amended, expected, "/requisition")


def _keep(changed: Hire | Requisition, expected: Mapping[str, str], prefix: str) -> None:
    faults = tuple(
        ProblemDetail(pointer=f"{prefix}/{name}", code="key-changed", message=f"Leave {name} as it was.")
        for name, value in expected.items()
        if getattr(changed, name) != value
    )
    if faults:
        raise invalid_request(faults)


async def _hand_in(services: Services, case: CaseSnapshot, request: ActionRequest, seconds: int) -> ActionRecord | None:
    try:
        await services.cases.request_action(case.case_id, request)
    except CaseClosedError:
        # The read model is a moment behind; the case itself may have known this request before it ended.
        return await _known(services, case.model_copy(update={"status": "completed"}), request)
    return await outcome(partial(services.cases.action_record, case.case_id, request.action_id), seconds)


def _same(known: ActionRequest, asked: ActionRequest) -> bool:
    """Whether both are one request: by the same person, with the same content. A newer token may carry other roles."""
    plain = {"actor": asked.actor}
    return known.actor.person == asked.actor.person and known.model_copy(update=plain) == asked


def _refused(because: ActionRefusal | None) -> ProblemError:
    reason = because or "not-in-this-stage"
    return conflict(reason, "The case does not do this", _REASONS.get(reason, ""), because=reason)
