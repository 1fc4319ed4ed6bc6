"""A posted requisition, checked as far as it can be without asking anything outside: every fault in one answer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from api.posted import Posted, details
from api.problems import ProblemDetail, at_body, invalid_request
from api.readable import Readable, Shape
from api.services import Services
from domain.business_time import local_day
from domain.facility import Facility
from domain.faults import Fault
from domain.intake import faults_of
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition


class Intake:
    """Checks requisitions of one caller at one moment. `now` is in UTC; days count at the facility."""

    def __init__(self, services: Services, actor: Actor, now: datetime) -> None:
        self._services, self._actor, self._now = services, actor, now

    def accept(self, posted: Posted) -> tuple[Requisition, FrozenPolicy]:
        """The requisition and the policy of its facility today. Raises the 422 problem that names every fault, those
        of form and those of content together.
        """
        try:
            requisition = Requisition.model_validate_json(posted.body, strict=True)
        except ValidationError as error:
            raise invalid_request((*details(error), *self._further(posted.document, error))) from None
        policy = self._policy(requisition.facility)
        faults = self._faults(requisition, policy)
        if faults or policy is None:
            raise invalid_request(at_body(faults))
        return requisition, policy

    def check(self, amended: Requisition, prefix: str) -> None:
        """Raises the 422 problem with the faults of an amended requisition, whose requester is the case's."""
        policy = self._policy(amended.facility)
        facility = policy.facility if policy else None
        faults = faults_of(amended, facility, self._today(facility))
        if faults:
            raise invalid_request(at_body(faults, prefix))

    def policy(self, facility: str, prefix: str = "") -> FrozenPolicy:
        """The facility's policy of today. Raises the 422 problem when the caller's token does not cover it, in the
        words for one that does not exist.
        """
        policy = self._policy(facility)
        if policy is None:
            raise invalid_request((unknown_facility(facility, prefix),))
        return policy

    def _policy(self, facility: str) -> FrozenPolicy | None:
        place = self._facility(facility)
        return None if place is None else self._services.policies.effective(facility, self._today(place))

    def _facility(self, code: str) -> Facility | None:
        """None for a foreign facility as for one that does not exist."""
        if not self._actor.serves(code):
            return None
        return next((place for place in self._services.policies.facilities() if place.code == code), None)

    def _today(self, facility: Facility | None) -> date:
        return local_day(self._now, facility.calendar) if facility else self._now.astimezone(UTC).date()

    def _faults(self, requisition: Requisition, policy: FrozenPolicy | None) -> tuple[Fault, ...]:
        facility = policy.facility if policy else None
        found = faults_of(requisition, facility, self._today(facility))
        if requisition.requester == self._actor.person or self._actor.has_role("portal"):
            return found
        foreign = Fault(
            pointer="/requester",
            code="requester-is-not-caller",
            message="Send your own id; only the portal may ask in the name of others.",
        )
        return (foreign, *found)

    def _further(self, document: Any, error: ValidationError) -> tuple[ProblemDetail, ...]:
        """What is wrong besides the form: the parts that cannot be read are left out, and the rest is checked."""
        if not isinstance(document, dict):
            return ()
        readable = Readable(document, error, _shape(self._actor.person, self._now.date()))
        try:
            requisition = Requisition.model_validate_json(json.dumps(readable.document), strict=True)
        except ValidationError:
            return ()
        faults = self._faults(requisition, self._policy(requisition.facility))
        return at_body(filter(None, map(readable.in_original, faults)))


def _shape(person: str, today: date) -> Shape:
    return Shape(
        fields=frozenset(Requisition.model_fields),
        lists=("lines", "attachments"),
        harmless={
            "/number": "unreadable",
            "/requester": person,
            "/need_by": (today + timedelta(days=1)).isoformat(),
            "/deliver_to": "unreadable",
            "/urgency": "routine",
            "/justification": "",
            "/on_behalf_of": None,
        },
        judged_by={"/justification": ("/urgency",)},
    )


def unknown_facility(facility: str, prefix: str) -> ProblemDetail:
    message = f"There is no facility '{facility}'; send the code of one that buys here."
    return ProblemDetail(pointer=f"{prefix}/facility", code="unknown-facility", message=message)
