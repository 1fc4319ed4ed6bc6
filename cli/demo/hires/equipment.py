"""The purchases that hires start, played as any other purchase: approved, acknowledged, and delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cli.demo.api import DemoApi
from cli.demo.desk import Desk
from cli.demo.hires.story import HireExample
from cli.demo.outside import Outside
from cli.demo.play import CasePlay
from cli.demo.script import CaseScript
from cli.demo.story import Example
from domain.case import parse_case_id
from domain.people import Person

_WORKERS = 3
_LATE = "+45d"
_SEPARATE = {"action": "accept", "comment": "Each is for a person of its own."}
_STORIES: Mapping[str, dict[str, Any]] = {
    "deliver": {},
    "promise": {"deliveries": "none", "settlement": False},
    "late": {
        "deliveries": "none",
        "settlement": False,
        "supplier": [{"lines": [{"line": 1, "status": "changed", "delivery_date": _LATE}]}],
        "exceptions": {"acknowledgement-differs": [{"action": "accept", "comment": "There is no other."}]},
    },
}


class _Script(CaseScript):
    """What is asked depends on what else was bought, so that goods wait for no question of their own."""

    def ready_for_goods(self) -> bool:
        return True


class _Started(Outside):
    """A purchase that is there already: the hire has asked for it."""

    async def _post(self) -> None:
        return None


class EquipmentPlayers:
    """Plays each purchase from when its hire names it, for as long as hires are played."""

    def __init__(self, api: DemoApi, people: Sequence[Person], today: date, deadline_seconds: float) -> None:
        self._api, self._people, self._today, self._deadline = api, people, today, deadline_seconds
        self.plays: dict[str, CasePlay] = {}
        self._desk = Desk(api, people, self.plays)
        self._work: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._work += [asyncio.create_task(self._desk.work()) for _ in range(_WORKERS)]

    async def end(self) -> None:
        for each in self._work:
            each.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def follow(self, case_id: str, hire: HireExample) -> None:
        """Play the purchase `case_id` as the story of the hire says; again does nothing."""
        if case_id in self.plays:
            return
        play = CasePlay(_example(case_id, hire))
        play.script = _Script(play.example)
        self.plays[case_id] = play
        outside = _Started(self._api, self._desk, self._people, play, self._today)
        self._work.append(asyncio.create_task(outside.run(None, self._deadline)))


def _example(case_id: str, hire: HireExample) -> Example:
    key = parse_case_id(case_id)
    number, told = "" if key is None else key.key, _STORIES[hire.story.equipment]
    return Example.model_validate(
        {
            "request": {
                "number": number,
                "facility": hire.facility,
                "requester": hire.hire["requester"],
                "on_behalf_of": hire.hire["manager"],
            },
            "story": {
                "title": f"Equipment of {hire.number}",
                "expect": {"status": "completed", "orders": 1},
                **told,
                "exceptions": {"split-suspected": [_SEPARATE], **told.get("exceptions", {})},
                "unforeseen": hire.story.purchase_answers,
            },
        }
    )
