"""What changed between two policy books: what holds otherwise at which facility and since when, and what only the
files say otherwise, such as owners, reasons, bounds and examples.

It compares values field by field, so that a parameter that the policy gains later is covered without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from domain.model import Value
from domain.policy.compose import PolicyBook
from domain.policy.difference_words import in_words
from domain.policy.model import FrozenPolicy
from domain.policy.tree import Kind, Leaf, Path, differences, without_wrapping

_IDENTITY = frozenset({"version", "sha256", "effective_from"})
"""What names a policy, and says nothing about what it demands."""
_OF_THE_FACILITY = frozenset({"document", "code", "name", "kind", "parent", "gln", "ship_to", "calendar"})
"""Parts of a facility's file that are in its effective policy as they stand in the file."""

Span = tuple[date | None, date | None]
Found = dict[str, dict[str, tuple[Leaf, list[Span]]]]
"""What is otherwise, by its own text and then by facility, with the spans of days in which it is."""


class PolicyChange(Value):
    """One thing that is otherwise. `before` and `after` are plain values, None where it was not or is no more."""

    path: Path
    kind: Kind
    before: Any = None
    after: Any = None
    words: str


class EffectiveChange(PolicyChange):
    """A change of what holds, at these facilities. `since` and `until` are days of the facility's calendar, both
    inclusive; None: without end. Where two days are compared, they are None."""

    facilities: tuple[str, ...]
    everywhere: bool
    since: date | None = None
    until: date | None = None


class FileChange(PolicyChange):
    """A change in a file that changes no decision, such as an owner, a reason, a bound or an example."""

    file: str


class PolicyDifference(Value):
    """`versions` are those of the editions on either side, in the order of their effective dates."""

    versions_before: tuple[str, ...]
    versions_after: tuple[str, ...]
    effects: tuple[EffectiveChange, ...] = ()
    files: tuple[FileChange, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.effects and not self.files


def difference(before: PolicyBook, after: PolicyBook) -> PolicyDifference:
    """What holds otherwise by the second book than by the first, on any day."""
    days = sorted({day for book in (before, after) for code in book.codes() for day in book.change_dates(code)})
    ends = [*(day - timedelta(days=1) for day in days[1:]), None]
    found: Found = {}
    files: list[FileChange] = []
    for day, until in zip(days, ends, strict=True):
        _collect(found, before, day, after, day, (day, until))
        files += _of_the_system(before, day, after, day)
    return _told(before, after, found, files + _of_the_facilities(before, after))


def difference_between(before: PolicyBook, on: date, after: PolicyBook, then: date) -> PolicyDifference:
    """What holds by the second book on the day `then` otherwise than by the first on the day `on`."""
    found: Found = {}
    _collect(found, before, on, after, then, (None, None))
    files = _of_the_system(before, on, after, then)
    return _told(before, after, found, files + _of_the_facilities(before, after), (on, then))


def _collect(found: Found, before: PolicyBook, on: date, after: PolicyBook, then: date, span: Span) -> None:
    for code in _codes(before, after):
        for leaf in _effects(code, before.effective(code, on), after.effective(code, then)):
            _, spans = found.setdefault(repr(leaf), {}).setdefault(code, (leaf, []))
            if spans and span[0] is not None and spans[-1][1] == span[0] - timedelta(days=1):
                spans[-1] = (spans[-1][0], span[1])
            else:
                spans.append(span)


def _effects(code: str, before: FrozenPolicy | None, after: FrozenPolicy | None) -> Iterator[Leaf]:
    if before is None or after is None:
        if before is not after:
            kind: Kind = "added" if before is None else "removed"
            yield Leaf(path=("facility", code), kind=kind)
        return
    yield from differences(_demands(before), _demands(after))


def _demands(policy: FrozenPolicy) -> dict[str, Any]:
    return policy.model_dump(exclude=set(_IDENTITY))


def _of_the_system(before: PolicyBook, on: date, after: PolicyBook, then: date) -> list[FileChange]:
    was, now = before.edition(on), after.edition(then)
    if was is None or now is None:
        return []
    unsaid = set(_IDENTITY)
    leaves = differences(was.model_dump(exclude=unsaid), now.model_dump(exclude=unsaid))
    return [_file_change(after.system_source.file, leaf, now.currency) for leaf in leaves]


def _of_the_facilities(before: PolicyBook, after: PolicyBook) -> list[FileChange]:
    """What the files of facilities that are in both books say of their own rules."""
    currency = after.facilities()[0].currency
    unsaid = set(_OF_THE_FACILITY)
    return [
        _file_change(after.source(code).file, leaf, currency)
        for code in after.codes()
        if code in before.codes()
        for leaf in differences(
            before.local(code).model_dump(exclude=unsaid), after.local(code).model_dump(exclude=unsaid)
        )
    ]


def _file_change(file: str, leaf: Leaf, currency: str) -> FileChange:
    return FileChange(file=file, words=in_words(leaf, currency), **leaf.model_dump())


def _told(
    before: PolicyBook,
    after: PolicyBook,
    found: Found,
    files: Iterable[FileChange],
    days: tuple[date | None, date | None] = (None, None),
) -> PolicyDifference:
    effects = tuple(_grouped(found, before, after))
    felt = {_signature(change) for change in effects}
    unfelt = [change for change in files if _signature(change) not in felt]
    return PolicyDifference(
        versions_before=_versions(before, days[0]),
        versions_after=_versions(after, days[1]),
        effects=effects,
        files=tuple({(change.file, change.words): change for change in unfelt}.values()),
    )


def _grouped(found: Found, before: PolicyBook, after: PolicyBook) -> Iterator[EffectiveChange]:
    """One change for all facilities that share it over the same days."""
    currency = after.facilities()[0].currency
    for by_facility in found.values():
        shared: dict[Span, list[str]] = {}
        leaf = next(iter(by_facility.values()))[0]
        for code, (_, spans) in by_facility.items():
            for span in spans:
                shared.setdefault(span, []).append(code)
        for (since, until), codes in shared.items():
            yield EffectiveChange(
                words=in_words(leaf, currency),
                facilities=tuple(codes),
                everywhere=len(codes) > 1 and codes == list(_codes(before, after)),
                since=since,
                until=until,
                **leaf.model_dump(),
            )


def _codes(before: PolicyBook, after: PolicyBook) -> tuple[str, ...]:
    return tuple(sorted({*before.codes(), *after.codes()}))


def _versions(book: PolicyBook, on: date | None) -> tuple[str, ...]:
    if on is not None:
        edition = book.edition(on)
        return () if edition is None else (edition.version,)
    editions = sorted(book.system.editions, key=lambda edition: edition.effective_from)
    return tuple(edition.version for edition in editions)


def _signature(change: PolicyChange) -> tuple[Path, Kind, str]:
    """By which a change in a file is recognised as the cause of one that is felt."""
    values = repr((change.before, change.after)) if change.kind == "changed" else ""
    return _effective_path(change.path)[-2:], change.kind, values


def _effective_path(path: Path) -> Path:
    """Where a part of a file stands in the effective policy."""
    match path:
        case ("overrides", parameter, "value"):
            return _effective_path(tuple(parameter.partition(" ")[0].split(".")))
        case ("exceptions", code, "handled_by") | ("exceptions", code):
            return ("exception_owners", code)
        case ("exceptions", code, "within_hours"):
            return ("exception_hours", code)
        case ("purchasing", field) | ("same_person_decides_once" as field, "applies"):
            return (field,)
        case ("rules" | "hire_plan" as added, *rest):
            return ("routing", *rest) if added == "rules" else ("hire", "plan", *rest)
        case _:
            return without_wrapping(path)
