"""What is wrong with a hire before anything outside is asked: every fault at once, each with its field.

Messages never repeat what is personal: they are shown to whoever sent the hire, and logged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterator, Sequence
from datetime import date

from domain.facility import Facility
from domain.faults import Fault
from domain.hire import ExtraAccess, Hire, HiredPerson, PersonName
from domain.hire_rules import HireRules
from domain.intake import years_after
from domain.npi import is_npi

YEARS_AROUND = 2
"""A start further away than this, past or ahead, is a typing error; within it, policy says whether HR is asked."""
YOUNGEST, OLDEST = 14, 100
"""Ages (years) outside of which a birth date is a typing error. 14: Fair Labor Standards Act, 29 CFR 570.2."""
_NAME_PARTS = ("family", "given", "middle", "suffix", "preferred")
_JOINERS = "\u200c\u200d"
"""Zero-width joiner and non-joiner: names in Persian and in Indian scripts are spelled with them."""


def hire_title(hire: Hire) -> str:
    """The hire in a few words, without the person."""
    return f"{hire.number}: {hire.title}, {hire.department} at {hire.facility}, from {hire.start_on}"


def hire_faults(hire: Hire, facility: Facility | None, rules: HireRules | None, today: date) -> tuple[Fault, ...]:
    """Every reason why the hire cannot be taken in; empty when it can.

    `today` is the day at the facility. Without `rules` the catalogue of entitlements is not looked at. What only the
    HRIS knows (position, department, manager) is not looked at here.
    """
    return (
        *_facility_faults(hire, facility),
        *_date_faults(hire, today),
        *_person_faults(hire.person, today),
        *_licence_faults(hire),
        *_access_faults(hire, rules),
        *_equipment_faults(hire),
    )


def _facility_faults(hire: Hire, facility: Facility | None) -> Iterator[Fault]:
    if facility is None:
        yield Fault(
            pointer="/facility",
            code="unknown-facility",
            message=f"There is no facility '{hire.facility}'; send the code of one that hires here.",
        )


def _date_faults(hire: Hire, today: date) -> Iterator[Fault]:
    earliest, latest = years_after(today, -YEARS_AROUND), years_after(today, YEARS_AROUND)
    if hire.start_on < earliest:
        message = f"{hire.start_on} is too long ago; send a day from {earliest} on."
        yield Fault(pointer="/start_on", code="date-too-long-ago", message=message)
    if hire.start_on > latest:
        message = f"{hire.start_on} is too far ahead; send a day up to {latest}."
        yield Fault(pointer="/start_on", code="date-too-far-ahead", message=message)
    if hire.end_on is None and hire.employment_type != "employee":
        message = f"Send the last day of work: only employees have none, and this is a {hire.employment_type}."
        yield Fault(pointer="/end_on", code="required", message=message)
    if hire.end_on is not None and hire.end_on < hire.start_on:
        message = f"{hire.end_on} lies before the start on {hire.start_on}; send a later last day."
        yield Fault(pointer="/end_on", code="end-before-start", message=message)


def _person_faults(person: HiredPerson, today: date) -> Iterator[Fault]:
    yield from _name_faults(person.name)
    if person.birth_date is not None:
        pointer = "/person/birth_date"
        if person.birth_date > today:
            yield Fault(pointer=pointer, code="date-in-the-future", message="Send a birth date that has passed.")
        elif not years_after(today, -OLDEST) <= person.birth_date <= years_after(today, -YOUNGEST):
            message = f"Check the birth date: it makes the person younger than {YOUNGEST} or older than {OLDEST}."
            yield Fault(pointer=pointer, code="implausible-age", message=message)
    if person.npi is not None and not is_npi(person.npi):
        message = "Check the NPI: its last digit does not fit the others."
        yield Fault(pointer="/person/npi", code="npi-check-digit", message=message)


def _name_faults(name: PersonName) -> Iterator[Fault]:
    """Any script, apostrophe and hyphen will do; what cannot be seen will not."""
    for part in _NAME_PARTS:
        if any(_is_invisible(character) for character in getattr(name, part)):
            message = "Send the name without control characters: one cannot be seen, or turns the writing around."
            yield Fault(pointer=f"/person/name/{part}", code="control-character", message=message)
    # Letters that are newer than this Python's tables have no category yet ('Cn'): they are taken as letters.
    if not any(unicodedata.category(character)[:1] == "L" or _is_unknown(character) for character in name.family):
        message = "Send a family name with at least one letter; a single name goes here."
        yield Fault(pointer="/person/name/family", code="no-letters", message=message)


def _is_invisible(character: str) -> bool:
    """Controls, formats that change how the rest is written, line breaks, and private signs."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and character not in _JOINERS


def _is_unknown(character: str) -> bool:
    return unicodedata.category(character) == "Cn"


def _licence_faults(hire: Hire) -> Iterator[Fault]:
    claims = [(each.kind, each.state, each.number.casefold()) for each in hire.licences]
    for index, first in _repeated(claims):
        yield Fault(
            pointer=f"/licences/{index}",
            code="duplicate-licence",
            message=f"This licence is in /licences/{first} already; send it once.",
        )


def _access_faults(hire: Hire, rules: HireRules | None) -> Iterator[Fault]:
    for index, first in _repeated([each.entitlement for each in hire.extra_access]):
        yield Fault(
            pointer=f"/extra_access/{index}/entitlement",
            code="duplicate-entitlement",
            message=f"It is asked for in /extra_access/{first} already; ask for it once.",
        )
    for index, asked in enumerate(hire.extra_access):
        pointer = f"/extra_access/{index}"
        if asked.until is not None and asked.until < hire.start_on:
            message = f"{asked.until} lies before the start on {hire.start_on}; send a later last day."
            yield Fault(pointer=f"{pointer}/until", code="end-before-start", message=message)
        if rules is not None:
            yield from _entitlement_faults(asked, rules, pointer)


def _entitlement_faults(asked: ExtraAccess, rules: HireRules, pointer: str) -> Iterator[Fault]:
    known = rules.entitlement(asked.entitlement)
    if known is None:
        names = ", ".join(sorted(each.name for each in rules.entitlements if each.may_be_requested))
        message = f"There is no access '{asked.entitlement}'; send one of: {names or 'none may be requested'}."
        yield Fault(pointer=f"{pointer}/entitlement", code="unknown-entitlement", message=message)
    elif known.privileged and asked.until is None:
        message = f"'{known.title}' is privileged and is given for a time only; send its last day."
        yield Fault(pointer=f"{pointer}/until", code="required", message=message)


def _equipment_faults(hire: Hire) -> Iterator[Fault]:
    for index, first in _repeated([each.item for each in hire.equipment]):
        yield Fault(
            pointer=f"/equipment/{index}/item",
            code="duplicate-equipment",
            message=f"It is asked for in /equipment/{first} already; send one entry with the whole quantity.",
        )


def _repeated(values: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """The place of each value that was there before, and the place where it was first."""
    seen: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        first = seen.setdefault(value, index)
        if first != index:
            yield index, first
