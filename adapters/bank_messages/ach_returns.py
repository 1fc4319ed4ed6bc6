"""NACHA return files: entries that came back, each with its R code.

Layout: Nacha Operating Rules, Appendix Three; records of 94 characters, addenda type 99 for returns and 98 for
notifications of change, which return nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts
from adapters.bank_messages.reasons import in_words, plain
from domain.money import Money

_WIDTH = 94
_CENTS = Decimal("0.01")
_RETURNED_CREDITS = frozenset({"21", "31", "41", "51"})
_HASHED_DIGITS = 10**10


def read_return_file(content: str, facts: Facts) -> str:
    """A note on what is no return. Raises UnreadableError for a file that does not agree with its own totals."""
    records = [line for line in content.splitlines() if line.strip() and line != "9" * _WIDTH]
    _check(records)
    notes, on = [], _day(records[0][23:29])
    for entry, following in pairwise(records):
        if entry[0] == "5":
            on = _day(entry[69:75]) or on
        if entry[0] != "6" or following[0] != "7":
            continue
        if following[1:3] == "98":
            notes.append(f"notification of change {plain(following[3:6])} for {plain(entry[39:54])}")
        elif following[1:3] == "99" and entry[1:3] in _RETURNED_CREDITS:
            _add(entry, following, on, facts)
    return "; ".join(notes)


def file_name(content: str) -> str:
    """How a NACHA file is told from others: origin, creation date and time, and modifier."""
    header = content.lstrip()[:_WIDTH]
    return "-".join((header[13:23].strip(), f"{header[23:33].strip()}{header[33:34].strip()}"))


def _add(entry: str, addenda: str, on: date | None, facts: Facts) -> None:
    code = plain(addenda[3:6])
    facts.add(
        "payment-returned",
        payment=entry[39:54],
        reference=addenda[79:94].strip(),
        amount=Money(amount=Decimal(_number(entry[29:39])) * _CENTS, currency="USD"),
        on=on,
        reason=code,
        text=in_words(code, addenda[35:79].strip()),
    )


def _check(records: Sequence[str]) -> None:
    """What a receiver checks: the width of every record, and counts, hash and totals of the file control."""
    wide = [number for number, record in enumerate(records, 1) if len(record) != _WIDTH]
    if wide:
        raise UnreadableError(f"record {wide[0]} has {len(records[wide[0] - 1])} characters and not {_WIDTH}")
    if not records or records[-1][0] != "9":
        raise UnreadableError("the file ends without its file control: it was cut off")
    control, entries = records[-1], [record for record in records if record[0] == "6"]
    counted = len(entries) + sum(record[0] == "7" for record in records)
    if _number(control[13:21]) != counted:
        raise UnreadableError(f"the file control counts {control[13:21]} entries and addenda, the file has {counted}")
    if _number(control[21:31]) != sum(_number(entry[3:11]) for entry in entries) % _HASHED_DIGITS:
        raise UnreadableError("the entry hash of the file control does not agree with the entries")
    stated = _number(control[31:43]) + _number(control[43:55])
    if stated != sum(_number(entry[29:39]) for entry in entries):
        raise UnreadableError("the totals of the file control do not agree with the entries")


def _number(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise UnreadableError(f"{plain(digits)!r} is no number")
    return int(digits)


def _day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None
