"""People as the directory has them now, for what is done to or for somebody other than the caller."""

from __future__ import annotations

from api.problems import ProblemDetail, invalid_request
from api.services import Services
from domain.people import Actor, Person

DIRECTORY = "directory"
"""The issuer of an authority that comes from the people directory rather than from a token."""


def actor_of(person: Person) -> Actor:
    """The authority that the directory gives somebody, as a token of theirs would say it."""
    return Actor(
        person=person.person, name=person.name, roles=person.roles, facilities=person.facilities, issuer=DIRECTORY
    )


def serves(person: Person, facility: str) -> bool:
    """Whether the person works for the facility ('*': for all)."""
    return facility in person.facilities or "*" in person.facilities


async def active_person(services: Services, person: str, pointer: str) -> Person:
    """Raises the 422 problem, pointing at the field that named them, when nobody active has this id."""
    known = await services.directory.person(person)
    if known is None:
        raise refused_person(pointer, "person-unknown", f"The people directory knows nobody with the id {person}.")
    if not known.active:
        raise refused_person(pointer, "person-inactive", f"{person} is no longer active.")
    return known


def refused_person(pointer: str, code: str, message: str) -> Exception:
    return invalid_request((ProblemDetail(pointer=pointer, code=code, message=message),))
