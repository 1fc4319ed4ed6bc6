"""What an HR file changes, and when a person looks first."""

from __future__ import annotations

import resource
import time
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hire import Hire
from domain.hire_file import FileName, Row, RowFault, file_name
from domain.hire_file_compare import (
    FileScan,
    KnownHire,
    Losses,
    ScannedRow,
    kinds_in_order,
    losses,
    row_fingerprint,
    step_of,
    turn_of,
)
from tests.unit.test_hr_files import a_hire


def hired(number: int, born: int | None = None, **changes: Any) -> Hire:
    birth = date(1960, 1, 1) + timedelta(days=number if born is None else born)
    person = {"name": {"family": f"Family {birth:%j}"}, "birth_date": birth.isoformat()}
    return a_hire(number=f"H-{number}", person=person, **changes)


def row(line: int, hire: Hire) -> Row:
    return Row(line, hire.facility, hire.number, hire, None, "", ())


def ends(line: int, number: int) -> Row:
    return Row(line, "north", f"H-{number}", None, "rescinded", "", ())


def scanned(*rows: Row) -> FileScan:
    scan = FileScan()
    for each in rows:
        scan.add(each, each.faults)
    return scan


def known(number: int, **changes: Any) -> KnownHire:
    given = {
        "facility": "north",
        "number": f"H-{number}",
        "fingerprint": row_fingerprint(row(2, hired(number))),
        "state": "hired",
        "file_id": "old",
        "effect": "new",
    }
    return KnownHire.model_validate(given | changes)


def test_three_of_a_number_are_refused_once_each() -> None:
    scan = scanned(row(2, hired(1)), row(3, hired(1, born=5)), row(4, hired(1, born=6)))
    assert [(fault.line, fault.code) for fault in scan.faults] == [(line, "number-twice") for line in (2, 3, 4)]
    assert (scan.rows, set(scan.refused), scan.listed) == ({}, {2, 3, 4}, {("north", "H-1")})


def test_a_person_whose_one_hire_ended_may_be_in_another() -> None:
    assert not scanned(ends(2, 1), row(3, hired(2, born=1))).faults


def test_a_person_without_anything_that_identifies_them_is_nobodys_double() -> None:
    nameless = [a_hire(number=f"H-{number}", person={"name": {"family": "Lee"}}) for number in (1, 2)]
    assert not scanned(*(row(line, hire) for line, hire in enumerate(nameless, 2))).faults


def test_a_row_with_faults_did_not_vanish() -> None:
    fault = RowFault(line=2, code="x", message="y")
    scan = FileScan()
    scan.add(Row(2, "north", "H-1", None, None, "", (fault,)), [fault])
    (lost,) = losses(scan, [known(1), known(2)])
    assert lost.vanished == ("H-2",)


@pytest.mark.parametrize(
    ("row", "before", "step"),
    [
        (ScannedRow(2, "a", ends=False), None, "new"),
        (ScannedRow(2, "a", ends=True), None, "unknown"),
        (ScannedRow(2, "a", ends=False), known(1, fingerprint="a"), "unchanged"),
        (ScannedRow(2, "a", ends=False), known(1, fingerprint="a", file_id="this"), "done"),
        (ScannedRow(2, "a", ends=False), known(1, fingerprint="a", file_id="this", effect="unchanged"), "unchanged"),
        (ScannedRow(2, "a", ends=False), known(1), "corrected"),
        (ScannedRow(2, "a", ends=False), known(1, state="closed"), "corrected"),
        (ScannedRow(2, "a", ends=False), known(1, state="ended"), "again"),
        (ScannedRow(2, "a", ends=True), known(1), "ended"),
        (ScannedRow(2, "a", ends=True), known(1, state="ended"), "unchanged"),
    ],
)
def test_what_a_row_does(row: ScannedRow, before: KnownHire | None, step: str) -> None:
    assert step_of(row, before, "this") == step


@pytest.mark.parametrize(
    ("lost", "of", "percent", "held"),
    [(1, 1, 0, False), (2, 40, 5, False), (3, 40, 5, True), (2, 2, 100, False), (2, 1000, 0, True)],
)
def test_too_many_are_more_than_the_share_and_more_than_one(lost: int, of: int, percent: int, held: bool) -> None:
    numbers = tuple(f"H-{number}" for number in range(lost - 1))
    assert Losses(facility="north", open=of, ended=1, vanished=numbers).too_many(percent) is held


def test_losses_count_by_facility() -> None:
    scan = scanned(row(2, hired(1)), ends(3, 2))
    open_hires = [known(1), known(2), known(3), known(4, facility="south")]
    assert [(each.facility, each.open, each.ended, each.vanished) for each in losses(scan, open_hires)] == [
        ("north", 3, 1, ("H-3",)),
        ("south", 1, 0, ("H-4",)),
    ]


def name(kind: str, day: int, part: int = 1) -> FileName:
    return FileName.model_validate({"kind": kind, "day": date(2026, 3, day), "part": part})


@pytest.mark.parametrize(
    ("file", "full", "last", "turn"),
    [
        (name("full", 2), None, None, "now"),
        (name("full", 2), name("full", 2), name("full", 2), "now"),
        (name("full", 2), name("full", 1), name("delta", 3), "too-old"),
        (name("delta", 2), None, None, "waits"),
        (name("delta", 2), name("full", 2), name("full", 2), "now"),
        (name("delta", 2), name("full", 3), name("full", 3), "superseded"),
        (name("delta", 3), name("full", 2), name("delta", 4), "waits"),
        (name("delta", 3, 2), name("full", 2), name("delta", 3), "now"),
    ],
)
def test_whose_turn_it_is(file: FileName, full: FileName | None, last: FileName | None, turn: str) -> None:
    assert turn_of(file, full, last) == turn


@given(
    st.lists(
        st.tuples(st.sampled_from(["full", "delta"]), st.integers(1, 9), st.integers(1, 3)), unique=True, min_size=1
    )
)
def test_files_come_in_an_order_in_which_no_full_file_is_too_old(files: list[tuple[str, int, int]]) -> None:
    names = {name(*each).text: file_name(name(*each).text) for each in files}
    days = [(each.day, each.kind == "delta") for text in kinds_in_order(names) if (each := names[text]) is not None]
    assert days == sorted(days)


def test_fifty_thousand_rows_are_compared_in_bounded_time_and_memory() -> None:
    person = {"name": {"family": "Lee"}, "birth_date": "1990-01-01"}
    template = a_hire(person=person)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    scan = FileScan()
    for number in range(50_000):
        named = template.person.name.model_copy(update={"family": f"Lee {number}"})
        changes = {"number": f"H-{number}", "person": template.person.model_copy(update={"name": named})}
        scan.add(row(number + 2, template.model_copy(update=changes)), ())
    assert (len(scan.rows), scan.faults) == (50_000, [])
    assert time.process_time() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB
