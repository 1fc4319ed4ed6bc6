"""What a row of an HR file does: it starts a case, corrects it, or ends it; the same row again does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from api.case_client import CaseClosedError, HireEvent
from api.hire_intake import PostedHire, hire_case_id, take_in
from api.services import Services
from domain.business_time import local_day
from domain.facility import Facility
from domain.hire import HireChange, HireEnd
from domain.hire_file import FileKind, Row, RowFault, policy_faults
from domain.hire_file_compare import Effect, KnownHire, KnownState, ScannedRow, Step, row_fingerprint, step_of
from domain.people import Actor
from domain.policy.model import FrozenPolicy

SENDER = Actor(person="source.hr-file", name="HR file", facilities=("*",))
"""Who reports what a file says: no person, and without any role."""
DEFAULT_REASON = "The HR file says that it does not take place."
DEFAULT_PERCENT = 5


class Policies:
    """Facilities with their policies at one moment, each looked up once."""

    def __init__(self, services: Services, now: datetime) -> None:
        self._services, self.now = services, now
        self._places: Mapping[str, Facility] = {place.code: place for place in services.policies.facilities()}
        self._known: dict[str, FrozenPolicy | None] = {}

    def of(self, code: str) -> FrozenPolicy | None:
        """None for a facility that does not exist, or has no policy yet."""
        if code not in self._known:
            place = self._places.get(code)
            self._known[code] = None if place is None else self._services.policies.effective(code, self.today(place))
        return self._known[code]

    def today(self, place: Facility) -> date:
        return local_day(self.now, place.calendar)

    def asked(self, scope: str) -> FrozenPolicy | None:
        """Of the facility whose people answer for a file: its own, the shared-service centre, or any."""
        order = sorted(self._places, key=lambda code: (code != scope, code != "shared", code))
        return next((policy for policy in map(self.of, order) if policy is not None), None)

    def percent(self, code: str) -> int:
        policy = self.of(code)
        rules = policy.hire if policy is not None else None
        return rules.parameters.vanished_percent if rules is not None else DEFAULT_PERCENT

    def faults(self, row: Row, scope: str) -> tuple[RowFault, ...]:
        """Everything that is wrong with the row, all at once; empty when it can be taken."""
        found = list(row.faults)
        if scope and row.facility not in ("", scope):
            message = "The file lies in the folder of another facility; leave it in that of this one, or at the top."
            found.append(RowFault(line=row.line, column="facility", code="foreign-facility", message=message))
        policy = self.of(row.facility)
        if policy is None:
            return (*found, *policy_faults(row, None, None, self.now.date()))
        return (*found, *policy_faults(row, policy.facility, policy.hire, self.today(policy.facility)))


@dataclass(frozen=True)
class TakenRow:
    """What a row did, what is to be remembered of it (None: nothing new), and why it did nothing where it could not."""

    effect: Effect
    known: KnownHire | None = None
    fault: RowFault | None = None


class RowTaker:
    """Takes the rows of one file. Everything that it does may be done again."""

    def __init__(self, services: Services, policies: Policies, file_id: str, kind: FileKind | None) -> None:
        self._services, self._policies, self._file_id, self._kind = services, policies, file_id, kind

    async def take(self, row: Row, known: KnownHire | None) -> TakenRow:
        """Raises the 503 problem and `domain.outside_errors`."""
        scanned = ScannedRow(row.line, row_fingerprint(row), row.ends is not None)
        step = step_of(scanned, known, self._file_id)
        if step == "unchanged":
            return TakenRow("unchanged")
        if step == "done" and known is not None:
            return TakenRow(known.effect, fault=_case_closed(row) if known.effect == "refused" else None)
        if step == "again":
            message = "This hire had ended; whoever is hired anew needs a new number."
            return TakenRow("refused", fault=_fault(row, "number", "ended-before", message))
        if row.ends is not None:
            return await self._end(row, scanned, step)
        effect = await (self._start(row) if step == "new" else self._correct(row))
        return TakenRow(effect, self._remembered(row, scanned, "closed" if effect == "closed" else "hired", effect))

    async def _start(self, row: Row) -> Effect:
        """A number that stands for another hire already is corrected, as an event would correct it."""
        taken = await take_in(self._services, self._posted(row))
        if taken == "differs":
            return await self._correct(row)
        return "new" if taken == "started" else "unchanged"

    def _posted(self, row: Row) -> PostedHire:
        policy = self._policies.of(row.facility)
        if row.hire is None or policy is None:
            raise ValueError(f"line {row.line} has faults")
        return PostedHire(hire=row.hire, policy=policy, at=self._policies.now, actor=SENDER, source="file")

    async def _correct(self, row: Row) -> Effect:
        posted = self._posted(row)
        change = HireChange(
            change_id=self._change_id(row), hire=posted.hire, by=SENDER.person, received_at=self._policies.now
        )
        return "corrected" if await self._told(posted.case_id, change) else "closed"

    async def _end(self, row: Row, scanned: ScannedRow, step: Step) -> TakenRow:
        case = hire_case_id(row.facility, row.number)
        if step == "unknown" and not await self._exists(case):
            if self._kind == "full":  # HR lists what came to nothing before anybody was told of it
                return TakenRow("unchanged")
            message = "No hire has this number; check the number and the facility."
            return TakenRow("refused", fault=_fault(row, "number", "no-such-hire", message))
        end = HireEnd(
            change_id=self._change_id(row),
            kind=row.ends or "rescinded",
            reason=row.reason or DEFAULT_REASON,
            by=SENDER.person,
            received_at=self._policies.now,
        )
        if await self._told(case, end):
            return TakenRow("ended", self._remembered(row, scanned, "ended", "ended"))
        return TakenRow("refused", self._remembered(row, scanned, "closed", "refused"), _case_closed(row))

    async def _told(self, case: str, message: HireEvent) -> bool:
        """False when the case is over."""
        try:
            await self._services.cases.report(case, message)
        except CaseClosedError:
            return False
        return True

    async def _exists(self, case: str) -> bool:
        if await self._services.reader.case(case) is not None:
            return True
        return await self._services.cases.fingerprint(case) is not None

    def _change_id(self, row: Row) -> str:
        return f"hr-file.{self._file_id}.{row.line}"

    def _remembered(self, row: Row, scanned: ScannedRow, state: KnownState, effect: Effect) -> KnownHire:
        return KnownHire(
            facility=row.facility,
            number=row.number,
            fingerprint=scanned.fingerprint,
            state=state,
            file_id=self._file_id,
            effect=effect,
        )


def _case_closed(row: Row) -> RowFault:
    message = "The case of this hire is over, and takes no end; treat the person as a leaver."
    return _fault(row, "status", "case-closed", message)


def _fault(row: Row, column: str, code: str, message: str) -> RowFault:
    return RowFault(line=row.line, column=column, code=code, message=message, facility=row.facility)
