"""What is wrong in the files, told all at once and with the place to look at."""

from __future__ import annotations

from collections.abc import Sequence

from domain.model import Value


class FileFault(Value):
    """One mistake. `place` is a line number of the file, or empty when the whole file is meant."""

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.message}"


class InvalidReferenceFilesError(Exception):
    """The files cannot be used as they are; `faults` has every mistake that was found."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
