"""Which suppliers could be meant by a name: a first, generous choice that never is an answer by itself."""

from __future__ import annotations

import re

# Words that say nothing about who it is: legal forms and the like.
_EMPTY_WORDS = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "llp",
        "lp",
        "ltd",
        "limited",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "gmbh",
        "ag",
        "sa",
        "nv",
        "bv",
        "the",
        "and",
        "of",
    ]
)


def telling_words(name: str) -> frozenset[str]:
    """The words of a name, lower case, without legal forms. 'Meridian Medical, Inc.' gives meridian and medical."""
    return frozenset(re.findall(r"[a-z0-9]+", name.lower())) - _EMPTY_WORDS


def resembles(one: str, other: str) -> bool:
    """Whether the names share at least half of the words of the shorter one."""
    first, second = telling_words(one), telling_words(other)
    shorter = min(len(first), len(second))
    return shorter > 0 and 2 * len(first & second) >= shorter
