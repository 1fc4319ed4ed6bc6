"""What every ledger of HR files does, wherever it keeps its entries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.memory.hire_file_ledger import MemoryHireFileLedger
from adapters.postgres.hire_file_ledger import PostgresHireFileLedger
from domain.hire_file import RowFault
from domain.hire_file_compare import KnownHire
from domain.ports.hire_files import HireFileLedger, HireFileRecord, RowFate

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
def ledger(request: pytest.FixtureRequest) -> HireFileLedger:
    if request.param == "memory":
        return MemoryHireFileLedger()
    return PostgresHireFileLedger(request.getfixturevalue("hires_pool"))


def a_file(number: int, **changes: Any) -> HireFileRecord:
    given = {
        "file_id": f"{number:032x}",
        "name": "hires-full-20260302.csv",
        "kind": "full",
        "day": date(2026, 3, 2),
        "sha256": "0" * 64,
        "state": "taken",
        "received_at": NOW + timedelta(minutes=number),
        "updated_at": NOW,
    }
    return HireFileRecord.model_validate(given | changes)


def a_known(number: int, **changes: Any) -> KnownHire:
    given = {
        "facility": "north",
        "number": f"H-{number}",
        "fingerprint": "f" * 64,
        "state": "hired",
        "file_id": "1" * 32,
        "effect": "new",
    }
    return KnownHire.model_validate(given | changes)


async def test_a_file_is_kept_whole_and_replaced(ledger: HireFileLedger) -> None:
    fault = RowFault(line=3, column="npi", code="npi-check-digit", message="Check the NPI", facility="north")
    file = a_file(1, state="taking", rows=3, faults=(fault,), vanished_hires=("north H-1",))
    await ledger.record(file)
    assert await ledger.file(file.file_id) == file
    await ledger.record(file.model_copy(update={"state": "taken"}))
    known = await ledger.file(file.file_id)
    assert known is not None
    assert known.state == "taken"
    assert await ledger.file("9" * 32) is None


async def test_a_held_file_is_released_once(ledger: HireFileLedger) -> None:
    held = a_file(1, state="held")
    await ledger.record(held)
    released = await ledger.release(held.file_id, "hanna", "It is right\x00", NOW)
    assert released is not None
    assert (released.state, released.released_by) == ("released", "hanna")
    assert await ledger.file(held.file_id) == released
    assert await ledger.release(held.file_id, "max", "Me too", NOW) is None
    assert await ledger.release("9" * 32, "max", "Me too", NOW) is None


async def test_the_last_files_are_those_of_the_latest_day_and_part(ledger: HireFileLedger) -> None:
    assert await ledger.last_taken("") == (None, None)
    full, later = a_file(1), a_file(2, day=date(2026, 3, 4))
    delta = a_file(3, kind="delta", day=date(2026, 3, 4), part=2)
    waiting = a_file(4, kind="delta", day=date(2026, 3, 9), state="waiting")
    elsewhere = a_file(5, scope="north", day=date(2026, 3, 8))
    for each in (delta, later, full, waiting, elsewhere):
        await ledger.record(each)
    assert await ledger.last_taken("") == (later.file_name, delta.file_name)
    assert await ledger.last_taken("north") == (elsewhere.file_name, elsewhere.file_name)


async def test_files_are_paged_from_the_latest_on(ledger: HireFileLedger) -> None:
    files = [a_file(number) for number in range(7)]
    for each in files:
        await ledger.record(each)
    first = await ledger.files(3)
    second = await ledger.files(9, first[-1].file_id)
    assert [*first, *second] == files[::-1]


async def test_what_files_said_of_hires(ledger: HireFileLedger) -> None:
    hires = [a_known(number) for number in range(5)]
    await ledger.remember(hires)
    await ledger.remember([])
    await ledger.remember([a_known(1, state="ended", effect="ended"), a_known(2, state="closed")])
    await ledger.remember([a_known(7, facility="south"), a_known(8), a_known(8, fingerprint="e" * 64)])
    keys = [("north", "H-1"), ("north", "H-9"), ("south", "H-7"), ("north", "H-8"), ("north", "H-1")]
    known = await ledger.known(keys)
    assert {key: (each.state, each.fingerprint[0]) for key, each in known.items()} == {
        ("north", "H-1"): ("ended", "f"),
        ("south", "H-7"): ("hired", "f"),
        ("north", "H-8"): ("hired", "e"),
    }
    assert [each.number for each in await ledger.open_hires("north")] == ["H-0", "H-3", "H-4", "H-8"]
    assert [each.facility for each in await ledger.open_hires("")] == ["north"] * 4 + ["south"]


async def test_what_became_of_rows(ledger: HireFileLedger) -> None:
    def fate(line: int, facility: str, effect: str = "new") -> RowFate:
        fault = RowFault(line=line, column="npi", code="npi-check-digit", message="Check the NPI", facility=facility)
        faults = (fault,) if effect == "refused" else ()
        return RowFate.model_validate(
            {"line": line, "facility": facility, "number": f"H-{line}", "effect": effect, "faults": faults}
        )

    file, other = "1" * 32, "2" * 32
    fates = [fate(2, "north"), fate(3, "south", "refused"), fate(4, "", "refused"), fate(10, "north", "ended")]
    await ledger.note(file, [fates[3], fates[1], fate(2, "north", "refused")])
    await ledger.note(file, [])
    await ledger.note(other, [fate(5, "north")])
    await ledger.note(file, [fates[0], fates[2], fates[0]])
    assert list(await ledger.fates(file, None, 9)) == fates
    assert [each.line for each in await ledger.fates(file, ["north"], 9)] == [2, 4, 10]
    assert [each.line for each in await ledger.fates(file, [], 9)] == [4]
    assert [each.line for each in await ledger.fates(file, None, 2, after=2)] == [3, 4]
    assert await ledger.fates("9" * 32, None, 9) == ()


async def test_a_file_without_a_name_of_an_hr_file_and_a_page_after_nothing(ledger: HireFileLedger) -> None:
    nameless = a_file(1, name="", kind=None, day=None, state="refused")
    await ledger.record(nameless)
    assert await ledger.files(9) == (nameless,)
    assert await ledger.files(9, "9" * 32) == ()
    assert await ledger.last_taken("") == (None, None)
    with pytest.raises(ValueError, match="no name of an HR file"):
        _ = nameless.file_name


async def test_open_hires_are_many(ledger: HireFileLedger) -> None:
    many = [a_known(number, facility=f"f{number % 7}") for number in range(1, 1501)]
    await ledger.remember(many)
    keys = [each.key for each in await ledger.open_hires("")]
    assert keys == sorted(each.key for each in many)
    assert len(await ledger.open_hires("f3")) == sum(each.facility == "f3" for each in many)
