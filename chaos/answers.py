"""What people answer to what no story foresees: the drill breaks what it can, and people set it right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.exceptions import CATALOGUE

_TIMES = 40
_BEST = (
    "retry",
    "accept",
    "wait",
    "not-duplicate",
    "create",
    "verify",
    "clear",
    "chase",
    "confirm",
    "complete",
    "record",
)
"""What makes the case go on as it was asked for, the best first."""
_COMMENT = "Looked at it: go on."


def answers() -> Mapping[str, tuple[dict[str, Any], ...]]:
    """For each exception that can be answered so, the same answer as often as it is asked."""
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    for code, kind in CATALOGUE.items():
        action = _action(code, kind.actions)
        if action is not None:
            found[code] = ({"action": action, "comment": _COMMENT},) * _TIMES
    return found


def _action(code: str, actions: tuple[str, ...]) -> str | None:
    if code in _ACCEPTED:
        return "accept"
    return next((action for action in _BEST if action in actions), None)


_ACCEPTED = frozenset({"budget-exceeded"})
"""Trying again changes nothing there."""
