"""An HR file from the folder to its cases: read to its end first, compared, and only then taken, row by row."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal, TypeVar

from api.hire_file_rows import Policies, RowTaker, TakenRow
from api.hire_file_telling import Teller
from api.hire_intake import hire_case_id
from api.services import Services
from domain.hire_file import FileName, HeaderError, Row, RowFault, file_name, read_header, read_row
from domain.hire_file_compare import Effect, FileScan, HireKey, KnownHire, Losses, losses, turn_of
from domain.ports.hire_files import (
    MAX_TOLD,
    FileFacts,
    HireFileRecord,
    HireFileSource,
    LeftFile,
    RowFate,
    UnreadableFileError,
)

Ending = Literal["taken", "repeated", "refused", "held", "waiting", "superseded"]
READ_AT_ONCE = 200
TAKEN_AT_ONCE = 16
_ENDED = ("taken", "superseded")
_Item = TypeVar("_Item")


class HireFileTaking:
    """One file, at one moment. Whatever ends it in the middle, it may be run again. Nobody else takes files of the
    folder meanwhile.
    """

    def __init__(self, source: HireFileSource, file: LeftFile, services: Services, teller: Teller) -> None:
        self._source, self._file, self._services, self._teller = source, file, services, teller
        self._ledger = services.hire_files
        self._policies = Policies(services, services.now())
        self._record: HireFileRecord | None = None

    async def run(self) -> Ending:
        """Raises the 503 problem, `domain.outside_errors` and OSError: nothing is lost, and it may be run again."""
        name = file_name(self._file.name)
        self._record = self._record_of(name, None)
        faults = list(self._file.faults)
        if name is None:
            message = "No HR file has this name; call it hires-full-20260302.csv or hires-delta-20260302-2.csv."
            faults.append(RowFault(line=0, code="unknown-name", message=message))
        try:
            facts = await asyncio.to_thread(self._source.facts, self._file)
            self._record = self._record_of(name, facts)
            if name is not None and not faults:
                return await self._read(self._record, name, facts)
        except (UnreadableFileError, HeaderError) as error:
            faults += error.faults
        return await self._refuse(faults)

    async def give_up(self) -> Ending:
        """Something broke on our side."""
        message = "Something broke on our side; the log of the gateway says what. Leave it again once it is mended."
        return await self._refuse([RowFault(line=0, code="internal-error", message=message)])

    async def _refuse(self, faults: Sequence[RowFault]) -> Ending:
        """Nothing of the file is taken."""
        told = await self._teller.refused(self._file, faults, self._policies)
        if self._record is not None:
            update: dict[str, Any] = {"state": "refused", "incident": told, "faults": tuple(faults[:MAX_TOLD])}
            await self._ledger.record(self._record.model_copy(update=update))
        await asyncio.to_thread(self._source.refused, self._file, faults)
        return "refused"

    async def _read(self, record: HireFileRecord, name: FileName, facts: FileFacts) -> Ending:
        known = await self._ledger.file(record.file_id)
        if known is not None and known.state in _ENDED:
            await asyncio.to_thread(self._source.done, self._file)
            return "repeated"
        if known is not None:
            carried = ("state", "received_at", "incident", "released_by", "release_reason")
            record = record.model_copy(update={each: getattr(known, each) for each in carried})
        turn = turn_of(name, *await self._ledger.last_taken(self._file.scope))
        if turn == "superseded" or (turn == "too-old" and known is not None and known.state in ("held", "released")):
            return await self._end(record, "superseded")
        if turn == "too-old":
            message = "A later file was taken already; send a new full file instead."
            return await self._refuse([RowFault(line=0, code="too-old", message=message)])
        if turn == "waits":
            return await self._aside(record, "waiting", first=known is None or known.state != "waiting")
        return await self._compare(record, facts, decided=known is not None and known.state in ("taking", "released"))

    def _record_of(self, name: FileName | None, facts: FileFacts | None) -> HireFileRecord:
        told = "|".join((self._file.scope, name.text if name else self._file.name, facts.sha256 if facts else ""))
        return HireFileRecord(
            file_id=hashlib.sha256(told.encode()).hexdigest()[:32],
            name=name.text if name else "",
            kind=name.kind if name else None,
            day=name.day if name else None,
            part=name.part if name else 1,
            scope=self._file.scope,
            sha256=facts.sha256 if facts else "",
            encoding=facts.encoding if facts else "",
            state="taking",
            received_at=self._policies.now,
            updated_at=self._policies.now,
        )

    async def _compare(self, record: HireFileRecord, facts: FileFacts, *, decided: bool) -> Ending:
        """`decided`: that it is to be taken, by a person or before it was interrupted."""
        scan, unknown = await asyncio.to_thread(self._scan, facts)
        lost = await self._losses(scan) if record.kind == "full" else ()
        vanished = [f"{each.facility} {number}" for each in lost for number in each.vanished]
        record = record.model_copy(
            update={
                "rows": scan.count,
                "unknown_columns": unknown,
                "vanished": len(vanished),
                "vanished_hires": tuple(vanished[:MAX_TOLD]),
            }
        )
        too_many = [each for each in lost if each.too_many(self._policies.percent(each.facility))]
        if too_many and not decided:
            return await self._aside(record, "held", first=record.state != "held", too_many=too_many)
        record = record.model_copy(update={"state": "taking"})
        await self._ledger.record(record)
        return await self._take(record, facts, scan)

    def _scan(self, facts: FileFacts) -> tuple[FileScan, tuple[str, ...]]:
        """All rows, before anything is done; raises UnreadableFileError and HeaderError. Blocks."""
        scan, rows = FileScan(), _Rows(self._source, self._file, facts)
        for row in rows:
            scan.add(row, self._policies.faults(row, self._file.scope))
        return scan, rows.unknown

    async def _losses(self, scan: FileScan) -> tuple[Losses, ...]:
        """Of hires whose cases still run: those that are over are remembered as such."""
        still = []
        over = []
        for hire in await self._ledger.open_hires(self._file.scope):
            if hire.key not in scan.listed and await self._is_over(hire):
                over.append(hire.model_copy(update={"state": "closed"}))
            else:
                still.append(hire)
        if over:
            await self._ledger.remember(over)
        return await asyncio.to_thread(losses, scan, still)

    async def _is_over(self, hire: KnownHire) -> bool:
        case = await self._services.reader.case(hire_case_id(hire.facility, hire.number))
        return case is not None and case.closed_at is not None

    async def _take(self, record: HireFileRecord, facts: FileFacts, scan: FileScan) -> Ending:
        taker = RowTaker(self._services, self._policies, record.file_id, record.kind)
        counts: Counter[Effect] = Counter({"refused": len(scan.refused)})
        faults = list(scan.faults)
        for fates in _batched(_refused_rows(scan), READ_AT_ONCE):
            await self._ledger.note(record.file_id, fates)
        async for rows in self._readable_rows(facts, scan.refused):
            for taken in await self._take_rows(taker, record, rows):
                counts[taken.effect] += 1
                faults += [taken.fault] if taken.fault is not None else []
            record = record.model_copy(update={str(name): count for name, count in counts.items()})
            await self._ledger.record(record)
        faults.sort(key=lambda fault: (fault.line, fault.column))
        update = {**{str(name): count for name, count in counts.items()}, "faults": tuple(faults[:MAX_TOLD])}
        record = record.model_copy(update=update)
        if record.incident:
            await self._teller.clear(record.incident)
        told = await self._teller.taken(record, faults, self._policies) if faults or record.vanished else ""
        return await self._end(record.model_copy(update={"incident": told}), "taken")

    async def _readable_rows(self, facts: FileFacts, refused: Collection[int]) -> AsyncIterator[list[Row]]:
        rows = iter(_Rows(self._source, self._file, facts))
        while read := await asyncio.to_thread(_next, rows):
            yield [row for row in read if row.line not in refused]

    async def _take_rows(self, taker: RowTaker, record: HireFileRecord, rows: Sequence[Row]) -> list[TakenRow]:
        known = await self._ledger.known([(row.facility, row.number) for row in rows])
        found: list[TakenRow] = []
        for some in _batched(rows, TAKEN_AT_ONCE):
            found += await self._take_some(taker, record, some, known)
        return found

    async def _take_some(
        self, taker: RowTaker, record: HireFileRecord, rows: Sequence[Row], known: Mapping[HireKey, KnownHire]
    ) -> list[TakenRow]:
        """What some rows did is remembered also when others cannot be taken now."""
        calls = (taker.take(row, known.get((row.facility, row.number))) for row in rows)
        ended = list(zip(rows, await asyncio.gather(*calls, return_exceptions=True), strict=True))
        taken = [(row, each) for row, each in ended if isinstance(each, TakenRow)]
        if news := [each.known for _, each in taken if each.known is not None]:
            await self._ledger.remember(news)
        if fates := [_fate(row, each) for row, each in taken if each.effect != "unchanged"]:
            await self._ledger.note(record.file_id, fates)
        for _, each in ended:
            if isinstance(each, BaseException):
                raise each
        return [each for _, each in taken]

    async def _aside(
        self, record: HireFileRecord, state: Literal["held", "waiting"], *, first: bool, too_many: Sequence[Losses] = ()
    ) -> Ending:
        """The file waits, and human resources are told once."""
        if first:
            told = await self._teller.aside(record, state, too_many, self._policies)
            record = record.model_copy(update={"incident": told})
        update: dict[str, Any] = {"state": state, "updated_at": self._services.now()}
        await self._ledger.record(record.model_copy(update=update))
        await asyncio.to_thread(self._source.put_aside, self._file, record.file_id)
        return state

    async def _end(self, record: HireFileRecord, state: Literal["taken", "superseded"]) -> Ending:
        if state == "superseded" and record.incident:
            await self._teller.clear(record.incident)
        update: dict[str, Any] = {"state": state, "updated_at": self._services.now()}
        await self._ledger.record(record.model_copy(update=update))
        await asyncio.to_thread(self._source.done, self._file)
        return state


class _Rows:
    """The rows of a file; `unknown` columns are known after the first."""

    def __init__(self, source: HireFileSource, file: LeftFile, facts: FileFacts) -> None:
        self._cells = source.rows(file, facts)
        self.unknown: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        cells = iter(self._cells)
        line, names = next(cells)
        header = read_header(names, line)
        self.unknown = header.unknown
        for number, row in cells:
            yield read_row(row, header, number)


def _next(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, READ_AT_ONCE))


def _fate(row: Row, taken: TakenRow) -> RowFate:
    faults = (taken.fault,) if taken.fault is not None else ()
    return RowFate(line=row.line, facility=row.facility, number=row.number, effect=taken.effect, faults=faults)


def _refused_rows(scan: FileScan) -> Iterator[RowFate]:
    """A facility that there is not is nobody's: those rows are shown to everybody who reads the file."""
    by_line: dict[int, list[RowFault]] = {}
    for fault in scan.faults:
        by_line.setdefault(fault.line, []).append(fault)
    for line, (_, number) in sorted(scan.refused.items()):
        faults = tuple(by_line.get(line, ()))
        facility = faults[-1].facility if faults else ""
        yield RowFate(line=line, facility=facility, number=number, effect="refused", faults=faults)


def _batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
