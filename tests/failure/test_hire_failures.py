"""The failure matrix of hire-to-provision: every call of every step fails before its effect and after it, is refused,
meets an answer that it does not know, and is repeated; a hire is rescinded while a step fails.

The rows are the steps themselves, found by introspection, times the port calls that each makes, found by living
through the stories without failures. All calls of all steps fail in one life, each of them once, and the books after
it are those of a life without failures. A step without a row in `STEPS` fails the first test.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.memory.faults import When
from domain.tasks import Action
from tests.fixtures.failing_calls import Asked, EachCallOnce, EachTwice, Row, down, no, strange
from tests.fixtures.failing_hires import Books, FailingHires, live
from tests.fixtures.failure_matrix import named, rows, shared_by, steps_of
from tests.fixtures.given_up import GivenUp
from workflows.messages.hire_to_provision import WORKFLOW_NAME
from workflows.steps.hiring import HiringSteps

ENDED = "case-closed"
LIVES_AT_ONCE = 2


@dataclass(frozen=True)
class Step:
    """What people may do when the step is refused, and what becomes of the wish to rescind its hire meanwhile.

    Steps of the own store have no question: they are tried until they succeed.
    """

    actions: tuple[Action, ...] = ()
    rescind: str = ""


GO_ON_OR_END = Step(("retry", "cancel"), "applied")
UNDO = Step(("retry", "skip"), ENDED)
STEPS = {
    "identify_person": GO_ON_OR_END,
    "plan_hire": GO_ON_OR_END,
    "note_standing": Step(),
    "prepare_worker": GO_ON_OR_END,
    "record_employee": GO_ON_OR_END,
    "create_account": Step(("correct", "retry", "skip", "cancel"), "applied"),
    "grant_access": Step(("retry", "skip", "cancel"), "applied"),
    "check_credential": GO_ON_OR_END,
    "screen_person": GO_ON_OR_END,
    "clear_hits": Step(("retry",), "applied"),
    "enable_account": Step(("retry", "skip"), "applied"),
    "begin_worker": Step(("retry", "skip")),
    "check_access": Step(("retry", "skip")),
    "disable_account": Step(("retry",), ENDED),
    "revoke_access": Step(("retry", "skip")),  # a correction takes it as well
    "remove_account": UNDO,
    "end_employee": UNDO,
    "rescind_worker": UNDO,
    "settle_hire": Step(("retry",), ENDED),
    named("close_case", WORKFLOW_NAME): Step(),
}
OF_INCIDENTS = {"shut_worker"}
"""Steps that no hire takes: their rows are in the matrix of the workforce."""
KEPT = [name for name, step in STEPS.items() if step.rescind == ENDED]
OWN = {
    Row("identify_person", "enter", 1),
    Row("screen_person", "cleared", 1),
    Row("clear_hits", "clear", 1),
    Row("settle_hire", "leave", 1),
}
"""Calls of the own store besides those that record: nobody is asked about them, they are repeated."""
AGAIN = {Row("enable_account", "disable", 1)}
"""Only made by whoever repeats the step after it began to open the account."""
UNREACHED = {Row("prepare_worker", "claim_worker", 2)}
"""Not made any more once the answer of `revive` was lost: the HRIS finds the worker."""


@dataclass(frozen=True)
class Life:
    """What is in the books at its end, which calls were made and failed, and what people were asked."""

    books: Books
    made: tuple[Row, ...]
    struck: tuple[Row, ...]
    asked: dict[str, Asked]


def of_a_hire(row: Row) -> bool:
    """Purchases that hires start have a matrix of their own."""
    return row.step in STEPS


def in_every_life(row: Row) -> bool:
    """Which of several steps side by side shows how far the hire is, is up to chance: a second record."""
    return row.method != "record" or row.number == 1


pytestmark = pytest.mark.usefixtures("quiet_steps")


async def _lived(world: FailingHires, turn: asyncio.Semaphore) -> Life:
    async with turn, world.living(), world.troubleshooting(KEPT) as asked:
        books = await live(world)
    made = tuple(row for row in world.plan.rows if of_a_hire(row))
    return Life(books, made, tuple(world.plan.struck), asked)


@pytest.fixture(scope="module")
async def lives(temporal: WorkflowEnvironment) -> dict[str, Life]:
    """Side by side, for most of a life is waiting; not all at once, or the server falls behind its own deadlines."""
    plans = {
        "undisturbed": EachCallOnce(),
        "before": EachCallOnce(down, aimed=of_a_hire),
        "after": EachCallOnce(down, "after", aimed=of_a_hire),
        "refused": EachCallOnce(no, aimed=of_a_hire),
        "drifted": EachCallOnce(strange, aimed=of_a_hire),
    }
    worlds = {name: FailingHires(temporal, plan) for name, plan in plans.items()}
    turn = asyncio.Semaphore(LIVES_AT_ONCE)
    lived = await asyncio.gather(*(_lived(world, turn) for world in worlds.values()))
    return dict(zip(worlds, lived, strict=True))


def test_every_step_has_its_row(lives: dict[str, Life]) -> None:
    assert steps_of(HiringSteps) == set(STEPS) - shared_by(WORKFLOW_NAME) | OF_INCIDENTS
    assert {row.step for row in lives["undisturbed"].made} == set(STEPS), "the stories together take every step"


@rows("fails", "answer-lost", of=STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_calls_that_fail_once_leave_no_trace(lives: dict[str, Life], when: When) -> None:
    """After a call: its answer is lost, the effect stays. Not a fact more or less is on any timeline."""
    life, expected = lives[when], lives["undisturbed"]
    made = {row for row in expected.made if in_every_life(row)}
    assert made - set(life.struck) == (UNREACHED if when == "after" else set())
    assert life.books.differences(expected.books) == []
    assert not life.asked


@rows("refused", "drifted", of=STEPS)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["refused", "drifted"])
def test_a_step_that_is_refused_asks_its_owner_about_each_call(lives: dict[str, Life], how: str, step: str) -> None:
    """Integration support is asked; a wish to rescind the hire counts where it has not ended already."""
    life, expected = lives[how], STEPS[step]
    calls = {row for row in lives["undisturbed"].made if row.step == step and in_every_life(row)}
    assert calls <= set(life.struck)
    outside = {str(row) for row in calls if row.method != "record" and row not in OWN and expected.actions}
    again = {str(row) for row in AGAIN if row.step == step}
    assert {row for row in life.asked if row.partition("/")[0] == step} - again == outside
    for row in outside:
        task = life.asked[row].task
        assert task.exception_code == ("contract-drift" if how == "drifted" else "target-refused"), row
        assert task.actions == expected.actions, row
        if expected.rescind == ENDED:
            assert life.asked[row].cancelled == ENDED, row


@pytest.mark.parametrize("how", ["refused", "drifted"])
def test_what_was_refused_and_tried_again_leaves_the_same_books(lives: dict[str, Life], how: str) -> None:
    books, expected = lives[how].books.without_trouble(), lives["undisturbed"].books.without_trouble()
    assert books.differences(expected) == []


@rows("repeated", of=STEPS)
async def test_each_step_that_is_executed_twice_has_one_effect_and_one_result(
    temporal: WorkflowEnvironment, lives: dict[str, Life]
) -> None:
    doubling = EachTwice()
    async with FailingHires(temporal, interceptors=[doubling]).living() as world:
        assert (await live(world)).differences(lives["undisturbed"].books) == []
    assert set(doubling.names) >= set(STEPS)
    for first, second in doubling.results:
        assert first == second


@rows("timed-out", of=STEPS)
async def test_each_step_that_is_given_up_after_its_effect_has_it_once(
    temporal: WorkflowEnvironment, lives: dict[str, Life]
) -> None:
    given_up = GivenUp(lambda step: step in STEPS)
    async with FailingHires(temporal, interceptors=[given_up]).living() as world:
        assert (await live(world)).differences(lives["undisturbed"].books) == []
        await given_up.all_answered()
    assert set(given_up.late) == set(STEPS)
