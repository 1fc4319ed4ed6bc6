"""Between the reference HRIS's shapes and ours, one function each way."""

from __future__ import annotations

from adapters.hris.reference import wire
from domain.hire import Hire, PersonName
from domain.worker import HireReference, Position, WorkerDraft, WorkerRecord, WorkerStatus

MOST_CANDIDATES = 50
STATUS: dict[wire.WireStatus, WorkerStatus] = {
    "PREHIRE": "prehire",
    "ACTIVE": "active",
    "ENDED": "ended",
    "RESCINDED": "rescinded",
}
THEIR_STATUS = {ours: theirs for theirs, ours in STATUS.items()}
_NAME = ("family", "given", "middle", "suffix", "preferred")


def draft(ours: WorkerDraft) -> wire.WireDraft:
    return wire.WireDraft(**dict(ours.name), **{name: value for name, value in dict(ours).items() if name != "name"})


def worker(theirs: wire.WireWorker) -> WorkerRecord:
    rest = {name: value for name, value in dict(theirs).items() if name not in (*_NAME, "status")}
    return WorkerRecord(
        name=PersonName.model_construct(**{part: getattr(theirs, part) for part in _NAME}),
        status=STATUS[theirs.status],
        **rest,
    )


def person_query(hire: Hire) -> wire.WirePersonQuery:
    person = hire.person
    return wire.WirePersonQuery(
        worker_number=person.worker_number or "",
        npi=person.npi or "",
        birth_date=person.birth_date,
        personal_email=person.personal_email or "",
        given=person.name.given,
        family=person.name.family,
        most=MOST_CANDIDATES,
    )


def place_query(hire: Hire) -> wire.WirePlaceQuery:
    return wire.WirePlaceQuery(
        facility=hire.facility, position=hire.position, department=hire.department, manager=hire.manager
    )


def place(theirs: wire.WirePlace) -> HireReference:
    manager = None if theirs.manager is None else worker(theirs.manager)
    return HireReference(
        position=None if theirs.position is None else _position(theirs.position),
        department_known=theirs.department_known,
        manager_active=manager is not None and manager.status == "active",
        manager_name="" if manager is None else manager.name.full,
    )


def _position(theirs: wire.WirePosition) -> Position:
    return Position(
        number=theirs.number,
        facility=theirs.facility,
        department=theirs.department,
        job_family=theirs.job_family,
        title=theirs.title,
        cost_centre=theirs.cost_centre,
        open=theirs.status == "OPEN",
        filled_by=theirs.holder,
        budgeted=theirs.budgeted,
    )
