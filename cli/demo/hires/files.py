"""The HR files of the demonstration: one with all hires, and one with what became of some of them since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.hires.writing import Ended, hr_file_name, write_hr_file
from domain.hire import Hire
from domain.hire_file import FileKind

NOBODY = Ended("north", "H-3999", "rescinded", "Never came.")
"""A row of the second file that no hire has the number of."""


class Counts(BaseModel):
    """What the rows of a file did, as `GET /v1/hire-files` counts them."""

    model_config = ConfigDict(frozen=True)

    rows: int = 0
    new: int = 0
    corrected: int = 0
    ended: int = 0
    unchanged: int = 0
    refused: int = 0


class FileVerdict(BaseModel):
    """One HR file: what became of it, the rows that were not taken, and what is not as it was written."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: str
    counts: Counts
    faults: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Left:
    """A file that was left, and what its rows should do."""

    name: str
    counts: Counts


class HrDesk:
    """HR's own system, which leaves files in the `folder` that the gateway watches."""

    def __init__(self, folder: Path, today: date) -> None:
        self._folder, self._today = folder, today
        self._awaited: set[str] = set()
        self._hired: list[Hire] = []
        self._corrected: list[Hire] = []
        self._ended: list[Ended] = []
        self.left: list[_Left] = []

    def list_all(self, hires: Sequence[Hire], known: Collection[str]) -> None:
        """Leave the full file. `known` are the numbers that came in otherwise before. Blocks while it writes."""
        counts = Counts(rows=len(hires), new=len(hires) - len(known), unchanged=len(known))
        self._leave("full", 1, write_hr_file(hires), counts)

    def expect(self, numbers: Collection[str]) -> None:
        """Hires of which the second file will say something: it is left once all is known that it says."""
        self._awaited |= set(numbers)

    def hired(self, hire: Hire) -> None:
        self._hired.append(hire)
        self.nothing_of(hire.number)

    def corrected(self, hire: Hire) -> None:
        self._corrected.append(hire)
        self.nothing_of(hire.number)

    def ended(self, ended: Ended) -> None:
        self._ended.append(ended)
        self.nothing_of(ended.number)

    def nothing_of(self, number: str) -> None:
        """There is nothing (more) to say of this hire; the last one has the file left."""
        if number not in self._awaited:
            return
        self._awaited.discard(number)
        if self._awaited or not (self._hired or self._corrected or self._ended):
            return
        counts = Counts(
            rows=len(self._hired) + len(self._corrected) + len(self._ended) + 1,
            new=len(self._hired),
            corrected=len(self._corrected),
            ended=len(self._ended),
            refused=1,
        )
        content = write_hr_file([*self._hired, *self._corrected], [*self._ended, NOBODY])
        self._leave("delta", 2, content, counts)

    def _leave(self, kind: FileKind, part: int, content: str, counts: Counts) -> None:
        """Under another name first: what is seen in the folder is whole."""
        name = hr_file_name(kind, self._today, part)
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.part"
        unfinished.write_bytes(content.encode())
        unfinished.rename(self._folder / name)
        self.left.append(_Left(name, counts))

    def judge(self, taken: Sequence[Mapping[str, Any]]) -> tuple[FileVerdict, ...]:
        """Compare the files that were left with what the API says became of them."""
        by_name = {str(each["name"]): each for each in taken}
        return tuple(_verdict(left, by_name.get(left.name)) for left in self.left)


def _verdict(left: _Left, taken: Mapping[str, Any] | None) -> FileVerdict:
    if taken is None:
        return FileVerdict(
            name=left.name, state="unknown", counts=Counts(), faults=(), reasons=("the API knows nothing of it",)
        )
    faults = tuple(f"line {each['line']}, {each['column']}: {each['message']}" for each in taken["faults"])
    counts = Counts.model_validate({name: taken[name] for name in Counts.model_fields})
    return FileVerdict(
        name=left.name,
        state=str(taken["state"]),
        counts=counts,
        faults=faults,
        reasons=tuple(_reasons(left.counts, counts, str(taken["state"]))),
    )


def _reasons(written: Counts, found: Counts, state: str) -> Iterator[str]:
    if state != "taken":
        yield f"is {state}, not taken"
    for name in Counts.model_fields:
        if getattr(written, name) != getattr(found, name):
            yield f"{name}: {getattr(found, name)}, not {getattr(written, name)}"
