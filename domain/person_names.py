"""Comparing names of people as they are really written: in other scripts and orders, with and without accents."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from domain.hire import PersonName

_APOSTROPHES = re.compile(r"['\u2019\u02bc\u02b9`]")
_PARTICLES = frozenset({"de", "del", "da", "dos", "la", "van", "von", "der", "den", "bin", "al", "el"})

_SAME_GIVEN_NAME = (
    "alexander alex sasha sandy",
    "andrew andy drew",
    "anthony tony",
    "catherine katherine kate katie cathy kathy",
    "charles charlie chuck",
    "christopher chris",
    "daniel dan danny",
    "david dave",
    "edward ed eddie ted",
    "elizabeth liz lizzie beth betty eliza",
    "francisco paco pancho",
    "frederick fred freddie",
    "gregory greg",
    "james jim jimmy jamie",
    "jennifer jen jenny",
    "jose pepe",
    "joseph joe joey",
    "margaret maggie meg peggy",
    "matthew matt",
    "michael mike mick",
    "nicholas nick",
    "patricia pat patty tricia",
    "rebecca becky",
    "richard rick dick rich",
    "robert bob bobby rob",
    "samuel sam",
    "stephen steven steve",
    "susan sue susie",
    "theodore theo",
    "thomas tom tommy",
    "victoria vicky tori",
    "william bill billy will liam",
)
_NICKNAMES = {each: names.split()[0] for names in _SAME_GIVEN_NAME for each in names.split()}


def name_words(text: str) -> tuple[str, ...]:
    """The words in Latin letters, without case, accents and apostrophes; hyphens part words."""
    latin = _APOSTROPHES.sub("", anyascii(_APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)))).lower()
    return tuple(word for word in re.split(r"[^a-z0-9]+", latin) if word) or tuple(text.casefold().split())


def name_key(name: PersonName) -> str:
    """Equal for names that are written with the same words, in whatever order, script and case."""
    return " ".join(sorted(name_words(f"{name.given} {name.family}")))


def same_name(one: PersonName, other: PersonName) -> bool:
    """The same words, with the legal or the preferred given name. Names without any word are not the same."""
    theirs = set(_readings(other))
    return any(reading in theirs for reading in _readings(one))


def name_score(one: PersonName, other: PersonName) -> int:
    """How much two names agree, from 0 to 100: 100 for the same words. It is symmetric.

    Given and family name must agree each, in this order or swapped; the weaker of the two counts. A name that is part
    of a double name agrees with it, an initial with a name that begins with it, and a preferred name stands for the
    given one.
    """
    if same_name(one, other):
        return 100
    found = 0
    for given, family in _parts(one):
        for their_given, their_family in _parts(other):
            straight = min(_agreement(given, their_given), _agreement(family, their_family))
            swapped = min(_agreement(given, their_family), _agreement(family, their_given))
            found = max(found, straight, swapped)
    return min(found, 99)


def _parts(name: PersonName) -> tuple[tuple[str, str], ...]:
    family = " ".join(name_words(name.family))
    givens = dict.fromkeys(" ".join(name_words(each)) for each in (name.given, name.preferred) if each)
    return tuple((given, family) for given in givens) or (("", family),)


def _readings(name: PersonName) -> list[tuple[str, ...]]:
    return [reading for parts in _parts(name) if (reading := tuple(sorted(" ".join(parts).split())))]


def _agreement(one: str, other: str) -> int:
    if not one or not other:
        return 100 if one == other else 0
    if one.replace(" ", "") == other.replace(" ", ""):
        return 100
    ours, theirs = set(one.split()) - _PARTICLES, set(other.split()) - _PARTICLES
    if ours and theirs and (ours <= theirs or theirs <= ours):
        return 95
    if (len(one) == 1 or len(other) == 1) and one[0] == other[0]:
        return 90
    if _NICKNAMES.get(one, one) == _NICKNAMES.get(other, other):
        return 95
    first, second = sorted((one, other))
    return int(max(100 * JaroWinkler.similarity(first, second), fuzz.token_sort_ratio(first, second)))
