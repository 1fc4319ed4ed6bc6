"""What a payload belongs to is asked once for each case and activity, and not guessed for anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.api.enums.v1 import CommandType
from temporalio.converter import ActivitySerializationContext, SerializationContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance

from cli.case_runners import MOST_KEPT, _Remembering

STEP = CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
CHILD = CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION
CASE = WorkflowSerializationContext(namespace="default", workflow_id="procure-to-pay.north.REQ-1")


@dataclass
class Command:
    command_type: int
    command_seq: int


class Asked(WorkflowInstance):
    """An instance with some activities under way, and children whose ids are their numbers."""

    def __init__(self, *under_way: int) -> None:
        self.under_way = set(under_way)
        self.questions: list[tuple[int, int] | None] = []

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        self.questions.append(command_info and (command_info.command_type, command_info.command_seq))
        if command_info is None:
            return CASE
        if command_info.command_type == CHILD:
            return WorkflowSerializationContext(namespace="default", workflow_id=str(command_info.command_seq))
        return self._step(command_info.command_seq) if command_info.command_seq in self.under_way else None

    @staticmethod
    def _step(number: int) -> ActivitySerializationContext:
        return ActivitySerializationContext(
            namespace="default",
            workflow_id=CASE.workflow_id,
            workflow_type="ProcureToPay",
            activity_type=f"step-{number}",
            activity_id=str(number),
            activity_task_queue="corridor",
            is_local=False,
        )

    def activate(self, act: Any) -> Any:
        return act

    def get_external_store_context(self, command_info: Any) -> Any:
        return command_info

    def get_info(self) -> workflow.Info:
        raise NotImplementedError

    def get_thread_id(self) -> int | None:
        return 7


def test_the_case_and_each_activity_are_asked_about_once() -> None:
    asked = Asked(1, 2)
    instance = _Remembering(asked)
    for _ in range(3):
        assert instance.get_serialization_context(None) == CASE
        for number in (1, 2):
            context = instance.get_serialization_context(Command(STEP, number))
            assert isinstance(context, ActivitySerializationContext) and context.activity_type == f"step-{number}"
    assert asked.questions == [None, (STEP, 1), (STEP, 2)]


def test_a_step_that_is_not_under_way_yet_and_a_child_are_asked_about_each_time() -> None:
    asked = Asked()
    instance = _Remembering(asked)
    assert instance.get_serialization_context(Command(STEP, 5)) is None
    asked.under_way.add(5)
    assert isinstance(instance.get_serialization_context(Command(STEP, 5)), ActivitySerializationContext)
    for number in (5, 6):
        child = instance.get_serialization_context(Command(CHILD, number))
        assert isinstance(child, WorkflowSerializationContext) and child.workflow_id == str(number)
    assert len(asked.questions) == 4


def test_a_long_case_keeps_only_so_many() -> None:
    asked = Asked(*range(10 * MOST_KEPT))
    instance = _Remembering(asked)
    for number in range(10 * MOST_KEPT):
        context = instance.get_serialization_context(Command(STEP, number))
        assert isinstance(context, ActivitySerializationContext) and context.activity_id == str(number)
    assert len(instance._known) <= MOST_KEPT


def test_all_else_is_the_instances_own() -> None:
    instance = _Remembering(Asked())
    assert (instance.activate("act"), instance.get_external_store_context("c"), instance.get_thread_id()) == (
        "act",
        "c",
        7,
    )
