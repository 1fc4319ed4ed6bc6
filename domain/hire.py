"""A hire, as the service portal, an HRIS or a row of an HR file reports it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.facility import FacilityCode
from domain.model import Request, Value
from domain.people import PersonId
from domain.requisition import ShortText, Text

HireNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
CostCentreCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
EmploymentType = Literal["employee", "contractor", "volunteer", "agency-nurse"]
NamePart = Annotated[str, Field(max_length=100)]
NpiText = Annotated[str, Field(pattern=r"^\d{10}$")]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""A state of the United States by its two-letter code, as licence boards and exclusion lists write it."""


class PersonName(Request):
    """A legal name in any script. Whoever has a single name has it as `family`."""

    family: Annotated[str, Field(min_length=1, max_length=100)]
    given: NamePart = ""
    middle: NamePart = ""
    suffix: Annotated[str, Field(max_length=20)] = ""
    preferred: NamePart = ""
    """The given name that the person goes by."""

    @property
    def full(self) -> str:
        """In reading order, as a person would write it."""
        parts = (self.preferred or self.given, self.family, self.suffix)
        return " ".join(part for part in parts if part)


class HiredPerson(Request):
    """Who is hired. `worker_number` is that of an earlier employment, when HR knows of one.

    All of it is personal data: it is in no id, no search attribute and no log line.
    """

    name: PersonName
    birth_date: date | None = None
    personal_email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    worker_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")] | None = None
    npi: NpiText | None = None
    """National Provider Identifier: ten digits, of which the last is a check digit."""


class LicenceClaim(Request):
    """A licence or registration that the person says to hold. `kind` is such as 'rn', 'md', 'pharmacist'."""

    kind: Code
    state: StateCode
    number: Annotated[str, Field(min_length=1, max_length=40)]
    board: Annotated[str, Field(max_length=100)] = ""
    expires_on: date | None = None


class CertificateClaim(Request):
    """A certificate such as 'bls' or 'acls'."""

    kind: Code
    expires_on: date | None = None
    number: Annotated[str, Field(max_length=40)] = ""


class ExtraAccess(Request):
    """An entitlement beyond birthright, for a reason, and until a day (inclusive) where it must end."""

    entitlement: Code
    reason: ShortText
    until: date | None = None


class EquipmentNeed(Request):
    """An item of the catalogue that the person needs besides what the policy gives."""

    item: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=20)] = 1


class Hire(Request):
    """Somebody will work here from `start_on`, a local day of the facility.

    `number` is HR's own number: with the facility it is the business key of the case. `position` is the HRIS's number
    of the position; `job_family` groups jobs for policy, such as 'nursing'. `end_on` (inclusive) is required of
    everybody who is no employee. `requester` carries the duty of the request, `manager` confirms the arrival.
    """

    number: HireNumber
    facility: FacilityCode
    requester: PersonId
    manager: PersonId
    person: HiredPerson
    position: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    job_family: Code
    title: ShortText
    department: Code
    cost_centre: CostCentreCode
    employment_type: EmploymentType = "employee"
    start_on: date
    end_on: date | None = None
    licences: Annotated[tuple[LicenceClaim, ...], Field(max_length=20)] = ()
    certificates: Annotated[tuple[CertificateClaim, ...], Field(max_length=40)] = ()
    extra_access: Annotated[tuple[ExtraAccess, ...], Field(max_length=20)] = ()
    equipment: Annotated[tuple[EquipmentNeed, ...], Field(max_length=20)] = ()
    deliver_to: Annotated[str, Field(max_length=200)] = ""
    justification: Text = ""
    linked_cases: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(max_length=20)] = ()


class HireChange(Value):
    """A correction of a running case by HR: the whole hire as it is now. `change_id` makes a repeated one harmless."""

    change_id: Annotated[str, Field(min_length=1, max_length=200)]
    hire: Hire
    by: PersonId
    received_at: AwareDatetime


class HireEnd(Value):
    """The hire does not take place: the offer is rescinded, the person did not come, or it was the wrong person."""

    change_id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["rescinded", "no-show", "wrong-person"]
    reason: Text
    by: PersonId
    received_at: AwareDatetime
