"""How a hire is shown: whom it waits for is true wherever it is looked for, whatever its systems do, at little cost."""

from __future__ import annotations

import json

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.common import SearchAttributeKey

from bench.costs import cost_of
from domain.case import CaseSnapshot, Journal
from domain.hire_plan import HireStanding
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.hire_world import PLAN, HireCase, HireWorld
from workflows.one_voice import LONGEST_SUMMARY, in_short
from workflows.search_attributes import AWAITING_ROLE, EXCEPTION, STAGE
from workflows.steps.hire_inputs import HireStepInput

DOWN = TemporarilyUnavailableError("identity", "down", "no answer")
FOR_EVER = 1000
UNTIL_ARRIVAL = tuple(each for each in PLAN if each.item not in ("i9-2", "check"))
"""A plan whose last item is that the person comes."""


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


@pytest.mark.parametrize(("call", "shown"), [("", 0), ("leave", 1), ("release", 1)], ids=["at once", "let go", "close"])
async def test_a_hire_that_closes_at_once_is_not_shown_to_wait_for_nobody(
    hires: HireWorld, call: str, shown: int
) -> None:
    """Where the last steps take longer, nobody who has answered is to be looked for under that."""
    hires.rules = hires.rules.model_copy(update={"plan": UNTIL_ARRIVAL})
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to_start_day()
    if call:
        hires.faults.fail(call, DOWN)
    await case.decide("arrival", "confirm-arrival", "mia")
    assert (await case.outcome()).status == "completed"
    history = await case.handle.fetch_history()
    assert len(changes_after_the_last_answer(history)) == shown
    assert await found_by(case, AWAITING_ROLE) == ("nobody" if shown else "human-resources")


def changes_after_the_last_answer(history: WorkflowHistory) -> list[HistoryEvent]:
    found: list[HistoryEvent] = []
    for event in history.events:
        changed = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            found.clear()
        elif AWAITING_ROLE.name in changed:
            found.append(event)
    return found


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
