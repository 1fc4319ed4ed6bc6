"""Findings of the readers: how many are told, and how a document is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NoReturn

from pydantic import ValidationError

from domain.capture import DocumentFinding, UnreadableDocumentError

Severity = Literal["fatal", "warning"]

# A broken template repeats its fault on each of 10,000 lines; people read the first ones.
MAX_FINDINGS = 200
MAX_MESSAGE, MAX_PLACE = 500, 300
"""Characters: a parser's message repeats what it stumbled over, which may be most of the document."""
_INDEX = re.compile(r"(?<=/)[0-9]+(?=/|$)")


def finding(rule: str, message: str, place: str = "", severity: Severity = "fatal") -> DocumentFinding:
    return DocumentFinding(
        rule=rule, place=_cut(place, MAX_PLACE), message=_cut(message, MAX_MESSAGE), severity=severity
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def refuse(rule: str, message: str, place: str = "") -> NoReturn:
    """Raises UnreadableDocumentError with this one finding."""
    raise UnreadableDocumentError((finding(rule, message, place),))


def bounded(findings: Iterable[DocumentFinding]) -> tuple[DocumentFinding, ...]:
    """The first MAX_FINDINGS, fatal ones before warnings, and how many more there are."""
    ordered = sorted(findings, key=lambda each: each.severity != "fatal")
    if len(ordered) <= MAX_FINDINGS:
        return tuple(ordered)
    hidden = ordered[MAX_FINDINGS:]
    severity: Severity = "fatal" if any(each.severity == "fatal" for each in hidden) else "warning"
    more = finding("more-findings", f"{len(hidden)} more findings are not listed", severity=severity)
    return (*ordered[:MAX_FINDINGS], more)


def shape_faults(error: ValidationError, rule: str = "shape") -> list[DocumentFinding]:
    """What a model refuses, each with its JSON pointer (RFC 6901)."""
    return [
        finding(rule, each["msg"], json_pointer(each["loc"]))
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def json_pointer(parts: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def placed(findings: Iterable[DocumentFinding], places: dict[str, str], root: str) -> list[DocumentFinding]:
    """Findings placed by JSON pointer, led to XPaths of the document.

    `places` maps pointers in which '*' stands for an index to XPaths below `root` in which '[*]' stands for a position.
    """
    return [each.model_copy(update={"place": _xpath(each.place, places, root)}) for each in findings]


def _xpath(pointer: str, places: dict[str, str], root: str) -> str:
    positions = [int(index) + 1 for index in _INDEX.findall(pointer)]
    general = _INDEX.sub("*", pointer)
    while general and general not in places:
        general = general.rpartition("/")[0]
    path = places.get(general, "")
    for position in positions:
        path = path.replace("[*]", f"[{position}]", 1)
    return f"{root}/{path}" if path else root
