"""The people directory."""

from typing import Protocol

from domain.people import Person


class DirectoryPort(Protocol):
    async def person(self, person: str) -> Person | None: ...

    async def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        """Active people who hold the role at the facility, in order of their ids."""

    async def superiors(self, person: str) -> tuple[Person, ...]:
        """The active superiors of the person, the direct manager first, up to the top. Empty when the person is not
        known; a circle of managers ends where it would begin anew."""
