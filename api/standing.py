"""How somebody stands to a question: on whose authority they decide, and what they have done in its family of cases.

All of it comes from the gateway's own stores and the people directory, and nothing from the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.acting import UNLIMITED, authority_for, frozen_policy, policy_of
from api.problems import ProblemError
from api.services import Services
from domain.policy.model import DelegationRule, SegregationRule
from domain.ports.overrides import OverrideUse
from domain.segregation import Clash, acting, decision_clashes
from domain.tasks import Decision, Task


@dataclass(frozen=True)
class Standing:
    """A decision with all that it carries along. `exact` says that the rules are those that are frozen into the case;
    otherwise they only help to explain what the case says.
    """

    decision: Decision
    delegation_rule: DelegationRule = UNLIMITED
    rules: tuple[SegregationRule, ...] = ()
    exact: bool = False

    async def check_duties(self, services: Services, task: Task) -> None:
        """Raises the 403 problem when a rule forbids it; notes the overrides on the strength of which none does."""
        clashes = self._clashes(task)
        if self.exact and any(clash.override is None for clash in clashes):
            raise self.conflict(task)
        for clash in clashes:
            if clash.override is not None:
                await services.overrides.used(clash.override.override_id, self._use(task))

    def conflict(self, task: Task) -> ProblemError:
        """The problem that names the rule and its reason, as far as the gateway knows them."""
        broken = next((clash for clash in self._clashes(task) if clash.override is None), None)
        if broken is None:
            detail = "You have exercised another duty in this case, or in a linked one, that must not go with this one."
            return ProblemError(403, "duties-conflict", "You may not do this", detail)
        rule = broken.rule
        return ProblemError(
            403,
            "duties-conflict",
            "You may not do this",
            f"{broken.person} may not act as {task.duty} here as well: {rule.reason} ({rule.name}).",
            extra={
                "rule": rule.name,
                "reason": rule.reason,
                "person": broken.person,
                "duties": [rule.first, rule.second],
                "override_role": rule.override_role,
            },
        )

    def _clashes(self, task: Task) -> tuple[Clash, ...]:
        if self.decision.decided_at is None:
            return ()
        return decision_clashes(self.rules, self.decision, task, (), self.decision.decided_at)

    def _use(self, task: Task) -> OverrideUse:
        made = self.decision
        if made.decided_at is None:
            raise RuntimeError("clashes are only found in a decision with its instant")
        return OverrideUse(decision_id=made.decision_id, task_id=task.task_id, case_id=task.case_id, at=made.decided_at)


async def standing_of(services: Services, task: Task, decision: Decision) -> Standing:
    """Look up what the decision needs; raises `domain.outside_errors`. A delegation that there is not stays out, and
    the decision is then refused like any other without authority.
    """
    if task.duty is None and decision.on_behalf_of is None:
        return Standing(decision)
    frozen = await frozen_policy(services, task.case_id, task.facility)
    rule = frozen.delegation if frozen is not None else UNLIMITED
    if decision.on_behalf_of is not None:
        authority = await authority_for(services, task, decision.actor, decision.on_behalf_of, rule)
        decision = decision.model_copy(update={"authority": authority})
    if task.duty is not None:
        decision = await _with_duties(services, task, decision)
    rules = frozen or policy_of(services, task.facility)
    return Standing(decision, rule, rules.segregation if rules is not None else (), exact=frozen is not None)


async def _with_duties(services: Services, task: Task, decision: Decision) -> Decision:
    """What those who act here did in the family, and the overrides that they have."""
    people = acting(decision)
    done = await services.reader.family_duties(task.case_id)
    held = await services.overrides.active_for(people, task.facility, services.now())
    return decision.model_copy(
        update={
            "family_duties": tuple(each for each in done if each.person in people),
            "overrides": tuple(each for each in held if each.case_id in (None, task.case_id)),
        }
    )
