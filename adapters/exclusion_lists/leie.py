"""The List of Excluded Individuals/Entities of the Office of Inspector General (HHS), as its files have it.

Source of the layout: OIG, "LEIE Record Layout": 18 columns; dates as YYYYMMDD, 00000000 for none; an NPI of zeros for
none. UPDATED.csv holds all exclusions in force; YYMMEXCL.csv and YYMMREIN.csv what a month added and took away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

from adapters.list_files import ListFileError, Table
from domain.credentials import ExclusionEntry

NAME = "LEIE"
COLUMNS = (
    "lastname",
    "firstname",
    "midname",
    "busname",
    "general",
    "specialty",
    "upin",
    "npi",
    "dob",
    "address",
    "city",
    "state",
    "zip",
    "excltype",
    "excldate",
    "reindate",
    "waiverdate",
    "wvrstate",
)
Identity = tuple[str, ...]


def is_leie(table: Table) -> bool:
    return {"lastname", "busname", "excltype", "excldate"} <= set(table.columns)


def entries(table: Table) -> list[ExclusionEntry]:
    """Raises ListFileError when a column is missing or a value is none."""
    missing = [each.upper() for each in COLUMNS if each not in table.columns]
    if missing:
        raise ListFileError(f"these columns are missing: {', '.join(missing)}")
    if len(table.columns) != len(COLUMNS):
        raise ListFileError(f"it has {len(table.columns)} columns, and {len(COLUMNS)} belong there")
    return list(_entries(table))


def _entries(table: Table) -> Iterator[ExclusionEntry]:
    at = [table.columns[each] for each in COLUMNS]
    for number, row in enumerate(table.rows, start=2):
        cells = [row[place] for place in at]
        last, first, middle, business, general, specialty, _, npi, born, _, _, state, _, kind, *days = cells
        if not last and not business:
            raise ListFileError(f"row {number} names neither a person nor a business")
        excluded, reinstated, waived, waiver_state = days
        try:
            excluded_on = _day(excluded)
            yield ExclusionEntry(
                list_name=NAME,
                entry_id=_id(last, first, middle, business, npi, born, excluded, kind),
                family=last,
                given=first,
                middle=middle,
                business=business,
                birth_date=_day(born),
                npi=_npi(npi),
                state=state,
                kind=" · ".join(each for each in (kind, general, specialty) if each),
                excluded_on=excluded_on,
                reinstated_on=_day(reinstated),
                waived_on=_day(waived),
                waiver_state=waiver_state,
            )
        except ValueError:
            raise ListFileError(f"row {number} has a date or an NPI that is none") from None


def identity(entry: ExclusionEntry) -> Identity:
    """What a reinstatement and the exclusion that it ends have in common."""
    days = (str(entry.birth_date), str(entry.excluded_on))
    return (entry.family, entry.given, entry.middle, entry.business, entry.npi, *days)


def _id(*parts: str) -> str:
    """The list numbers nothing: an entry is what it says."""
    return hashlib.sha256("\x00".join(part.upper() for part in parts).encode()).hexdigest()[:16]


def _npi(text: str) -> str:
    if not text or not text.strip("0"):
        return ""
    if len(text) != 10 or not text.isascii() or not text.isdigit():
        raise ValueError("no NPI")
    return text


def _day(text: str) -> date | None:
    """Raises ValueError for what is neither a day nor none."""
    if not text or not text.strip("0"):
        return None
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        raise ValueError("no date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
