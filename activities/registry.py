"""Which activities a worker offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def activities_of(*implementations: object) -> Sequence[Callable[..., Any]]:
    """The bound activity methods of the implementations, in order of their names."""
    return [
        method
        for implementation in implementations
        for name in dir(implementation)
        if hasattr(method := getattr(implementation, name), "__temporal_activity_definition")
    ]
