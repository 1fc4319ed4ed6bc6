"""The end of every case: nothing stays open, and everybody who asked to know is told."""

from __future__ import annotations

from temporalio import workflow

from workflows.case import CaseWorkflow


async def close_case(case: CaseWorkflow, text: str, people: tuple[str, ...] = ()) -> None:
    """Close with the status that the case shows. `text` says in words how it ended."""
    shot = case.file.snapshot
    case.undoing = True
    case.file.cancel_open_tasks("the case is closed")
    case.file.show(stage="closed", held=False, awaiting="", awaiting_since=None, next_step="", closed_at=workflow.now())
    case.file.note("case.closed", f"Closed: {shot.status}" + (f" ({text})" if text else ""))
    case.file.tell("case.closed", f"{shot.title}: {shot.status}", text, people=people, status=shot.status)
    others = tuple(each for each in shot.watchers if each not in people)
    if others:
        case.file.tell("case.closed", f"{shot.title}: {shot.status}", text or "The case is closed.", people=others)
    case.closed = True
    await case.close(f"{case.file.case_id}:close")
