"""`corridor catalogue`: the names that running cases, clients and operators hang on, read from the code itself."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from domain.case_actions import ActionRefusal, ActionRequest, CaseAction, action_refusal
from domain.exceptions import CATALOGUE
from domain.people import Actor, Role
from workflows.housekeeping import ReconcileCases, SealEvidence
from workflows.incident import Incident
from workflows.messages.procure_to_pay import TASK_QUEUE
from workflows.procure_to_pay import ProcureToPay
from workflows.search_attributes import ALL
from workflows.steps.case import CaseSteps
from workflows.steps.housekeeping import HousekeepingSteps
from workflows.steps.purchasing import PurchasingSteps

WORKFLOWS: Sequence[type] = (ProcureToPay, Incident, SealEvidence, ReconcileCases)
STEPS: Sequence[type] = (CaseSteps, PurchasingSteps, HousekeepingSteps)
MEANINGS = {
    "CorridorProcess": "which process, such as procure-to-pay",
    "CorridorFacility": "code of the facility",
    "CorridorStage": "checks, approval, fulfilment, compensation or closed",
    "CorridorAwaitingRole": "whose answer is due first; `nobody` when no question is open; of cases that run",
    "CorridorException": "code of an open exception; `none` when there is none; of cases that run",
    "CorridorUrgency": "routine, urgent or emergency",
    "CorridorSuppliers": "codes of the suppliers that are ordered from",
    "CorridorAwaitingSince": "since when the case waits (UTC)",
    "CorridorDueAt": "when the answer is due (UTC)",
    "CorridorAmount": "total in the facility's currency: to search by, never to compute with",
}
HEADER = """# Catalogue

Written by `corridor catalogue > docs/catalogue.md`; a test fails when it differs from the code. Names in this file are
kept: running cases, clients and saved searches hang on them.
"""


def catalogue() -> None:
    """Print the catalogue of workflows, signals, queries, steps, exceptions and search attributes as markdown.

    Example: corridor catalogue > docs/catalogue.md
    """
    typer.echo(as_markdown(), nl=False)


def as_markdown() -> str:
    """The whole of docs/catalogue.md."""
    parts = [HEADER, *(_workflow(each) for each in WORKFLOWS), _steps(), _exceptions(), _actions(), _attributes()]
    return "\n".join(parts)


def _workflow(workflow: type) -> str:
    definition: Any = vars(workflow)["__temporal_workflow_definition"]
    signals = [(f"`{name}`", f"`{_carried(each.fn)}`", _told(each.fn)) for name, each in definition.signals.items()]
    queries = [(f"`{name}`", f"`{_returned(each.fn)}`", _told(each.fn)) for name, each in definition.queries.items()]
    parts = [
        f"## Workflow `{definition.name}`\n\n"
        f"Task queue `{TASK_QUEUE}`. Takes `{_carried(definition.run_fn)}`, gives `{_returned(definition.run_fn)}`.\n"
    ]
    if signals:
        parts.append(f"### Signals\n\n{_table(('signal', 'carries', 'says'), sorted(signals))}")
    if queries:
        parts.append(f"### Queries\n\n{_table(('query', 'answers', 'says'), sorted(queries))}")
    return "\n".join(parts)


def _steps() -> str:
    rows = [
        (f"`{name}`", f"`{_carried(method)}`", f"`{_returned(method)}`", _told(method))
        for steps in STEPS
        for name, method in _activities(steps)
    ]
    return "## Steps (activities)\n\n" + _table(("step", "takes", "gives", "does"), rows)


def _activities(steps: type) -> Iterator[tuple[str, Any]]:
    for method in vars(steps).values():
        definition: Any = getattr(method, "__temporal_activity_definition", None)
        if definition is not None:
            yield definition.name, method


def _exceptions() -> str:
    rows = [
        (f"`{each.code}`", each.title, each.owner, ", ".join(each.actions), str(each.hours))
        for each in CATALOGUE.values()
    ]
    return "## Exceptions\n\nPolicy may change owners and hours (business hours of the facility).\n\n" + _table(
        ("code", "what happened", "owner", "actions", "hours"), rows
    )


def _actions() -> str:
    rows = [(f"`{action}`", *_entitlement(action)) for action in typing.get_args(CaseAction)]
    return "## Actions on a whole case\n\n" + _table(
        ("action", "by the requester", "by the roles", "needs a comment"), rows
    )


def _entitlement(action: CaseAction) -> tuple[str, str, str]:
    """Found out by asking the rule that gateway and workflow ask."""
    roles = [role for role in typing.get_args(Role) if _refusal(action, (role,)) != "not-authorised"]
    by_requester = _refusal(action, (), requester=True) != "not-authorised"
    silent = _refusal(action, tuple(roles), comment="")
    return "yes" if by_requester else "no", ", ".join(roles), "yes" if silent == "comment-required" else "no"


def _refusal(
    action: CaseAction, roles: tuple[str, ...], *, requester: bool = False, comment: str = "because"
) -> ActionRefusal | None:
    actor = Actor(person="somebody", roles=roles, facilities=("*",))
    request = ActionRequest(action_id="catalogue", action=action, actor=actor, comment=comment)
    return action_refusal(request, "north", (actor.person if requester else "another",))


def _attributes() -> str:
    rows = [(f"`{name}`", kind, MEANINGS[name]) for name, kind in ALL.items()]
    return "## Search attributes\n\n" + _table(("attribute", "type", "meaning"), rows)


def _carried(function: Any) -> str:
    """The types of what is handed over, `self` left out."""
    hints = typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return ", ".join(_name(hints[name]) for name in names) or "nothing"


def _returned(function: Any) -> str:
    return _name(typing.get_type_hints(function)["return"])


def _name(shape: Any) -> str:
    if shape is type(None):
        return "nothing"
    if typing.get_args(shape):
        return " or ".join(_name(each) for each in typing.get_args(shape))
    return str(shape.__name__)


def _told(function: Any) -> str:
    """The first paragraph of its docstring on one line; without one, what is told of the value that it carries."""
    hints = typing.get_type_hints(function)
    shapes = [hint for hint in hints.values() if inspect.isclass(hint) and hint.__module__.startswith("domain")]
    for each in (function, *shapes):
        text = vars(each).get("__doc__") if inspect.isclass(each) else inspect.getdoc(each)
        if text:
            return " ".join(inspect.cleandoc(text).split("\n\n")[0].split())
    return ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
