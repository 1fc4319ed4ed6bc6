"""Values that a store reads back: what it cannot read is drift, told without a word of what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from domain.model import Value
from domain.outside_errors import ContractDriftError

V = TypeVar("V", bound=Value)


def from_json(kind: type[V], text: str, system: str) -> V:
    """Raises ContractDriftError."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise _drift(kind, error, system) from None


def from_columns(kind: type[V], columns: Mapping[str, Any], system: str) -> V:
    """Raises ContractDriftError."""
    try:
        return kind.model_validate(columns)
    except ValidationError as error:
        raise _drift(kind, error, system) from None


def _drift(kind: type[Value], error: ValidationError, system: str) -> ContractDriftError:
    faults = error.error_count()  # their number only: their text would carry what is stored
    return ContractDriftError(system, "unreadable", f"a stored {kind.__name__} has {faults} faults")
