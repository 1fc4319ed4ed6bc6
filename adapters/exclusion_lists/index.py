"""Entries by NPI and by how family names begin and sound, so that a look-up reads some hundreds of rows and not all.

What agrees is decided elsewhere (`domain.screening`): here nothing may be lost that could agree, and most of what could
not is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from domain.credentials import ExclusionEntry, ScreenedPerson
from domain.person_names import name_words

_CLASSES = ("aeiouhwy", "bfpv", "cgjkqsxz", "dt", "l", "mn", "r")
_CLASS_OF = {letter: str(number) for number, letters in enumerate(_CLASSES) for letter in letters}
_SOUND = 4
ANY = ""
"""The initial of a name without a given name."""
_ALL = (ANY, *(str(number) for number in range(len(_CLASSES))))


class EntryIndex:
    """Immutable once it is made; safe to be read by many."""

    def __init__(self, entries: Iterable[ExclusionEntry]) -> None:
        self._entries: list[ExclusionEntry] = list(entries)
        self._by_npi: defaultdict[str, list[int]] = defaultdict(list)
        self._by_name: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place, entry in enumerate(self._entries):
            self._add(place, entry)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Sequence[ExclusionEntry]:
        return self._entries

    def _add(self, place: int, entry: ExclusionEntry) -> None:
        family, given = name_words(entry.family), name_words(entry.given)
        if entry.npi:
            self._by_npi[entry.npi].append(place)
        keys = [(key, initial) for key in _keys(family) for initial in _initials(given)]
        # The two are sometimes swapped.
        keys += [(key, initial) for key in _keys(given[:1]) for initial in _initials(family)]
        keys += [(key, ANY) for key in _keys(name_words(entry.business)[:12])]
        for pair in dict.fromkeys(keys):
            self._by_name[pair].append(place)

    def like(self, person: ScreenedPerson) -> Sequence[ExclusionEntry]:
        """In the order of the list."""
        found = set(self._by_npi.get(person.npi, ())) if person.npi else set()
        given = name_words(f"{person.name.given} {person.name.preferred}")
        initials = (*_initials(given), ANY) if given else _ALL
        for key in dict.fromkeys(_keys(name_words(person.name.family))):
            for initial in initials:
                found.update(self._by_name.get((key, initial), ()))
        return [self._entries[place] for place in sorted(found)]


def _initials(words: Sequence[str]) -> tuple[str, ...]:
    """Classes of first letters: Yulia and Julia, Philip and Filip, Kristina and Christina begin alike. Where there is
    no word nobody can be left out by it."""
    found = [kind for word in words for kind in (("0", "2") if word[0] in "jy" else (_class(word[0]),))]
    return tuple(dict.fromkeys(found)) or (ANY,)


def _class(letter: str) -> str:
    """Digits that stand in a name are no class of their own."""
    return _CLASS_OF.get(letter, ANY)


def _keys(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield f"b{word[:2]}"
        yield f"s{_sound(word)}"


def _sound(word: str) -> str:
    """The classes of its consonants, doubled ones once, vowels left out but in front."""
    found = [_CLASS_OF.get(word[0], word[0])]
    last = found[0]
    for letter in word[1:]:
        kind = _CLASS_OF.get(letter, letter)
        if kind not in ("0", last):
            found.append(kind)
        last = kind
    return "".join(found[:_SOUND])
