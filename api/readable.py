"""What is left of a document without its unreadable parts, so that its other faults are told at the same time."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from domain.faults import Fault


@dataclass(frozen=True)
class Shape:
    """How to leave things out of a document. `fields` are those of its model, `lists` those whose unreadable items are
    dropped. `harmless` are values, by pointer, that stand for what cannot be read: of a field or of a field of one of
    its `objects`; others of an object are left out. A fault of a field counts only where those that it is `judged_by`
    could be read.
    """

    fields: frozenset[str]
    lists: tuple[str, ...]
    harmless: Mapping[str, Any]
    objects: tuple[str, ...] = ()
    judged_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Readable:
    """A document without the parts that cannot be read: unknown fields and unreadable items are left out, unreadable
    fields get a harmless value. A fault found in it stands, unless it is about such a part.
    """

    def __init__(self, document: dict[str, Any], error: ValidationError, shape: Shape) -> None:
        self.document, self._shape = copy.deepcopy(document), shape
        found = error.errors(include_url=False, include_context=False, include_input=False)
        dropped: dict[str, set[int]] = {name: set() for name in shape.lists}
        self._unreadable: set[str] = set()
        for place in (each["loc"] for each in found):
            name = str(place[0]) if place else ""
            if name in dropped and len(place) > 1 and isinstance(place[1], int):
                dropped[name].add(place[1])
            elif not self._mended_inside(name, place):
                self._mend(name)
        self._kept = {name: self._keep(name, indexes) for name, indexes in dropped.items()}

    def in_original(self, fault: Fault) -> Fault | None:
        """The fault where it stands in what was sent; None when it is about a part that was left out."""
        _, name, *rest = fault.pointer.split("/")
        judged_by = self._shape.judged_by.get(f"/{name}", ())
        if self._is_unreadable(fault.pointer) or any(map(self._is_unreadable, judged_by)):
            return None
        if name in self._kept and rest and rest[0].isdigit():
            rest[0] = str(self._kept[name][int(rest[0])])
            pointer = "/".join(["", name, *rest])
            return fault.model_copy(update={"pointer": pointer, "message": self._placed(name, fault.message)})
        return fault

    def _placed(self, name: str, message: str) -> str:
        """A message that points at another part of the list, such as the first of two that are alike."""
        return re.sub(rf"(?<=/{name}/)\d+", lambda found: str(self._kept[name][int(found[0])]), message)

    def _is_unreadable(self, pointer: str) -> bool:
        return any(pointer == each or pointer.startswith(f"{each}/") for each in self._unreadable)

    def _mend(self, name: str) -> None:
        self._unreadable.add(f"/{name}")
        if f"/{name}" in self._shape.harmless:
            self.document[name] = copy.deepcopy(self._shape.harmless[f"/{name}"])
        elif name not in self._shape.fields:
            self.document.pop(name, None)

    def _mended_inside(self, name: str, place: tuple[int | str, ...]) -> bool:
        """Whether it is a part of an object whose other parts can be read."""
        whole = self.document.get(name)
        if name not in self._shape.objects or len(place) < 2 or not isinstance(whole, dict):
            return False
        pointer = f"/{name}/{place[1]}"
        self._unreadable.add(pointer)
        whole.pop(str(place[1]), None)
        if pointer in self._shape.harmless:
            whole[str(place[1])] = copy.deepcopy(self._shape.harmless[pointer])
        return True

    def _keep(self, name: str, dropped: set[int]) -> list[int]:
        """Drop these parts of a list; the indexes of those that stay."""
        parts = self.document.get(name)
        if not isinstance(parts, list):
            return []
        kept = [index for index in range(len(parts)) if index not in dropped]
        self.document[name] = [parts[index] for index in kept]
        return kept
