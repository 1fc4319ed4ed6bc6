"""What an HR file says: written and read again, in any order of its columns, any encoding, and whatever is wrong."""

from __future__ import annotations

import csv
import random
import resource
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.hr_files.reading import CsvRows, facts_of
from cli.demo.hires.writing import Ended, hr_file_name, write_hr_file
from domain.hire import Hire
from domain.hire_file import (
    COLUMNS,
    REQUIRED,
    HeaderError,
    Row,
    file_name,
    join_entries,
    read_header,
    read_row,
    split_entries,
)
from domain.ports.hire_files import UnreadableFileError

DAY = date(2026, 3, 2)


def a_hire(**changes: Any) -> Hire:
    given = {
        "number": "H-1",
        "facility": "north",
        "requester": "hanna",
        "manager": "mia",
        "person": {"name": {"family": "O'Brien-Müller", "given": "Zoë"}, "birth_date": "1990-02-28"},
        "position": "P-100",
        "job_family": "nursing",
        "title": "Registered nurse",
        "department": "icu",
        "cost_centre": "N-100",
        "start_on": "2026-03-23",
    }
    return Hire.model_validate(given | changes)


def rows_of(path: Path, *, end_required: bool = False) -> list[Row]:
    cells = iter(CsvRows(path, facts_of(path), end_required=end_required))
    line, names = next(cells)
    header = read_header(names, line)
    return [read_row(row, header, line) for line, row in cells]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hires-full-20260302.csv"


def refused(path: Path) -> tuple[str, int]:
    with pytest.raises(UnreadableFileError) as refusal:
        rows_of(path)
    (fault,) = refusal.value.faults
    return fault.code, fault.line


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30).map(str.strip)
WORD = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
DAYS = st.dates(date(1950, 1, 1), date(2050, 1, 1))


@st.composite
def hires(draw: st.DrawFn) -> Hire:
    name = {"family": draw(TEXT.filter(bool)), "given": draw(TEXT), "preferred": draw(TEXT)}
    person = {"name": name, "birth_date": draw(st.none() | DAYS)}
    licences = st.fixed_dictionaries(
        {
            "kind": WORD,
            "state": st.from_regex(r"[A-Z]{2}", fullmatch=True),
            "number": TEXT.filter(bool),
            "board": TEXT,
            "expires_on": st.none() | DAYS,
        }
    )
    access = st.fixed_dictionaries({"entitlement": WORD, "reason": TEXT.filter(bool), "until": st.none() | DAYS})
    equipment = st.fixed_dictionaries({"item": TEXT.filter(bool), "quantity": st.integers(1, 20)})
    return a_hire(
        person=person,
        title=draw(TEXT.filter(bool)),
        start_on=draw(DAYS),
        end_on=draw(st.none() | DAYS),
        licences=draw(st.lists(licences, max_size=3)),
        extra_access=draw(st.lists(access, max_size=3)),
        equipment=draw(st.lists(equipment, max_size=3)),
        justification=draw(TEXT),
        deliver_to=draw(TEXT),
    )


@settings(max_examples=150, deadline=None)
@given(
    hire=hires(),
    order=st.permutations(COLUMNS),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, hire: Hire, order: list[str], delimiter: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    path.write_bytes(write_hr_file([hire], columns=order, delimiter=delimiter).encode(encoding))
    (row,) = rows_of(path)
    assert row.faults == ()
    assert row.hire == hire


@given(st.lists(st.lists(TEXT.filter(bool), min_size=1, max_size=4), max_size=4))
def test_entries_are_parted_as_they_were_joined(entries: list[list[str]]) -> None:
    assert split_entries(join_entries(entries)) == entries


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(file: Path, encoding: str, delimiter: str) -> None:
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    file.write_bytes(mark + write_hr_file([a_hire()], delimiter=delimiter).encode(encoding))
    (row,) = rows_of(file)
    assert row.hire == a_hire()


def test_a_hire_that_ends_needs_its_number_alone(file: Path) -> None:
    file.write_text(write_hr_file([], [Ended("north", "H-1", "no-show", "Never came")]))
    (row,) = rows_of(file)
    assert (row.ends, row.reason, row.hire, row.faults) == ("no-show", "Never came", None, ())


def test_columns_that_nobody_knows_are_named(file: Path) -> None:
    header = read_header([*COLUMNS, "Shoe size", "Zoë O'Brien"])
    assert header.unknown == ("shoe_size", f"column {len(COLUMNS) + 2}")


def test_columns_that_are_missing_or_there_twice_refuse_the_file() -> None:
    with pytest.raises(HeaderError) as refusal:
        read_header([*(set(REQUIRED) - {"start_on"}), "manager"])
    assert {(fault.column, fault.code) for fault in refusal.value.faults} == {
        ("start_on", "column-missing"),
        ("manager", "column-twice"),
    }


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("start_on", "20260323", "not-a-day"),
        ("start_on", "03/23/2026", "not-a-day"),
        ("start_on", "2026-02-30", "no-such-day"),
        ("start_on", "", "missing"),
        ("birth_date", "0", "not-a-day"),
        ("status", "fired", "unknown-status"),
        ("facility", "Nowhere!", "string_pattern_mismatch"),
        ("equipment", "LAPTOP|two", "not-a-number"),
        ("equipment", "LAPTOP|1|2", "too-many-parts"),
        ("licences", "rn|Ohio|1", "string_pattern_mismatch"),
        ("npi", "12", "string_pattern_mismatch"),
        ("family", "", "missing"),
    ],
)
def test_every_fault_has_its_line_and_column(file: Path, column: str, text: str, code: str) -> None:
    lines = [dict(zip(COLUMNS, cells, strict=True)) for cells in _cells(write_hr_file([a_hire()]))]
    lines[1][column] = text
    header = read_header(COLUMNS)
    row = read_row(list(lines[1].values()), header, 2)
    assert [(fault.line, fault.column, fault.code) for fault in row.faults] == [(2, column, code)]
    assert row.hire is None
    assert "Brien" not in row.faults[0].message


def _cells(content: str) -> list[list[str]]:
    return list(csv.reader(content.splitlines()))[:2]


CONTENT = write_hr_file([a_hire(number=f"H-{number}") for number in range(1, 4)]).replace("\r\n", "\n")
NO_END = CONTENT[: CONTENT.index("#end")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (CONTENT.replace("#end,3", "#end,4").encode(), "cut-off"),
        (CONTENT.replace("#end,3", "#end").encode(), "cut-off"),
        ((CONTENT + NO_END).encode(), "after-the-end"),
        (NO_END[:-1].encode(), "cut-off"),
        (NO_END[:-60].encode(), "cut-off"),
        ((NO_END[:-60] + "\n").encode(), "cut-off"),
        ((NO_END + '"H-9').encode(), "cut-off"),
        (CONTENT.replace("mia", '"mia"x').encode(), "quotes"),
        (CONTENT.replace("mia", "m\x00a").encode(), "nul"),
        (CONTENT.encode("utf-16-le"), "nul"),
        (CONTENT.encode("utf-16")[:-1], "encoding"),
        (b"\x81" + CONTENT.encode("cp1252"), "encoding"),
        (CONTENT.replace("mia", "m" * 200_000).encode(), "cell-too-large"),
    ],
)
def test_what_is_damaged_or_cut_off_is_refused_whole(file: Path, content: bytes, code: str) -> None:
    file.write_bytes(content)
    assert refused(file)[0] == code


def test_a_file_cut_off_anywhere_is_never_taken_for_whole(file: Path) -> None:
    """With its last line, cut at any byte."""
    content = CONTENT.encode()
    header = content.index(b"\n") + 1
    for length in [*range(0, header, 17), *range(header, len(content) - 1)]:
        file.write_bytes(content[:length])
        try:
            rows = rows_of(file)
        except (UnreadableFileError, HeaderError):
            continue
        # A cut between two rows cannot be seen without the last line; the rows that are there are whole.
        assert content[length - 1 : length] == b"\n"
        assert [row.hire is not None for row in rows] == [True] * len(rows)


def test_what_is_no_table_at_all_ends_in_a_refusal(file: Path) -> None:
    dice = random.Random(7)
    for _ in range(300):
        file.write_bytes(dice.randbytes(dice.randrange(400)))
        with pytest.raises((UnreadableFileError, HeaderError)):
            rows_of(file)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("hires-full-20260302.csv", ("full", DAY, 1)),
        ("HIRES-DELTA-20260302-12.CSV", ("delta", DAY, 12)),
        ("hires-delta-20260230.csv", None),
        ("hires-20260302.csv", None),
        ("hires-full-20260302.csv.gz", None),
        ("hires-full-20260302\n.csv", None),
    ],
)
def test_file_names(text: str, order: tuple[Any, ...] | None) -> None:
    name = file_name(text)
    assert (None if name is None else (name.kind, name.day, name.part)) == order


def test_names_are_written_as_they_are_read() -> None:
    assert hr_file_name("delta", DAY, 3) == "hires-delta-20260302-3.csv"
    assert file_name(hr_file_name("full", DAY)) == file_name("hires-full-20260302.csv")


def test_fifty_thousand_rows_take_bounded_time_and_memory(file: Path) -> None:
    line = write_hr_file([a_hire()]).split("\r\n")
    with file.open("w", newline="") as out:
        out.write(line[0] + "\r\n")
        for number in range(50_000):
            out.write(line[1].replace("H-1,", f"H-{number},", 1) + "\r\n")
        out.write("#end,50000\r\n")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    count = 0
    cells = iter(CsvRows(file, facts_of(file), end_required=True))
    header = read_header(next(cells)[1])
    for number, row in cells:
        count += read_row(row, header, number).hire is not None
    assert count == 50_000
    assert time.process_time() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB; the file has 6 MB
