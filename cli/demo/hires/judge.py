"""How each hire stands, against what its story says: by what the systems outside hold, which are read themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.hires.play import HirePlay

_ENDED_ORDERS = frozenset({"CANCELLED", "CLOSED", "CLOSED_SHORT"})
_ON_PAYROLL = frozenset({"employee", "contractor"})
_GONE = frozenset({"ended", "rescinded", "none"})


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True)


class TargetUser(_Read):
    """A user as the identity provider shows it."""

    user_name: str
    worker_number: str
    active: bool
    name: str
    groups: tuple[str, ...] = ()


class HiredWorker(_Read):
    """The worker of one hire, in the HRIS."""

    number: str
    status: str


class HireOutside(_Read):
    """What the identity provider, the HRIS and the ERP hold: `workers` by the case of their hire, `positions` with who
    holds each, `employees` by worker number with whether they are active, the status of `orders` by purchase case.
    `strays` are groups with a member who is no user."""

    users: tuple[TargetUser, ...]
    strays: tuple[str, ...] = ()
    workers: Mapping[str, HiredWorker]
    positions: Mapping[str, str]
    employees: Mapping[str, bool]
    orders: Mapping[str, tuple[str, ...]]


HireBooks = Callable[[], Awaitable[HireOutside]]
"""Reads the systems outside, and not Corridor."""


class Remains(_Read):
    """What there is of a hire that does not take place: all must be empty. `orders` are those not ended."""

    accounts: tuple[str, ...]
    groups: tuple[str, ...]
    positions: tuple[str, ...]
    employed: bool
    tasks: tuple[str, ...]
    orders: tuple[str, ...]

    def told(self) -> Iterator[str]:
        """In words, one for each kind of thing that is left."""
        for what in ("accounts", "groups", "positions", "tasks", "orders"):
            if found := getattr(self, what):
                yield f"{what} left: {', '.join(found)}"
        if self.employed:
            yield "the ERP has an active employee left"


class HireVerdict(_Read):
    """One row of the table at the end; `reasons` say what is not as the story tells. `worker` is the number in the
    HRIS, `remains` is None for a hire that goes on."""

    number: str
    title: str
    job: str
    facility: str
    start_on: str
    stage: str
    ready: str
    done: str
    blocker: str
    who: str
    account: str
    worker: str
    remains: Remains | None
    reasons: tuple[str, ...]


def judge_hires(
    plays: Sequence[HirePlay],
    timelines: Mapping[str, Sequence[Mapping[str, Any]]],
    tasks: Mapping[str, Sequence[Mapping[str, Any]]],
    outside: HireOutside,
) -> tuple[HireVerdict, ...]:
    """Compare what was told with what is there. `tasks` are those that are still open, by case."""
    return tuple(_judge(each, timelines.get(each.case_id, ()), tasks.get(each.case_id, ()), outside) for each in plays)


def faults_of(outside: HireOutside) -> tuple[str, ...]:
    """What must not be, whoever is hired: two accounts of one worker, or one of nobody."""
    numbers = Counter(each.worker_number for each in outside.users)
    known = {each.number for each in outside.workers.values()}
    double = [f"{count} accounts of worker {number}" for number, count in numbers.items() if count > 1]
    strange = [
        f"account {each.user_name} belongs to no hire" for each in outside.users if each.worker_number not in known
    ]
    return (*double, *strange, *(f"group {each} has a member who is no user" for each in outside.strays))


def _judge(
    play: HirePlay,
    timeline: Sequence[Mapping[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
    outside: HireOutside,
) -> HireVerdict:
    hire, view = play.example.hire, play.view
    readiness = view.get("readiness", {})
    blockers = readiness.get("blockers", ())
    first = blockers[0] if blockers else {"title": "", "who": ""}
    user, worker = _user(play, outside), outside.workers.get(play.case_id)
    remains = _remains(play, tasks, outside) if play.example.story.expect.stage == "closed" else None
    account = "none" if user is None else f"{user.user_name}, {'enabled' if user.active else 'disabled'}"
    return HireVerdict(
        number=play.example.number,
        title=play.example.story.title,
        job=str(hire["title"]),
        facility=play.example.facility,
        start_on=str(view.get("start_on", "")),
        stage=play.stage if play.stage != "closed" else str(play.snapshot.get("status", "")),
        ready=str(readiness.get("state", "no plan")),
        done=f"{readiness['done']}/{readiness['of']}" if readiness and remains is None else "",
        blocker=str(first["title"]),
        who=str(first["who"]),
        account=account,
        worker=worker.number if worker is not None else "",
        remains=remains,
        reasons=(
            *_told(play, timeline),
            *_in_the_targets(play, user, outside),
            *(remains.told() if remains is not None else ()),
        ),
    )


def _user(play: HirePlay, outside: HireOutside) -> TargetUser | None:
    worker = outside.workers.get(play.case_id)
    if worker is None:
        return None
    return next((each for each in outside.users if each.worker_number == worker.number), None)


def _told(play: HirePlay, timeline: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What Corridor itself says of the hire."""
    expect, readiness = play.example.story.expect, play.view.get("readiness", {})
    if play.failure:
        yield play.failure
    stands = (play.stage, str(play.snapshot.get("status", "nowhere")))
    if stands != (expect.stage, expect.status):
        yield f"stands at {' '.join(stands)}, not {expect.stage} {expect.status}"
    if readiness and readiness["state"] != expect.ready:
        yield f"is {readiness['state']}, not {expect.ready}"
    blocked = tuple(str(each["key"]) for each in readiness.get("blockers", ()))
    if blocked != expect.blocked_by:
        yield f"blocked by {', '.join(blocked) or 'nothing'}, not {', '.join(expect.blocked_by) or 'nothing'}"
    raised = [str(entry["detail"]["code"]) for entry in timeline if entry["kind"] == "exception.raised"]
    yield from _difference("exceptions", raised, expect.exceptions)


def _in_the_targets(play: HirePlay, user: TargetUser | None, outside: HireOutside) -> Iterator[str]:
    expect, case = play.example.story.expect, play.case_id
    worker = outside.workers.get(case)
    status = "none" if worker is None else worker.status
    if status != expect.worker:
        yield f"the HRIS has the worker as {status}, not {expect.worker}"
    if expect.number is not None and (worker is None or worker.number != expect.number):
        yield f"the worker has the number {worker.number if worker else 'none'}, not {expect.number}"
    account = "none" if user is None else "enabled" if user.active else "disabled"
    if account != expect.account:
        yield f"the account is {account}, not {expect.account}"
    if user is not None:
        yield from _difference("groups", user.groups, expect.groups)
    if expect.name is not None and (user is None or user.name != expect.name):
        yield f"the account shows '{user.name if user else ''}', not '{expect.name}'"
    held = [number for number, holder in outside.positions.items() if holder in _own(case, worker)]
    yield from _difference("positions", held, [expect.position] if expect.position else [])
    employed = worker is not None and outside.employees.get(worker.number, False)
    should = play.example.hire.get("employment_type", "employee") in _ON_PAYROLL and expect.worker not in _GONE
    if employed != should:
        yield f"the ERP has {'an' if employed else 'no'} active employee"


def _own(case: str, worker: HiredWorker | None) -> tuple[str, ...]:
    return (case,) if worker is None else (case, worker.number)


def _remains(play: HirePlay, tasks: Sequence[Mapping[str, Any]], outside: HireOutside) -> Remains:
    worker = outside.workers.get(play.case_id)
    users = [each for each in outside.users if worker is not None and each.worker_number == worker.number]
    purchases = f"procure-to-pay.{play.example.facility}.{play.example.number}-E"
    return Remains(
        accounts=tuple(each.user_name for each in users),
        groups=tuple(group for each in users for group in each.groups),
        positions=tuple(no for no, holder in outside.positions.items() if holder in _own(play.case_id, worker)),
        employed=worker is not None and outside.employees.get(worker.number, False),
        tasks=tuple(str(each["slot"]) for each in tasks if each["status"] == "open"),
        orders=tuple(
            f"{case} is {state}"
            for case, states in outside.orders.items()
            for state in states
            if case.startswith(purchases) and state not in _ENDED_ORDERS
        ),
    )


def _difference(what: str, found: Sequence[str], expected: Sequence[str]) -> Iterator[str]:
    if Counter(found) != Counter(expected):
        yield f"{what}: {', '.join(sorted(found)) or 'none'}; not {', '.join(sorted(expected)) or 'none'}"
