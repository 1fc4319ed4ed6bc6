"""What a row of the catalogue of exceptions says."""

from __future__ import annotations

from domain.model import Value
from domain.tasks import Action


class ExceptionType(Value):
    """`owner` is the role whose worklist it enters; `hours` is its service level in business hours."""

    code: str
    title: str
    owner: str
    actions: tuple[Action, ...]
    hours: int


def row(code: str, title: str, owner: str, actions: tuple[Action, ...], hours: int = 8) -> ExceptionType:
    return ExceptionType(code=code, title=title, owner=owner, actions=actions, hours=hours)
