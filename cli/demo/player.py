"""The whole demonstration: posts the examples, plays the world around them, and judges how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.reference_files import load_logins
from cli.demo.api import DemoApi, EventSigner, ProblemAnswerError, Token
from cli.demo.desk import Desk
from cli.demo.judge import OrdersByCase, Verdict, judge
from cli.demo.outside import Outside
from cli.demo.play import CasePlay
from cli.demo.story import Example, load_examples
from domain.people import Person

Progress = Callable[[int, int], None]
"""Called with the number of cases that are over and of all cases, whenever the first changes."""

DEADLINE_SECONDS = 150.0
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
) -> Verdict:
    """Play every requisition of the directory `examples` through the API behind `client` (its base URL is the gateway).

    Cases still open after `deadline_seconds` count as failed. Raises StoryError and InvalidReferenceFilesError for
    examples that cannot be used; whatever goes wrong with a case is a reason in the verdict.
    """
    stories, people = load_examples(examples / "requisitions.jsonl"), load_logins(examples)
    api = DemoApi(client, token, signer)
    plays = await play(
        api, stories, people, today or datetime.now(UTC).date(), deadline_seconds, progress or (lambda _, __: None)
    )
    timelines = await _timelines(api, plays)
    return judge(plays, timelines, await orders_by_case())


async def play(
    api: DemoApi,
    examples: Sequence[Example],
    people: Sequence[Person],
    today: date,
    deadline_seconds: float,
    progress: Progress,
) -> tuple[CasePlay, ...]:
    """Play the examples side by side until each case is closed or failed."""
    plays = {example.number: CasePlay(example) for example in examples}
    by_case = {each.case_id: each for each in plays.values()}
    desk = Desk(api, people, by_case)
    helpers = [asyncio.create_task(desk.work()) for _ in range(_DESK_WORKERS)]
    helpers.append(asyncio.create_task(_watch(api, by_case, progress)))
    try:
        async with asyncio.TaskGroup() as group:
            for each in plays.values():
                after = plays[each.example.after] if each.example.after else None
                group.create_task(Outside(api, desk, people, each, today).run(after, deadline_seconds))
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    progress(len(plays), len(plays))
    return tuple(plays.values())


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
