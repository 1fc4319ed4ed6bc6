"""User names from people's names, in whatever script: which names may be tried for somebody, in which order.

The rule is the facility's (`UserNamePattern`). Letters become ASCII, since directories and mail take no others; lengths
keep to the 20 characters of the oldest directory attribute (sAMAccountName).
"""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

from domain.hire import PersonName
from domain.hire_rules import UserNamePattern

SHORTEST, LONGEST = 3, 20
FALLBACK = "user"
_TAKEN_TRIES = 50
_SHAPE = re.compile(rf"[a-z](?:[a-z0-9]|[.-](?=[a-z0-9])){{{SHORTEST - 1},{LONGEST - 1}}}")
_DASH, _MINUS = "Pd", "\u2212"  # the category of dashes in Unicode; the minus sign is none of them
_GAPS = re.compile(r"-{2,}")

# Names that systems, mail (RFC 2142) and Windows keep for themselves: who logs in under one may be taken for another.
_RESERVED = (
    "abuse admin administrator adm anonymous api apache aux bin com1 com2 com3 com4 con corridor daemon "
    "default dns ftp games guest help hostmaster info itsupport krbtgt ldap localhost lpt1 lpt2 lpt3 mail "
    "mailer-daemon marketing me news nobody noc none noreply no-reply nul null oper operator owner postgres "
    "postmaster prn public root sales sap scim security self service smtp ssh sshd staff sudo superuser "
    "support sync sys sysadmin system temporal test undefined user usenet uucp webmaster www www-data"
)
RESERVED = frozenset(_RESERVED.split())


def user_names(name: PersonName, pattern: UserNamePattern, count: int = _TAKEN_TRIES) -> tuple[str, ...]:
    """The first `count` names to try, in order: by the rule, then with 2, 3, ... behind it. None is said twice, none
    is reserved, and each has a good shape."""
    base = _presentable(_by_rule(name, pattern))
    found: dict[str, None] = {base: None}
    number = 2
    while len(found) < count:
        numbered = _cut(base, LONGEST - len(str(number))) + str(number)
        if numbered not in RESERVED:
            found.setdefault(numbered)
        number += 1
    return tuple(found)[:count]


def user_name_fault(text: str) -> str:
    """Why a name that a person chose cannot be one; empty when it can."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} characters"
    if not _SHAPE.fullmatch(text):
        return "must begin with a letter and hold only a-z, 0-9, and single dots or hyphens inside"
    return f"{text} is kept for systems" if text in RESERVED else ""


def _by_rule(name: PersonName, pattern: UserNamePattern) -> str:
    given, family = _ascii(name.preferred or name.given), _ascii(name.family)
    if not given or not family:
        return given or family
    if pattern == "given.family":
        return f"{given}.{family}"
    return f"{given[0]}{family}" if pattern == "initial-family" else f"{_cut(family, LONGEST - 1)}{given[0]}"


def _ascii(part: str) -> str:
    """Letters, digits and hyphens: apostrophes, blanks and dots inside a name part go, as in 'obrien' and 'vanderberg'.

    Hyphens are looked at before letters become ASCII, where some letters are written with one.
    """
    text = unicodedata.normalize("NFKC", part)
    pieces = "".join("-" if unicodedata.category(each) == _DASH or each == _MINUS else each for each in text).split("-")
    letters = (re.sub(r"[^a-z0-9]", "", anyascii(piece).lower()) for piece in pieces)
    return "-".join(each for each in letters if each)


def _presentable(base: str) -> str:
    tidy = _cut(_GAPS.sub("-", base).strip(".-"), LONGEST)
    if tidy and not tidy[0].isalpha():
        tidy = _cut(f"{FALLBACK}.{tidy}", LONGEST)
    if not tidy:
        return f"{FALLBACK}1"
    return _cut(f"{FALLBACK}.{tidy}", LONGEST) if len(tidy) < SHORTEST or tidy in RESERVED else tidy


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip(".-")
