"""The failure matrix of procure-to-pay: every step fails before and after each of its effects, is refused, meets an
answer that it does not know, and is repeated at once and late.

The rows are the steps themselves, found by introspection, times the port calls that each makes, found by living
through a case without failures. A step without rows in `STEPS` fails the first test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.memory.faults import When
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError
from domain.tasks import Action
from tests.fixtures.failing_steps import (
    Doubling,
    FailingWorld,
    Outcome,
    Story,
    cancelled,
    closed,
    followed,
    live,
    outcome_of,
)
from tests.fixtures.failure_matrix import named, rows, steps_of
from tests.fixtures.given_up import GivenUp
from tests.fixtures.hurried_retries import HurriedRetries
from tests.fixtures.world import Case
from workflows.case import STEP_RETRIES
from workflows.messages.procure_to_pay import WORKFLOW_NAME
from workflows.steps.case import CaseSteps
from workflows.steps.purchasing import PurchasingSteps

DOWN = TemporarilyUnavailableError("outside", "no-answer", "no answer in time")
NO = RefusedError("outside", "refused-for-a-test", "this is not possible")
STRANGE = ContractDriftError("outside", "shape-unknown", "an answer of unknown shape")


@dataclass(frozen=True)
class Step:
    """In which story the step is taken, and what its owner may do when it is refused.

    `cancel` says how a case ends that is cancelled while the step waits: undone, closed short once goods came, and
    completed where nothing is left to cancel.
    Steps of the own store have no exception task, because nobody could see it: they are repeated until they succeed.
    """

    story: Story
    code: str = "target-refused"
    actions: tuple[Action, ...] = ()
    cancel: Literal["cancelled", "closed-short", "completed"] | None = None


STEPS: dict[str, Step] = {
    "announce": Step(closed),
    "close_case": Step(closed),
    "check_requisition": Step(closed, actions=("retry", "cancel"), cancel="cancelled"),
    "reserve_commitments": Step(closed, actions=("retry", "cancel"), cancel="cancelled"),
    "issue_stock": Step(closed, actions=("retry", "skip", "cancel"), cancel="cancelled"),
    "place_order": Step(closed, "order-refused", ("retry", "correct", "cancel"), "cancelled"),
    "send_order": Step(closed, "dispatch-failed", ("retry", "skip", "cancel"), "cancelled"),
    "change_order": Step(closed, "order-refused", ("retry", "skip"), "cancelled"),
    "follow_order": Step(followed, actions=("retry", "skip"), cancel="cancelled"),
    "post_receipt": Step(closed, "receipt-refused", ("retry", "skip"), "closed-short"),
    "post_return": Step(closed, "receipt-refused", ("retry", "skip"), "closed-short"),
    "close_order": Step(closed, actions=("retry", "skip"), cancel="completed"),
    "release_commitments": Step(cancelled, actions=("retry", "skip")),
    "return_stock": Step(cancelled, actions=("retry", "skip")),
    "cancel_order": Step(cancelled, actions=("retry", "skip")),
}
PRICES = {1: Decimal("4.00"), 2: Decimal("9.10")}
OWN_STORE = [name for name, step in STEPS.items() if not step.actions]
ANSWERED = [name for name, step in STEPS.items() if step.actions]
CANCELLED = [name for name, step in STEPS.items() if step.cancel]
SKIPPED = [name for name, step in STEPS.items() if "skip" in step.actions]


def of_purchases(steps: Iterable[str]) -> set[str]:
    """Their names in the failure matrix."""
    return {named(step, WORKFLOW_NAME) for step in steps}


def test_every_step_has_its_rows() -> None:
    assert steps_of(CaseSteps, PurchasingSteps) == set(STEPS)


@dataclass(frozen=True)
class Undisturbed:
    """A case without failures: what it leaves, and which port calls each of its steps makes."""

    outcome: Outcome
    calls: dict[str, dict[str, int]]


pytestmark = pytest.mark.usefixtures("quiet_steps")


@pytest.fixture(scope="module")
async def undisturbed(temporal: WorkflowEnvironment) -> dict[Story, Undisturbed]:
    found: dict[Story, Undisturbed] = {}
    for story in (closed, cancelled, followed):
        async with FailingWorld(temporal).working() as world:
            _, outcome = await live(world, story)
            found[story] = Undisturbed(outcome, dict(world.plan.made))
    return found


@pytest.fixture
def calls(undisturbed: dict[Story, Undisturbed]) -> Callable[[str], list[str]]:
    """The port methods that a step calls."""
    return lambda step: list(undisturbed[STEPS[step].story].calls[step])


@pytest.fixture
def outside_calls(calls: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """Those that a person is asked about; the evidence store is repeated instead."""
    return lambda step: [method for method in calls(step) if method != "record"]


async def _live(
    temporal: WorkflowEnvironment,
    step: str,
    method: str,
    *errors: OutsideError,
    answer: str = "retry",
    when: When = "before",
) -> tuple[Case, Outcome]:
    async with FailingWorld(temporal).working() as world:
        world.plan.aim(step, method, *errors, when=when)
        case, outcome = await live(world, STEPS[step].story, answer)
        assert world.plan.strikes == len(errors), f"{step} did not call {method}"
        return case, outcome


def test_a_purchase_without_failures_leaves_what_it_should(undisturbed: dict[Story, Undisturbed]) -> None:
    """The rows below compare with these outcomes, so these must be right themselves."""
    done = undisturbed[closed].outcome
    received = ((1, Decimal(4)), (2, Decimal(10)))
    assert done.orders == (("S-1", "closed", "107.00 USD", received),)
    assert (done.status, done.stock, done.invoiced) == ("completed", Decimal(0), Decimal("107.00"))
    assert done.messages == ("order",)
    gone = undisturbed[cancelled].outcome
    assert gone.orders == (("S-1", "cancelled", "106.00 USD", ()),)
    assert (gone.status, gone.stock, gone.invoiced) == ("cancelled", Decimal(6), Decimal(0))
    assert gone.messages == ("order", "cancellation")
    less = undisturbed[followed].outcome
    assert less.orders == (("S-1", "closed", "88.00 USD", ((1, Decimal(4)), (2, Decimal(8)))),)
    assert (less.status, less.invoiced, less.messages) == ("completed", Decimal("88.00"), ("order", "change"))
    taken = {step for each in undisturbed.values() for step in each.calls}
    assert taken == set(STEPS), "the stories together take every step"


@rows("fails", "answer-lost", of=of_purchases(STEPS))
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_fails_once_leaves_no_trace(
    temporal: WorkflowEnvironment,
    undisturbed: dict[Story, Undisturbed],
    calls: Callable[[str], list[str]],
    step: str,
) -> None:
    """Before its first call, and after each of them: the answer is lost, the effect stays."""
    rows: list[tuple[str, When]] = [(calls(step)[0], "before"), *((method, "after") for method in calls(step))]
    lives = [_live(temporal, step, method, DOWN, when=when) for method, when in rows]
    for row, (_, outcome) in zip(rows, await asyncio.gather(*lives), strict=True):
        assert outcome == undisturbed[STEPS[step].story].outcome, row


@rows("refused", "drifted", of=of_purchases(ANSWERED))
@pytest.mark.parametrize("step", ANSWERED)
async def test_a_refused_step_asks_its_owner_and_goes_on_when_retried(
    temporal: WorkflowEnvironment,
    undisturbed: dict[Story, Undisturbed],
    outside_calls: Callable[[str], list[str]],
    step: str,
) -> None:
    """A refusal goes to whom the process names, an answer of unknown shape to integration support."""
    expected = undisturbed[STEPS[step].story].outcome
    first, *_ = outside_calls(step)
    rows = [(first, STRANGE, "contract-drift"), *((method, NO, STEPS[step].code) for method in outside_calls(step))]
    lives = [_live(temporal, step, method, error) for method, error, _ in rows]
    for (method, error, code), (case, outcome) in zip(rows, await asyncio.gather(*lives), strict=True):
        (task,) = [task for task in case.tasks() if "failure" in task.subject.get("evidence", {})]
        assert (task.status, task.outcome) == ("done", "retry"), method
        assert (task.exception_code, task.actions) == (code, STEPS[step].actions), method
        assert error.message in task.why, method
        assert outcome.without_trouble() == expected.without_trouble(), method


@rows("refused", "drifted", of=of_purchases(OWN_STORE))
@pytest.mark.parametrize("step", STEPS)
async def test_the_own_store_is_asked_again_whatever_it_answers(
    temporal: WorkflowEnvironment, undisturbed: dict[Story, Undisturbed], calls: Callable[[str], list[str]], step: str
) -> None:
    """Nobody could be shown a task: a store that is not migrated yet must not end cases."""
    methods = calls(step) if step in OWN_STORE else ["record"]
    lives = [_live(temporal, step, method, NO, STRANGE, DOWN) for method in methods]
    for method, (_, outcome) in zip(methods, await asyncio.gather(*lives), strict=True):
        assert outcome == undisturbed[STEPS[step].story].outcome, method


@rows("undone", of=of_purchases(CANCELLED))
@pytest.mark.parametrize("step", CANCELLED)
async def test_cancelling_while_a_step_is_refused_leaves_a_clean_slate(
    temporal: WorkflowEnvironment, outside_calls: Callable[[str], list[str]], step: str
) -> None:
    rows = [_live(temporal, step, method, NO, answer="cancel") for method in outside_calls(step)]
    for method, (_, outcome) in zip(outside_calls(step), await asyncio.gather(*rows), strict=True):
        _assert_slate(outcome, STEPS[step].cancel, method)
        told = outcome.messages.count("order") if STEPS[step].cancel == "cancelled" else 0
        assert outcome.messages.count("cancellation") == told, method


@rows("undone-blind", of=of_purchases(CANCELLED))
async def test_cancelling_when_nobody_knows_what_was_done_leaves_a_clean_slate(
    temporal: WorkflowEnvironment, outside_calls: Callable[[str], list[str]]
) -> None:
    """Each call has its effect and its answer is lost, until patience ends and a person cancels.

    All rows at once, because each of them is a long wait for the last try.
    """
    lost = [DOWN] * STEP_RETRIES.maximum_attempts
    rows = [(step, method) for step in CANCELLED for method in outside_calls(step)]
    lives = [_live(temporal, step, method, *lost, answer="cancel", when="after") for step, method in rows]
    for (step, method), (_, outcome) in zip(rows, await asyncio.gather(*lives), strict=True):
        _assert_slate(outcome, STEPS[step].cancel, f"{step}: {method}")
        if STEPS[step].cancel == "cancelled":
            # A supplier that may have the order is told, even if it turns out that it never got it.
            assert outcome.messages.count("cancellation") >= outcome.messages.count("order"), method


def _assert_slate(outcome: Outcome, status: str | None, method: str) -> None:
    """Undone: as if nothing had been. Otherwise what was received is paid for, and nothing else."""
    assert outcome.status == status, method
    for _, order_status, _, received in outcome.orders:
        assert order_status == ("closed" if status == "completed" else status), method
        assert outcome.invoiced == sum((PRICES[line] * quantity for line, quantity in received), Decimal(0)), method
    assert outcome.stock == (6 if status == "cancelled" else 0), method


@pytest.mark.parametrize("step", SKIPPED)
async def test_a_skipped_step_lets_the_case_end(
    temporal: WorkflowEnvironment, outside_calls: Callable[[str], list[str]], step: str
) -> None:
    """Somebody does by hand what the step could not: the case goes on to its end, and holds no money."""
    method = outside_calls(step)[0]
    case, outcome = await _live(temporal, step, method, NO, answer="skip")
    assert outcome.status in ("completed", "closed-short", "cancelled")
    (first, *_) = [task for task in case.tasks() if "failure" in task.subject.get("evidence", {})]
    assert (first.status, first.outcome) == ("done", "skip")


@rows("repeated", of=of_purchases(STEPS))
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_is_executed_twice_has_one_effect_and_one_result(
    temporal: WorkflowEnvironment, undisturbed: dict[Story, Undisturbed], step: str
) -> None:
    doubling = Doubling(step)
    async with FailingWorld(temporal, [doubling]).working() as world:
        _, outcome = await live(world, STEPS[step].story)
    assert outcome == undisturbed[STEPS[step].story].outcome
    assert doubling.results
    for first, second in doubling.results:
        assert first == second


@rows("timed-out", of=of_purchases(STEPS))
async def test_each_step_that_is_given_up_after_its_effect_has_it_once(
    temporal: WorkflowEnvironment, undisturbed: dict[Story, Undisturbed]
) -> None:
    """In each story, for whichever steps it is the one that takes them."""

    async def given_up(story: Story) -> list[str]:
        own = of_purchases(step for step in STEPS if STEPS[step].story is story)
        plan = GivenUp(lambda step: step in own)
        async with FailingWorld(temporal, [plan, HurriedRetries(patient=True)]).working() as world:
            _, outcome = await live(world, story)
            assert outcome == undisturbed[story].outcome
            await plan.all_answered()
        assert set(plan.late) == own
        return plan.late

    lives = await asyncio.gather(*(given_up(story) for story in undisturbed))
    assert {step for late in lives for step in late} == of_purchases(STEPS)


@pytest.mark.parametrize("story", [closed, cancelled], ids=["closed", "cancelled"])
async def test_attempts_believed_dead_that_wake_up_after_the_end_change_nothing(
    temporal: WorkflowEnvironment, undisturbed: dict[Story, Undisturbed], story: Story
) -> None:
    remembering = Doubling()
    async with FailingWorld(temporal, [remembering]).working() as world:
        case, _ = await live(world, story)
        await world.execute_again(remembering.inputs)
        assert await outcome_of(world, case) == undisturbed[story].outcome
