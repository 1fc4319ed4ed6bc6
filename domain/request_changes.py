"""What differs between two versions of a request: before and after of each part, for the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.model import Value
from domain.requisition import Requisition, RequisitionLine


class Change(Value):
    """`part` is a field such as 'need_by', or a line and its field such as 'line 2: quantity'. Values as JSON."""

    part: str
    before: Any = None
    after: Any = None


def changes_between(before: Requisition, after: Requisition) -> tuple[Change, ...]:
    """Every field that differs, header first, then lines in order of their numbers."""
    return (
        *_fields(
            "", before.model_dump(mode="json", exclude={"lines"}), after.model_dump(mode="json", exclude={"lines"})
        ),
        *_lines({line.line: line for line in before.lines}, {line.line: line for line in after.lines}),
    )


def _lines(before: dict[int, RequisitionLine], after: dict[int, RequisitionLine]) -> Iterator[Change]:
    for number in sorted({*before, *after}):
        was, now = before.get(number), after.get(number)
        if was is None or now is None:
            yield Change(part=f"line {number}", before=_plain(was), after=_plain(now))
        else:
            yield from _fields(f"line {number}: ", was.model_dump(mode="json"), now.model_dump(mode="json"))


def _plain(line: RequisitionLine | None) -> Any:
    return None if line is None else line.model_dump(mode="json", exclude_none=True)


def _fields(prefix: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name, value in before.items():
        if value != after[name]:
            yield Change(part=f"{prefix}{name}", before=value, after=after[name])
