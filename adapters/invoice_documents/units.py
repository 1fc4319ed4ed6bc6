"""Units of measure as documents write them, and ours."""

from __future__ import annotations

import re
from typing import Literal

from domain.quantity import UNITS

UNSTATED = "ZZ"  # Recommendation 20: mutually defined

# UN/ECE Recommendation 20, and 21 for packages (with an X before them), where they differ from domain.quantity.UNITS.
_OURS = {
    "C62": "EA",
    "H87": "EA",
    "NAR": "EA",
    "PCE": "EA",
    "XPP": "EA",
    "XBX": "BX",
    "XCS": "CS",
    "NMP": "PK",
    "XPK": "PK",
    "XPA": "PK",
    "XCT": "CT",
    "XRO": "RL",
    "NPR": "PR",
    "SET": "ST",
    "XBO": "BT",
    "XBQ": "BT",
    "XKI": "KT",
}
_CODE = re.compile(r"[A-Z0-9]{2,3}")


def unit_of(code: str) -> tuple[str, Literal["", "unknown-unit", "ambiguous-unit"]]:
    """Our unit for a code, and what a person should know about it.

    A code that nobody knows is kept; text that is no code at all becomes UNSTATED. ST is a set to us and to X12, and a
    sheet in Recommendation 20.
    """
    plain = code.strip().upper()
    if plain in _OURS:
        return _OURS[plain], ""
    if plain == "ST":
        return plain, "ambiguous-unit"
    if plain in UNITS:
        return plain, ""
    return (plain if _CODE.fullmatch(plain) else UNSTATED), "unknown-unit"
