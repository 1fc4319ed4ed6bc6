"""Text in the few characters that banks take.

The SWIFT character set X (ISO 20022 payment guidelines keep to it too) is a-z A-Z 0-9 / - ? : ( ) . , ' + and space.
"""

from __future__ import annotations

import re
import string
import unicodedata

SWIFT = frozenset(string.ascii_letters + string.digits + "/-?:().,'+ ")
"""Character set X without line ends."""
# An asterisk, a backslash, a tilde and a caret would end an element or a segment of the X12 text in addenda.
NACHA = frozenset(chr(code) for code in range(0x20, 0x7F)) - frozenset("*\\~^")

REPLACEMENT = "."

# Letters that Unicode does not decompose, and signs that have a usual spelling. Escapes, where signs look alike.
_SPELLED = {
    **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"},
    **{"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i", "ŋ": "n", "ħ": "h", "Ħ": "H"},
    **dict.fromkeys("\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4\u0060\u0022", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **{"€": "EUR", "£": "GBP", "¥": "JPY", "©": "(c)", "®": "(R)"},
}
# These are ASCII, so they are spelled out only where the set lacks them.
_SPELLED_WHERE_MISSING = {"&": "+", "_": "-", ";": ",", "[": "(", "]": ")", "{": "(", "}": ")", "#": "No", "@": "(at)"}


def latin(text: str, allowed: frozenset[str], length: int) -> str:
    """The text in `allowed` characters, at most `length` of them: accents fall off, letters and signs with a usual
    spelling are spelled so, and each other character becomes a full stop. White space becomes single spaces."""
    spelled = "".join(_spell(sign, allowed) for sign in " ".join(text.split()))
    return re.sub(" +", " ", spelled).strip()[:length].rstrip()


def _spell(sign: str, allowed: frozenset[str]) -> str:
    if sign in allowed:
        return sign
    known = _SPELLED.get(sign) or _SPELLED_WHERE_MISSING.get(sign)
    if known is None:
        parts = unicodedata.normalize("NFKD", sign)
        known = "".join(part for part in parts if not unicodedata.combining(part)) if len(parts) > 1 else sign
    return "".join(each if each in allowed else REPLACEMENT for each in known)


def swift_name(text: str, length: int) -> str:
    """A name or a note for ISO 20022; never empty, since an empty element is not valid."""
    return latin(text, SWIFT, length) or REPLACEMENT


def swift_id(text: str, length: int) -> str:
    """A reference for ISO 20022: besides the character set, it neither starts nor ends with a slash nor holds two in a
    row (the payments market practice group's rule for identifiers)."""
    return re.sub("/{2,}", "/", latin(text, SWIFT, length)).strip("/ ") or REPLACEMENT


def nacha_text(text: str, length: int) -> str:
    """Upper case ASCII, space-filled to the length of its field."""
    return latin(text, NACHA, length).upper()[:length].ljust(length)
