"""Policy files as they were read, and what is wrong with them, told all at once and with the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.model import Value

if TYPE_CHECKING:
    from domain.policy.compose import PolicyBook

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "missing: the policy leaves nothing to be guessed",
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

    `readable` are those files among them that are right by themselves, when the system file is: what is wrong with
    their rules can be told as well.
    """

    def __init__(self, faults: Sequence[PolicyFault], readable: PolicyBook | None = None) -> None:
        self.readable = readable
        unique = {(fault.file, fault.line or 0, fault.place, fault.reason): fault for fault in faults}
        self.faults = tuple(unique[key] for key in sorted(unique))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Source:
    """The plain content of one file, and the line on which each part of it stands."""

    def __init__(self, file: str, content: Any, lines: Mapping[Place, int] | None = None) -> None:
        self.file, self.content, self._lines = file, content, dict(lines or {})

    def fault(self, place: Place, reason: str) -> PolicyFault:
        return PolicyFault(file=self.file, line=self._line(place), place=_in_words(place), reason=reason)

    def read(self, model: type[Model]) -> tuple[Model | None, list[PolicyFault]]:
        """The content as `model`, or None and every fault in its shape."""
        try:
            return model.model_validate(self.content), []
        except ValidationError as error:
            return None, [self._shape_fault(each) for each in error.errors() if not _is_echo(each)]

    def _shape_fault(self, error: Mapping[str, Any]) -> PolicyFault:
        place = tuple(error["loc"])
        while place and place not in self._lines and error["type"] != "missing":
            place = place[:-1]  # pydantic adds the name of the alternative that it tried
        reason = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
        if error["type"] not in _WORDS and not isinstance(error["input"], dict | list):
            reason = f"{reason} (found: {error['input']})"
        return self.fault(place, reason)

    def _line(self, place: Place) -> int | None:
        while place not in self._lines:
            if not place:
                return None
            place = place[:-1]
        return self._lines[place]


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
