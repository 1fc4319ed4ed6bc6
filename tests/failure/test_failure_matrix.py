"""The failure matrix is complete: every step that a worker offers has a test in every column, or a reason for having
none. A step that is new fails here until it has."""

from __future__ import annotations

import asyncio
import importlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from temporalio import activity, workflow
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from activities.circuits import Circuits
from activities.ports import Ports
from activities.step_queues import StepQueues
from cli.queue_workers import Bulkheads, step_workers
from domain.bulkheads import QUEUES
from domain.circuit import CircuitRules
from domain.outside_errors import ErrorReport
from tests.fixtures.failure_matrix import COLUMNS, Column, named, rows, rows_of
from tests.fixtures.world import PATIENCE_SECONDS
from workflows.steps.queues import queue_of


class Anything:
    """Stands for whatever a worker is built over."""

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


def registered() -> frozenset[str]:
    """The steps that a worker of everything offers."""
    anything: Any = Anything()
    everything = Ports(**{each.name: anything for each in fields(Ports)})
    offered = worker.steps_of(anything, everything, "corridor", anything, worker.GRACE)
    return frozenset(str(activity._Definition.must_from_callable(step).name) for step in offered)


REGISTERED = registered()
STEPS = {named(step, process) for step in REGISTERED for process in worker.CASES}
"""By their names in the matrix."""
OUTSIDE = {step for step in REGISTERED if queue_of(step) != "cases"}
"""Those that an outside system is needed for."""


@dataclass(frozen=True)
class Exempt:
    """Steps that need no tests in some columns, and why."""

    because: str
    columns: tuple[Column, ...]
    steps: frozenset[str]


UNDONE: tuple[Column, ...] = ("undone", "undone-blind")
OWN_STORE = {"clear_hits", "hold_payment", "learn_decisions", "note_standing", "release_payments", "set_invoice_aside"}
UNDOING = {
    "answer_supplier",
    "cancel_order",
    "disable_account",
    "end_employee",
    "release_commitments",
    "remove_account",
    "rescind_worker",
    "return_stock",
    "reverse_invoice",
    "revoke_access",
    "settle_hire",
}
TOO_LATE = {
    "book_payments",
    "deliver_payment_file",
    "finish_payments",
    "note_payment_states",
    "return_payments",
    "tell_orders",
}
OVER_ALL = {
    "collect_bank_messages",
    "collect_erp_changes",
    "due_payment_runs",
    "end_access_page",
    "reconcile_page",
    "rescreen_page",
    "take_checkpoint",
}
NEVER = "announce of HireToProvision"
EXEMPTIONS = (
    Exempt("no hire takes it: note_standing puts its tasks on worklists", COLUMNS, frozenset({NEVER})),
    Exempt(
        "it waits where all cases wait: Corridor's own queue has no circuit",
        ("held",),
        frozenset(STEPS - OUTSIDE - {NEVER}),
    ),
    Exempt(
        "nobody is asked about the own store: it is repeated until it answers, and then whoever cancelled is heard",
        UNDONE,
        frozenset({*OWN_STORE, *STEPS - REGISTERED} - {NEVER}),
    ),
    Exempt("it is part of undoing: whoever cancels is told that the case is at its end", UNDONE, frozenset(UNDOING)),
    Exempt("money may be on its way: whoever cancels is told that it is too late", UNDONE, frozenset(TOO_LATE)),
    Exempt("it belongs to a run over all cases, which nobody cancels", UNDONE, frozenset(OVER_ALL)),
    Exempt("it carries out what a person decided about an excluded worker", UNDONE, frozenset({"shut_worker"})),
)


def missing(known: Iterable[str], have: Mapping[str, Set[Column]], exempt: Iterable[Exempt]) -> set[tuple[str, Column]]:
    """The rows that should be there and are not."""
    spared = {(step, column) for each in exempt for step in each.steps for column in each.columns}
    wanted = {(step, column) for step in known for column in COLUMNS} - spared
    return {(step, column) for step, column in wanted if column not in have.get(step, frozenset())}


def modules_with_rows() -> list[ModuleType]:
    """This one, and those beside it."""
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    names = [each.stem for each in files if "@rows(" in each.read_text(encoding="utf-8")]
    return [importlib.import_module(f"tests.failure.{name}") for name in names]


def test_every_step_has_its_rows_or_a_reason() -> None:
    assert sorted(missing(STEPS, rows_of(*modules_with_rows()), EXEMPTIONS)) == [], "write these rows, or say why not"


def test_no_row_and_no_reason_is_left_of_a_step_that_is_gone() -> None:
    have = rows_of(*modules_with_rows())
    assert set(have) <= STEPS
    for each in EXEMPTIONS:
        assert each.steps <= STEPS, each.because
        assert not {step for step in each.steps if have.get(step, set()) & set(each.columns)}, each.because


def test_a_new_step_lacks_every_row_until_it_has_them() -> None:
    assert missing({*STEPS, "brand_new"}, {}, EXEMPTIONS) >= {("brand_new", column) for column in COLUMNS}
    have: dict[str, set[Column]] = {"brand_new": {"fails", "held"}}
    assert ("brand_new", "fails") not in missing({"brand_new"}, have, ())
    assert len(missing({"brand_new"}, have, ())) == len(COLUMNS) - 2


# The circuit of its system is open


@dataclass
class Given:
    """What a step is about, as far as its queue depends on it."""

    system: str = ""


@workflow.defn(name="TakesEachStep")
class TakesEachStep:
    """Takes many steps at once, each with a single try."""

    @workflow.run
    async def run(self, asked: list[tuple[str, str]]) -> None:
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    step,
                    Given(system),
                    start_to_close_timeout=timedelta(seconds=30),
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )
                for step, system in asked
            )
        )


ASKED = [
    *((step, "") for step in sorted(OUTSIDE)),
    *((step, "directory") for step in sorted(OUTSIDE) if queue_of(step) == "identity"),
]


def counting(step: str, done: Counter[tuple[str, str]]) -> Callable[..., Any]:
    """A step of this name that counts how often it was done, and where it had waited."""

    @activity.defn(name=step)
    async def count(given: Given) -> None:
        assert activity.info().task_queue.endswith(f"-{queue_of(step, given)}")
        done[step, given.system] += 1

    return count


async def _waiting(handle: WorkflowHandle[Any, Any]) -> Counter[tuple[str, int]]:
    """Steps that wait for a worker, by name and try."""
    pending = (await handle.describe()).raw_description.pending_activities
    scheduled = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    return Counter((each.activity_type.name, each.attempt) for each in pending if each.state == scheduled)


@rows("held", of=OUTSIDE)
async def test_a_step_whose_system_is_held_waits_without_using_up_its_tries_and_is_done_once(
    temporal: WorkflowEnvironment,
) -> None:
    base, done = f"held-{uuid.uuid4()}", Counter[tuple[str, str]]()
    bulkheads = Bulkheads().guarded(CircuitRules(probe_seconds=3600, longest_seconds=3600))
    for breaker in bulkheads.breakers.values():
        for case in "abcde":
            breaker.failed(case, ErrorReport(system=breaker.system, code="unreachable", message="nobody answers"))
        assert breaker.is_open
    takes = [counting(step, done) for step in OUTSIDE]
    workers = step_workers(temporal.client, base, takes, bulkheads, interceptors=[Circuits(bulkheads.breakers)])
    assert {each.task_queue for each in workers} == {f"{base}-{queue}" for queue in QUEUES if queue != "cases"}
    cases = Worker(
        temporal.client,
        task_queue=base,
        workflows=[TakesEachStep],
        workflow_runner=UnsandboxedWorkflowRunner(),  # it has nothing to guard
        interceptors=[StepQueues()],
    )
    async with AsyncExitStack() as stack:
        for each in (cases, *workers):
            await stack.enter_async_context(each)
        with temporal.with_time_skipping_disabled():
            handle = await temporal.client.start_workflow(TakesEachStep.run, ASKED, id=base, task_queue=base)
        expected = Counter((step, 1) for step, _ in ASKED)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await _waiting(handle) != expected:
                pass  # each look is a call to the server
        for breaker in bulkheads.breakers.values():
            assert not await breaker.closed(0.1), "it would have been taken by now"
        assert (await _waiting(handle), done) == (expected, Counter())
        for breaker in bulkheads.breakers.values():
            breaker.answered()
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
    assert done == Counter(ASKED)
