"""People looked up by id, and by the role that they hold at a facility."""

from __future__ import annotations

from collections.abc import Iterable

from domain.people import Person
from domain.staff import Staff


class FileDirectory:
    """Implements DirectoryPort. It holds the people as they were when it was made; raises nothing."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._staff = Staff(people)

    async def person(self, person: str) -> Person | None:
        return self._staff.person(person)

    async def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        return self._staff.holders(role, facility)

    async def superiors(self, person: str) -> tuple[Person, ...]:
        return self._staff.superiors(person)
