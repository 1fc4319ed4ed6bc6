"""The example's exclusion lists and board extracts are sound, and show what they say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.exclusion_lists import FolderExclusionLists
from adapters.licence_registers import FolderLicences
from domain.credentials import LicenceQuestion, ScreenedPerson
from domain.hire import LicenceClaim, PersonName
from domain.npi import is_npi
from domain.screening import hits_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("family", "given", "birth_date", "hits"),
    [
        ("Rosewater", "Ellen", None, 1),
        ("Rosewater", "Ellen", date(1990, 1, 1), 0),
        ("Abernathy", "Quentin", None, 2),
        ("Bellwether", "Prudence", None, 0),
        ("Inglethorpe", "Seraphina", None, 1),
        ("Fairweather", "Marigold", None, 1),
        ("Drinkwater", "Ottoline", None, 2),
        ("Kettleworth", "Winifred", None, 0),
        ("Okafor", "Amara", None, 0),
    ],
)
async def test_who_is_a_candidate(family: str, given: str, birth_date: date | None, hits: int) -> None:
    lists = FolderExclusionLists(EXAMPLES / "exclusions", lambda: NOW)
    person = ScreenedPerson(subject="s", name=PersonName(family=family, given=given), birth_date=birth_date)
    assert len(hits_of(person, await lists.entries_like(person), 90)) == hits
    assert [(each.list_name, each.trouble, each.stale) for each in await lists.states()] == [
        ("LEIE", "", False),
        ("SAM", "", False),
    ]


async def test_every_npi_has_its_check_digit() -> None:
    lists = FolderExclusionLists(EXAMPLES / "exclusions", lambda: NOW)
    person = ScreenedPerson(subject="s", name=PersonName(family="Abernathy", given="Quentin"))
    found = [each.npi for each in await lists.entries_like(person)]
    assert len(found) == 2
    assert all(map(is_npi, found))


@pytest.mark.parametrize(
    ("kind", "number", "status"),
    [
        ("rn", "RN-700101", "active"),
        ("rn", "RN-700104", "suspended"),
        ("rn", "RN-700105", "expired"),
        ("rn", "RN-999999", "not-found"),
        ("md", "MD-310001", "active"),
        ("pharmacist", "PH-052001", "active"),
        ("dentist", "D-1", "not-checked"),
    ],
)
async def test_what_the_boards_say(kind: str, number: str, status: str) -> None:
    register = FolderLicences(EXAMPLES / "licences")
    claim = LicenceClaim(kind=kind, state="NY", number=number)
    assert (await register.look_up(LicenceQuestion(claim=claim, name=PersonName(family="X")))).status == status
