"""The cases of one wave: examples of the demonstration under fresh numbers, for people who did not exist before."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chaos.answers import answers
from cli.demo.bills.story import Bill
from cli.demo.hires.story import HireExample, load_hires
from cli.demo.story import Example, load_examples

BOUGHT = tuple(
    f"REQ-{number}"
    for number in (
        *(2001, 2002, 2004, 2006, 2008, 2009, 2010, 2011, 2012, 2013, 2014, 2015, 2016, 2017, 2019, 2020, 2022, 2024),
        *(2025, 2026, 2030, 2031, 2033, 2046, 2051, 2053, 2090, 2100),
    )
)
REFUSED = ("REQ-2040", "REQ-2041", "REQ-2045")
HIRED = ("H-3036", "H-3028", "H-3026", "H-3030", "H-3032", "H-3016", "H-3004")
NOT_HIRED = ("H-3020", "H-3022", "H-3023", "H-3021", "H-3019")
_FORMATS: tuple[tuple[str, str], ...] = (
    ("json", "api"),
    ("ubl", "api"),
    ("cii", "drop-folder"),
    ("factur-x", "mailbox"),
    ("ubl", "api"),
)
_ONE_IN_REFUSED, _ONE_IN_NOT_HIRED = 8, 3
_SYLLABLES = ("ba", "do", "ke", "li", "mo", "nu", "pa", "ri", "sa", "to", "vu", "wen", "xi", "yor", "zel", "gri")


@dataclass(frozen=True)
class Wave:
    """What is played side by side. `positions` says which new position is like which one that the HRIS has; each hire
    needs one that nobody holds."""

    number: int
    purchases: tuple[Example, ...]
    bills: tuple[Bill, ...]
    hires: tuple[HireExample, ...]
    positions: Mapping[str, str]

    @property
    def cases(self) -> int:
        """Without the purchases that hires start and the payment runs."""
        return len(self.purchases) + len(self.bills) + len(self.hires)


class Cases:
    """Makes waves out of the examples of a folder. The same for the same seed."""

    def __init__(self, examples: Path, seed: int) -> None:
        self._chance = random.Random(f"{seed}/cases")
        self._purchases = {each.number: each for each in load_examples(examples / "requisitions.jsonl")}
        self._hires = {each.number: each for each in load_hires(examples / "hires.jsonl")}
        self._numbers = itertools.count(1)
        self._answers = answers()

    def wave(self, number: int, purchases: int, hires: int) -> Wave:
        """So many purchases, a bill for each that is delivered whole with one order, and so many hires."""
        bought = [self._purchase(at) for at in range(purchases)]
        hired = [self._hire(at) for at in range(hires)]
        return Wave(
            number=number,
            purchases=tuple(bought),
            bills=tuple(self._bill(at, each) for at, each in enumerate(bought) if _is_billed(each)),
            hires=tuple(each for each, _ in hired),
            positions=dict(positions for _, positions in hired),
        )

    def _purchase(self, at: int) -> Example:
        names = REFUSED if at % _ONE_IN_REFUSED == _ONE_IN_REFUSED - 1 else BOUGHT
        example = self._purchases[self._chance.choice(names)]
        told = example.model_dump(mode="json", by_alias=True, exclude_unset=True)
        told["request"]["number"] = f"REQ-7{next(self._numbers):05d}"
        told["story"]["expect"]["approvals"] = None
        told["story"]["unforeseen"] = self._answers
        return Example.model_validate(told)

    def _bill(self, at: int, purchase: Example) -> Bill:
        form, channel = _FORMATS[at % len(_FORMATS)]
        return Bill.model_validate(
            {
                "number": f"CH-{purchase.number.removeprefix('REQ-')}",
                "title": f"Of {purchase.number}",
                "of": purchase.number,
                "format": form,
                "channel": channel,
                "answers": self._answers,
            }
        )

    def _hire(self, at: int) -> tuple[HireExample, tuple[str, str]]:
        names = NOT_HIRED if at % _ONE_IN_NOT_HIRED == _ONE_IN_NOT_HIRED - 1 else HIRED
        example = self._hires[self._chance.choice(names)]
        told = example.model_dump(mode="json", by_alias=True, exclude_unset=True)
        count = next(self._numbers)
        old = str(told["hire"]["position"])
        new = f"{old}-7{count:05d}"
        told["hire"] |= {"number": f"H-7{count:05d}", "position": new, "person": self._person()}
        for licence in told["hire"].get("licences", ()):
            licence["number"] = f"RN-7{count:05d}"
        told["via"] = self._chance.choice(("api", "event", "file"))
        story = told["story"]
        story["expect"] |= {"exceptions": [], **({"position": new} if story["expect"].get("position") else {})}
        story["expect"].pop("number", None)
        story["acts"] = [_by_event(act) for act in story.get("acts", ())]
        story["answers"] = {**self._answers, **story.get("answers", {})}
        story["purchase_answers"] = self._answers
        return HireExample.model_validate(told), (new, old)

    def _person(self) -> dict[str, Any]:
        family = "".join(self._chance.choices(_SYLLABLES, k=4)).title()
        given = "".join(self._chance.choices(_SYLLABLES, k=3)).title()
        born = date(1960, 1, 1) + timedelta(days=self._chance.randrange(15000))
        return {"name": {"family": family, "given": given}, "birth_date": born.isoformat()}


def _by_event(act: Mapping[str, Any]) -> Mapping[str, Any]:
    """What came in HR's file comes by an event: the file of a wave lists those who are new."""
    return {**act, "via": "event"} if act.get("via") == "file" else act


def _is_billed(example: Example) -> bool:
    story = example.story
    return story.expect.status == "completed" and story.expect.orders == 1 and not story.interventions
