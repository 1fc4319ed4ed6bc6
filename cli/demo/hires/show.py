"""From accepted offers to people who can work: all hires are played, and counted in every system that knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from cli.demo.api import HIRES_READER, DemoApi, ProblemAnswerError
from cli.demo.hires.equipment import EquipmentPlayers
from cli.demo.hires.files import FileVerdict, HrDesk
from cli.demo.hires.judge import HireBooks, HireVerdict, faults_of, judge_hires
from cli.demo.hires.play import HirePlay, HirePlayer
from cli.demo.hires.story import Days, HireExample
from cli.demo.play import CasePlay
from domain.people import Person

DEADLINE_SECONDS = 600.0
_WATCH_SECONDS, _READS_AT_ONCE = 1.0, 6
_REPORTED = timedelta(days=60)


class HireRates(BaseModel):
    """Over all facilities, as the API's own report counts them: hires, and those ready of those that began; the worst
    time (seconds) from the request until the person could work; rescinded hires, and those of which nothing is left."""

    model_config = ConfigDict(frozen=True)

    hires: int = 0
    ready: int = 0
    begun: int = 0
    slowest_seconds: int = 0
    cleaned: int = 0
    rescinded: int = 0


class Told(BaseModel):
    """One fact of a hire or of a purchase that it started; `at` is when it was recorded."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    case_id: str
    kind: str
    actor: str
    summary: str


class HiresVerdict(BaseModel):
    """How all hires stand. `faults` are those of the whole, beside those of single rows; `told` is the timeline of one
    hire with those of its purchases, in order of recording."""

    model_config = ConfigDict(frozen=True)

    hires: tuple[HireVerdict, ...]
    files: tuple[FileVerdict, ...]
    told: tuple[Told, ...] = ()
    rates: HireRates
    faults: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return (
            *(f"{each.name}: {reason}" for each in self.files for reason in each.reasons),
            *(f"{row.number}: {reason}" for row in self.hires for reason in row.reasons),
            *self.faults,
        )

    @property
    def matched(self) -> bool:
        return bool(self.hires) and not self.reasons


@dataclass(frozen=True)
class Played:
    """Hires that were played, and the files that they came in."""

    plays: tuple[HirePlay, ...]
    files: HrDesk


@dataclass(frozen=True)
class HiresShow:
    """The hires of the demonstration, the days of each facility, where they are counted, and the folder that HR files
    are left in."""

    hires: Sequence[HireExample]
    days: Mapping[str, Days]
    books: HireBooks
    inbox: Path
    today: date

    async def run(self, api: DemoApi, people: Sequence[Person], deadline_seconds: float) -> HiresVerdict:
        """Play all hires and judge them. Whatever goes wrong is a reason in the verdict."""
        return await self.judge(api, await self.play(api, people, deadline_seconds))

    async def play(self, api: DemoApi, people: Sequence[Person], deadline_seconds: float) -> Played:
        """All hires side by side, until nothing but time moves each on."""
        plays = {each.number: HirePlay(each) for each in self.hires}
        equipment, files = EquipmentPlayers(api, people, self.today, deadline_seconds), HrDesk(self.inbox, self.today)
        players = [
            HirePlayer(api, people, each, self.days[each.example.facility], equipment, files) for each in plays.values()
        ]
        equipment.begin()
        watching = asyncio.create_task(watch(api, tuple(plays.values()), equipment))
        try:
            await self._begin(players, files)
            async with asyncio.TaskGroup() as group:
                for each, player in zip(plays.values(), players, strict=True):
                    after = plays[each.example.after] if each.example.after else None
                    group.create_task(player.run(after, deadline_seconds))
        finally:
            watching.cancel()
            await equipment.end()
            await asyncio.gather(watching, return_exceptions=True)
        return Played(tuple(plays.values()), files)

    async def _begin(self, players: Sequence[HirePlayer], files: HrDesk) -> None:
        """Some hires come by the API or by an event; then HR's file lists all."""
        await asyncio.gather(*(each.come() for each in players))
        examples = list(zip(self.hires, players, strict=True))
        full = [player.listed() for example, player in examples if example.after is None]
        files.list_all(full, [each.number for each in self.hires if each.via != "file"])
        by_file = [each.number for each in self.hires if any(act.via == "file" for act in each.story.acts)]
        files.expect([*by_file, *(each.number for each in self.hires if each.after is not None)])

    async def judge(self, api: DemoApi, played: Played) -> HiresVerdict:
        """Compare how each hire stands now with its story."""
        plays = played.plays
        at_once = asyncio.Semaphore(_READS_AT_ONCE)
        timelines: dict[str, Sequence[Mapping[str, Any]]] = {}
        tasks: dict[str, Sequence[Mapping[str, Any]]] = {}

        async def read(play: HirePlay) -> None:
            async with at_once:
                try:
                    timelines[play.case_id] = await api.timeline(play.case_id, HIRES_READER)
                    tasks[play.case_id] = (await api.case(play.case_id, HIRES_READER))["tasks"]
                except (ProblemAnswerError, httpx.HTTPError) as error:
                    play.fail(f"no timeline: {error}")

        await asyncio.gather(*(read(each) for each in plays))
        outside = await self.books()
        return HiresVerdict(
            hires=judge_hires(plays, timelines, tasks, outside),
            files=played.files.judge(await api.hire_files()),
            told=await _told(api, plays, timelines),
            rates=await _rates(api, self.today),
            faults=faults_of(outside),
        )


async def watch(api: DemoApi, plays: Sequence[HirePlay], equipment: EquipmentPlayers) -> None:
    """Wake the hires and purchases that moved: one list for all instead of one question for each."""
    while True:
        try:
            running = {str(case["case_id"]): int(case["version"]) async for case in api.running_cases()}
        except (ProblemAnswerError, httpx.HTTPError):
            pass  # each looks for itself now and then, so that a list that fails only slows the play
        else:
            moving: list[HirePlay | CasePlay] = [*plays, *equipment.plays.values()]
            for each in moving:
                if not each.over and running.get(each.case_id) != each.version:
                    each.changed.set()
        await asyncio.sleep(_WATCH_SECONDS)


async def _told(
    api: DemoApi, plays: Sequence[HirePlay], timelines: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[Told, ...]:
    found: list[Told] = []
    for play in plays:
        if play.example.story.told:
            purchases = [str(each) for each in play.snapshot.get("linked", ())]
            shown = {play.case_id: timelines.get(play.case_id, ())}
            shown |= {case_id: await api.timeline(case_id) for case_id in purchases}
            found += [
                Told.model_validate({**entry, "case_id": case_id}) for case_id in shown for entry in shown[case_id]
            ]
    return tuple(sorted(found, key=lambda each: each.at))


async def _rates(api: DemoApi, today: date) -> HireRates:
    facilities = (await api.hire_report(today - _REPORTED, today + _REPORTED))["facilities"]

    def summed(name: str, part: str) -> int:
        return sum(int(each[name][part]) for each in facilities)

    slowest = [each["time_to_provision"]["worst_seconds"] for each in facilities if each["time_to_provision"]]
    return HireRates(
        hires=sum(int(each["hires"]) for each in facilities),
        ready=summed("day_one_readiness", "part"),
        begun=summed("day_one_readiness", "whole"),
        slowest_seconds=max(slowest, default=0),
        cleaned=summed("rescinds_cleaned", "part"),
        rescinded=summed("rescinds_cleaned", "whole"),
    )
