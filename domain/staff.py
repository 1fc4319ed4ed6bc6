"""Who holds a role where, and who is above whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from domain.authority import ApproverDirectory, ChainMember
from domain.people import Person


class Staff:
    """The people of a directory, as they were when it was read."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {person.person: person for person in people}

    def __bool__(self) -> bool:
        return bool(self._people)

    def person(self, person: str) -> Person | None:
        return self._people.get(person)

    def with_person(self, person: Person) -> Staff:
        """The same people, and this one as they are now."""
        return Staff([*self._people.values(), person])

    def active(self) -> tuple[Person, ...]:
        return tuple(person for person in self._people.values() if person.active)

    def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        """Active people who hold the role at the facility ('*' among their facilities means all), by id."""
        held = [each for each in self._people.values() if each.active and role in each.roles]
        serving = [each for each in held if facility in each.facilities or "*" in each.facilities]
        return tuple(sorted(serving, key=lambda each: each.person))

    def superiors(self, person: str) -> tuple[Person, ...]:
        """The managers above the person, nearest first; who is not active is passed over, not the end of the line."""
        return tuple(each for each in self._managers(person) if each.active)

    def _managers(self, person: str) -> Iterator[Person]:
        seen = {person}
        below = self._people.get(person)
        while below is not None and below.manager is not None and below.manager not in seen:
            seen.add(below.manager)
            below = self._people.get(below.manager)
            if below is not None:
                yield below


def approver_directory(
    requester: Person | None, superiors: Iterable[Person], holders: Mapping[str, Iterable[Person]]
) -> ApproverDirectory:
    """What the planning of approvals needs to know of people."""
    return ApproverDirectory(
        requester_level=requester.job_level if requester is not None else None,
        chain=tuple(ChainMember(person=each.person, job_level=each.job_level or 0) for each in superiors),
        holders={role: tuple(each.person for each in people) for role, people in holders.items()},
    )
