"""Whether there are people for the policy: nobody's request may come back to them alone.

A level that only its requester could answer is passed on, after its hours, to the next authority; it is a flaw when
nobody else is found all the way up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.policy.flaws import Flaw
from domain.policy.hire_proof import row_concerns
from domain.policy.model import ApprovalLevel, FrozenPolicy
from domain.policy.proof import escalation_chain
from domain.policy.rule_index import concerns
from domain.routing import exception_owner
from domain.staff import Staff


class StaffFindings(Value):
    """`flaws` forbid to rely on the policy with these people; `notes` are worth knowing: one person alone decides."""

    flaws: tuple[Flaw, ...] = ()
    notes: tuple[Flaw, ...] = ()


def staff_findings(policy: FrozenPolicy, staff: Staff) -> StaffFindings:
    """What the people of a directory mean for the policy of one facility."""
    levels = _demanded(policy)
    flaws = [
        *(flaw for level in levels for flaw in _level_flaws(policy, level, staff)),
        *_role_flaws(policy, staff),
    ]
    notes = [
        *(note for level in levels for note in _alone(policy, level, staff)),
        *_without_superiors(policy, levels, staff),
    ]
    return StaffFindings(flaws=tuple(flaws), notes=tuple(notes))


def _demanded(policy: FrozenPolicy) -> list[ApprovalLevel]:
    rules = (*policy.routing, *(policy.hire.approvals if policy.hire is not None else ()))
    names = {name for rule in rules if concerns(rule, policy.facility) for name in rule.levels}
    return [level for level in policy.levels if level.name in names]


def _holders(policy: FrozenPolicy, role: str, staff: Staff) -> list[str]:
    return [person.person for person in staff.holders(role, policy.facility.code)]


def _level_flaws(policy: FrozenPolicy, level: ApprovalLevel, staff: Staff) -> Iterator[Flaw]:
    holders = _holders(policy, level.role, staff)
    above = {person for role in _chain(policy, level) for person in _holders(policy, role, staff)}
    if not holders:
        yield Flaw(part="level", name=level.name, reason=f"nobody holds {level.role}")
    elif len({*holders, *above}) == 1:
        reason = f"{holders[0]} alone holds {level.role} and all that it is passed on to: their own request has nobody"
        yield Flaw(part="level", name=level.name, reason=reason)
    if isinstance(level.needs, int) and holders and len(holders) - 1 < level.needs:
        reason = f"needs {level.needs} approvals, and {len(holders)} hold {level.role}: too few when one of them asks"
        yield Flaw(part="level", name=level.name, reason=reason)


def _chain(policy: FrozenPolicy, level: ApprovalLevel) -> tuple[str, ...]:
    """The roles that a question of the level is passed on to."""
    return escalation_chain(policy.levels, level.escalate_to)[0]


def _alone(policy: FrozenPolicy, level: ApprovalLevel, staff: Staff) -> Iterator[Flaw]:
    holders = _holders(policy, level.role, staff)
    if len(holders) != 1:
        return
    for role in _chain(policy, level):
        others = [person for person in _holders(policy, role, staff) if person != holders[0]]
        if others:
            reason = f"only {holders[0]} holds {level.role}; their own requests are passed on to {role}"
            yield Flaw(part="level", name=level.name, reason=reason)
            return


def _role_flaws(policy: FrozenPolicy, staff: Staff) -> Iterator[Flaw]:
    wanted: list[tuple[str, str, str]] = [
        ("budget", "", policy.budget.override_role),
        ("emergency", "", policy.emergency.retrospective_role),
        *(("exception", code, exception_owner(policy, code)) for code in CATALOGUE),
        ("payment", "", policy.payment.approver_role),
        ("payment", "", policy.payment.release_role),
        *(("segregation", rule.name, rule.override_role) for rule in policy.segregation),
        *_roles_of_hires(policy),
    ]
    for part, name, role in wanted:
        if not _holders(policy, role, staff):
            yield Flaw(part=part, name=name, reason=f"nobody holds {role}")


def _roles_of_hires(policy: FrozenPolicy) -> Iterator[tuple[str, str, str]]:
    """Who does what is in the plans of this facility, and who answers for what may be granted."""
    if policy.hire is None:
        return
    yield from (("plan", row.name, row.done_by) for row in policy.hire.plan if row_concerns(row, policy.facility))
    yield from (("entitlements", each.name, each.owner_role) for each in policy.hire.entitlements)


def _without_superiors(policy: FrozenPolicy, levels: Sequence[ApprovalLevel], staff: Staff) -> Iterator[Flaw]:
    """Those who ask at the facility and have nobody above them where the management chain is asked."""
    climbing = next((level for level in levels if level.approvers == "management-chain"), None)
    if climbing is None:
        return
    for person in staff.active():
        if (
            "requester" in person.roles
            and person.facility == policy.facility.code
            and not staff.superiors(person.person)
        ):
            reason = f"{person.person} has no superior: their requests go to {climbing.role} at once"
            yield Flaw(part="level", name=climbing.name, reason=reason)
