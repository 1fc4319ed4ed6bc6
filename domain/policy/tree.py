"""Where two trees of plain values differ: fields by their name, rules and levels by theirs, whatever their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from domain.model import Value

Path = tuple[str, ...]
Kind = Literal["added", "removed", "changed", "reordered"]

_NAMED_BY = ("name", "code", "parameter", "job_level", "day")
_WRAPPING = frozenset({"rules", "limits"})
_TOLD_APART_BY = ("kinds", "effective_from")


class Leaf(Value):
    """One place where they differ. A list of rules whose order alone is another has the kind 'reordered', with the
    names in order before and after."""

    path: Path
    kind: Kind
    before: Any = None
    after: Any = None


def without_wrapping(path: Path) -> Path:
    """The path without the parts that only hold the rows of a table, so that a row stands directly in its table."""
    return path[:1] + tuple(part for part in path[1:] if part not in _WRAPPING)


class _Absent:
    """What a tree does not have, as against a value that is None."""


_ABSENT = _Absent()


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Leaf]:
    """Every place where the trees differ, in the order of the first."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, str(key)))
    elif _is_table(before, after):
        yield from _of_tables(before, after, path)
    elif before is _ABSENT:
        yield Leaf(path=path, kind="added", after=after)
    elif after is _ABSENT:
        yield Leaf(path=path, kind="removed", before=before)
    elif not _same(before, after):
        yield Leaf(path=path, kind="changed", before=before, after=after)


def _is_table(before: Any, after: Any) -> bool:
    """Whether both are lists whose entries have fields of their own."""
    lists = isinstance(before, list | tuple) and isinstance(after, list | tuple)
    return lists and any(isinstance(each, Mapping) for each in (*before, *after))


def _same(before: Any, after: Any) -> bool:
    """Lists of words are sets in a policy: their order says nothing. Python takes `true` for 1; a policy does not."""
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return sorted(before, key=str) == sorted(after, key=str)
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)


def _of_tables(before: Sequence[Any], after: Sequence[Any], path: Path) -> Iterator[Leaf]:
    old, new = _by_name(before), _by_name(after)
    for name, entry in old.items():
        yield from differences(entry, new.get(name, _ABSENT), (*path, name))
    for name, entry in new.items():
        if name not in old:
            yield Leaf(path=(*path, name), kind="added", after=entry)
    was, now = [name for name in old if name in new], [name for name in new if name in old]
    if was != now:
        yield Leaf(path=path, kind="reordered", before=tuple(was), after=tuple(now))


def _by_name(entries: Sequence[Any]) -> dict[str, Any]:
    """The entries under their names; entries that share one are told apart by what they concern, then by number."""
    named: dict[str, Any] = {}
    for entry in entries:
        name = _name(entry)
        if name in named:
            marks = [_mark(entry[field]) for field in _TOLD_APART_BY if entry.get(field)]
            name = f"{name} ({', '.join(marks)})" if marks else name
        number = 2
        unique = name
        while unique in named:
            unique, number = f"{name} #{number}", number + 1
        named[unique] = entry
    return named


def _name(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    for field in _NAMED_BY:
        if field in entry:
            return str(entry[field])
    return " and ".join(str(value) for value in list(entry.values())[:2])


def _mark(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
