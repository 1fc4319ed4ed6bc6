"""The whole demonstration: posts the examples, plays the world around them, and judges how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.reference_files import load_logins
from cli.demo.api import DemoApi, EventSigner, ProblemAnswerError, Token
from cli.demo.bills.show import BillsShow, BillsVerdict
from cli.demo.bills.story import billed_requisitions
from cli.demo.desk import Desk
from cli.demo.judge import OrdersByCase, Verdict, judge
from cli.demo.outside import Outside
from cli.demo.play import CasePlay
from cli.demo.story import Example, load_examples
from domain.people import Person

Progress = Callable[[int, int], None]
"""Called with the number of cases that are over and of all cases, whenever the first changes."""

OpenBills = Callable[[DemoApi, Sequence[Example], Sequence[Person], date], BillsShow]
"""Makes what the bills are played with, once the examples and the API are known."""

DEADLINE_SECONDS = 600.0
BILLED_DEADLINE_SECONDS = 600.0
CLOSING_SECONDS = 15.0
_DESK_WORKERS, _WATCH_SECONDS, _TIMELINES_AT_ONCE = 6, 0.4, 6


async def run_demo(
    client: httpx.AsyncClient,
    token: Token,
    signer: EventSigner,
    orders_by_case: OrdersByCase,
    examples: Path,
    *,
    today: date | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    progress: Progress | None = None,
    bills: OpenBills | None = None,
) -> tuple[Verdict, BillsVerdict | None]:
    """Play every requisition of the directory `examples` through the API behind `client` (its base URL is the gateway).

    With `bills`, suppliers bill the purchases and the bank pays them; without, a bill is settled by an event alone.
    Cases still open after `deadline_seconds` count as failed. Raises StoryError and InvalidReferenceFilesError for
    examples that cannot be used; whatever goes wrong with a case is a reason in the verdict.
    """
    stories, people = load_examples(examples / "requisitions.jsonl"), load_logins(examples)
    api, day = DemoApi(client, token, signer), today or datetime.now(UTC).date()
    show = bills(api, stories, people, day) if bills is not None else None
    plays, paid = await play(
        api,
        stories,
        people,
        day,
        deadline_seconds,
        progress or (lambda _, __: None),
        show,
        closing_seconds=max(CLOSING_SECONDS, deadline_seconds / 10),
        billed_seconds=deadline_seconds,
    )
    timelines = await _timelines(api, plays)
    return judge(plays, timelines, await orders_by_case()), paid


async def play(
    api: DemoApi,
    examples: Sequence[Example],
    people: Sequence[Person],
    today: date,
    deadline_seconds: float,
    progress: Progress,
    show: BillsShow | None = None,
    *,
    closing_seconds: float = CLOSING_SECONDS,
    billed_seconds: float = BILLED_DEADLINE_SECONDS,
) -> tuple[tuple[CasePlay, ...], BillsVerdict | None]:
    """Play the examples side by side until each case is closed or failed, and their bills beside them. Those with bills
    have `billed_seconds` in all, and `closing_seconds` to close once all bills are paid.
    """
    billed = billed_requisitions(show.bills) if show is not None else frozenset()
    plays = {example.number: CasePlay(example, billed=example.number in billed) for example in examples}
    by_case = {each.case_id: each for each in plays.values()}
    desk = Desk(api, people, by_case)
    helpers = [asyncio.create_task(desk.work()) for _ in range(_DESK_WORKERS)]
    helpers.append(asyncio.create_task(_watch(api, by_case, progress)))
    paying = None if show is None else asyncio.create_task(show.run(api, plays, billed_seconds))
    try:
        async with asyncio.TaskGroup() as group:
            for each in plays.values():
                after = plays[each.example.after] if each.example.after else None
                longest = billed_seconds if each.billed else deadline_seconds
                group.create_task(Outside(api, desk, people, each, today).run(after, longest))
            if paying is not None:
                group.create_task(_stop_waiting(paying, plays.values(), closing_seconds))
        verdict = await paying if paying is not None else None
    finally:
        for helper in (*helpers, *([paying] if paying is not None else [])):
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    progress(len(plays), len(plays))
    return tuple(plays.values()), verdict


async def _stop_waiting(paying: asyncio.Task[BillsVerdict], plays: Iterable[CasePlay], closing_seconds: float) -> None:
    """Once all is paid that will be, purchases close within seconds or never."""
    await paying
    billed = [each for each in plays if each.billed]
    for _ in range(round(closing_seconds)):
        if all(each.over for each in billed):
            return
        await asyncio.sleep(1)
    for each in billed:
        if not each.over:
            each.fail(f"still in stage {each.stage} after its bills were paid")


async def _watch(api: DemoApi, plays: Mapping[str, CasePlay], progress: Progress) -> None:
    """Wake the cases that moved: one list for all instead of one question for each."""
    while True:
        try:
            running = {str(case["case_id"]): int(case["version"]) async for case in api.running_cases()}
        except (ProblemAnswerError, httpx.HTTPError):
            pass  # each case looks for itself now and then, so that a list that fails only slows the play
        else:
            for case_id, each in plays.items():
                if not each.over and running.get(case_id) != each.version:
                    each.changed.set()
        progress(sum(each.over for each in plays.values()), len(plays))
        await asyncio.sleep(_WATCH_SECONDS)


async def _timelines(api: DemoApi, plays: Sequence[CasePlay]) -> dict[str, list[dict[str, Any]]]:
    at_once = asyncio.Semaphore(_TIMELINES_AT_ONCE)

    async def read(each: CasePlay) -> tuple[str, list[dict[str, Any]]]:
        async with at_once:
            try:
                return each.case_id, await api.timeline(each.case_id)
            except (ProblemAnswerError, httpx.HTTPError) as error:
                each.fail(f"no timeline: {error}")
                return each.case_id, []

    return dict(await asyncio.gather(*(read(each) for each in plays)))
