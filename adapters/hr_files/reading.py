"""The text of an HR file: its encoding, its delimiter, its cells row by row, and whether all of it is there.

A file is never held in memory. What is damaged or cut off is found before any row of it counts, because whoever reads
the rows reads them to the end first.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from domain.hire_file import RowFault, known_columns
from domain.ports.hire_files import FileFacts, UnreadableFileError

MAX_FILE_BYTES = 64_000_000
MAX_ROWS = 100_000
MAX_HEADER = 20_000
"""Characters of a header."""
END = "#end"
DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_UTF8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def facts_of(path: Path) -> FileFacts:
    """Raises UnreadableFileError for what is no text in an encoding that is read here, and OSError."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _unreadable("too-large", f"The file has more than {MAX_FILE_BYTES:,} bytes; send it in parts.")
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            digest, last = _read_through(path, encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252" and _has_utf8(path):
            raise _unreadable("mixed-encodings", "Parts of it are UTF-8 and others are not; send all of it as UTF-8.")
        return FileFacts(
            sha256=digest,
            encoding=encoding.removesuffix("-sig"),
            delimiter=_delimiter(path, encoding),
            finished=last in ("\n", "\r"),
        )
    message = "The file is no text in UTF-8, UTF-16 with its mark, or Windows-1252, or it is cut off; send it again."
    raise _unreadable("encoding", message)


def _read_through(path: Path, encoding: str) -> tuple[str, str]:
    """The SHA-256 of all bytes, and the last character. Raises UnicodeDecodeError."""
    digest, decoder, last = hashlib.sha256(), codecs.getincrementaldecoder(encoding)("strict"), ""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            text = decoder.decode(chunk)
            if "\x00" in text:
                message = "There are NUL characters in it: it is damaged, or UTF-16 without its mark. Send it as UTF-8."
                raise _unreadable("nul", message)
            last = text[-1:] or last
    return digest.hexdigest(), decoder.decode(b"", final=True)[-1:] or last


def _has_utf8(path: Path) -> bool:
    """Whether characters are in it that are spelled as UTF-8 spells them: then a part is damaged, and to read all of it
    as Windows-1252 would change people's names."""
    end = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if _UTF8.search(end + chunk):
                return True
            end = chunk[-3:]
    return False


def _delimiter(path: Path, encoding: str) -> str:
    """The one that makes most headers of the first line."""
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline(MAX_HEADER)
    return max(DELIMITERS, key=lambda each: known_columns(header.replace('"', "").rstrip("\r\n").split(each)))


class CsvRows:
    """`domain.ports.hire_files.CellRows` of a file whose facts are known. Rows without any content are left out.

    A cut between two rows shows in nothing but the missing last line: without `end_required`, it is not seen.
    """

    def __init__(self, path: Path, facts: FileFacts, *, end_required: bool) -> None:
        self._path, self._facts, self._end_required = path, facts, end_required

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        encoding = "utf-8-sig" if self._facts.encoding == "utf-8" else self._facts.encoding
        with self._path.open(encoding=encoding, newline="") as file:
            yield from self._whole(file)

    def _whole(self, file: io.TextIOBase) -> Iterator[tuple[int, list[str]]]:
        count, width, last, stated = -1, 0, (0, 0), None
        for line, cells in self._parsed(file):
            if stated is not None:
                raise _unreadable("after-the-end", f"There are rows after the line {END}; send the file anew.", line)
            if cells[0].strip() == END and not any(cell.strip() for cell in cells[2:]):
                stated = cells[1].strip() if len(cells) > 1 else ""
                continue
            count, last, width = count + 1, (line, len(cells)), width or len(cells)
            if count > MAX_ROWS:
                raise _unreadable("too-many-rows", f"There are more than {MAX_ROWS:,} rows; send it in parts.", line)
            yield line, cells
        if count < 0:
            raise _unreadable("empty", "The file is empty; send one with a header and rows.")
        if stated is None:
            self._must_be_finished(last, width)
        elif stated != str(count):
            told = stated if stated.isascii() and stated.isdecimal() and len(stated) < 10 else "no number of"
            message = f"The last line tells of {told} rows, and there are {count}: some are missing. Send it anew."
            raise _unreadable("cut-off", message)

    def _must_be_finished(self, last: tuple[int, int], width: int) -> None:
        line, cells = last
        if not self._facts.finished or cells < width:
            message = (
                f"The last row is not finished: the file was cut off. Send it anew, best with a last line {END},<rows>."
            )
            raise _unreadable("cut-off", message, line)
        if self._end_required:
            message = (
                f"The last line is not {END},<rows>, so that nobody can tell whether rows are missing. Send it anew."
            )
            raise _unreadable("no-end-line", message, line)

    def _parsed(self, file: io.TextIOBase) -> Iterator[tuple[int, list[str]]]:
        reader, line = csv.reader(file, delimiter=self._facts.delimiter, strict=True), 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _damaged(error, line) from None
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1


def _damaged(error: csv.Error, line: int) -> UnreadableFileError:
    if "unexpected end of data" in str(error):
        return _unreadable(
            "cut-off", "A quote that opens here is never closed: the file was cut off. Send it anew.", line
        )
    if "field larger" in str(error):
        return _unreadable("cell-too-large", "A cell is larger than any can be; look for a quote too many.", line)
    return _unreadable("quotes", "The quotes of this line do not fit one another; send the file anew.", line)


def _unreadable(code: str, message: str, line: int = 0) -> UnreadableFileError:
    return UnreadableFileError(RowFault(line=line, code=code, message=message))
