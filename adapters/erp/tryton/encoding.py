"""Tryton's JSON: what JSON has no type for travels as an object with `__class__`.

Numbers with a decimal point are read as Decimal, since Tryton sends quantities as such; nothing becomes a float here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_DAY = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")


def encode(value: Any) -> str:
    """Raises TypeError for what Tryton has no encoding of, and ValueError for a datetime with a time zone: Tryton's
    own are UTC without one."""
    return json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))


def decode(text: bytes | str) -> Any:
    """Raises ValueError for what is no JSON or a broken `__class__` object; one of an unknown class stays as it is."""
    try:
        return json.loads(text, parse_float=Decimal, object_hook=_typed)
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError("a value is not as its class says") from error


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": _shortest(value)}
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("Tryton's datetimes are UTC and have no time zone")
        return {"__class__": "datetime", **_parts(value, (*_DAY, *_TIME))}
    if isinstance(value, date):
        return {"__class__": "date", **_parts(value, _DAY)}
    if isinstance(value, time):
        return {"__class__": "time", **_parts(value, _TIME)}
    if isinstance(value, timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
    raise TypeError(f"no encoding of {type(value).__name__}")


def _shortest(value: Decimal) -> str:
    """Without the zeros at its end: Tryton counts them as digits, and refuses 0.100 where cents are kept."""
    return str(value) if value.as_tuple().exponent == 0 else f"{value.normalize():f}"


def binary(quantity: Decimal) -> float:
    """A quantity as Tryton keeps it, which rounds it by its unit; money travels as Decimal."""
    return float(quantity)


def _parts(value: date | time, names: tuple[str, ...]) -> dict[str, int]:
    return {name: getattr(value, name) for name in names}


def _typed(value: dict[str, Any]) -> Any:
    read = _READERS.get(str(value.get("__class__")))
    return value if read is None else read(value)


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Decimal": lambda value: Decimal(value["decimal"]),
    "date": lambda value: date(*(value[name] for name in _DAY)),
    # Without a time zone, as it came: the field says what it means.
    "datetime": lambda value: datetime(*(value[name] for name in (*_DAY, *_TIME))),  # noqa: DTZ001 - Tryton sends none
    "time": lambda value: time(*(value[name] for name in _TIME)),
    "timedelta": lambda value: timedelta(seconds=float(value["seconds"])),
    "bytes": lambda value: base64.b64decode(value["base64"]),
}
