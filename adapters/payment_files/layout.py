"""A bank's layout of positive pay files, as data: records, their fields, widths and formats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from domain.faults import Fault, InvalidRequestError
from domain.model import Request

Source = Literal[
    "text", "account-number", "routing-number", "company-id", "company-name", "payment-id", "amount", "pay-on",
    "payee", "payee-account", "indicator", "created-on", "count", "total", "line-number",
]  # fmt: skip
"""What a field shows. `text` is a constant; `indicator` is the layout's sign for an issued or a voided payment."""

_AMOUNTS, _DATES, _NUMBERS = {"amount", "total"}, {"pay-on", "created-on"}, {"count", "line-number"}
_OF_A_PAYMENT = {"payment-id", "amount", "pay-on", "payee", "payee-account", "indicator"}
_OF_THE_FILE = {"count", "total"}
_DATE_TOKENS = re.compile("YYYY|YY|MM|DD")
MAX_WIDTH = 400


class LayoutField(Request):
    """One field of a record. `width` is its columns in a fixed layout, its longest text in a delimited one.

    `format` of an amount: `cents` (1050), `decimal` (10.50); of a date: YYYY, YY, MM, DD and signs between them.
    `digits_only` drops everything else, as some banks want it of account numbers. What is too long is cut where
    `cut` says so, which a number never may be: else the file is refused.
    """

    source: Source
    text: Annotated[str, Field(max_length=MAX_WIDTH)] = ""
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)] | None = None
    align: Literal["left", "right"] = "left"
    fill: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[ -~]$")] = " "
    format: Annotated[str, Field(max_length=20)] = ""
    upper: bool = False
    digits_only: bool = False
    cut: bool = False

    model_config = {**Request.model_config, "str_strip_whitespace": False}


class PositivePayLayout(Request):
    """`header` and `trailer` are written once, `detail` for each payment. `delimiter` belongs to delimited layouts,
    `quote` puts each of their fields between double quotes. `issued` and `voided` are the signs of `indicator`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    description: Annotated[str, Field(max_length=400)] = ""
    kind: Literal["delimited", "fixed"]
    delimiter: Annotated[str, Field(max_length=1)] = ","
    quote: bool = False
    line_end: Literal["lf", "crlf"] = "crlf"
    extension: Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")] = "txt"
    issued: Annotated[str, Field(max_length=10)] = "I"
    voided: Annotated[str, Field(max_length=10)] = "V"
    header: Annotated[tuple[LayoutField, ...], Field(max_length=60)] = ()
    detail: Annotated[tuple[LayoutField, ...], Field(min_length=1, max_length=60)]
    trailer: Annotated[tuple[LayoutField, ...], Field(max_length=60)] = ()

    model_config = {**Request.model_config, "str_strip_whitespace": False}


def layout_of(data: Mapping[str, Any]) -> PositivePayLayout:
    """Raises InvalidRequestError with every fault of the layout, each with a JSON pointer."""
    try:
        layout = PositivePayLayout.model_validate(data)
    except ValidationError as error:
        faults = [
            Fault(pointer=_pointer(each["loc"]), code=each["type"], message=each["msg"]) for each in error.errors()
        ]
        raise InvalidRequestError(faults) from None
    faults = _faults(layout)
    if faults:
        raise InvalidRequestError(faults)
    return layout


def read_layout(path: Path) -> PositivePayLayout:
    """A layout from its YAML file. Raises InvalidRequestError, also for a file that cannot be read."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidRequestError([Fault(pointer="", code="unreadable", message=f"{path.name}: {error}")]) from error
    if not isinstance(data, dict):
        raise InvalidRequestError([Fault(pointer="", code="unreadable", message=f"{path.name} is not a mapping")])
    return layout_of(data)


def _pointer(place: Sequence[str | int]) -> str:
    return "".join(f"/{each}" for each in place)


def _faults(layout: PositivePayLayout) -> list[Fault]:
    faults: list[Fault] = []
    if layout.kind == "delimited" and (len(layout.delimiter) != 1 or layout.delimiter in '"\r\n'):
        faults.append(_fault("/delimiter", "delimiter", "must be one sign that is neither a quote nor a line end"))
    if layout.kind == "fixed" and layout.quote:
        faults.append(_fault("/quote", "quote", "belongs to delimited layouts only"))
    for record in ("header", "detail", "trailer"):
        for index, field in enumerate(getattr(layout, record)):
            place = f"/{record}/{index}"
            faults += [_fault(f"{place}/{name}", name, text) for name, text in _field_faults(layout, record, field)]
    shown = {field.source for field in layout.detail}
    for needed in ("amount", "payment-id"):
        if needed not in shown:
            faults.append(_fault("/detail", "incomplete", f"a payment cannot be recognised without its {needed}"))
    return faults


def _field_faults(layout: PositivePayLayout, record: str, field: LayoutField) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if record != "detail" and field.source in _OF_A_PAYMENT:
        faults.append(("source", f"a {record} is not about one payment"))
    if record == "detail" and field.source in _OF_THE_FILE:
        faults.append(("source", "belongs to a header or a trailer"))
    if layout.kind == "fixed" and field.width is None:
        faults.append(("width", "is needed in a fixed layout"))
    if field.source == "text" and field.width is not None and len(field.text) > field.width:
        faults.append(("text", "is longer than its field"))
    if field.source != "text" and field.text:
        faults.append(("text", "belongs to fields with source 'text' only"))
    if field.cut and field.source in _AMOUNTS | _DATES | _NUMBERS | {"payment-id", "account-number", "payee-account"}:
        faults.append(("cut", "a number that lost digits is another number"))
    if field.fill not in {" ", "0"} and layout.kind == "fixed":
        faults.append(("fill", "must be a space or a zero"))
    if field.fill == "0" and field.align == "left" and field.source != "text":
        faults.append(("fill", "zeros after a number make it larger"))
    return [*faults, *_format_faults(field)]


def _format_faults(field: LayoutField) -> list[tuple[str, str]]:
    if field.source in _AMOUNTS and field.format not in {"cents", "decimal"}:
        return [("format", "of an amount is 'cents' or 'decimal'")]
    if field.source in _DATES:
        tokens = _DATE_TOKENS.findall(field.format)
        between = _DATE_TOKENS.sub("", field.format)
        whole = sorted(token[:1] for token in tokens) == ["D", "M", "Y"]
        if not whole or re.search("[A-Za-z0-9]", between):
            return [("format", "of a date has a year (YYYY or YY), MM and DD, each once, with signs between them")]
    if field.format and field.source not in _AMOUNTS | _DATES:
        return [("format", "belongs to amounts and dates only")]
    return []


def _fault(pointer: str, code: str, message: str) -> Fault:
    return Fault(pointer=pointer, code=code, message=message)
