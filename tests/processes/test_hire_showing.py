"""How a hire is shown: whom it waits for is true wherever it is looked for, whatever its systems do, at little cost."""

from __future__ import annotations

import json

from temporalio.api.enums.v1 import EventType
from temporalio.common import SearchAttributeKey

from bench.costs import cost_of
from domain.case import CaseSnapshot, Journal
from domain.hire_plan import HireStanding
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.hire_world import HireCase, HireWorld
from workflows.one_voice import LONGEST_SUMMARY, in_short
from workflows.search_attributes import AWAITING_ROLE, EXCEPTION, STAGE
from workflows.steps.hire_inputs import HireStepInput

DOWN = TemporarilyUnavailableError("identity", "down", "no answer")
FOR_EVER = 1000


async def found_by(case: HireCase, key: SearchAttributeKey[str]) -> str:
    """The server's own record of the case; what lists show of it comes a moment later."""
    return (await case.handle.describe()).typed_search_attributes[key]


async def test_what_a_hire_is_found_by_is_true_whenever_it_waits(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.task("owner")
    assert (await found_by(case, STAGE), await found_by(case, AWAITING_ROLE)) == ("approval", "cost-centre-owner")
    await case.decide("owner", "approve")
    await case.until(lambda: case.states().get("access:chart") == "done")
    await case.task("badge")
    assert (await found_by(case, STAGE), await found_by(case, AWAITING_ROLE)) == ("fulfilment", "facilities-desk")
    await case.decide("badge", "complete")
    await case.reached(badge="done")
    assert await found_by(case, AWAITING_ROLE) == "nobody"
    assert await found_by(case, EXCEPTION) == "none"


async def test_a_system_that_is_down_hides_nothing_that_goes_on_without_it(hires: HireWorld) -> None:
    """Nobody moves the clock here: the account is tried again meanwhile, and nobody is asked about it yet."""
    hires.faults.fail("create", DOWN, times=FOR_EVER)
    case = await hires.start_hire(hires.hire())
    await case.decide("owner", "approve")
    await case.reached(employee="done", rn_licence="done", exclusion_lists="done", identity_account="running")
    await case.decide("badge", "complete")
    await case.reached(badge="done", identity_account="running")
    assert not [task for task in case.tasks() if task.status == "open"]
    assert await found_by(case, AWAITING_ROLE) == "nobody"


async def test_a_hire_that_is_under_way_pays_for_no_record_alone_but_where_it_comes_to_rest(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.decide("owner", "approve")
    await case.until(lambda: case.states().get("access:chart") == "done")
    await case.decide("badge", "complete")
    await case.reached(badge="done")
    history = await case.handle.fetch_history()
    cost = await cost_of(history)
    assert cost.bookkeeping["search attributes"] <= 3, "asked to approve, asked for the badge, and nobody"
    assert cost.bookkeeping["activities"] <= 2, "shown where it waits for the badge, and where for the start day"
    days = [event for event in history.events if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    assert len(days) <= 6, "one for the next day of the plan as long as that is the same"


async def test_a_step_carries_no_default_and_is_read_as_it_was(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.task("owner")
    standing = case.standing
    shot = await case.handle.query("snapshot", result_type=CaseSnapshot)
    assert isinstance(standing, HireStanding)
    step = HireStepInput(journal=Journal(snapshot=shot), seq=1, standing=standing)
    sent = step.model_dump_json()
    assert HireStepInput.model_validate_json(sent) == step
    assert len(sent) < len(json.dumps(standing.model_dump(mode="json"))) / 2 + len(shot.model_dump_json())


def test_what_is_said_together_has_a_short_name() -> None:
    assert in_short(("Ask a: badge", "Ask b: phone")) == "Ask a: badge; Ask b: phone"
    assert in_short(()) == ""
    long = in_short(tuple(f"Ask {number}: {'x' * 100}" for number in range(7)))
    assert long.startswith("Ask 0: ") and long.endswith(" and 6 more") and len(long) <= LONGEST_SUMMARY
    assert len(in_short(("y" * 500,))) == LONGEST_SUMMARY
