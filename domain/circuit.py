"""A circuit: what a worker does about an outside system that stops answering (Nygard, Release It!, circuit breaker).

Closed, all work goes through. After failures in a row the circuit opens: work waits, except for one trial at a time of
each queue, at growing distances. The first answer closes it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

from pydantic import Field

from domain.bulkheads import SYSTEMS, OutsideSystem, WorkQueue, system_of_queue
from domain.model import Value


class CircuitRules(Value):
    """`failures` in a row, met by at least `cases` different cases, open a circuit: a single case that fails again and
    again is a question about that case. Trials are `probe_seconds` apart at first and `longest_seconds` at last. Where
    nothing failed for `idle_seconds`, nobody uses the system: that is longer than a step waits between two tries."""

    failures: Annotated[int, Field(ge=1, le=10_000)] = 5
    cases: Annotated[int, Field(ge=1, le=1000)] = 3
    probe_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    longest_seconds: Annotated[float, Field(gt=0, le=3600)] = 30
    idle_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120


class Circuit:
    """Instants are seconds of any clock that never goes back."""

    def __init__(self, rules: CircuitRules) -> None:
        self._rules = rules
        self._failures = 0
        self._cases: set[str] = set()
        self._pause = rules.probe_seconds
        self._trial_at: float | None = None  # None: closed
        self._trials: set[Hashable] = set()

    @property
    def is_open(self) -> bool:
        return self._trial_at is not None

    def failed(self, case: str, now: float) -> None:
        """The system did not answer a step of the case."""
        if self._trial_at is not None:
            if now >= self._trial_at:  # it was a trial; what was under way when the circuit opened says nothing new
                self._pause = min(self._pause * 2, max(self._rules.longest_seconds, self._rules.probe_seconds))
                self._trial_at = now + self._pause
            return
        self._failures += 1
        if len(self._cases) < self._rules.cases:
            self._cases.add(case)
        if self._failures >= self._rules.failures and len(self._cases) >= self._rules.cases:
            self.open(now + self._rules.probe_seconds)

    def open(self, trial_at: float) -> None:
        """Let work wait until the instant, and try then."""
        self._trial_at, self._pause = trial_at, self._rules.probe_seconds

    def answered(self) -> None:
        """The system answered, were it with a refusal: it is there."""
        self._failures, self._trial_at = 0, None
        self._cases.clear()

    def admit(self, queue: Hashable, now: float) -> bool:
        """Whether work of the queue may be taken now. While the circuit is open it is a trial: there is one for each
        queue, until `trial_over` says that it ended."""
        if self._trial_at is None:
            return True
        if now < self._trial_at or queue in self._trials:
            return False
        self._trials.add(queue)
        return True

    def trial_over(self, queue: Hashable) -> None:
        self._trials.discard(queue)

    def wait(self, now: float) -> float:
        """Seconds until the next trial; 0 when one may be made now."""
        return 0.0 if self._trial_at is None else max(0.0, self._trial_at - now)


_REPORTED: dict[str, OutsideSystem] = {
    **{system: system for system in SYSTEMS},
    "licence-register": "screening",
    "exclusion-lists": "screening",
}


ABOUT_ONE_RECORD = frozenset({"changed-meanwhile", "not-shown", "number-race", "recipients-deferred"})
"""Codes of passing failures that tell of one record or recipient: the system itself answered."""


def system_at_fault(reported: str, queue: WorkQueue) -> OutsideSystem | None:
    """Whose failure it is that a step of the queue met, by the name that the adapter gives the system; None for one of
    Corridor's own stores, about which no outside system can do anything."""
    if reported in _REPORTED:
        return _REPORTED[reported]
    # Targets of accounts carry the names that the policy gives them.
    return system_of_queue(queue) if queue in ("identity", "directory") and reported not in _OWN else None


_OWN = frozenset({"access-register", "evidence-store", "hire-register", "hire-standings", "corridor", "temporal"})
"""What the steps of accounts use besides their target."""
