"""Whom a notice concerns: people with an address, and those who stand in for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from adapters.mail.letters import Reader
from domain.case import Notice
from domain.delegation import Delegation
from domain.people import Person
from domain.ports.directory import DirectoryPort

Substitutes = Callable[[str, datetime], Awaitable[Sequence[Delegation]]]
"""The delegations that a person gave and that hold at an instant (UTC); as `DelegationStore.given_by` has it."""


async def concerned(directory: DirectoryPort, notice: Notice) -> tuple[Person, ...]:
    """Active people with an address whom the notice names, and holders of its role; nobody twice, in order of ids."""
    people = [await directory.person(person) for person in notice.people]
    if notice.role is not None:
        people.extend(await directory.holders(notice.role, notice.facility))
    return _reachable(people)


async def readers_of(
    directory: DirectoryPort, notice: Notice, substitutes: Substitutes | None, at: datetime
) -> tuple[Reader, ...]:
    """Who is asked to answer the notice's task, and who stands in for them; nobody who is kept from the task."""
    excluded = set(map(str, notice.data.get("excluded", ())))
    asked = [person for person in await concerned(directory, notice) if person.person not in excluded]
    readers = [Reader(person) for person in asked]
    if substitutes is not None:
        for absent in asked:
            given = [each for each in await substitutes(absent.person, at) if _covers(each, notice)]
            delegates = [await directory.person(each.delegate) for each in given if each.delegate not in excluded]
            readers += [Reader(person, absent) for person in _reachable(delegates)]
    return tuple(readers)


def _reachable(people: Iterable[Person | None]) -> tuple[Person, ...]:
    found = {person.person: person for person in people if person is not None and person.active and person.email}
    return tuple(found[person] for person in sorted(found))


def _covers(delegation: Delegation, notice: Notice) -> bool:
    """As far as a notice tells; amounts and categories are looked at when the substitute decides."""
    scope = delegation.scope
    return (
        (not scope.facilities or notice.facility in scope.facilities)
        and (not scope.roles or notice.role is None or notice.role in scope.roles)
        and (scope.task_id is None or scope.task_id == notice.data.get("task_id"))
    )
