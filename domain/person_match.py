"""Whether a person who is hired is known already."""

from __future__ import annotations

from typing import Literal

from domain.model import Value
from domain.worker import WorkerStatus

MatchKind = Literal["new", "rehire", "in-progress", "doubtful"]


class MatchCandidate(Value):
    """A worker, or a running hire, who may be the same person. `why` says in words what agrees and what does not;
    `score` runs from 0 to 100, and decides nothing by itself."""

    worker_id: str = ""
    worker_number: str = ""
    case_id: str = ""
    status: WorkerStatus | Literal["hiring"]
    score: int
    certain: bool = False
    why: str


class PersonMatch(Value):
    """'rehire': `worker_id` is revived. 'in-progress': `case_id` runs for the same person. 'doubtful': a person must
    say which of the candidates it is, or that it is somebody new."""

    kind: MatchKind
    worker_id: str = ""
    case_id: str = ""
    candidates: tuple[MatchCandidate, ...] = ()
    why: str = ""
