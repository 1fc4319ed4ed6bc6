"""Policy files as they were read, and what is wrong with them, told all at once and with the place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.model import Value

if TYPE_CHECKING:
    from domain.policy.remainder import Remainder

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "missing: the policy leaves nothing to be guessed",
    "date_from_datetime_parsing": "write a day such as 2026-11-30",
    "date_parsing": "write a day such as 2026-11-30",
    "date_type": "write a day such as 2026-11-30",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "string_type": "write a text",
    "tuple_type": "write a list, such as [pharmacy]",
}


class PolicyFault(Value):
    """One thing to change. `line` counts from 1 and is None when no single line is to blame; `place` is in words
    such as 'overrides[0].value'."""

    file: str
    line: int | None = None
    place: str = ""
    reason: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where} {self.place}: {self.reason}" if self.place else f"{where}: {self.reason}"


class PolicyFilesError(Exception):
    """Policy files that cannot be used, with every fault found in them, in order of file and line.

    `readable` is what is left of them when what is wrong is set aside: what else is wrong with it can be told as well.
    """

    def __init__(self, faults: Sequence[PolicyFault], readable: Remainder | None = None) -> None:
        self.readable = readable
        unique = {(fault.file, fault.line or 0, fault.place, fault.reason): fault for fault in faults}
        self.faults = tuple(unique[key] for key in sorted(unique))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Source:
    """The plain content of one file, and the line on which each part of it stands."""

    def __init__(
        self,
        file: str,
        content: Any,
        lines: Mapping[Place, int] | None = None,
        origin: Mapping[Place, Place] | None = None,
    ) -> None:
        """`origin` says where something stood in the file before parts of it were set aside."""
        self.file, self.content, self.lines = file, content, dict(lines or {})
        self._origin = dict(origin or {})

    def fault(self, place: Place, reason: str) -> PolicyFault:
        place = self._original(place)
        return PolicyFault(file=self.file, line=self._line(place), place=_in_words(place), reason=reason)

    def read(self, model: type[Model]) -> tuple[Model | None, list[PolicyFault]]:
        """The content as `model`, or None and every fault in its shape."""
        try:
            return model.model_validate(self.content), []
        except ValidationError as error:
            return None, [self._shape_fault(each, model) for each in error.errors() if not _is_echo(each)]

    def _shape_fault(self, error: Mapping[str, Any], model: type[BaseModel]) -> PolicyFault:
        place = tuple(error["loc"])
        while place and self._original(place) not in self.lines and error["type"] != "missing":
            place = place[:-1]  # pydantic adds the name of the alternative that it tried
        reason = _reason(error)
        if error["type"] == "extra_forbidden":
            return self.fault(place, reason + _nearest(str(error["loc"][-1]), _keys_of(model)))
        if error["type"] not in ("missing", "literal_error") and not isinstance(error["input"], dict | list):
            reason = f"{reason} (found: {error['input']})"
        return self.fault(place, reason)

    def _original(self, place: Place) -> Place:
        for length in range(len(place), -1, -1):
            if place[:length] in self._origin:
                return (*self._origin[place[:length]], *place[length:])
        return place

    def _line(self, place: Place) -> int | None:
        while place not in self.lines:
            if not place:
                return None
            place = place[:-1]
        return self.lines[place]


def _reason(error: Mapping[str, Any]) -> str:
    """What is wrong, in words for somebody who does not program."""
    limits = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            # Words stand in quotes there, numbers do not.
            known = [word or number for word, number in re.findall(r"'([^']*)'|\b(\d+)\b", str(limits["expected"]))]
            if len(known) == 1:
                return f"write {known[0]} (found: {error['input']})"
            return f"{error['input']} is none of {', '.join(known)}{_nearest(str(error['input']), known)}"
        case "string_too_short":
            return f"write at least {limits['min_length']} characters"
        case "string_too_long":
            return f"write at most {limits['max_length']} characters"
        case known if known in _WORDS:
            return _WORDS[known]
    return str(error["msg"]).removeprefix("Value error, ")


def _nearest(word: str, known: Iterable[str]) -> str:
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.75)
    return f"; did you mean {found[0]}?" if found else ""


@lru_cache
def _keys_of(model: type[BaseModel]) -> frozenset[str]:
    """Every key that may stand somewhere in such a file."""
    schema = model.model_json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return frozenset(key for part in parts for key in part.get("properties", {}))


def _is_echo(error: Mapping[str, Any]) -> bool:
    """Whether pydantic calls a list too short only because its entries have faults, which are told themselves."""
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


def _in_words(place: Place) -> str:
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
