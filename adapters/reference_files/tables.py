"""CSV files as rows that know where they stand, and that collect what is wrong with them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from adapters.reference_files.faults import FileFault
from domain.money import Money

T = TypeVar("T")
CURRENCY = "USD"


class Faults:
    """The mistakes found so far, in the order of reading."""

    def __init__(self) -> None:
        self.found: list[FileFault] = []

    def add(self, file: str, place: str, message: str) -> None:
        self.found.append(FileFault(file=file, place=place, message=message))


class Row:
    """One line of a table. Every reader of a cell records a fault and gives a harmless value when it cannot read."""

    def __init__(self, file: str, number: int, cells: dict[str, str], faults: Faults) -> None:
        self.file, self.number, self._cells, self._faults = file, number, cells, faults

    def fault(self, message: str) -> None:
        self._faults.add(self.file, f"line {self.number}", message)

    def text(self, column: str) -> str:
        return self._cells.get(column, "")

    def required(self, column: str) -> str:
        value = self.text(column)
        if not value:
            self.fault(f"{column} is missing")
        return value

    def words(self, column: str) -> tuple[str, ...]:
        """A list in one cell, separated by semicolons."""
        return tuple(word.strip() for word in self.text(column).split(";") if word.strip())

    def flag(self, column: str) -> bool:
        value = self.text(column)
        if value not in ("yes", "no"):
            self.fault(f"{column} is '{value}': write yes or no")
        return value == "yes"

    def parsed(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        try:
            return parse(self.text(column))
        except ValueError as error:
            self.fault(f"{column}: {error}")
            return otherwise

    def whole(self, column: str) -> int:
        return self.parsed(column, _whole, 1)

    def decimal(self, column: str) -> Decimal:
        return self.parsed(column, to_decimal, Decimal(0))

    def money(self, column: str) -> Money:
        return Money(amount=self.decimal(column), currency=CURRENCY)

    def money_or_none(self, column: str) -> Money | None:
        return self.money(column) if self.text(column) else None


def to_decimal(text: str) -> Decimal:
    """A finite decimal number that is not negative. Raises ValueError."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"'{text}' is no number") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"'{text}' must be a number that is not negative")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"'{text}' is no whole number from 1 on")
    return int(text)


def read_table(directory: Path, name: str, columns: Sequence[str], faults: Faults) -> tuple[Row, ...]:
    """The rows of a CSV file (UTF-8, comma, header line) that must have exactly these columns."""
    try:
        text = (directory / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        faults.add(name, "", f"the file is missing in {directory}")
        return ()
    except (OSError, UnicodeDecodeError) as error:
        faults.add(name, "", f"cannot be read: {error}")
        return ()
    reader = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(reader, [])]
    if sorted(header) != sorted(columns):
        faults.add(name, "line 1", f"the columns must be {', '.join(columns)}; found {', '.join(header) or 'none'}")
        return ()
    return tuple(_rows(name, header, reader, faults))


def _rows(name: str, header: list[str], reader: Iterator[list[str]], faults: Faults) -> Iterator[Row]:
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.add(name, f"line {number}", f"has {len(cells)} cells, the header {len(header)}")
            continue
        yield Row(name, number, {key: cell.strip() for key, cell in zip(header, cells, strict=True)}, faults)


def unique(rows: Sequence[Row], *columns: str) -> None:
    """Record a fault for every row whose key stands on an earlier line."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text(column) for column in columns)
        if key in seen:
            row.fault(f"{' '.join(key)} stands on line {seen[key]} already")
        seen.setdefault(key, row.number)
