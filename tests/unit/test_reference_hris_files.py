"""The HRIS's tables of the reference health system load, and whatever is wrong in them is told with its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from adapters.reference_files import InvalidReferenceFilesError, load, load_hris
from domain.hire_rules import HireParameters
from domain.hris_system import HrisSystem
from domain.person_matching import match_person
from tests.fixtures.small_hris import hire

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 11, 21)
FAMILIES = {
    *("nursing", "physician", "pharmacy", "laboratory", "imaging", "finance", "supply-chain", "it", "administration"),
    *("environmental-services", "volunteers"),
}


@pytest.fixture(scope="module")
def system() -> HrisSystem:
    return load_hris(EXAMPLES, TODAY)


@pytest.fixture
def edit(tmp_path: Path) -> Callable[[str, str, str], str]:
    """Change one text in a copy of the files; returns what the loader says."""

    def change(file: str, old: str, new: str) -> str:
        directory = tmp_path / "examples"
        shutil.copytree(EXAMPLES, directory)
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InvalidReferenceFilesError) as caught:
            load_hris(directory, TODAY)
        return str(caught.value)

    return change


def test_there_are_open_positions_for_every_job_family(system: HrisSystem) -> None:
    filled = {each.record.position for each in system.workers}
    free = [each for each in system.positions if each.open and each.number not in filled]
    assert len(free) >= 60
    assert {each.job_family for each in free} == FAMILIES
    assert {each.facility for each in free} == {each.facility for each in system.departments}
    assert any(not each.budgeted for each in free)


def test_every_manager_of_the_people_directory_works_here(system: HrisSystem) -> None:
    here = {each.person for each in system.workers if each.record.status == "active"}
    people = load(EXAMPLES, TODAY).people
    assert {each.manager for each in people if each.manager and each.active} <= here


def test_there_are_former_workers_to_hire_again(system: HrisSystem) -> None:
    records = [each.record for each in system.workers]
    maria = hire(given="Maria", family="Gonzalez", birth_date=date(1985, 5, 17))
    assert match_person(maria, records, [], HireParameters()).kind == "rehire"
    assert any(each.deletion_due_on for each in records)
    kristin = hire(given="Kristin", family="Hansen", birth_date=date(1990, 4, 11))
    found = match_person(kristin, records, [], HireParameters())
    assert (found.kind, len(found.candidates)) == ("doubtful", 2)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("departments.csv", "surgery,Surgery,north,N-4100", "surgery,Surgery,north,N-4900", "departments.csv, line 2"),
        ("departments.csv", "intensive-care,", "surgery,", "stands on line 2 already"),
        ("positions.csv", "P-N102,", "P-N101,", "positions.csv, line 3: P-N101 stands on line 2 already"),
        ("positions.csv", "P-N101,north,medical-wards", "P-N101,north,cellar", "north has no department 'cellar'"),
        ("positions.csv", "N-4500,yes,yes", "N-4500,yes,maybe", "positions.csv, line 2: open is 'maybe'"),
        ("workers.csv", "W-100001,active", "W-100001,asleep", "workers.csv, line 2: status is 'asleep'"),
        ("workers.csv", "W-100001,active", "W-1,active", "must be W-1 and five more digits"),
        ("workers.csv", "W-100002,active", "W-100001,active", "workers.csv, line 3: W-100001 stands on line 2"),
        ("workers.csv", ",,,m.osborne", ",,,m.nobody", "person 'm.nobody' is not in people.csv"),
        ("workers.csv", "W-100001,active", "W-100001,ended", "people.csv says otherwise"),
        ("workers.csv", "P-E110", "P-E999", "position 'P-E999' is no position of east"),
        ("workers.csv", "1985-05-17", "17.5.1985", "birth_date: '17.5.1985' is no day"),
        ("workers.csv", "González", "", "line 130: family: "),
        ("workers.csv", "-420d,+60d", ",+60d", "has ended, but end_on is missing"),
        ("workers.csv", "i.sutherland,2021-03-01", "i.nobody,2021-03-01", "manager 'i.nobody'"),
    ],
)
def test_every_mistake_is_told_with_its_place(
    edit: Callable[[str, str, str], str], file: str, old: str, new: str, told: str
) -> None:
    assert told in edit(file, old, new)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    directory = tmp_path / "examples"
    shutil.copytree(EXAMPLES, directory)
    for file in ("departments.csv", "positions.csv", "workers.csv"):
        (directory / file).unlink()
    with pytest.raises(InvalidReferenceFilesError) as caught:
        load_hris(directory, TODAY)
    assert [fault.file for fault in caught.value.faults] == ["departments.csv", "positions.csv", "workers.csv"]
