"""Messages of the bank in the order in which they were first seen.

Names tell no order (mock-bank writes '...-11' before '...-3') and modification times may lie: transfers keep old ones,
and two files can share one. The order of arrival is therefore kept in a journal of our own: whatever is new in the
inbox gets the next key, the older modification time first, then by the numbers in the name. A file that changed is a
new arrival. Keys are nanoseconds of the first look, or one more than the last key: if the journal is lost, everything
in the inbox arrives anew behind every cursor, and facts that are known already are recognised by their ids.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from adapters.bank_folder.files import held
from domain.model import Value
from domain.payment import BankMessage

MAX_OCTETS = 20_000_000
_UNFINISHED = (".tmp", ".part", ".filepart", ".writing", ".swp")
_ENCODINGS = {"utf-8", "utf-16", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BILLION = 1_000_000_000


class _Arrival(Value):
    """`size` in octets and `changed_ns` tell a file from a later one with its name."""

    key: str
    name: str
    size: int
    changed_ns: int

    @property
    def identity(self) -> tuple[str, int, int]:
        return self.name, self.size, self.changed_ns


class Inbox:
    """`settle_seconds` is how long a file must have been left alone before it is taken to be whole."""

    def __init__(self, folder: Path, state: Path, clock: Callable[[], datetime], settle_seconds: float) -> None:
        self._folder, self._clock, self._settle_ns = folder, clock, int(settle_seconds * _BILLION)
        self._lock, self._journal = state / "inbox.lock", state / "arrivals.jsonl"

    def prepare(self) -> None:
        for folder in (self._folder, self._journal.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def messages(self, after: str, limit: int) -> tuple[BankMessage, ...]:
        self.prepare()
        with held(self._lock):
            present = {each.identity: each for each in self._present()}
            arrivals = self._with_new(present)
        wanted = sorted(
            (each for each in arrivals if each.key > after and each.identity in present), key=lambda each: each.key
        )
        return tuple(self._read(each) for each in wanted[:limit])

    def _present(self) -> Iterable[_Arrival]:
        now = int(self._clock().timestamp() * _BILLION)
        for path in self._folder.iterdir():
            if not _is_message(path):
                continue
            status = path.stat()
            # A time in the future is another clock's, and no reason to wait for it.
            if not 0 <= now - status.st_mtime_ns < self._settle_ns:
                yield _Arrival(key="", name=path.name, size=status.st_size, changed_ns=status.st_mtime_ns)

    def _with_new(self, present: Mapping[tuple[str, int, int], _Arrival]) -> list[_Arrival]:
        arrivals = self._known()
        known = {each.identity for each in arrivals}
        last = int(arrivals[-1].key) if arrivals else 0
        new = sorted((each for each in present.values() if each.identity not in known), key=_order)
        number = max(last + 1, int(self._clock().timestamp() * _BILLION))
        added = [each.model_copy(update={"key": f"{number + ahead:020d}"}) for ahead, each in enumerate(new)]
        if added:
            with self._journal.open("ab") as file:
                file.write(b"".join(each.model_dump_json().encode() + b"\n" for each in added))
        return [*arrivals, *added]

    def _known(self) -> list[_Arrival]:
        """A line that a crash cut short is forgotten: its file arrives again, under a later key."""
        found = []
        if self._journal.exists():
            octets = self._journal.read_bytes()
            if octets and not octets.endswith(b"\n"):
                octets = octets[: octets.rfind(b"\n") + 1]
                os.truncate(self._journal, len(octets))
            for line in octets.splitlines():
                try:
                    found.append(_Arrival.model_validate_json(line))
                except ValidationError:
                    continue
        return sorted(found, key=lambda each: each.key)

    def _read(self, arrival: _Arrival) -> BankMessage:
        with (self._folder / arrival.name).open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
        return BankMessage(key=arrival.key, name=arrival.name, content=decoded(octets))


def _is_message(path: Path) -> bool:
    """Whole files of the folder itself; names that are no text have no place in the evidence."""
    finished = not path.name.startswith(".") and not path.name.lower().endswith(_UNFINISHED)
    return finished and path.name.isprintable() and not path.is_symlink() and path.is_file()


def decoded(octets: bytes) -> str:
    """The text, in the encoding that a byte order mark or an XML declaration names, else UTF-8.

    What is no text in it becomes U+FFFD, by which the reader knows that the message is damaged.
    """
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return octets.decode("utf-16", errors="replace")
    found = _DECLARED.match(octets.removeprefix(codecs.BOM_UTF8).lstrip())
    named = found.group(1).decode().lower() if found else "utf-8"
    encoding = named if named in _ENCODINGS - {"utf-16"} else "utf-8"
    return octets.removeprefix(codecs.BOM_UTF8).decode(encoding, errors="replace")


def _order(arrival: _Arrival) -> tuple[int, list[tuple[int, str]]]:
    parts = re.split(r"(\d+)", arrival.name)
    return arrival.changed_ns, [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
