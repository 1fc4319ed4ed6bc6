"""How long approvals would take: an estimate from how long each role took for its recorded answers.

Stages follow one another, and a stage takes as long as its slowest role. What this leaves out: that fewer questions are
answered sooner, that a person who is asked twice decides once, and that questions escalate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from domain.model import Value

_TENTH = Decimal("0.1")

Stages = tuple[tuple[str, ...], ...]
"""The roles that are asked, side by side within a stage."""


class ObservedRole(Value):
    """The median time from question to answer, in business hours of the facility, over so many answers."""

    role: str
    median_hours: Decimal
    answers: int


class CycleTime(Value):
    """An estimate in business hours per request. Roles that never answered in the period are named in `unobserved`;
    for them stands the median of all answers."""

    hours_before: Decimal
    hours_after: Decimal
    slower: int
    faster: int
    unchanged: int
    observed: tuple[ObservedRole, ...]
    unobserved: tuple[str, ...] = ()


class CycleTimes:
    """Counts answers by tenths of an hour and requests by their stages, so that it stays small."""

    def __init__(self) -> None:
        self._answers: dict[str, Counter[Decimal]] = {}
        self._requests: Counter[tuple[Stages, Stages]] = Counter()

    def observe(self, role: str, hours: Decimal) -> None:
        """An answer that took so many business hours."""
        tenths = max(hours, Decimal(0)).quantize(_TENTH, ROUND_HALF_UP)
        self._answers.setdefault(role, Counter())[tenths] += 1

    def count(self, before: Stages, after: Stages) -> None:
        """A request with its stages by either policy."""
        self._requests[before, after] += 1

    def estimate(self) -> CycleTime | None:
        """None when no answer was observed, or no request counted: then nothing can be said."""
        if not self._answers or not self._requests:
            return None
        medians = {role: median(answers) for role, answers in sorted(self._answers.items())}
        general = median(sum(self._answers.values(), Counter()))
        hours = {stages: _hours(stages, medians, general) for pair in self._requests for stages in pair}
        total, befores, afters = self._requests.total(), Decimal(0), Decimal(0)
        sides: Counter[str] = Counter()
        for (before, after), requests in self._requests.items():
            befores += hours[before] * requests
            afters += hours[after] * requests
            sides[_side(hours[before], hours[after])] += requests
        asked = {role for stages in hours for stage in stages for role in stage}
        return CycleTime(
            hours_before=(befores / total).quantize(_TENTH, ROUND_HALF_UP),
            hours_after=(afters / total).quantize(_TENTH, ROUND_HALF_UP),
            slower=sides["slower"],
            faster=sides["faster"],
            unchanged=sides["unchanged"],
            observed=tuple(
                ObservedRole(role=role, median_hours=hours, answers=self._answers[role].total())
                for role, hours in medians.items()
            ),
            unobserved=tuple(sorted(asked - set(medians))),
        )


def median(counted: Mapping[Decimal, int]) -> Decimal:
    """The lower median of values that are given with how often they occur. Raises ValueError when there are none."""
    left = (sum(counted.values()) + 1) // 2
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    raise ValueError("no values")


def _hours(stages: Sequence[Sequence[str]], medians: Mapping[str, Decimal], general: Decimal) -> Decimal:
    slowest = (max(medians.get(role, general) for role in stage) for stage in stages)
    return sum(slowest, Decimal(0))


def _side(before: Decimal, after: Decimal) -> str:
    if before == after:
        return "unchanged"
    return "slower" if after > before else "faster"
