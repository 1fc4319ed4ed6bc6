"""A changed policy against recorded requests: which would have gone elsewhere, and what that would mean for people.

Both policies are asked about every request as they hold on its day at its facility; nothing that was decided then is
decided anew. Requests are taken one at a time and forgotten, so that a period may hold any number of them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from domain.business_time import NoBusinessDayError, business_hours_between, local_day
from domain.facility import BusinessCalendar
from domain.model import Value
from domain.money import CurrencyMismatchError
from domain.policy.cycle_time import CycleTime, CycleTimes
from domain.policy.model import ApprovalLevel, FrozenPolicy
from domain.ports.policies import PolicyStore
from domain.ports.recorded import RecordedAnswer, RecordedRequest
from domain.routing import RequestFacts, route

AFTERWARDS = "afterwards (emergency)"
"""Stands for the level of an emergency purchase, which is approved once it has gone out."""
MOVES_LISTED = 50

NEVER_CHECKED = "ended before they were checked"
UNKNOWN_FACILITY = "their facility is in neither policy"
NO_POLICY = "one of the policies was not in force at their facility on their day"
OTHER_CURRENCY = "their currency is not that of the facility in one of the policies"


class AskedLevel(Value):
    """One level that is asked, and by which rules. `decisions` is how many persons must approve, 1 where the policy
    leaves the number to the directory. Levels of one `stage` are asked side by side; None: after the purchase."""

    level: str
    role: str
    decisions: int = 1
    stage: int | None
    rules: tuple[str, ...] = ()


class Move(Value):
    """A request that would have gone elsewhere: its levels by either policy, and the rules that make the
    difference."""

    case_id: str
    facility: str
    submitted_on: date
    amount: Decimal
    currency: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]


class MoveGroup(Value):
    """All requests that would have lost and gained the same levels by the same rules, in one currency."""

    lost: tuple[str, ...]
    gained: tuple[str, ...]
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]
    requests: int
    amount: Decimal
    currency: str


class LoadChange(Value):
    """Decisions that a role has to take at a facility."""

    facility: str
    role: str
    before: int
    after: int


class SpendChange(Value):
    """The sum of the requests that pass a level: how much money it sees."""

    level: str
    currency: str
    before: Decimal
    after: Decimal


class Simulation(Value):
    """What came out. Every request of the period is either replayed or counted in `left_out`, under the reason.

    `moves` are the largest of the `moved` requests, by amount; `groups` count all of them.
    """

    since: date
    until: date
    replayed: int
    left_out: dict[str, int]
    moved: int
    moves: tuple[Move, ...]
    groups: tuple[MoveGroup, ...]
    load: tuple[LoadChange, ...]
    spend: tuple[SpendChange, ...]
    cycle_time: CycleTime | None


class Simulator:
    """Takes the requests of the days from `since` to `until`, both inclusive and days of the facility's calendar."""

    def __init__(
        self, current: PolicyStore, changed: PolicyStore, since: date, until: date, listed: int = MOVES_LISTED
    ) -> None:
        self._since, self._until, self._listed = since, until, listed
        places = [*changed.facilities(), *current.facilities()]
        self._calendars: dict[str, BusinessCalendar] = {place.code: place.calendar for place in places}
        self._policy = lru_cache(maxsize=10_000)(
            lambda code, on: (current.effective(code, on), changed.effective(code, on))
        )
        self._holidays = lru_cache(maxsize=10_000)(lambda code, on: _holidays(self._policy(code, on)))
        self._replayed = self._moved = 0
        self._left_out: Counter[str] = Counter()
        self._moves: list[tuple[Decimal, str, Move]] = []
        self._groups: dict[tuple[object, ...], MoveGroup] = {}
        self._load: dict[tuple[str, str], list[int]] = {}
        self._spend: dict[tuple[str, str], list[Decimal]] = {}
        self._cycle_times = CycleTimes()

    def replay(self, request: RecordedRequest) -> None:
        calendar = self._calendars.get(request.facility)
        if calendar is None:
            self._left_out[UNKNOWN_FACILITY] += 1
            return
        day = local_day(request.submitted_at, calendar)
        if not self._since <= day <= self._until:
            return
        if not request.facts.categories:
            self._left_out[NEVER_CHECKED] += 1
            return
        before, after = self._policy(request.facility, day)
        if before is None or after is None:
            self._left_out[NO_POLICY] += 1
            return
        try:
            asked = asked_levels(before, request.facts), asked_levels(after, request.facts)
        except CurrencyMismatchError:
            self._left_out[OTHER_CURRENCY] += 1
            return
        self._count(request, day, *asked)
        holidays = self._holidays(request.facility, day)
        for answer in request.answers:
            self._learn(answer, calendar, holidays)

    def _count(
        self, request: RecordedRequest, day: date, before: tuple[AskedLevel, ...], after: tuple[AskedLevel, ...]
    ) -> None:
        self._replayed += 1
        money = request.facts.amount
        for side, levels in enumerate((before, after)):
            for each in levels:
                self._load.setdefault((request.facility, each.role), [0, 0])[side] += each.decisions
                self._spend.setdefault((each.level, money.currency), [Decimal(0), Decimal(0)])[side] += money.amount
        self._cycle_times.count(_stages(before), _stages(after))
        if _whom(before) != _whom(after):
            self._moved += 1
            self._keep(request, day, before, after)

    def _keep(
        self, request: RecordedRequest, day: date, before: tuple[AskedLevel, ...], after: tuple[AskedLevel, ...]
    ) -> None:
        """Count it in its group, and list it if it is among the largest."""
        money, lost, gained = request.facts.amount, _beyond(before, after), _beyond(after, before)
        names = tuple(each.level for each in lost), tuple(each.level for each in gained)
        rules = _rules(lost), _rules(gained)
        known = self._groups.get((names, rules, money.currency))
        self._groups[names, rules, money.currency] = MoveGroup(
            lost=names[0],
            gained=names[1],
            rules_before=rules[0],
            rules_after=rules[1],
            requests=1 + (known.requests if known else 0),
            amount=money.amount + (known.amount if known else 0),
            currency=money.currency,
        )
        if len(self._moves) == self._listed and (money.amount, request.case_id) < self._moves[0][:2]:
            return
        move = Move(
            case_id=request.case_id,
            facility=request.facility,
            submitted_on=day,
            amount=money.amount,
            currency=money.currency,
            before=tuple(each.level for each in before),
            after=tuple(each.level for each in after),
            rules_before=rules[0],
            rules_after=rules[1],
        )
        push = heapq.heappush if len(self._moves) < self._listed else heapq.heappushpop
        push(self._moves, (money.amount, request.case_id, move))

    def _learn(self, answer: RecordedAnswer, calendar: BusinessCalendar, holidays: frozenset[date]) -> None:
        try:
            hours = business_hours_between(answer.asked_at, answer.answered_at, calendar, holidays)
        except NoBusinessDayError:
            return
        self._cycle_times.observe(answer.role, hours)

    def outcome(self) -> Simulation:
        return Simulation(
            since=self._since,
            until=self._until,
            replayed=self._replayed,
            left_out=dict(self._left_out),
            moved=self._moved,
            moves=tuple(move for *_, move in sorted(self._moves, key=lambda each: each[:2], reverse=True)),
            groups=tuple(sorted(self._groups.values(), key=lambda each: (-each.requests, each.gained, each.lost))),
            load=tuple(
                LoadChange(facility=facility, role=role, before=before, after=after)
                for (facility, role), (before, after) in sorted(self._load.items())
            ),
            spend=tuple(
                SpendChange(level=level, currency=currency, before=before, after=after)
                for (level, currency), (before, after) in sorted(self._spend.items())
            ),
            cycle_time=self._cycle_times.estimate(),
        )


def asked_levels(policy: FrozenPolicy, facts: RequestFacts) -> tuple[AskedLevel, ...]:
    """Who would be asked, in order. Raises CurrencyMismatchError as `route` does."""
    found = route(policy, facts)
    if facts.urgency == "emergency" and facts.amount.amount <= policy.emergency.cap:
        return (AskedLevel(level=AFTERWARDS, role=policy.emergency.retrospective_role, stage=None, rules=found.rules),)
    asked: list[AskedLevel] = []
    stage, shared = 0, ""
    for routed in found.levels:
        level = routed.level
        if not level.stage or level.stage != shared:
            stage += 1
        shared = level.stage
        asked.append(
            AskedLevel(level=level.name, role=level.role, decisions=_decisions(level), stage=stage, rules=routed.rules)
        )
    return tuple(asked)


def _decisions(level: ApprovalLevel) -> int:
    return level.needs if isinstance(level.needs, int) else 1


def _holidays(policies: Iterable[FrozenPolicy | None]) -> frozenset[date]:
    return frozenset(day for policy in policies if policy is not None for day in policy.holidays)


def _whom(asked: Iterable[AskedLevel]) -> list[tuple[str, str, int]]:
    return [(each.level, each.role, each.decisions) for each in asked]


def _beyond(these: Iterable[AskedLevel], those: Iterable[AskedLevel]) -> tuple[AskedLevel, ...]:
    """What the first has and the second has not."""
    known = set(_whom(those))
    return tuple(each for each in these if (each.level, each.role, each.decisions) not in known)


def _rules(asked: Iterable[AskedLevel]) -> tuple[str, ...]:
    return tuple(sorted({rule for each in asked for rule in each.rules}))


def _stages(asked: Iterable[AskedLevel]) -> tuple[tuple[str, ...], ...]:
    """The roles that hold up the purchase, stage by stage."""
    stages: dict[int, list[str]] = {}
    for each in asked:
        if each.stage is not None:
            stages.setdefault(each.stage, []).append(each.role)
    return tuple(tuple(roles) for roles in stages.values())
