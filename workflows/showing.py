"""How a case reads on its page in the Temporal Web UI (markdown)."""

from __future__ import annotations

from collections.abc import Sequence

from domain.case import CaseSnapshot
from domain.money import Money
from domain.tasks import Task

RUNBOOKS = {
    "exception": "docs/runbooks/stuck-case.md",
    "approval": "docs/runbooks/wrong-decision.md",
    "hire": "docs/runbooks/hires.md",
}


def with_amount(text: str, amount: Money) -> str:
    """A subject with what it is about in money; what costs nothing says nothing of it."""
    return f"{text} · {amount}" if amount.amount else text


def current_details(snapshot: CaseSnapshot, open_tasks: Sequence[Task]) -> str:
    """Where the case is, whom it waits for, since when, until when, what comes next, and where help is."""
    ended = "" if snapshot.status == "running" else f" ({snapshot.status})"
    lines = [f"**Stage:** {snapshot.stage}{ended}" + (" (on hold)" if snapshot.held else "")]
    if snapshot.order_numbers:
        lines.append(f"**Orders:** {', '.join(snapshot.order_numbers)}")
    if open_tasks:
        lines.append("\n| Waiting for | What | Since (UTC) | Due (UTC) | Rule |\n|---|---|---|---|---|")
        lines += [_row(task, snapshot.title) for task in open_tasks]
        kinds = {_runbook(task, snapshot) for task in open_tasks}
        lines += [f"\nRunbook: {RUNBOOKS[kind]}" for kind in sorted(kinds)]
    elif snapshot.awaiting:
        since = f" since {snapshot.awaiting_since:%Y-%m-%d %H:%M} UTC" if snapshot.awaiting_since else ""
        lines.append(f"**Waiting for:** {snapshot.awaiting}{since}")
        if snapshot.due_at:
            lines.append(f"**Due:** {snapshot.due_at:%Y-%m-%d %H:%M} UTC")
    if snapshot.next_step:
        lines.append(f"**Next:** {snapshot.next_step}")
    return "\n\n".join(lines[:2]) + "\n" + "\n".join(lines[2:])


def _runbook(task: Task, snapshot: CaseSnapshot) -> str:
    if snapshot.process == "hire-to-provision" and task.kind != "approval":
        return "hire"
    return "exception" if task.exception_code else "approval"


def _row(task: Task, title: str) -> str:
    """What the whole case is called is not repeated in each row."""
    what = task.title.removesuffix(f" · {title}")
    due = f"{task.due_at:%Y-%m-%d %H:%M}" if task.due_at else "-"
    who = ", ".join(task.people) if task.people else f"{task.role} at {task.facility}"
    return f"| {who} | {what} | {task.opened_at:%Y-%m-%d %H:%M} | {due} | {task.rule} |"
