"""What a person is asked when it is not certain who is hired, and what their answer means."""

from __future__ import annotations

from collections.abc import Sequence

from domain.exceptions import Finding
from domain.person_match import PersonMatch
from domain.worker import WorkerRecord

NEW = "new"


def decided_match(match: PersonMatch, decided: str, workers: Sequence[WorkerRecord]) -> PersonMatch:
    """The match after somebody decided: `decided` is 'new', or the id of the former worker who is hired again. An
    answer that fits nobody who could be revived leaves the question open."""
    if not decided:
        return match
    if decided == NEW:
        return match.model_copy(
            update={"kind": "new", "worker_id": "", "why": "Somebody decided that the person is new"}
        )
    worker = next((each for each in workers if decided in (each.worker_id, each.worker_number)), None)
    if worker is None or worker.status != "ended":
        return match
    why = f"Somebody decided that the person is the former worker {worker.worker_number}"
    return match.model_copy(update={"kind": "rehire", "worker_id": worker.worker_id, "why": why})


def identity_findings(match: PersonMatch) -> tuple[Finding, ...]:
    """The question that the match raises; none when it is certain who the person is."""
    evidence = {
        "candidates": [each.model_dump(mode="json") for each in match.candidates],
        "case_id": match.case_id,
    }
    if match.kind == "in-progress":
        return (
            Finding(
                code="hire-in-progress",
                message=f"{match.case_id} hires the same person. {match.why}".strip(),
                evidence=evidence,
            ),
        )
    if match.kind == "doubtful":
        former = all(each.status == "ended" for each in match.candidates) and bool(match.candidates)
        code = "rehire-candidate" if former else "identity-conflict"
        return (Finding(code=code, message=match.why or "The person may be known already", evidence=evidence),)
    return ()
