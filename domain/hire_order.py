"""In which order the items of a hire's plan are done, and that none is due before what it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from domain.hire_rows import Need

CREDENTIALS = ("licence", "npi", "screening")
"""What must be proven before clinical access opens; certificates are among it where day one depends on them."""
_FIRST_OUT = ("worker-record", "employee-record", "account", *CREDENTIALS, "certificate")
Prerequisites = dict[str, tuple[str, ...]]


def prerequisites(needs: Sequence[Need]) -> Prerequisites:
    """What each key waits for, in the order of the plan's table; without circles.

    To what the rows say comes what always holds: accounts and the employee record come after the worker's record,
    access comes after the account in its system, clinical access after every proof.
    """
    places: dict[str, list[str]] = {}
    for need in needs:
        for place in need.places:
            places.setdefault(place, []).append(need.key)
    waits = {}
    for need in needs:
        named = (key for place in need.after for key in places.get(place, [place]))
        wanted = {*named, *_always(need, needs)} - {need.key}
        waits[need.key] = tuple(each.key for each in needs if each.key in wanted)
    return _without_circles(needs, waits)


def _always(need: Need, needs: Sequence[Need]) -> Iterator[str]:
    for other in needs:
        if need.kind in ("account", "employee-record") and other.kind == "worker-record":
            yield other.key
        if need.kind == "access" and other.kind == "account" and other.fields["system"] == need.fields["system"]:
            yield other.key
        if need.fields.get("clinical") and is_proof(other.kind, other.blocks):
            yield other.key


def is_proof(kind: str, blocks_day_one: bool) -> bool:
    """Whether clinical access waits for it. A certificate that may follow later is not waited for."""
    return kind in CREDENTIALS or (kind == "certificate" and blocks_day_one)


def _without_circles(needs: Sequence[Need], waits: Prerequisites) -> Prerequisites:
    """Rows that wait for each other in a circle are a mistake of the policy; a person is hired all the same.

    A circle is opened at the item that the others need most (records, accounts, proofs), so that access never opens
    before what it depends on.
    """
    waits = dict(waits)
    while circle := _a_circle(waits):
        members = [need for need in needs if need.key in circle]
        first = min(members, key=_rank)  # the first of the table among equals
        waits[first.key] = tuple(key for key in waits[first.key] if key not in circle)
    return waits


def _rank(need: Need) -> int:
    if need.kind == "access":
        return len(_FIRST_OUT) + 1
    return _FIRST_OUT.index(need.kind) if need.kind in _FIRST_OUT else len(_FIRST_OUT)


def _a_circle(waits: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Keys that all wait for one another, empty when there are none."""
    left = dict(waits)
    while free := [key for key, before in left.items() if not any(each in left for each in before)]:
        for key in free:
            del left[key]
    for key in left:
        ahead = _reached(key, left)
        if key in ahead:
            return frozenset(each for each in ahead if key in _reached(each, left))
    return frozenset()


def _reached(key: str, waits: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All that the key waits for, near and far, within `waits`."""
    found: set[str] = set()
    ahead = [key]
    while ahead:
        for each in waits.get(ahead.pop(), ()):
            if each in waits and each not in found:
                found.add(each)
                ahead.append(each)
    return frozenset(found)


def in_order(due: Mapping[str, date], waits: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Each after what it waits for; among those that are free, by due date and then as `due` lists them."""
    left, placed = list(due), []
    while left:
        free = [key for key in left if not any(each in left for each in waits[key])]
        chosen = min(free, key=lambda key: due[key])
        left.remove(chosen)
        placed.append(chosen)
    return tuple(placed)


def due_in_time(
    due: Mapping[str, date], waits: Mapping[str, tuple[str, ...]], fixed: Mapping[str, bool]
) -> dict[str, date]:
    """Due dates such that nothing is due before what it waits for: what comes first is due earlier.

    What is `fixed` begins with the start date and cannot be pulled before it: what waits for that is due later instead.
    """
    dates, stays = dict(due), dict(fixed)
    order = in_order(due, waits)
    for key in order:
        for before in waits[key]:
            if stays[before]:
                dates[key], stays[key] = max(dates[key], dates[before]), True
    for key in reversed(order):
        for before in waits[key]:
            dates[before] = min(dates[before], dates[key])
    return dates
