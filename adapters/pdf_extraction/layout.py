"""Words with their places, gathered into rows and cells, and as text whose columns stand where the page has them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from statistics import median

from domain.capture import Place

MAX_COLUMNS = 240  # of a row of text: what stands further to the right is left out
_CELL_GAP = 0.45  # of the height of the letters: a wider gap separates two cells
_WORD_GAP = 0.12  # a narrower one stands inside of a word, whose letters many programs place one by one
_POINT = Decimal("0.01")


@dataclass(frozen=True)
class Word:
    """In points from the upper left corner of page `page`, which counts from 1."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Cell:
    """Words of a row that stand close together."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    def part(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that hold the characters from `start` to `end` of the text."""
        found, at = [], 0
        for word in self.words:
            if at < end and at + len(word.text) > start:
                found.append(word)
            at += len(word.text) + 1
        return tuple(found)


@dataclass(frozen=True)
class Row:
    """Words on one base line, from left to right."""

    words: tuple[Word, ...]

    @property
    def page(self) -> int:
        return self.words[0].page

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        cells: list[list[Word]] = [[self.words[0]]]
        for before, word in pairwise(self.words):
            if word.left - before.right > _CELL_GAP * max(before.height, word.height):
                cells.append([])
            cells[-1].append(word)
        return tuple(Cell(tuple(words)) for words in cells)


def place_of(words: Sequence[Word]) -> Place | None:
    """The box around words; of those on the first one's page, when they stand on several."""
    if not words:
        return None
    same = [word for word in words if word.page == words[0].page]
    return Place(
        page=words[0].page,
        left=_points(min(word.left for word in same)),
        top=_points(min(word.top for word in same)),
        right=_points(max(word.right for word in same)),
        bottom=_points(max(word.bottom for word in same)),
    )


def _points(value: float) -> Decimal:
    return Decimal(str(round(max(-99_999.0, min(99_999.0, value)), 2))).quantize(_POINT)


def rows_of(words: Sequence[Word]) -> tuple[Row, ...]:
    """The words of one page in rows: what overlaps by half of its height stands on one line."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda each: (each.bottom, each.left)):
        if rows and _on_one_line(rows[-1][-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return tuple(Row(tuple(_whole(sorted(row, key=lambda each: each.left)))) for row in rows)


def _whole(pieces: Sequence[Word]) -> Iterator[Word]:
    """Words from the pieces of a row, in its order."""
    group: list[Word] = []
    for piece in pieces:
        if group and not -piece.height < piece.left - group[-1].right < _WORD_GAP * piece.height:
            yield _joined(group)
            group = []
        group.append(piece)
    if group:
        yield _joined(group)


def _joined(pieces: Sequence[Word]) -> Word:
    if len(pieces) == 1:
        return pieces[0]
    return Word(
        "".join(piece.text for piece in pieces),
        pieces[0].page,
        pieces[0].left,
        min(piece.top for piece in pieces),
        max(piece.right for piece in pieces),
        max(piece.bottom for piece in pieces),
    )


def _on_one_line(one: Word, other: Word) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return overlap > 0.5 * min(one.height, other.height)


class PageText:
    """The rows of all pages as one text; what stands below another on the page does so in the text as well."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._words: list[Word] = []
        self.text = self._written()

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that hold the characters from `start` to `end`."""
        first = max(0, bisect_right(self._starts, start) - 1)
        found = []
        for at in range(first, len(self._words)):
            if self._starts[at] >= end:
                break
            if self._ends[at] > start:
                found.append(self._words[at])
        return tuple(found)

    def _written(self) -> str:
        words = [word for row in self.rows for word in row.words]
        if not words:
            return ""
        step = median((word.right - word.left) / len(word.text) for word in words) or 1.0
        margin = min(word.left for word in words)
        parts: list[str] = []
        length = 0
        for before, row in zip((None, *self.rows), self.rows, strict=False):
            gap = "" if before is None else _line_feeds(before, row)
            line = self._row(row, length + len(gap), step, margin)
            parts += (gap, line)
            length += len(gap) + len(line)
        return "".join(parts)

    def _row(self, row: Row, offset: int, step: float, margin: float) -> str:
        """Cells begin at their columns; inside of a cell there is one space between words."""
        line = ""
        for cell in row.cells:
            column = int(min(MAX_COLUMNS, (cell.left - margin) / step))
            line += " " * max(2 if line else 0, column - len(line))
            for index, word in enumerate(cell.words):
                if len(line) + 1 + len(word.text) > MAX_COLUMNS:
                    return line
                line += " " if index else ""
                self._starts.append(offset + len(line))
                line += word.text
                self._ends.append(offset + len(line))
                self._words.append(word)
        return line


def _line_feeds(before: Row, row: Row) -> str:
    """At most one empty line: patterns that look over space must not be led astray by much of it."""
    far = before.page != row.page or row.top - before.bottom > 0.9 * (row.bottom - row.top)
    return "\n\n" if far else "\n"
