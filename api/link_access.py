"""From the token of a link to the question that it may answer, or the problem that says why it may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from api.access import QUERY_TIMEOUT
from api.acting import authorities_of, stands_in_for
from api.case_client import NoAnswerYetError
from api.link_pages import Question
from api.link_policy import LinkPolicy
from api.logs import bind, security
from api.people import actor_of
from api.problems import ProblemError, forbidden
from api.services import Services
from domain.approval import visible
from domain.case import TimelineEntry
from domain.decision_links import ISSUER, LinkClaims, LinkError, verify
from domain.people import Actor
from domain.tasks import DecisionRecord, Task

_MOST_TIMELINE_PAGES = 10
_TIMELINE_PAGE = 200


@dataclass(frozen=True)
class OpenedLink:
    """A link that somebody who may answer its task has opened; `record` is what it has decided before."""

    token: str
    claims: LinkClaims
    policy: LinkPolicy
    question: Question
    record: DecisionRecord | None

    @property
    def task(self) -> Task:
        return self.question.task

    @property
    def has_approved(self) -> bool:
        """Whether an approval of theirs, or of whom they stand in for, counts among the several that are needed."""
        return has_approved(self.task, self.claims)


def has_approved(task: Task, claims: LinkClaims) -> bool:
    return not {claims.person, claims.on_behalf_of}.isdisjoint(task.approved_by)


def admitted(services: Services, token: str) -> LinkClaims:
    """What the token claims, when it is a good one. Raises the problems 404 (no such link) and 410 (expired)."""
    if services.links is None:
        raise no_such_link()
    try:
        return verify(token, services.links.ring(), services.now())
    except LinkError as error:
        security.warning("link.refused", code=error.fault)
        raise (_expired() if error.fault == "expired" else no_such_link()) from None


async def opened(services: Services, token: str) -> OpenedLink:
    """Check the token, the person as the directory has them now, and the task, in this order.

    Raises the problems 404 (no such link), 410 (expired) and 403 (not theirs any more), and `domain.outside_errors`.
    """
    claims, policy = admitted(services, token), services.links
    if policy is None:
        raise no_such_link()
    bind(case_id=claims.case_id)
    actor = await _actor(services, claims.person)
    known = await services.reader.task(claims.task_id)
    if known is None or known.task.case_id != claims.case_id:
        raise no_such_link()
    record = await record_of(services, claims)
    if record is None and not await _may_answer(services, known.task, actor, claims):
        raise not_theirs()
    question = Question(
        task=known.task,
        actor=actor,
        on_behalf_of=claims.on_behalf_of,
        decided=await _decided(services, claims.case_id),
        zone=_zone(services, known.task.facility),
        portal_url=policy.portal_url,
    )
    return OpenedLink(token=token, claims=claims, policy=policy, question=question, record=record)


async def record_of(services: Services, claims: LinkClaims) -> DecisionRecord | None:
    """What the link has decided; None when it has not, or when the case does not answer just now."""
    try:
        return await services.cases.decision_record(claims.case_id, claims.decision_id, QUERY_TIMEOUT)
    except NoAnswerYetError:
        return None


def not_theirs() -> ProblemError:
    return forbidden(
        "not-authorised", "You are not, or no longer, the one to decide this. If you think you are, ask your manager."
    )


async def _actor(services: Services, person: str) -> Actor:
    """The authority that the directory gives the person now, as a token of theirs would say it."""
    known = await services.directory.person(person)
    if known is None or not known.active:
        raise not_theirs()
    return actor_of(known).model_copy(update={"issuer": ISSUER})


async def _may_answer(services: Services, task: Task, actor: Actor, claims: LinkClaims) -> bool:
    """Whether the task is theirs (or was until they approved), by themselves or for the one the link names: as far as
    the gateway can tell. The decision itself is checked in full.
    """
    if claims.on_behalf_of is None:
        return visible(task, actor) or has_approved(task, claims)
    lent = await authorities_of(services, actor)
    if has_approved(task, claims):
        return any(each.delegator.person == claims.on_behalf_of for each in lent)
    fitting = stands_in_for(services, lent, task, actor)
    return any(each.delegator.person == claims.on_behalf_of for each in fitting)


async def _decided(services: Services, case_id: str) -> tuple[TimelineEntry, ...]:
    """Answers that counted in the case, in their order, as far as its timeline shows them by now."""
    found: list[TimelineEntry] = []
    cursor: str | None = None
    for _ in range(_MOST_TIMELINE_PAGES):
        page = await services.reader.timeline(case_id, cursor, _TIMELINE_PAGE)
        found += [stored.entry for stored in page.items if stored.entry.kind == "decision.applied"]
        cursor = page.next_cursor
        if cursor is None:
            break
    return tuple(found)


def _zone(services: Services, facility: str) -> tzinfo:
    place = next((each for each in services.policies.facilities() if each.code == facility), None)
    return ZoneInfo(place.calendar.time_zone) if place is not None else UTC


def no_such_link() -> ProblemError:
    detail = "It may have been cut off by a mail program. Open it from the mail again, or use the portal."
    return ProblemError(404, "link-not-found", "This link does not work", detail)


def _expired() -> ProblemError:
    detail = "Nothing was decided by it. You find what waits for you in the portal; a reminder brings a new link."
    return ProblemError(410, "link-expired", "This link has expired", detail)
