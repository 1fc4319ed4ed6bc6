"""Where to go on from an answer. Links are paths of this API."""

from __future__ import annotations

from pydantic import BaseModel


class CaseLinks(BaseModel):
    self: str
    timeline: str
    actions: str


class TaskLinks(BaseModel):
    self: str
    case: str
    decision: str
    claim: str
    unclaim: str
    delegate: str
    reassign: str


def case_path(case_id: str) -> str:
    return f"/v1/cases/{case_id}"


def task_path(task_id: str) -> str:
    return f"/v1/tasks/{task_id}"


def case_links(case_id: str) -> CaseLinks:
    path = case_path(case_id)
    return CaseLinks(self=path, timeline=f"{path}/timeline", actions=f"{path}/actions/{{action}}")


def task_links(task_id: str, case_id: str) -> TaskLinks:
    path = task_path(task_id)
    return TaskLinks(
        self=path,
        case=case_path(case_id),
        decision=f"{path}/decision",
        claim=f"{path}/claim",
        unclaim=f"{path}/unclaim",
        delegate=f"{path}/delegate",
        reassign=f"{path}/reassign",
    )
