"""A posted hire, checked as far as it can be without asking anything outside, and made a case: once for its number."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from api.access import require_linkable
from api.event_sources import EventSource
from api.intake import unknown_facility
from api.posted import details
from api.problems import ProblemDetail, at_body, invalid_request, unavailable
from api.readable import Readable, Shape
from api.services import Services
from api.starting import CaseExistsError
from domain.business_time import local_day
from domain.case import case_id, fingerprint
from domain.facility import Facility
from domain.faults import Fault
from domain.hire import Hire
from domain.hire_intake import hire_faults
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from workflows.messages.hire_to_provision import HireInput

MAY_POST = ("human-resources", "portal", "requester")
"""Who has no more than the last of them posts their own hires alone."""
FOR_OTHERS = ("human-resources", "portal")
Taken = Literal["started", "known", "differs"]


class HireIntake:
    """Checks hires at one moment, `now` (UTC); days count at the facility. `serves` says for which facilities the
    caller may send any; `own` is the person in whose name alone they may, None where they may for everybody.
    """

    def __init__(self, services: Services, now: datetime, serves: Callable[[str], bool], own: str | None) -> None:
        self._services, self._now, self._serves, self._own = services, now, serves, own

    @classmethod
    def of_caller(cls, services: Services, actor: Actor, now: datetime) -> HireIntake:
        for_others = any(actor.has_role(role) for role in FOR_OTHERS)
        return cls(services, now, actor.serves, None if for_others else actor.person)

    @classmethod
    def of_source(cls, services: Services, source: EventSource, now: datetime) -> HireIntake:
        return cls(services, now, source.serves, None)

    def accept(self, document: Any, prefix: str = "") -> tuple[Hire, FrozenPolicy]:
        """The hire and the policy of its facility today. Raises the 422 problem that names every fault, those of form
        and those of content together; `prefix` leads to the hire in the body.
        """
        try:
            hire = Hire.model_validate_json(json.dumps(document), strict=True)
        except ValidationError as error:
            raise invalid_request((*details(error, prefix), *self._further(document, error, prefix))) from None
        return hire, self.check(hire, prefix)

    def check(self, hire: Hire, prefix: str, *, own_only: bool = True) -> FrozenPolicy:
        """Raises the 422 problem with the faults of a hire that could be read. Of a correction it does not matter in
        whose name it is sent: then not `own_only`.
        """
        policy = self._policy(hire.facility)
        faults = self._faults(hire, policy, own_only=own_only)
        if faults:
            raise invalid_request(at_body(faults, prefix))
        if policy is None:
            raise invalid_request((unknown_facility(hire.facility, prefix),))
        return policy

    def _faults(self, hire: Hire, policy: FrozenPolicy | None, *, own_only: bool = True) -> list[Fault]:
        facility = policy.facility if policy else None
        found = list(hire_faults(hire, facility, policy.hire if policy else None, self._today(facility)))
        if own_only and self._own is not None and hire.requester != self._own:
            message = "Send your own id; only human resources and the portal may post hires in the name of others."
            found.insert(0, Fault(pointer="/requester", code="requester-is-not-caller", message=message))
        return found

    def _policy(self, code: str) -> FrozenPolicy | None:
        """None for a foreign facility as for one that does not exist."""
        if not self._serves(code):
            return None
        facility = next((place for place in self._services.policies.facilities() if place.code == code), None)
        return None if facility is None else self._services.policies.effective(code, self._today(facility))

    def _today(self, facility: Facility | None) -> date:
        return local_day(self._now, facility.calendar) if facility else self._now.astimezone(UTC).date()

    def _further(self, document: Any, error: ValidationError, prefix: str) -> tuple[ProblemDetail, ...]:
        """What is wrong besides the form: the parts that cannot be read are left out, and the rest is checked."""
        if not isinstance(document, dict):
            return ()
        readable = Readable(document, error, _shape(self._own or "unreadable", self._now.date()))
        try:
            hire = Hire.model_validate_json(json.dumps(readable.document), strict=True)
        except ValidationError:
            return ()
        faults = self._faults(hire, self._policy(hire.facility))
        return at_body(filter(None, map(readable.in_original, faults)), prefix)


_LISTS = ("licences", "certificates", "extra_access", "equipment", "linked_cases")
_NAMED = ("number", "manager", "position", "job_family", "title", "department", "cost_centre")


def _shape(person: str, today: date) -> Shape:
    return Shape(
        fields=frozenset(Hire.model_fields),
        lists=_LISTS,
        harmless={f"/{name}": "unreadable" for name in _NAMED}
        | {f"/{name}": [] for name in _LISTS}
        | {
            "/requester": person,
            "/person": {"name": {"family": "unreadable"}},
            "/person/name": {"family": "unreadable"},
            "/employment_type": "employee",
            "/start_on": (today + timedelta(days=1)).isoformat(),
            "/end_on": None,
            "/deliver_to": "",
            "/justification": "",
        },
        objects=("person",),
        judged_by={"/end_on": ("/employment_type", "/start_on"), "/extra_access": ("/start_on",)},
    )


@dataclass(frozen=True)
class PostedHire:
    """A hire that was checked, when it came (UTC), from whom and by which way."""

    hire: Hire
    policy: FrozenPolicy
    at: datetime
    actor: Actor
    source: Literal["api", "event", "file"] = "api"
    prefix: str = ""
    """Leads to the hire in the body."""

    @property
    def case_id(self) -> str:
        return hire_case_id(self.hire.facility, self.hire.number)

    @property
    def sha256(self) -> str:
        return hire_fingerprint(self.hire)


def hire_case_id(facility: str, number: str) -> str:
    return case_id("hire-to-provision", facility, number)


def hire_fingerprint(hire: Hire) -> str:
    """Defaults are left out, so that a release which adds a field does not turn a repeat into another request."""
    return fingerprint(hire.model_dump(mode="json", exclude_defaults=True))


async def take_in(services: Services, posted: PostedHire) -> Taken:
    """Start the case; or say whether the number stands for this very hire already, or for another body. Raises the 503
    problem while a case of this number is too young to tell, and `domain.outside_errors`.
    """
    known = await services.reader.case(posted.case_id)
    if known is not None:
        return "known" if known.request_sha256 == posted.sha256 else "differs"
    await require_linkable(services, posted.actor, posted.hire.linked_cases, f"{posted.prefix}/linked_cases")
    try:
        await services.cases.start_hire(_input(posted))
    except CaseExistsError:
        return "known" if await _fingerprint(services, posted.case_id) == posted.sha256 else "differs"
    return "started"


def _input(posted: PostedHire) -> HireInput:
    return HireInput(
        case_id=posted.case_id,
        hire=posted.hire,
        policy=posted.policy,
        submitted_at=posted.at,
        submitted_by=posted.actor,
        request_sha256=posted.sha256,
        source=posted.source,
    )


async def _fingerprint(services: Services, case: str) -> str:
    """Of the request that started the case: by the case itself, or, when it is gone by retention, by its evidence."""
    known = await services.cases.fingerprint(case)
    if known is not None:
        return known
    recorded = await services.reader.case(case)
    if recorded is None:
        raise unavailable("A case with this number is being recorded.")
    return recorded.request_sha256
