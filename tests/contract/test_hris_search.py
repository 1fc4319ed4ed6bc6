"""Which workers every HRIS behind the port brings up for a hire: too many rather than too few."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.hire import PersonName
from domain.ports.hris import HrisPort
from tests.fixtures.small_hris import FORMER_BIRTH, START, draft, hire


@pytest.mark.parametrize(
    ("person", "first"),
    [
        ({"worker_number": "w-100001"}, "wid-100001"),
        ({"npi": "1234567893"}, "wid-100001"),
        ({"birth_date": date(1990, 1, 2)}, "wid-100003"),
        ({"family": "GONZALEZ", "given": "Maria", "birth_date": None}, "wid-100001"),
        ({"family": "Maria", "given": "Gonzalez", "birth_date": None}, "wid-100001"),
        ({"family": "Gonzalez-Perez", "given": "M.", "birth_date": None}, "wid-100001"),
    ],
)
async def test_finds_by_number_npi_birth_date_and_name(hris: HrisPort, person: dict[str, Any], first: str) -> None:
    found = await hris.candidates(hire(**{"family": "Nobody", "given": "Zoe", **person}))
    assert [each.worker_id for each in found] == [first]


async def test_finds_by_mail_whatever_its_case(hris: HrisPort) -> None:
    made = await hris.prepare(draft(personal_email="Ann@Home.example"))
    asked = hire(family="Other", given="Zoe", birth_date=None, personal_email="ann@home.EXAMPLE")
    assert await hris.candidates(asked) == (made,)


async def test_the_strongest_come_first_and_the_same_strength_by_id(hris: HrisPort) -> None:
    second = await hris.prepare(draft(name=PersonName(given="Ann", family="González"), birth_date=None))
    third = await hris.prepare(
        draft("hire.H-2", position="P-2", name=PersonName(given="Bo", family="Gonzalez"), birth_date=None)
    )
    found = await hris.candidates(hire(family="González", given="Ann", birth_date=FORMER_BIRTH))
    assert [each.worker_id for each in found] == ["wid-100001", second.worker_id, third.worker_id]


async def test_strangers_have_none(hris: HrisPort) -> None:
    assert list(await hris.candidates(hire(family="Nobody", given="Zoe"))) == []


async def test_those_who_were_rescinded_before_they_came_are_none(hris: HrisPort) -> None:
    await hris.prepare(draft())
    await hris.rescind("hire.H-1", "offer withdrawn")
    assert list(await hris.candidates(hire())) == []


async def test_at_most_fifty(hris: HrisPort) -> None:
    for number in range(52):
        await hris.prepare(draft(f"hire.{number}"))
        await hris.begin(f"hire.{number}", START)
        await hris.rescind(f"hire.{number}", "wrong person")
    found = await hris.candidates(hire())
    assert [each.worker_id for each in found] == [f"wid-{100008 + number}" for number in range(50)]
