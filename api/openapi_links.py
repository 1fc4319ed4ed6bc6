"""Which call goes on from which answer (OpenAPI links): for who reads the description, and for tools that follow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Link:
    """From the answer to one call on to others; `values` says where each of their parameters stands."""

    call: str
    status: str
    values: Mapping[str, str]
    targets: tuple[str, ...]


_CASE = ("GET /v1/cases/{case_id}", "GET /v1/cases/{case_id}/timeline", "POST /v1/cases/{case_id}/actions/{action}")
_TASK = "/v1/tasks/{task_id}"
_ON_TASK = tuple(f"POST {_TASK}/{verb}" for verb in ("decision", "claim", "unclaim", "delegate", "reassign"))
_TAKEN_IN = {"case_id": "$response.body#/case_id"}
_FIRST_CASE = {"case_id": "$response.body#/items/0/case_id"}
_SAME_CASE = {"case_id": "$request.path.case_id"}
_SAME_TASK = {"task_id": "$request.path.task_id"}
_FILE = "/v1/hire-files/{file_id}"
_INVOICE = "/v1/invoices/{case_id}"

_LINKS = (
    _Link("POST /v1/requisitions", "202", _TAKEN_IN, _CASE),
    _Link("POST /v1/invoices", "202", _TAKEN_IN, (f"GET {_INVOICE}", *_CASE)),
    _Link("POST /v1/hires", "202", _TAKEN_IN, ("GET /v1/hires/{case_id}", *_CASE)),
    _Link("POST /v1/payment-runs", "202", _TAKEN_IN, ("GET /v1/payment-runs/{case_id}", *_CASE)),
    _Link("POST /v1/events", "200", _TAKEN_IN, _CASE[:2]),
    _Link("GET /v1/cases", "200", _FIRST_CASE, _CASE),
    _Link("GET /v1/cases", "200", {"cursor": "$response.body#/next_cursor"}, ("GET /v1/cases",)),
    _Link(_CASE[0], "200", _SAME_CASE, (*_CASE[1:], "GET /v1/audit/{case_id}")),
    _Link(_CASE[0], "200", {"task_id": "$response.body#/tasks/0/task_id"}, (f"GET {_TASK}", *_ON_TASK)),
    _Link(_CASE[2], "200", _SAME_CASE, _CASE[:2]),
    _Link(
        f"GET {_INVOICE}",
        "200",
        _SAME_CASE,
        tuple(f"GET {_INVOICE}/{part}" for part in ("lines", "document", "page")),
    ),
    _Link("GET /v1/hires", "200", _FIRST_CASE, ("GET /v1/hires/{case_id}", *_CASE)),
    _Link(
        "GET /v1/hire-files",
        "200",
        {"file_id": "$response.body#/items/0/file_id"},
        (f"GET {_FILE}", f"GET {_FILE}/rows", f"POST {_FILE}/release"),
    ),
    _Link("GET /v1/tasks", "200", {"task_id": "$response.body#/items/0/task_id"}, (f"GET {_TASK}", *_ON_TASK)),
    _Link("GET /v1/tasks", "200", {"cursor": "$response.body#/next_cursor"}, ("GET /v1/tasks",)),
    _Link(f"GET {_TASK}", "200", _SAME_TASK, _ON_TASK),
    _Link(f"GET {_TASK}", "200", {"case_id": "$response.body#/case_id"}, _CASE[:2]),
    _Link(f"POST {_TASK}/decision", "200", _SAME_TASK, (f"GET {_TASK}",)),
    _Link(
        "POST /v1/delegations",
        "201",
        {"delegation_id": "$response.body#/delegation_id"},
        ("GET /v1/delegations/{delegation_id}", "POST /v1/delegations/{delegation_id}/revoke"),
    ),
    _Link(
        "POST /v1/segregation-overrides",
        "201",
        {"override_id": "$response.body#/override_id"},
        (
            "GET /v1/segregation-overrides/{override_id}",
            "POST /v1/segregation-overrides/{override_id}/approve",
            "POST /v1/segregation-overrides/{override_id}/end",
        ),
    ),
)


def add_links(document: dict[str, Any]) -> None:
    """Into the answers of an OpenAPI document. Raises KeyError for a call or an answer that is not described."""
    operations = dict(_operations(document))
    for link in _LINKS:
        links = operations[link.call]["responses"][link.status].setdefault("links", {})
        for target in link.targets:
            identity = operations[target]["operationId"]
            links[f"{'-'.join(link.values)}.{identity}"] = {"operationId": identity, "parameters": dict(link.values)}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation
