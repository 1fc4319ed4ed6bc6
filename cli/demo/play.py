"""One case under way: what is known of it, and what went wrong."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any

from cli.demo.script import CaseScript, OpenTask
from cli.demo.story import Answer, Example
from domain.purchase import PlacedOrder

_UNCHECKED = ("", "submitted", "checks")
MAX_REFUSALS = 6
REFUSED_AGAIN_SECONDS = 60.0


class CasePlay:
    """`changed` is set when the case moved, `checked` once it is past its checks. `lock` keeps the acts of people in
    sequence. `answered` are the tasks that need nobody any more, `approvers` who answered each task so far.

    A purchase that is `billed` ends when its bills are paid: `ordered` is set once its orders are known, `delivered`
    once nothing more comes in, and goods come only when `goods_may_come` is. Its settlement is reported once none of
    `bills_to_come` is left: what the supplier bills afterwards finds the order closed.
    """

    def __init__(self, example: Example, *, billed: bool = False) -> None:
        self.billed = billed
        self.ordered, self.delivered, self.goods_may_come = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.goods_may_come.set()
        self.bills_to_come = 0
        self.orders: dict[str, PlacedOrder] = {}
        self.received: dict[str, dict[int, Decimal]] = {}
        self.example, self.script = example, CaseScript(example)
        self.case_id = example.case_id
        self.lock = asyncio.Lock()
        self.changed, self.checked = asyncio.Event(), asyncio.Event()
        self.snapshot: dict[str, Any] = {}
        self.tasks: list[OpenTask] = []
        self.order_numbers: list[str] = []
        self.answered: set[str] = set()
        self.approvers: dict[str, set[str]] = defaultdict(set)
        self.failure: str | None = None
        self._answers: dict[str, int] = defaultdict(int)
        self._refusals, self._refused_at, self._counts_again = 0, -1, 0.0

    @property
    def version(self) -> int:
        return int(self.snapshot.get("version", 0))

    @property
    def stage(self) -> str:
        return str(self.snapshot.get("stage", ""))

    @property
    def over(self) -> bool:
        return self.failure is not None or self.stage == "closed"

    def see(self, detail: dict[str, Any]) -> None:
        """Take in what the API tells of the case."""
        self.snapshot = detail["case"]
        self.tasks = [OpenTask.model_validate(task) for task in detail["tasks"]]
        self.order_numbers = [str(number) for number in detail["orders"]]
        if self.stage not in _UNCHECKED:
            self.checked.set()

    def took(self, person: str, task: OpenTask, answer: Answer) -> None:
        """The case took a person's answer. A question to several stays open until enough of them have approved."""
        self.approvers[task.task_id] |= {person, answer.behalf or person}
        self._answers[task.task_id] += 1
        self.script.answered(task)
        if answer.action != "approve" or self._answers[task.task_id] >= task.needs:
            self.answered.add(task.task_id)
        self.changed.set()

    def fail(self, reason: str) -> None:
        """The first reason stands; the case is not played any further."""
        self.failure = self.failure or reason
        self.checked.set()
        self.ordered.set()
        self.delivered.set()
        self.changed.set()

    def refused(self, reason: str) -> None:
        """Something was not taken. Once it may have come too early; again and again it is a fault. What a busy case
        shows is older than what it knows: until it has moved, being refused again counts only now and then."""
        now = time.monotonic()
        if self.version == self._refused_at and now < self._counts_again:
            return
        self._refused_at, self._counts_again = self.version, now + REFUSED_AGAIN_SECONDS
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            self.fail(reason)
