"""Exclusion lists from files: what is found, what is refused, and what stays in force."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.exclusion_lists import FolderExclusionLists
from adapters.exclusion_lists.leie import COLUMNS
from adapters.list_files import LONGEST_CELL
from domain.credentials import ScreenedPerson
from domain.hire import PersonName
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from domain.screening import hits_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEADER = [each.upper() for each in COLUMNS]
SAM = (
    "Classification,Name,Prefix,First,Middle,Last,Suffix,City,State / Province,Exclusion Type,Active Date,"
    "Termination Date,SAM Number,NPI"
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: int = 60) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lists(tmp_path: Path, clock: Clock) -> FolderExclusionLists:
    return FolderExclusionLists(tmp_path, clock)


def row(last: str = "ROSEWATER", first: str = "ELLEN", **over: str) -> list[str]:
    given = {"lastname": last, "firstname": first, "npi": "0000000000", "dob": "19800229", "state": "NY"}
    given |= {"excltype": "1128a1", "excldate": "20261019", "reindate": "00000000", "waiverdate": "00000000"}
    return [{**given, **over}.get(each, "") for each in COLUMNS]


def text(*rows: list[str], header: list[str] = HEADER) -> str:
    return "".join(",".join(f'"{cell}"' for cell in cells) + "\r\n" for cells in (header, *rows))


def write(folder: Path, name: str, *rows: list[str]) -> None:
    (folder / name).write_text(text(*rows), encoding="utf-8")


def who(last: str = "Rosewater", first: str = "Ellen", npi: str = "") -> ScreenedPerson:
    return ScreenedPerson(subject="wid-1", name=PersonName(family=last, given=first), npi=npi)


async def families(lists: FolderExclusionLists, person: ScreenedPerson | None = None) -> list[str]:
    return [each.family or each.business for each in await lists.entries_like(person or who())]


async def test_a_whole_list_is_read_with_every_field(tmp_path: Path, lists: FolderExclusionLists) -> None:
    write(tmp_path, "UPDATED.csv", row(npi="1234567893", midname="ANN", waiverdate="20200102", wvrstate="TX"))
    (entry,) = await lists.entries_like(who())
    assert (entry.list_name, entry.family, entry.given, entry.middle) == ("LEIE", "ROSEWATER", "ELLEN", "ANN")
    assert (entry.birth_date, entry.npi, entry.state) == (date(1980, 2, 29), "1234567893", "NY")
    assert (entry.excluded_on, entry.reinstated_on) == (date(2026, 10, 19), None)
    assert (entry.waived_on, entry.waiver_state) == (date(2020, 1, 2), "TX")
    (state,) = await lists.states()
    assert (state.list_name, state.as_of, state.rows, state.stale, state.trouble) == (
        "LEIE", date(2026, 10, 19), 1, False, "",
    )  # fmt: skip


async def test_an_npi_is_found_whatever_the_name(tmp_path: Path, lists: FolderExclusionLists) -> None:
    write(tmp_path, "UPDATED.csv", row("OTHER", "PERSON", npi="1234567893"), row("ROSEWATER", "NOBODY"))
    assert await families(lists, who("Smith", "Jane", "1234567893")) == ["OTHER"]
    assert await families(lists, who("Smith", "Jane", "0000000000")) == []


async def test_supplements_add_and_take_away_in_the_order_of_months(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock
) -> None:
    write(tmp_path, "UPDATED.csv", row(), row("ROSEMAN", excldate="20260920"))
    write(tmp_path, "2611EXCL.csv", row("ROSENTHAL", excldate="20261119"))
    write(tmp_path, "2611REIN.csv", row(reindate="20261112"))
    write(
        tmp_path, "2610REIN.csv", row("ROSEMAN", excldate="20260920", reindate="20261001")
    )  # in the whole list already
    assert await families(lists) == ["ROSEMAN", "ROSENTHAL"]
    (state,) = await lists.states()
    assert state.as_of == date(2026, 11, 19)
    write(tmp_path, "2612REIN.csv", row("ROSENTHAL", excldate="20261119", reindate="20261201"))
    clock.passes()
    assert await families(lists) == ["ROSEMAN"]


async def test_a_supplement_before_its_whole_list_passes_nobody(tmp_path: Path, lists: FolderExclusionLists) -> None:
    write(tmp_path, "2611EXCL.csv", row())
    with pytest.raises(ContractDriftError, match="needs the whole list"):
        await lists.entries_like(who())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
async def test_columns_are_found_in_any_order_and_encoding(
    tmp_path: Path, lists: FolderExclusionLists, encoding: str
) -> None:
    backwards = text(row("MUÑOZ", "JOSÉ")[::-1], header=HEADER[::-1])
    (tmp_path / "UPDATED.csv").write_text(backwards, encoding=encoding)
    assert await families(lists, who("Munoz", "Jose")) == ["MUÑOZ"]


async def test_sam_people_and_firms_with_dates_of_their_own(tmp_path: Path, lists: FolderExclusionLists) -> None:
    lines = [
        SAM,
        "Individual,,Dr,ELLEN,ANN,ROSEWATER,,ALBANY,NY,Ineligible,01/15/2024,Indefinite,S4M1,1234567893",
        "Individual,,,ELLEN,,ROSEWATER,,ALBANY,NY,Prohibition,01/15/2020,11/20/2026,S4M2,",
        "Individual,,,ELLEN,,ROSEWATER,,ALBANY,NY,Prohibition,01/15/2020,11/21/2026,S4M3,",
        'Firm,"ELLEN ROSEWATER, MD PLLC",,,,,,ALBANY,NY,Ineligible,02/01/2024,,S4M4,',
    ]
    (tmp_path / "SAM_Exclusions_Public_Extract_V2_26324.csv").write_text("\n".join(lines) + "\n")
    found = await lists.entries_like(who())
    assert [each.entry_id for each in found] == ["S4M1", "S4M3", "S4M4"]
    assert found[0].npi == "1234567893"
    assert len(hits_of(who(), found, 90)) == 3
    (state,) = await lists.states()
    assert (state.list_name, state.as_of, state.rows) == ("SAM", date(2026, 11, 20), 4)


async def test_both_lists_are_looked_at(tmp_path: Path, lists: FolderExclusionLists) -> None:
    write(tmp_path, "UPDATED.csv", row())
    line = "Individual,,,ELLEN,,ROSEWATER,,ALBANY,NY,Ineligible,01/15/2024,Indefinite,S4M1,"
    (tmp_path / "sam.csv").write_text(f"{SAM}\n{line}\n")
    assert [each.list_name for each in await lists.entries_like(who())] == ["LEIE", "SAM"]


SOUND = text(row(), row("ROSEMAN"))
HOSTILE = {
    "cut in a row": SOUND[:-40],
    "cut in the last cell": SOUND[:-2],
    "open quote": SOUND + '"ROSE',
    "too few cells": SOUND + '"A","B"\r\n',
    "too many cells": text([*row(), "more"]),
    "a column less": text(row()[:-1], header=HEADER[:-1]),
    "a column more": text([*row(), ""], header=[*HEADER, "MORE"]),
    "a column twice": text([*row(), ""], header=[*HEADER, "DOB"]),
    "no header": text(row(), header=row()),
    "NUL": SOUND.replace("ELLEN", "EL\x00EN"),
    "a huge cell": text(row("X" * (LONGEST_CELL + 1))),
    "a gigantic cell": text(row("X" * 200_000)),
    "text after a quote": SOUND.replace('"ELLEN"', '"ELLEN"X'),
    "no date": text(row(excldate="20261399")),
    "no birth date": text(row(dob="next week")),
    "no NPI": text(row(npi="12345")),
    "nobody": text(row("", "")),
    "empty": "",
    "header alone": text(),
    "lines of commas": text() + ",,,,\r\n" * 50,
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_file_that_is_not_sound_is_refused_whole_and_the_earlier_list_stays(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock, what: str
) -> None:
    write(tmp_path, "UPDATED.csv", row(), row("ROSENTHAL"))
    assert await families(lists) == ["ROSEWATER", "ROSENTHAL"]
    (tmp_path / "UPDATED.csv").write_text(HOSTILE[what], encoding="utf-8", newline="")
    clock.passes()
    assert await families(lists) == ["ROSEWATER", "ROSENTHAL"]
    (state,) = await lists.states()
    assert (state.list_name, state.rows) == ("LEIE", 2)
    assert state.trouble
    assert "ROSE" not in state.trouble
    write(tmp_path, "UPDATED.csv", row(), row("ROSENBERG"))
    clock.passes()
    assert await families(lists) == ["ROSEWATER", "ROSENBERG"]
    assert (await lists.states())[0].trouble == ""


@pytest.mark.parametrize("what", [each for each in HOSTILE if each != "no header"])
async def test_without_an_earlier_list_nobody_passes(tmp_path: Path, lists: FolderExclusionLists, what: str) -> None:
    (tmp_path / "UPDATED.csv").write_text(HOSTILE[what], encoding="utf-8", newline="")
    for ask in (lists.states(), lists.entries_like(who())):
        with pytest.raises(ContractDriftError) as refused:
            await ask
        assert refused.value.code == "list-refused"


async def test_bytes_that_are_no_text(tmp_path: Path, lists: FolderExclusionLists) -> None:
    (tmp_path / "UPDATED.csv").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(ContractDriftError):
        await lists.states()


async def test_a_list_that_lost_many_rows_was_cut_off_at_the_end_of_one(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock
) -> None:
    write(tmp_path, "UPDATED.csv", *(row(midname=str(number)) for number in range(10)))
    assert len(await families(lists)) == 10
    write(tmp_path, "UPDATED.csv", *(row(midname=str(number)) for number in range(7)))
    clock.passes()
    assert len(await families(lists)) == 10
    assert "7 rows" in (await lists.states())[0].trouble


async def test_files_that_go_leave_their_list_in_force(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock
) -> None:
    write(tmp_path, "UPDATED.csv", row())
    assert await families(lists) == ["ROSEWATER"]
    (tmp_path / "UPDATED.csv").unlink()
    clock.passes()
    assert await families(lists) == ["ROSEWATER"]
    assert "gone" in (await lists.states())[0].trouble


async def test_a_bad_supplement_leaves_the_list_as_it_was(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock
) -> None:
    write(tmp_path, "UPDATED.csv", row())
    write(tmp_path, "2611EXCL.csv", row("ROSENTHAL", excldate="20261119"))
    assert await families(lists) == ["ROSEWATER", "ROSENTHAL"]
    (tmp_path / "2611EXCL.csv").write_text(SOUND[:-9])
    clock.passes()
    assert await families(lists) == ["ROSEWATER", "ROSENTHAL"]


async def test_a_folder_that_is_gone_is_worth_trying_again(tmp_path: Path, clock: Clock) -> None:
    lists = FolderExclusionLists(tmp_path / "missing", clock)
    with pytest.raises(TemporarilyUnavailableError):
        await lists.states()
    (tmp_path / "missing").mkdir()
    assert await lists.states() == ()


async def test_an_unknown_file_is_told_of_and_hurts_nobody(tmp_path: Path, lists: FolderExclusionLists) -> None:
    write(tmp_path, "UPDATED.csv", row())
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "notes.txt").write_text("not a list")
    (state,) = await lists.states()
    assert "notes.csv" in state.trouble


async def test_a_list_that_nobody_renewed_is_stale(tmp_path: Path, lists: FolderExclusionLists, clock: Clock) -> None:
    write(tmp_path, "UPDATED.csv", row(excldate="20261007"))
    assert not (await lists.states())[0].stale
    clock.passes(86_400)
    assert (await lists.states())[0].stale


async def test_the_same_row_keeps_its_id_in_another_file(
    tmp_path: Path, lists: FolderExclusionLists, clock: Clock
) -> None:
    write(tmp_path, "UPDATED.csv", row())
    before = await lists.entries_like(who())
    write(tmp_path, "UPDATED.csv", row("ROSENTHAL"), row(address="1 Other Street", city="ALBANY"))
    clock.passes()
    assert [each for each in await lists.entries_like(who()) if each.family == "ROSEWATER"] == before


async def test_a_whole_country_is_read_in_seconds_and_searched_in_milliseconds(
    tmp_path: Path, lists: FolderExclusionLists
) -> None:
    dice = random.Random(1)
    ends = ["ER", "MAN", "SON", "EZ", "SKI", "WOOD", "LEY", "TON", "OVA", "HI"]
    starts = ["SMI", "JOH", "GAR", "ROS", "WIL", "BRO", "MAR", "KOW", "NGU", "PAT", "LEE", "CHA", "AND", "THO", "ALV"]
    givens = ["JANE", "MARY", "JOHN", "LUIS", "WEI", "ANNA", "OMAR", "KARL", "RUTH", "IVAN", "ZOE", "PETER", "DIEGO"]
    vowels = ["A", "E", "I", "O", "U", "AU", "EI", "ANN", "ELL", "IMM", "ORT", "UND", "ACK", "ESS", "ING", "OPP"]
    rows = [
        row(dice.choice(starts) + dice.choice(vowels) + dice.choice(ends), dice.choice(givens), midname=str(number))
        for number in range(83_000)
    ]
    write(tmp_path, "UPDATED.csv", *rows, row())
    began = time.perf_counter()
    assert (await lists.states())[0].rows == 83_001
    assert time.perf_counter() - began < 30, "generous for a busy machine; some seconds are usual"
    assert "ROSEWATER" in await families(lists)
    spent = []
    for last, first in (("Smithson", "Jane"), ("Garcia", "Luis"), ("Nguyen", "Wei"), ("Rosewater", "Ellen")):
        began = time.perf_counter()
        await lists.entries_like(who(last, first))
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.005


async def test_lists_that_can_be_looked_at_are_there(lists: FolderExclusionLists, tmp_path: Path) -> None:
    await lists.health()
    with pytest.raises(TemporarilyUnavailableError):
        await FolderExclusionLists(tmp_path / "gone").health()
