"""What else is wrong with files that are refused: what was found wrong is set aside, and the rest is judged as well.

An entry of a list is set aside whole. A wrong owner, reason or single parameter is replaced by some value that fits,
so that one slip in a section does not hide what is wrong with the rest. A fault that is only there because something
was set aside is not told; what nobody approves is told with the rules that were left out of the proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.policy.compose import PolicyBook, compose
from domain.policy.documents import FacilityDocument, SystemDocument
from domain.policy.source import Place, PolicyFault, PolicyFilesError, Source

SYSTEM_FILE = "system.yaml"
ROUNDS = 8
"""Some faults show only when others are gone; each round takes away what the one before found."""

_LISTS = frozenset(
    {
        "levels",
        "rules",
        "limits",
        "exceptions",
        "facilities_may_change",
        "tests",
        "overrides",
        "segregation",
        "entitlements",
        "hire_plan",
    }
)
_FOR_READERS = frozenset({"owner", "reason"})
_STAND_INS: tuple[Any, ...] = (
    *(
        None,
        0,
        1,
        60,
        True,
        (),
        "process-owner",
        "stop",
        "ask",
        "collect",
        "first",
        "any",
        "unique",
        "supplier",
        "shadow",
        "initial-family",
        "USD",
        "UTC",
        "US",
    ),
    *("a reason that was left out", "1999.01-1", date(1999, 1, 1), "09:00", "17:00", ("monday",), "hospital"),
)
_ABSENT = object()


class Remainder:
    """The part of the files that can be judged further, and what was left out of it.

    `files` had something set aside, `names` are those of the entries set aside, `parts` the keys that held them, and
    `rules` the routing rules among them, by file.
    """

    def __init__(
        self,
        book: PolicyBook,
        files: Iterable[str],
        names: Iterable[str] = (),
        parts: Iterable[str] = (),
        rules: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.book, self.files = book, frozenset(files)
        self.names, self.parts, self._rules = frozenset(names), frozenset(parts), dict(rules or {})

    def told(self, faults: Iterable[PolicyFault]) -> list[PolicyFault]:
        """Faults of the rest, without those that what was set aside would explain."""
        return [told for fault in faults if (told := self._told(fault)) is not None]

    def _told(self, fault: PolicyFault) -> PolicyFault | None:
        if ".tests[" in f".{fault.place}" and (SYSTEM_FILE in self.files or fault.file in self.files):
            return None
        if fault.reason.startswith("nobody approves") or ": nobody approves" in fault.reason:
            rules = {rule for file in (SYSTEM_FILE, fault.file) for rule in self._rules.get(file, ())}
            left_out = ", ".join(sorted(rules))
            reason = f"{fault.reason} (without what is wrong itself: {left_out})" if left_out else fault.reason
            return fault.model_copy(update={"reason": reason})
        if "authority" in self.parts and "authority" in fault.place:
            return None
        return None if _words(fault.reason) & self.names else fault


def remainder(
    system: Source, facilities: Sequence[Source], found: Sequence[PolicyFault], unread: Iterable[str] = ()
) -> tuple[list[PolicyFault], Remainder | None]:
    """Every further fault of files for which `compose` found these, and what can be proven nevertheless.

    `unread` are the facilities whose files are there and could not be read. None for the second when nothing can be
    proven, such as without a system file that has levels and routing.
    """
    patients = {source.file: _Patient(source) for source in (system, *facilities)}
    missing, wrong = set(unread), list(found)
    faults = [fault for fault in found if not _explained(fault, missing, set())]
    for _ in range(ROUNDS):
        progress = [patients[file].treat(of) for file, of in _by_file(wrong).items() if file in patients]
        if not any(progress) or patients[system.file].hopeless:
            return faults, None
        names = missing.union(*(each.names for each in patients.values()))
        parts = {part for each in patients.values() for part in each.parts}
        rest = [patients[each.file].so_far() for each in facilities if not patients[each.file].hopeless]
        try:
            book = compose(patients[system.file].so_far(), rest)
        except PolicyFilesError as error:
            wrong = list(error.faults)
            real = [fault for fault in wrong if not patients[fault.file].put_there(_place_of(fault.place))]
            faults += [fault for fault in real if not _explained(fault, names, parts)]
        else:
            touched = [file for file, each in patients.items() if each.touched]
            return faults, Remainder(book, touched, names, parts, {file: patients[file].rules for file in touched})
    return faults, None


def _explained(fault: PolicyFault, names: set[str], parts: set[str]) -> bool:
    if "facilities_may_change" in parts and "does not let a facility change" in fault.reason:
        return True
    return bool(_words(fault.reason) & names)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_-]+", text))


def _by_file(faults: Iterable[PolicyFault]) -> dict[str, list[PolicyFault]]:
    found: dict[str, list[PolicyFault]] = {}
    for fault in faults:
        found.setdefault(fault.file, []).append(fault)
    return found


class _Patient:
    """One file, what was taken out of it, and what was put in place of something; by its original places."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._model: type[BaseModel] = SystemDocument if source.file == SYSTEM_FILE else FacilityDocument
        self._gone: set[Place] = set()
        self._put: dict[Place, Any] = {}
        self.hopeless = False
        self.names: set[str] = set()
        self.parts: set[str] = set()
        self.rules: set[str] = set()

    @property
    def touched(self) -> bool:
        return self.hopeless or bool(self._gone or self._put)

    def treat(self, faults: Sequence[PolicyFault]) -> bool:
        """Set aside what these faults are about. False when nothing was left to set aside."""
        before = (set(self._gone), dict(self._put), self.hopeless)
        for fault in faults:
            self._treat(_place_of(fault.place), fault.reason)
        return before != (self._gone, self._put, self.hopeless)

    def put_there(self, place: Place) -> bool:
        """Whether what stands at the place is a stand-in."""
        return place in self._put

    def so_far(self) -> Source:
        lines, origin = dict(self._source.lines), dict[Place, Place]()
        content = self._rebuilt(self._source.content, (), (), origin)
        return Source(self._source.file, content, lines, origin)

    def _treat(self, place: Place, reason: str) -> None:
        entry = _entry(place)
        if entry is None:
            self._mend(place, reason)
        elif place != entry and place[-1] in _FOR_READERS and len(place) == len(entry) + 1 and place not in self._put:
            self._put[place] = "process-owner" if place[-1] == "owner" else "a reason that was left out"
        else:
            self._set_aside(entry)

    def _set_aside(self, entry: Place) -> None:
        self._gone.add(entry)
        content = _at(self._source.content, entry)
        named = content if isinstance(content, Mapping) else {}
        names = {str(named[key]) for key in ("name", "code") if key in named}
        self.names |= names
        if "routing" in entry or "approvals" in entry or entry[0] == "rules":
            self.rules |= names
        self.parts |= {step for step in entry if isinstance(step, str)}

    def _mend(self, place: Place, reason: str) -> None:
        """Put something that fits in the place of one parameter; a file for which nothing does is set aside."""
        if place and reason.startswith("unknown key"):
            self._gone.add(place)
            return
        for stand_in in _STAND_INS if place and place not in self._put else ():
            self._put[place] = stand_in
            if not self._refused(place):
                return
        self._put.pop(place, None)
        self.hopeless = True
        self.names.add(self._source.file.removesuffix(".yaml"))

    def _refused(self, place: Place) -> bool:
        """Whether something is still wrong at the place or, where it is part of a section, with the section."""
        try:
            self._model.model_validate(self.so_far().content)
        except ValidationError as error:
            return any(tuple(each["loc"])[: len(place)] == place for each in error.errors())
        return False

    def _rebuilt(self, value: Any, old: Place, new: Place, origin: dict[Place, Place]) -> Any:
        origin[new] = old
        if isinstance(value, Mapping):
            kept = {key: each for key, each in value.items() if (*old, key) not in self._gone}
            content = {key: self._filled(each, (*old, key), (*new, key), origin) for key, each in kept.items()}
            added = {place[-1]: each for place, each in self._put.items() if place[:-1] == old}
            return content | {str(key): each for key, each in added.items() if key not in content}
        if isinstance(value, list):
            kept_at = [at for at in range(len(value)) if (*old, at) not in self._gone]
            return [self._filled(value[at], (*old, at), (*new, number), origin) for number, at in enumerate(kept_at)]
        return value

    def _filled(self, value: Any, old: Place, new: Place, origin: dict[Place, Place]) -> Any:
        if old in self._put:
            origin[new] = old
            return self._put[old]
        return self._rebuilt(value, old, new, origin)


def _entry(place: Place) -> Place | None:
    """The entry of a list that a place is in."""
    for at, (part, number) in enumerate(pairwise(place)):
        if part in _LISTS and isinstance(number, int):
            return place[: at + 2]
    return None


def _place_of(words: str) -> Place:
    """The place that is told as 'overrides[0].value'."""
    return tuple(int(number) if number else key for key, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", words))


def _at(content: Any, place: Place) -> Any:
    for step in place:
        inside = isinstance(content, list) and isinstance(step, int) and step < len(content)
        if not inside and not (isinstance(content, Mapping) and step in content):
            return _ABSENT
        content = content[step]
    return content
