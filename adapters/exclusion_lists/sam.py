"""Exclusions of the System for Award Management, in the shape of its daily public extract.

Source of the shape: GSA, "SAM Exclusions Public Extract Layout". Individuals have their name in parts, firms and others
in one field; a termination date may lie ahead, be 'Indefinite' or be missing. Birth dates are not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from adapters.list_files import ListFileError, Table
from domain.credentials import ExclusionEntry

NAME = "SAM"
NEEDED = ("classification", "name", "first", "middle", "last", "exclusiontype", "activedate", "terminationdate", "npi")
_FORMATS = ("%m/%d/%Y", "%Y-%m-%d", "%Y%m%d")
_NO_DAY = ("", "indefinite", "permanent", "n/a")


def is_sam(table: Table) -> bool:
    return {"classification", "exclusiontype", "activedate"} <= set(table.columns)


def entries(table: Table) -> list[ExclusionEntry]:
    """Raises ListFileError when a column is missing or a value is none."""
    missing = [each for each in (*NEEDED, "samnumber") if each not in table.columns]
    if missing:
        raise ListFileError(f"these columns are missing: {', '.join(missing)}")
    return list(_entries(table))


def _entries(table: Table) -> Iterator[ExclusionEntry]:
    place = table.columns
    state_at = next((place[each] for each in ("stateprovince", "state") if each in place), None)
    seen: dict[str, int] = {}
    for number, row in enumerate(table.rows, start=2):
        cells = {each: row[place[each]] for each in (*NEEDED, "samnumber")}
        person = cells["classification"].casefold() == "individual"
        family = cells["last"] or (cells["name"] if person else "")
        business = "" if person else cells["name"]
        if not family and not business:
            raise ListFileError(f"row {number} names neither a person nor a business")
        count = seen[cells["samnumber"]] = seen.get(cells["samnumber"], 0) + 1
        npi = cells["npi"] if cells["npi"].strip("0") else ""
        try:
            yield ExclusionEntry(
                list_name=NAME,
                entry_id=f"{cells['samnumber']}#{count}" if count > 1 else cells["samnumber"],
                family=family,
                given=cells["first"],
                middle=cells["middle"],
                business=business,
                npi=npi,
                state="" if state_at is None else row[state_at],
                kind=cells["exclusiontype"],
                excluded_on=_day(cells["activedate"]),
                ends_on=_day(cells["terminationdate"]),
            )
        except ValueError:
            raise ListFileError(f"row {number} has a date that is none") from None


def _day(text: str) -> date | None:
    """Raises ValueError for what is neither a day nor none."""
    if text.casefold() in _NO_DAY:
        return None
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, in no time zone
        except ValueError:
            continue
    raise ValueError("no date")
