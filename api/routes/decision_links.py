"""Answering a task from a link in a mail: a page that changes nothing, and a form that decides once."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from email.message import Message
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from api.deciding import hand_in
from api.gatekeeping import Handler, OpenRoute, TheServices, services_of
from api.link_access import OpenedLink, admitted, no_such_link, opened, record_of
from api.link_pages import (
    Filled,
    approved_page,
    changed_page,
    closed_page,
    decided_page,
    message_page,
    portal_only_page,
    question_page,
    taken_in_page,
)
from api.logs import log, security
from api.problems import RETRY_AFTER_SECONDS, ProblemError, note_refusal
from api.services import Services
from domain.decision_links import ISSUER, MAX_TOKEN_CHARACTERS, FormError, check_form, offered, sign_form
from domain.outside_errors import OutsideError
from domain.people import Actor
from domain.tasks import Decision

PATH = "/v1/links/{token}"
Token = Annotated[str, Path(min_length=1, max_length=MAX_TOKEN_CHARACTERS, pattern=r"^[A-Za-z0-9._-]+$")]
_METHODS = "GET, HEAD, POST"
_FORM_TYPE = "application/x-www-form-urlencoded"
_FIELDS = frozenset({"form", "action", "comment"})
_CLOSED = frozenset({"task-closed", "case-closed", "unknown-task"})
_FORM_SCHEMA = {
    "type": "object",
    "properties": {
        "form": {"type": "string", "description": "As the page had it"},
        "action": {"type": "string"},
        "comment": {"type": "string", "maxLength": 2000},
    },
    "required": ["form", "action"],
}


class PageRoute(OpenRoute):
    """Answers people, and so with pages, whatever goes wrong. What proves the caller is the token in the address."""

    async def admit(self, request: Request) -> None:
        claims = admitted(services_of(request), request.path_params["token"])
        request.state.actor = Actor(person=claims.person, issuer=ISSUER)

    def get_route_handler(self) -> Handler:
        handle: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except ProblemError as problem:
                note_refusal(request, problem)
                return _told(problem)
            except RequestValidationError:
                return _told(no_such_link())
            except OutsideError as error:
                log.warning("outside_system_failed", system=error.system, code=error.code)
                text = "Nothing was decided. Open the link again in a few minutes."
                return message_page(503, "Not available just now", text, {"retry-after": RETRY_AFTER_SECONDS})

        return answered

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in _METHODS.split(", "):
            return await super().handle(scope, receive, send)
        refusal = message_page(405, "This is not possible", "Open the link from the mail.", {"allow": _METHODS})
        return await refusal(scope, receive, send)


def _told(problem: ProblemError) -> Response:
    return message_page(problem.status_code, problem.title, problem.detail, dict(problem.headers or {}))


def _pages(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {"text/html": {"schema": {"type": "string"}}}
    return {status: {"description": "A page that says so", "content": content} for status in statuses}


router = APIRouter(route_class=PageRoute, tags=["Links in mail"])


@router.head(PATH, include_in_schema=False)
@router.get(PATH, response_class=Response, responses=_pages(200, 403, 404, 409, 410, 422, 429, 503))
async def show(services: TheServices, token: Token) -> Response:
    """What is asked, with a form; or what became of it. Looking changes nothing, however often and by whomever."""
    link = await opened(services, token)
    return _ended(link) or _question(services, link, Filled())


@router.post(
    PATH,
    response_class=Response,
    responses=_pages(200, 202, 403, 404, 409, 410, 413, 415, 422, 429, 503),
    openapi_extra={"requestBody": {"content": {_FORM_TYPE: {"schema": _FORM_SCHEMA}}, "required": True}},
)
async def decide(request: Request, services: TheServices, token: Token) -> Response:
    """Decide by the form of the page, with the checks of `POST /v1/tasks/{task_id}/decision`. The person is the one
    whom the mail was sent to, as the people directory has them now. A link decides once: sent again, it shows what it
    decided.
    """
    link = await opened(services, token)
    _require_form(request)
    fields = _fields(await request.body())
    filled = Filled(action=fields.get("action", ""), comment=fields.get("comment", "").replace("\r\n", "\n"))
    ended = _ended(link, filled.action)
    if ended is not None:
        return ended
    try:
        check_form(
            fields.get("form", ""),
            token,
            link.claims.subject_version,
            services.now(),
            link.policy.ring(),
            link.policy.form_max_age,
        )
    except FormError as error:
        security.warning("link.form-refused", code=error.fault, person=link.claims.person)
        return _again(services, link, filled, "Please check your decision and confirm it once more.", 403)
    return await _decide(services, link, filled)


async def _decide(services: Services, link: OpenedLink, filled: Filled) -> Response:
    decision = _decision(services, link, filled)
    if isinstance(decision, str):
        return _again(services, link, filled, decision)
    try:
        record = await hand_in(services, link.task, decision, link.policy.wait_seconds)
    except ProblemError as problem:
        return await _refused(services, link, filled, problem)
    if record is None:
        return taken_in_page(link.question, decision.action)
    return decided_page(link.question, record)


def _decision(services: Services, link: OpenedLink, filled: Filled) -> Decision | str:
    """The decision, or what is wrong with the form, in words."""
    action = next((each for each in offered(link.task) if each == filled.action), None)
    if action is None:
        return "Choose what you decide."
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in filled.comment):
        return "The comment has characters that cannot be kept. Please type it anew."
    try:
        return Decision(
            decision_id=link.claims.decision_id,
            task_id=link.task.task_id,
            action=action,
            actor=link.question.actor,
            on_behalf_of=link.claims.on_behalf_of,
            subject_version=link.claims.subject_version,
            comment=filled.comment,
            decided_at=services.now(),
        )
    except ValidationError:
        return "The comment is too long: 2000 characters at most."


async def _refused(services: Services, link: OpenedLink, filled: Filled, problem: ProblemError) -> Response:
    """What the gateway or the case says against a decision, as a page."""
    if any(each.code == "comment-required" for each in problem.errors):
        return _again(services, link, filled, "Say why, then confirm once more.")
    if problem.slug in _CLOSED:
        return closed_page((await opened(services, link.token)).question)
    if problem.slug == "stale-version":
        return changed_page(link.question)
    record = await record_of(services, link.claims)
    if record is not None:
        return decided_page(link.question, record, 409)
    raise problem


def _ended(link: OpenedLink, action: str | None = None) -> Response | None:
    """The page of a link that cannot decide anything (any more), or None. `action` is what somebody now wants of it."""
    if link.record is not None and link.record.because not in _CLOSED:
        other = action is not None and action != link.record.decision.action
        return decided_page(link.question, link.record, 409 if other or link.record.status == "ignored" else 200)
    if link.task.status != "open":
        return closed_page(link.question)
    if link.has_approved:
        return approved_page(link.question)
    if link.task.subject_version != link.claims.subject_version:
        return changed_page(link.question)
    return _for_the_portal(link)


def _for_the_portal(link: OpenedLink) -> Response | None:
    if not link.policy.within_limit(link.task):
        return portal_only_page(
            link.question, "This amount is not decided from a mail. Please decide it in the portal."
        )
    if not offered(link.task):
        return portal_only_page(link.question, "This needs more than a comment. Please decide it in the portal.")
    return None


def _question(services: Services, link: OpenedLink, filled: Filled, status: int = 200) -> Response:
    proof = sign_form(
        link.token, link.claims.subject_version, services.now(), link.policy.ring(), secrets.token_urlsafe(12)
    )
    return question_page(link.question, proof, filled, status)


def _again(services: Services, link: OpenedLink, filled: Filled, fault: str, status: int = 422) -> Response:
    """The form with what was typed and what is to be changed."""
    return _question(services, link, Filled(filled.action, filled.comment, fault), status)


def _require_form(request: Request) -> None:
    """Raises the 415 problem unless the body is a form as browsers send it."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    if message.get_content_type() != _FORM_TYPE:
        raise ProblemError(415, "unsupported-media-type", "This is no form", "Send the form of the page.")


def _fields(body: bytes) -> dict[str, str]:
    """The fields of the form; none when it is not one that the page could have sent."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=10
        )
    except ValueError:
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) and set(fields) <= _FIELDS else {}
