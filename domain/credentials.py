"""Proof of what clinical staff must hold, and of what nobody may be: licences, NPI, certificates, exclusion lists."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.hire import LicenceClaim, PersonName
from domain.model import Value

LicenceStatus = Literal["active", "expired", "suspended", "revoked", "not-found", "not-checked"]


class LicenceRecord(Value):
    """What the board's register says. 'not-checked': there is no register that could be asked; a person must look."""

    status: LicenceStatus
    name_on_record: str = ""
    number: str = ""
    state: str = ""
    kind: str = ""
    expires_on: date | None = None
    source: str = ""
    checked_at: AwareDatetime | None = None


class LicenceQuestion(Value):
    claim: LicenceClaim
    name: PersonName


class ScreenedPerson(Value):
    """Whom exclusion lists are searched for. `subject` is the worker id or the case id, by which hits are cleared."""

    subject: str
    name: PersonName
    birth_date: date | None = None
    npi: str = ""
    state: str = ""


class ExclusionEntry(Value):
    """A row of an exclusion list. Dates are local to its publisher. `entry_id` is the same at every reading.
    `reinstated_on` is None while it is in force, `ends_on` its last day where one is set. `waived_on`: from then on
    the exclusion is waived in `waiver_state`, for some programs."""

    list_name: str
    entry_id: str
    family: str
    given: str = ""
    middle: str = ""
    business: str = ""
    birth_date: date | None = None
    npi: str = ""
    state: str = ""
    kind: str = ""
    excluded_on: date | None = None
    reinstated_on: date | None = None
    ends_on: date | None = None
    waived_on: date | None = None
    waiver_state: str = ""


class ExclusionHit(Value):
    """A candidate that a person must clear: never a refusal and never a pass by itself. `key` names the pair of person
    and entry: once cleared with a reason, the same pair is not asked again while the entry is unchanged."""

    key: str
    entry: ExclusionEntry
    score: int
    why: str


class ListState(Value):
    """A list as it was read: `as_of` is its date, `rows` how many entries it has. `stale` says that a newer one should
    be there by now, `trouble` why the newest files are not used; what is in force is then an earlier list."""

    list_name: str
    as_of: date
    rows: int
    stale: bool = False
    trouble: str = ""


class ScreeningResult(Value):
    hits: tuple[ExclusionHit, ...] = ()
    cleared: tuple[str, ...] = ()
    """Keys of hits that somebody cleared before."""
    lists: tuple[ListState, ...] = ()
    more: int = 0
    """Hits that nobody cleared, beyond those in `hits`."""
