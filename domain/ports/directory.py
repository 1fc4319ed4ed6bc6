"""The people directory."""

from typing import Protocol

from domain.people import Person


class DirectoryPort(Protocol):
    async def person(self, person: str) -> Person | None: ...

    async def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        """Active people who hold the role at the facility, in order of their ids."""
