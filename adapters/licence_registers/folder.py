"""`domain.ports.credentials.LicenceRegister` over a folder with an extract per state and kind.

`NY-rn.csv` holds the registered nurses of New York: columns number, name, status, expiry and as_of, found by header,
days as YYYY-MM-DD. Where as_of is empty, the day (UTC) counts on which the file was put there. An extract that says
nothing of a number says 'not-found'; where there is no extract, or only one that is too old to vouch for anything, the
answer is 'not-checked'.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from adapters.licence_registers.words import status_of
from adapters.list_files import ListFileError, Table, read_table
from domain.credentialing import plain_number
from domain.credentials import LicenceQuestion, LicenceRecord
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError

SYSTEM = "licence-register"
STALE_DAYS = 35
"""Boards that give extracts give them monthly."""
_NAME = re.compile(r"^(?P<state>[A-Z]{2})-(?P<kind>[a-z0-9][a-z0-9-]*)\.csv$")
_COLUMNS = ("number", "name", "status", "expiry", "asof")


@dataclass(frozen=True)
class Extract:
    as_of: date
    records: Mapping[str, LicenceRecord]


def _now() -> datetime:
    return datetime.now(UTC)


class FolderLicences:
    """`clock` gives the instant (UTC). An extract is read when it is first needed, and again when it has changed.

    Raises TemporarilyUnavailableError when the folder cannot be read, ContractDriftError 'extract-refused' for an
    extract that is not whole and sound while no earlier one was read.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _now, stale_days: int = STALE_DAYS) -> None:
        self._folder, self._clock, self._stale_days = folder, clock, stale_days
        self._read: dict[str, tuple[tuple[int, int, int], Extract]] = {}
        self._lock = asyncio.Lock()

    async def health(self) -> None:
        try:
            await asyncio.to_thread(self._folder.stat)
        except OSError as error:
            raise TemporarilyUnavailableError(SYSTEM, "folder-unreadable", f"{error.strerror}") from error

    async def look_up(self, question: LicenceQuestion) -> LicenceRecord:
        claim = question.claim
        unknown = LicenceRecord(status="not-checked", number=claim.number, state=claim.state, kind=claim.kind)
        name = f"{claim.state}-{claim.kind}.csv"
        if _NAME.match(name) is None:
            return unknown
        async with self._lock:
            extract = await asyncio.to_thread(self._extract, name, claim.state, claim.kind)
        if extract is None:
            return unknown
        source = f"extract of the {claim.state} board of {extract.as_of}"
        if self._clock().date() - extract.as_of > timedelta(days=self._stale_days):
            return unknown.model_copy(update={"source": f"the {source} is too old"})
        found = extract.records.get(plain_number(claim.number))
        # An extract is as old as its day: that is when the board was asked.
        checked_at = datetime.combine(extract.as_of, time(), tzinfo=UTC)
        told = found or unknown.model_copy(update={"status": "not-found"})
        return told.model_copy(update={"source": source, "checked_at": checked_at})

    def _extract(self, name: str, state: str, kind: str) -> Extract | None:
        path = self._folder / name
        try:
            self._folder.stat()
            if not path.exists():
                return None
            seen = path.stat()
            mark = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
            known = self._read.get(name)
            if known is not None and known[0] == mark:
                return known[1]
            put_there_on = datetime.fromtimestamp(seen.st_mtime, UTC).date()
            extract = _parsed(read_table(path), state, kind, put_there_on)
        except ListFileError as error:
            if (known := self._read.get(name)) is not None:
                return known[1]
            raise ContractDriftError(SYSTEM, "extract-refused", f"{name}: {error}") from None
        except OSError as error:
            raise TemporarilyUnavailableError(SYSTEM, "folder-unreadable", f"{name}: {error.strerror}") from error
        self._read[name] = (mark, extract)
        return extract


def _parsed(table: Table, state: str, kind: str, put_there_on: date) -> Extract:
    missing = [each for each in _COLUMNS if each not in table.columns]
    if missing:
        raise ListFileError(f"these columns are missing: {', '.join(missing)}")
    at = [table.columns[each] for each in _COLUMNS]
    records: dict[str, LicenceRecord] = {}
    days = []
    for row_number, row in enumerate(table.rows, start=2):
        number, name, said, expiry, as_of = (row[place] for place in at)
        status = status_of(said)
        key = plain_number(number)
        if status is None:
            raise ListFileError(f"row {row_number} has a status that nobody explained")
        if not key or key in records:
            raise ListFileError(f"row {row_number} has a number that is missing or stands above")
        try:
            days.append(date.fromisoformat(as_of) if as_of else put_there_on)
            expires_on = date.fromisoformat(expiry) if expiry else None
        except ValueError:
            raise ListFileError(f"row {row_number} has a date that is none") from None
        records[key] = LicenceRecord(
            status=status, name_on_record=name, number=number, state=state, kind=kind, expires_on=expires_on
        )
    if not days:
        raise ListFileError("it has no rows")
    return Extract(min(days), records)
