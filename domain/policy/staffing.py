"""The check of a policy book against a people directory, on one day, at every facility."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain.model import Value
from domain.policy.compose import PolicyBook
from domain.policy.examples import place_in_edition
from domain.policy.flaws import Flaw
from domain.policy.source import PolicyFault
from domain.policy.staff_proof import staff_findings
from domain.staff import Staff


class StaffVerdict(Value):
    """`people` are those who are active. A fault and a note name every facility that they are about."""

    faults: tuple[PolicyFault, ...] = ()
    notes: tuple[str, ...] = ()
    facilities: int = 0
    people: int = 0


def check_staff(book: PolicyBook, staff: Staff, on: date) -> StaffVerdict:
    """Whether somebody else than the requester can answer every question that the policy of this day may ask."""
    flaws: dict[Flaw, list[str]] = {}
    notes: dict[Flaw, list[str]] = {}
    checked = [policy for code in book.codes() if (policy := book.effective(code, on)) is not None]
    for policy in checked:
        found = staff_findings(policy, staff)
        for into, each in ((flaws, found.flaws), (notes, found.notes)):
            for flaw in each:
                into.setdefault(flaw, []).append(policy.facility.code)
    return StaffVerdict(
        faults=tuple(_fault(book, on, flaw, codes) for flaw, codes in flaws.items()),
        notes=tuple(f"{_at(codes, book)}: {flaw.part} {flaw.name}: {flaw.reason}" for flaw, codes in notes.items()),
        facilities=len(checked),
        people=len(staff.active()),
    )


def _fault(book: PolicyBook, on: date, flaw: Flaw, codes: Iterable[str]) -> PolicyFault:
    edition = book.edition(on)
    place = () if edition is None else place_in_edition(book, edition, flaw)
    what = f"{flaw.part} {flaw.name}".strip()
    return book.system_source.fault(place, f"{_at(codes, book)}: {what}: {flaw.reason}")


def _at(codes: Iterable[str], book: PolicyBook) -> str:
    named = tuple(codes)
    return "everywhere" if set(named) == set(book.codes()) else ", ".join(named)
