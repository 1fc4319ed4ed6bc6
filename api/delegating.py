"""Making a delegation: every fault told at once, and what the delegate would get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import get_args

from api.acting import policy_of
from api.people import actor_of, serves
from api.problems import ProblemDetail, forbidden, invalid_request, key_reused
from api.services import Services
from domain.delegating import authority_refusal, delegation_refusal
from domain.delegation import DelegatedAuthority, Delegation
from domain.people import Actor, Person, Role
from domain.policy.model import DelegationRule
from domain.ports.delegations import DelegationTakenError
from domain.tasks import Task

MOST_COUNTED = 1000
CLOCK_TOLERANCE = timedelta(minutes=5)
_PAGE = 250
_ROLES = frozenset(get_args(Role))


class Making:
    """A delegation on its way: `delegate_field` is the field of the body that names the delegate."""

    def __init__(self, services: Services, actor: Actor, delegation: Delegation, delegate_field: str) -> None:
        self._services, self._actor, self._made = services, actor, delegation
        self._delegate_pointer = f"/{delegate_field}"

    async def check(self) -> tuple[Person, Person]:
        """The delegator and the delegate as the directory has them. Raises the 403 problem when the caller may not make
        it for somebody else, the 422 problem with all faults.
        """
        made = self._made
        delegator = await self._services.directory.person(made.delegator)
        delegate = await self._services.directory.person(made.delegate)
        self._require_right(delegator)
        faults = [*_unknown("/delegator", made.delegator, delegator)]
        faults += _unknown(self._delegate_pointer, made.delegate, delegate)
        faults += self._faults_of_scope(delegator)
        if made.valid_from < self._services.now() - CLOCK_TOLERANCE:
            faults.append(_fault("/valid_from", "in-the-past", "Nobody decides in somebody's place afterwards."))
        if delegator is not None and delegate is not None:
            faults += await self._refusals(delegator, delegate)
        if faults or delegator is None or delegate is None:
            raise invalid_request(tuple(faults))
        return delegator, delegate

    async def keep(self) -> Delegation:
        """Raises the 422 problem when the id stands for another delegation."""
        try:
            return await self._services.delegations.add(self._made)
        except DelegationTakenError:
            raise key_reused("delegation") from None

    async def waiting(self, delegator: Person) -> tuple[list[Task], bool]:
        """Open tasks that the delegate may decide on it, were it valid now, the most urgent first; and whether these
        are all.
        """
        moment = self._made.valid_from
        authority = DelegatedAuthority(delegation=self._made, delegator=actor_of(delegator))
        found: list[Task] = []
        cursor: str | None = None
        for _ in range(MOST_COUNTED // _PAGE):
            page = await self._services.reader.worklist(authority.delegator, cursor, _PAGE)
            found += [each.task for each in page.items if self._covers(authority, each.task, moment)]
            cursor = page.next_cursor
            if cursor is None:
                return found, True
        return found, False

    def _covers(self, authority: DelegatedAuthority, task: Task, moment: datetime) -> bool:
        made, delegate = self._made, Actor(person=self._made.delegate)
        policy = policy_of(self._services, task.facility)
        rule = policy.delegation if policy is not None else DelegationRule()
        if made.delegate in task.approved_by:
            return False
        return authority_refusal(authority, task, delegate, made.delegator, moment, rule) is None

    def _require_right(self, delegator: Person | None) -> None:
        actor, made = self._actor, self._made
        if made.delegator == actor.person:
            return
        if not actor.has_role("process-owner"):
            raise forbidden("not-authorised", "Only the process owner delegates in the place of somebody else.")
        if delegator is not None and not all(actor.serves(place) for place in _places(made, delegator)):
            detail = "Name facilities in the scope that your token covers: the delegator decides at others as well."
            raise forbidden("not-authorised", detail)

    def _faults_of_scope(self, delegator: Person | None) -> Iterable[ProblemDetail]:
        known = {place.code for place in self._services.policies.facilities()}
        for at, place in enumerate(self._made.scope.facilities):
            if place not in known:
                yield _fault(f"/scope/facilities/{at}", "facility-unknown", f"There is no facility {place}.")
            elif delegator is not None and not serves(delegator, place):
                message = f"{delegator.person} decides nothing at {place}."
                yield _fault(f"/scope/facilities/{at}", "facility-not-theirs", message)
        for at, role in enumerate(self._made.scope.roles):
            if role not in _ROLES:
                yield _fault(f"/scope/roles/{at}", "role-unknown", f"There is no role {role}.")
            elif delegator is not None and role not in delegator.roles:
                yield _fault(f"/scope/roles/{at}", "role-not-theirs", f"{delegator.person} does not hold {role}.")

    async def _refusals(self, delegator: Person, delegate: Person) -> list[ProblemDetail]:
        made, store = self._made, self._services.delegations
        existing = {
            each.delegation_id: each
            for person in (made.delegator, made.delegate)
            for each in await store.overlapping(person, made.valid_from, made.valid_until)
        }
        reasons: dict[str, None] = {}
        for rule in self._rules(delegator):
            found = delegation_refusal(
                made,
                rule,
                self._services.now(),
                existing=tuple(existing.values()),
                delegator=delegator,
                delegate=delegate,
            )
            reasons |= dict.fromkeys(found)
        return [_fault("", "delegation-not-allowed", f"{reason[:1].upper()}{reason[1:]}.") for reason in reasons]

    def _rules(self, delegator: Person) -> Sequence[DelegationRule]:
        """The rule of each facility at which it would hold; where there is none, the strictest that a policy has."""
        found: list[DelegationRule] = []
        for place in _codes(self._services, _places(self._made, delegator)):
            policy = policy_of(self._services, place)
            if policy is not None and policy.delegation not in found:
                found.append(policy.delegation)
        return found or (DelegationRule(),)


def _places(made: Delegation, delegator: Person) -> tuple[str, ...]:
    return made.scope.facilities or delegator.facilities or (delegator.facility,)


def _codes(services: Services, places: Sequence[str]) -> Iterable[str]:
    return [place.code for place in services.policies.facilities() if "*" in places or place.code in places]


def _unknown(pointer: str, person: str, known: Person | None) -> Iterable[ProblemDetail]:
    if known is None:
        yield _fault(pointer, "person-unknown", f"The people directory knows nobody with the id {person}.")


def _fault(pointer: str, code: str, message: str) -> ProblemDetail:
    return ProblemDetail(pointer=pointer, code=code, message=message)
