"""Plays one wave through the API: purchases, their bills and payments, and hires, all beside one another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import asyncpg

from chaos.answers import answers
from chaos.cases import Wave
from chaos.patient import PatientBank, patiently
from cli.bills_of_stack import bills_of
from cli.composition import service_environment
from cli.demo.api import DemoApi
from cli.demo.bills.paying import RunPlay, Treasury
from cli.demo.bills.show import BillsVerdict
from cli.demo.bills.story import BillAnswer
from cli.demo.hires.equipment import EquipmentPlayers
from cli.demo.hires.files import HrDesk
from cli.demo.hires.play import HirePlay, HirePlayer
from cli.demo.hires.show import watch
from cli.demo.hires.story import Days
from cli.demo.hires.writing import hr_file_name, write_hr_file
from cli.demo.play import CasePlay
from cli.demo.player import play
from cli.stack import StackAddresses
from domain.hire import Hire
from domain.people import Person

_NEW_POSITION = (
    "INSERT INTO hris.position (number, facility, department, job_family, title, cost_centre, budgeted, closed) "
    "SELECT $2::text, facility, department, job_family, title, cost_centre, budgeted, closed "
    "FROM hris.position WHERE number = $1 ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Scene:
    """Where all is played. Cases have `patience_seconds` in all, and bills `still_seconds` without any news."""

    api: DemoApi
    addresses: StackAddresses
    people: Sequence[Person]
    days: Mapping[str, Days]
    today: date
    patience_seconds: float = 2400.0
    still_seconds: float = 240.0


@dataclass(frozen=True)
class Played:
    """What became of a wave. `paid` is None when nothing of it could be billed."""

    wave: Wave
    purchases: tuple[CasePlay, ...]
    paid: BillsVerdict | None
    treasury: Treasury
    hires: tuple[HirePlay, ...]
    equipment: Mapping[str, CasePlay]

    @property
    def runs(self) -> tuple[RunPlay, ...]:
        return tuple(self.treasury.runs)

    async def read_again(self) -> None:
        """Once nothing is struck any more: how its payment runs ended."""
        for run in self.runs:
            await self.treasury.read(run)


@dataclass(frozen=True)
class _Bought:
    cases: tuple[CasePlay, ...]
    paid: BillsVerdict | None
    treasury: Treasury


class _File(HrDesk):
    """HR lists all hires of the first wave, then the new ones of each wave, and tells of all else by events."""

    def __init__(self, folder: Path, today: date, part: int) -> None:
        super().__init__(folder, today)
        self._part, self._inbox = part, folder

    def list_new(self, hires: Sequence[Hire], by_file: Sequence[Hire]) -> None:
        full = self._part == 1
        name = hr_file_name("full" if full else "delta", self._today, self._part)
        self._inbox.mkdir(parents=True, exist_ok=True)
        unfinished = self._inbox / f".{name}.part"
        unfinished.write_text(write_hr_file(hires if full else by_file), encoding="utf-8")
        unfinished.rename(self._inbox / name)


async def play_wave(scene: Scene, wave: Wave) -> Played:
    """Until every case of it has come to where its story ends, or is stuck; whatever goes wrong stands in its play."""
    await _make_positions(scene.addresses.dsn("hris"), wave.positions)
    async with asyncio.TaskGroup() as group:
        bought = group.create_task(_buy(scene, wave))
        hired = group.create_task(_hire(scene, wave))
    purchases, (hires, equipment) = bought.result(), hired.result()
    return Played(wave, purchases.cases, purchases.paid, purchases.treasury, hires, equipment)


async def _buy(scene: Scene, wave: Wave) -> _Bought:
    show = bills_of(scene.addresses, scene.api, wave.purchases, scene.people, scene.today, wave.bills)
    bank = PatientBank(scene.addresses.bank_url)
    ours = replace(
        show,
        bank=bank,
        treasury=Treasury(scene.api, show.house.desk, bank, _answers_of_runs()),
        books=lambda: patiently(show.books),
        still_seconds=scene.still_seconds,
        longest_seconds=scene.patience_seconds,
    )
    after = asyncio.create_task(ours.treasury.look_after())
    try:
        purchases, paid = await play(
            scene.api,
            wave.purchases,
            scene.people,
            scene.today,
            scene.patience_seconds,
            lambda _done, _all: None,
            ours if wave.bills else None,
            closing_seconds=scene.still_seconds,
            billed_seconds=scene.patience_seconds,
        )
    finally:
        after.cancel()
        await asyncio.gather(after, return_exceptions=True)
    return _Bought(purchases, paid, ours.treasury)


def _answers_of_runs() -> Mapping[str, tuple[BillAnswer, ...]]:
    return {code: tuple(map(BillAnswer.model_validate, given)) for code, given in answers().items()}


async def _hire(scene: Scene, wave: Wave) -> tuple[tuple[HirePlay, ...], Mapping[str, CasePlay]]:
    plays = tuple(HirePlay(each) for each in wave.hires)
    equipment = EquipmentPlayers(scene.api, scene.people, scene.today, scene.patience_seconds)
    inbox = Path(service_environment(scene.addresses)["CORRIDOR_HIRES_INBOX"])
    files = _File(inbox, scene.today, wave.number)
    players = [
        HirePlayer(scene.api, scene.people, each, scene.days[each.example.facility], equipment, files) for each in plays
    ]
    equipment.begin()
    watching = asyncio.create_task(watch(scene.api, plays, equipment))
    try:
        await asyncio.gather(*(each.come() for each in players))
        listed = [player.listed() for player in players]
        files.list_new(listed, [hire for hire, each in zip(listed, wave.hires, strict=True) if each.via == "file"])
        await asyncio.gather(*(each.run(None, scene.patience_seconds) for each in players))
    finally:
        watching.cancel()
        await equipment.end()
        await asyncio.gather(watching, return_exceptions=True)
    return plays, equipment.plays


async def _make_positions(dsn: str, positions: Mapping[str, str]) -> None:
    async def make() -> None:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            async with connection.transaction():
                await connection.executemany(_NEW_POSITION, [(old, new) for new, old in positions.items()])
        finally:
            await connection.close()

    await patiently(make)
