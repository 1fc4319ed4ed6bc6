"""Hires whose licence or name needs a person to look before anything clinical opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.hire_ports import Hiring
from adapters.memory.proven_licences import MemoryProvenLicences
from domain.credentials import ExclusionEntry, LicenceRecord
from domain.hire import Hire
from domain.screening import MOST_HITS
from tests.fixtures.hire_world import HireCase, HireWorld


class ProvingWorld(HireWorld):
    """Keeps on which licences people were hired."""

    def __init__(self, temporal: WorkflowEnvironment) -> None:
        super().__init__(temporal)
        self.proven = MemoryProvenLicences()

    def hiring(self) -> Hiring:
        return replace(super().hiring(), proven=self.proven)

    def listed(self, hire: Hire, number: int = 1, **over: Any) -> None:
        name = hire.person.name
        given = {"list_name": "LEIE", "entry_id": f"e-{number}", "family": name.family.upper(), "given": name.given}
        self.exclusions.entries.append(ExclusionEntry.model_validate({**given, **over}))

    def board_says(self, hire: Hire, status: str, **over: Any) -> None:
        (claim,) = hire.licences
        given = {"status": status, "number": claim.number, "state": claim.state, "kind": claim.kind}
        self.licences.take_in(LicenceRecord.model_validate({**given, **over}))


@pytest.fixture
async def proving(temporal: WorkflowEnvironment) -> AsyncIterator[ProvingWorld]:
    world = ProvingWorld(temporal)
    async with world.working():
        yield world


async def opened(case: HireCase) -> None:
    await case.until(lambda: case.states().get("access:chart") == "done")


async def test_a_candidate_keeps_clinical_access_shut_until_a_person_clears_it(proving: ProvingWorld) -> None:
    hire = proving.hire()
    proving.listed(hire)
    case = await proving.start_hire(hire)
    await case.decide("owner", "approve")
    task = await case.task("exclusion-candidate")
    assert (task.role, task.actions) == ("compliance-officer", ("clear", "stop"))
    assert hire.person.name.family.upper() not in f"{task.why} {task.title}".upper()
    await case.reached(rn_licence="done")
    assert case.states().get("access:chart") != "done"
    await case.decide("exclusion-candidate", "clear", comment="another birth date in the passport")
    await opened(case)
    (clearing,) = proving.screening.clearings.values()
    assert clearing.reason == "another birth date in the passport"
    asked = [each for each in case.tasks() if each.exception_code == "exclusion-candidate"]
    assert len(asked) == 1, "once, whether the HRIS knew the worker or not"


async def test_candidates_beyond_those_shown_are_asked_in_turn(proving: ProvingWorld) -> None:
    hire = proving.hire()
    for number in range(MOST_HITS + 2):
        proving.listed(hire, number)
    case = await proving.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("exclusion-candidate", "clear")
    await case.until(lambda: len(proving.screening.clearings) == MOST_HITS)
    await case.decide("exclusion-candidate", "clear")
    await opened(case)
    assert len(proving.screening.clearings) == MOST_HITS + 2


async def test_a_suspended_licence_opens_nothing_until_the_board_says_otherwise(proving: ProvingWorld) -> None:
    hire = proving.hire()
    proving.board_says(hire, "suspended")
    case = await proving.start_hire(hire)
    await case.decide("owner", "approve")
    task = await case.task("licence-barred")
    assert (task.role, task.actions) == ("credentialing", ("retry", "stop"))
    assert await proving.proven.of([case.name]) == {}
    proving.board_says(hire, "active", source="the board")
    await case.decide("licence-barred", "retry")
    await opened(case)
    assert await proving.proven.of([case.name]) == {case.name: hire.licences}


async def test_another_name_on_record_is_shown_beside_the_persons(proving: ProvingWorld) -> None:
    hire = proving.hire()
    proving.board_says(hire, "active", name_on_record="SOMEBODY, ELSE")
    case = await proving.start_hire(hire)
    await case.decide("owner", "approve")
    task = await case.task("licence-unverified")
    evidence = task.subject["evidence"]
    assert (evidence["name_on_record"], evidence["name"]) == ("SOMEBODY, ELSE", hire.person.name.full)
    await case.decide("licence-unverified", "verify", comment="maiden name, marriage certificate seen")
    await opened(case)


async def test_a_confirmed_candidate_ends_the_hire(proving: ProvingWorld) -> None:
    hire = proving.hire()
    proving.listed(hire)
    case = await proving.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("exclusion-candidate", "stop", comment="it is the person")
    await case.until(lambda: case.standing is not None and case.standing.readiness.state == "not-coming")
    assert not proving.screening.clearings
