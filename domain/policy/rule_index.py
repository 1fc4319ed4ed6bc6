"""Finding the rules that match among thousands, without looking at each.

Every condition is a set of rules, kept as the bits of one integer: bit n stands for the n-th rule. A request then costs
a handful of intersections, whatever the number of rules, and the order of the rules is that of the bits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from domain.facility import Facility
from domain.policy.model import RoutingRule

_REMEMBERED_TABLES = 64
"""More than there are facilities, so that a process that serves all of them compiles each table once."""


class RuleIndex:
    """The rules of one table that concern one facility, by what they ask for."""

    def __init__(self, rules: Sequence[RoutingRule], facility: Facility) -> None:
        self._rules = rules
        concerned = [number for number, rule in enumerate(rules) if concerns(rule, facility)]
        self._all = _bits(concerned)
        self._amounts = _Bands(rules, concerned, lambda rule: (rule.amount_from, rule.amount_below))
        self._job_levels = _Bands(
            rules, concerned, lambda rule: (_or_least(rule.requester_level_from), _exact(rule.requester_level_below))
        )
        self._urgencies = _Words(rules, concerned, lambda rule: rule.urgencies)
        self._categories = _Words(rules, concerned, lambda rule: rule.categories)
        self._cost_centres = _Words(rules, concerned, lambda rule: rule.cost_centres)
        self._risks = _Words(rules, concerned, lambda rule: rule.risks)

    def matching(
        self,
        amount: Decimal,
        urgency: str,
        categories: Collection[str],
        cost_centres: Collection[str],
        risks: Collection[str],
        job_level: int | None,
    ) -> list[RoutingRule]:
        """The rules whose conditions all hold, in the order of the table."""
        found = self._all & self._amounts.at(amount) & self._urgencies.any_of((urgency,))
        found &= self._categories.any_of(categories)
        found &= self._cost_centres.any_of(cost_centres)
        found &= self._risks.any_of(risks)
        if job_level is not None:
            found &= self._job_levels.at(Decimal(job_level))
        return [self._rules[number] for number in _numbers(found)]


def concerns(rule: RoutingRule, facility: Facility) -> bool:
    """Whether the rule is one for this facility."""
    return (not rule.facilities or facility.code in rule.facilities) and (not rule.kinds or facility.kind in rule.kinds)


def level_fits(rule: RoutingRule, job_level: int | None) -> bool:
    """Whether the condition on the requester's job level holds; it does where the level is not known."""
    if job_level is None:
        return True
    return (rule.requester_level_from is None or job_level >= rule.requester_level_from) and (
        rule.requester_level_below is None or job_level < rule.requester_level_below
    )


def index_of(rules: tuple[RoutingRule, ...], facility: Facility) -> RuleIndex:
    """The index of a frozen policy's table, compiled when it is first asked for and remembered while it is in use."""
    return _compiled(_Table(rules, facility))


class _Table:
    """A table as a key: the very same rules, not equal ones, which would have to be compared one by one.

    Whoever remembers the key keeps the rules, so that no other table can take over their identity.
    """

    __slots__ = ("facility", "rules")

    def __init__(self, rules: tuple[RoutingRule, ...], facility: Facility) -> None:
        self.rules, self.facility = rules, facility

    def __hash__(self) -> int:
        return hash((id(self.rules), self.facility.code, self.facility.kind))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Table)
            and self.rules is other.rules
            and (self.facility.code, self.facility.kind) == (other.facility.code, other.facility.kind)
        )


@lru_cache(maxsize=_REMEMBERED_TABLES)
def _compiled(table: _Table) -> RuleIndex:
    return RuleIndex(table.rules, table.facility)


class _Words:
    """Which rules hold for a word; those without a condition hold for every word, and for none at all."""

    def __init__(
        self, rules: Sequence[RoutingRule], numbers: Sequence[int], of: Callable[[RoutingRule], Collection[str]]
    ) -> None:
        self._always = _bits(number for number in numbers if not of(rules[number]))
        by_word: dict[str, list[int]] = {}
        for number in numbers:
            for word in of(rules[number]):
                by_word.setdefault(word, []).append(number)
        self._by_word = {word: _bits(found) for word, found in by_word.items()}

    def any_of(self, words: Iterable[str]) -> int:
        found = self._always
        for word in words:
            found |= self._by_word.get(word, 0)
        return found


Band = tuple[Decimal, Decimal | None]


class _Bands:
    """Which rules hold for a number: between two neighbouring bounds of any rules, always the same ones."""

    def __init__(self, rules: Sequence[RoutingRule], numbers: Sequence[int], of: Callable[[RoutingRule], Band]) -> None:
        opens: dict[Decimal, list[int]] = {}
        closes: dict[Decimal, list[int]] = {}
        for number in numbers:
            lower, upper = of(rules[number])
            if upper is not None and upper <= lower:
                continue
            opens.setdefault(lower, []).append(number)
            if upper is not None:
                closes.setdefault(upper, []).append(number)
        self._bounds = sorted({*opens, *closes})
        self._between = [0]
        for bound in self._bounds:
            self._between.append(self._between[-1] & ~_bits(closes.get(bound, ())) | _bits(opens.get(bound, ())))

    def at(self, number: Decimal) -> int:
        return self._between[bisect_right(self._bounds, number)]


_LEAST_JOB_LEVEL = Decimal(-(10**9))


def _or_least(level: int | None) -> Decimal:
    return _LEAST_JOB_LEVEL if level is None else Decimal(level)


def _exact(level: int | None) -> Decimal | None:
    return None if level is None else Decimal(level)


def _bits(numbers: Iterable[int]) -> int:
    """The set of these numbers. Set in a row of bytes: to shift and add them one by one copies the row each time."""
    row = bytearray()
    for number in numbers:
        if number >> 3 >= len(row):
            row.extend(bytes((number >> 3) + 1 - len(row)))
        row[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(row, "little")


def _numbers(bits: int) -> list[int]:
    """The members of a set, in rising order."""
    return [
        number * 8 + bit
        for number, eight in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little"))
        if eight
        for bit in range(8)
        if eight >> bit & 1
    ]
