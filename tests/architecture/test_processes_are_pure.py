"""Workers run the processes without the SDK's sandbox: what it would refuse is refused here, by reading their code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("workflows", "domain") for path in (ROOT / folder).rglob("*.py"))
# What differs from one replay to the next, or acts on the world.
BANNED_MODULES = {
    *("glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select", "shutil"),
    *("signal", "socket", "subprocess", "tempfile", "threading", "time", "urllib"),
}
BANNED_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "sleep"}
BANNED_BUILTINS = {"open", "input", "exec", "eval"}
# Those of the SDK and of asyncio within a case are replayed.
REPLAYED = {"workflow"}
CHANGES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}


def faults(code: str) -> Iterator[str]:
    """What in a module would make two runs of a case differ, or two cases meet."""
    tree = ast.parse(code)
    shared = {name for node in tree.body for name in _assigned(node)}
    for node in ast.walk(tree):
        yield from _differences(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (fault for each in ast.walk(node) for fault in _changes(each, shared))


def _differences(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"imports {each.name}" for each in names if each.name.split(".")[0] in BANNED_MODULES)
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in BANNED_MODULES:
            yield f"imports {module}"
        case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS | BANNED_BUILTINS:
            yield f"calls {name}"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=_)) if of in REPLAYED:
            pass
        case ast.Call(func=ast.Attribute(attr=name)) if name in BANNED_CALLS:
            yield f"calls {name}"
        case _:
            pass


def _changes(node: ast.AST, shared: set[str]) -> Iterator[str]:
    match node:
        case ast.Global(names=names):
            yield f"changes {', '.join(names)} of the module"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=name)) if name in CHANGES and of in shared:
            yield f"changes {of} of the module"
        case ast.Subscript(value=ast.Name(id=of), ctx=ast.Store() | ast.Del()) if of in shared:
            yield f"changes {of} of the module"
        case _:
            pass


def _assigned(node: ast.stmt) -> Iterator[str]:
    """Names of the module whose value can be changed."""
    match node:
        case ast.Assign(targets=targets, value=value) if _changeable(value):
            yield from (each.id for each in targets if isinstance(each, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _changeable(value):
            yield name


def _changeable(value: ast.expr) -> bool:
    made_by = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
    literal = isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)
    return literal or made_by in {"dict", "list", "set", "defaultdict", "Counter", "deque", "OrderedDict"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_in_it_differs_between_two_runs_or_is_shared_between_cases(path: Path) -> None:
    assert list(faults(path.read_text())) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import random", "imports random"),
        ("from os import environ", "imports os"),
        ("import time as clock", "imports time"),
        ("when = datetime.now(UTC)", "calls now"),
        ("def f():\n    return date.today()", "calls today"),
        ("key = uuid4()", "calls uuid4"),
        ("await asyncio.sleep(1)", "calls sleep"),
        ("SEEN = {}\ndef f(key):\n    SEEN[key] = 1", "changes SEEN of the module"),
        ("SEEN: list[str] = []\ndef f(key):\n    SEEN.append(key)", "changes SEEN of the module"),
        ("COUNT = 0\ndef f():\n    global COUNT\n    COUNT += 1", "changes COUNT of the module"),
    ],
)
def test_what_differs_is_found(code: str, fault: str) -> None:
    assert fault in list(faults(code))


def test_what_is_replayed_may_be_asked() -> None:
    assert not list(faults("from temporalio import workflow\nwhen = workflow.now()\nkey = workflow.uuid4()"))
