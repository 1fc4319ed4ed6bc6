"""Parameters of an edition by their path, such as 'emergency.cap' or 'levels.cost-centre-owner.remind_after_hours'.

A part of a list is named by its `name`, or by its `code`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from domain.policy.documents import Edition
from domain.policy.sections import Scalar
from domain.policy.table_entries import LocalVariation

Content = dict[str, Any]


class UnknownParameterError(KeyError):
    """The path leads to nothing that can be set."""


def put(content: Content, path: str, value: Scalar) -> None:
    """Set one parameter in the plain content of an edition. Raises UnknownParameterError."""
    *parents, last = path.split(".")
    place: Any = content
    for part in parents:
        place = _step(place, part, path)
    if not isinstance(place, dict) or last not in place or isinstance(place[last], dict | list | tuple):
        raise UnknownParameterError(path)
    place[last] = value


def _step(place: Any, part: str, path: str) -> Any:
    if isinstance(place, dict) and part in place:
        return place[part]
    if isinstance(place, list | tuple):
        for each in place:
            if isinstance(each, dict) and part in (each.get("name"), each.get("code")):
                return each
    raise UnknownParameterError(path)


def variation_for(edition: Edition, path: str, kind: str) -> LocalVariation | None:
    """The allowance of the system policy that covers a parameter, if possible one for this kind of facility."""
    fitting = [each for each in edition.facilities_may_change if covers(each.parameter, path)]
    return next((each for each in fitting if not each.kinds or kind in each.kinds), next(iter(fitting), None))


def covers(pattern: str, path: str) -> bool:
    """Whether the pattern, in which `*` stands for one part, fits the path."""
    wanted, parts = pattern.split("."), path.split(".")
    return len(wanted) == len(parts) and all(a in ("*", b) for a, b in zip(wanted, parts, strict=True))


def outside_bounds(variation: LocalVariation, kind: str, value: Scalar) -> str | None:
    """Why a facility of this kind may not choose this value, or None when it may."""
    if variation.kinds and kind not in variation.kinds:
        return f"only a {' or '.join(variation.kinds)} may change {variation.parameter}"
    if variation.one_of:
        allowed = ", ".join(_word(each) for each in variation.one_of)
        chosen = any(type(value) is type(each) and value == each for each in variation.one_of)
        return None if chosen else f"{_word(value)} is not among what the system policy allows: {allowed}"
    return _outside_range(variation, value)


def _outside_range(variation: LocalVariation, value: Scalar) -> str | None:
    if isinstance(value, bool):
        return f"{_word(value)} is not a number"
    try:
        number = Decimal(value)
    except InvalidOperation:
        return f"{value} is not a number"
    if variation.least is not None and number < variation.least:
        return f"{number:,} is below the least that the system policy allows ({variation.least:,})"
    if variation.most is not None and number > variation.most:
        return f"{number:,} is above the most that the system policy allows ({variation.most:,})"
    return None


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
