"""People looked up by id, and by the role that they hold at a facility."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.people import Person


class FileDirectory:
    """Implements DirectoryPort. It holds the people as they were when it was made; raises nothing."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {person.person: person for person in people}

    async def person(self, person: str) -> Person | None:
        return self._people.get(person)

    async def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        """Active people who hold the role at the facility ('*' among their facilities means all), by id."""
        held = [each for each in self._people.values() if each.active and role in each.roles]
        serving = [each for each in held if facility in each.facilities or "*" in each.facilities]
        return tuple(sorted(serving, key=lambda each: each.person))

    async def superiors(self, person: str) -> tuple[Person, ...]:
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
