"""YAML as policy files use it: exact numbers, no surprises, and the line of everything.

Numbers with a fraction become Decimal, never float. Only `true` and `false` are truth values, `17:00` is text, and a
code with a leading zero keeps it (the YAML 1.2 core schema, less its floats). Anchors, aliases and repeated keys are
refused: what a rule says stands where the rule stands, once.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from domain.policy.source import Place, PolicyFault, PolicyFilesError, Source

MAX_BYTES = 2_000_000
MAX_DEPTH = 50
"""Lists and mappings inside one another; policies need six. Reading a file that is nothing but brackets would end in
the depths of the stack.
"""
# The parser in C reads the same and takes a tenth of the time; where PyYAML was built without it, there is the other.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_source(path: Path) -> tuple[Source, list[PolicyFault]]:
    """One policy file, and what is wrong with it as a text. Raises PolicyFilesError when it is no YAML at all."""
    node = _node(path)
    reader = _Reader(path.name)
    content = reader.value(node, ())
    if not isinstance(content, dict):
        raise PolicyFilesError([PolicyFault(file=path.name, line=1, reason="the file must be a mapping of keys")])
    return Source(path.name, content, reader.lines), reader.faults


def _node(path: Path) -> yaml.Node:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PolicyFilesError([PolicyFault(file=path.name, reason=f"is larger than {MAX_BYTES:,} bytes")])
        text = path.read_text("utf-8")
        _refuse_odd_structure(path.name, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise PolicyFilesError([PolicyFault(file=path.name, line=line, reason=_problem(error))]) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyFilesError([PolicyFault(file=path.name, reason=f"cannot be read: {error}")]) from None
    if node is None:
        raise PolicyFilesError([PolicyFault(file=path.name, line=1, reason="the file is empty")])
    return node


def _refuse_odd_structure(file: str, text: str) -> None:
    """Before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        reason = ""
        if isinstance(event, yaml.AliasEvent):
            reason = "an alias: write out what the rule says"
        elif depth > MAX_DEPTH:
            reason = f"more than {MAX_DEPTH} lists and mappings stand inside one another"
        if reason:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise PolicyFilesError([PolicyFault(file=file, line=line, reason=reason)])


def _problem(error: yaml.MarkedYAMLError) -> str:
    return "; ".join(part for part in (error.problem, error.context) if part) or "is no YAML"


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.faults: list[PolicyFault] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, index)) for index, each in enumerate(node.value)]
        return self._scalar(node, place) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in content:
                self.faults.append(PolicyFault(file=self.file, line=line, reason=f"the key {key} stands here twice"))
                continue
            self.lines[(*place, key)] = line
            content[key] = self.value(value_node, (*place, key))
        return content

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text = str(node.value)
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        return self._date(text, place) if _DATE.fullmatch(text) else text

    def _date(self, text: str, place: Place) -> date | str:
        try:
            return date.fromisoformat(text)
        except ValueError:
            line = self.lines.get(place)
            self.faults.append(PolicyFault(file=self.file, line=line, reason=f"{text} is no day of the calendar"))
            return text
