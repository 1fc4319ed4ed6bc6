"""The housekeeping's processes: their names, and what they answer."""

from __future__ import annotations

from typing import Literal

from domain.model import Value

SEAL_EVIDENCE = "SealEvidence"
RECONCILE_CASES = "ReconcileCases"

Drift = Literal["missing", "closed-too-early", "behind", "ended", "no-workflow"]
"""How the list of cases differs from what runs: a running case is not in it; is shown as closed; is shown as it was
before; a case that has ended is shown as running; a case is shown as running of which there is no workflow.
"""


class CaseDrift(Value):
    """`mended` is false when the case could not say how it stands: an operator has to look."""

    case_id: str
    drift: Drift
    mended: bool


class SealResult(Value):
    """`last_number` and `last_hash` are those of the last checkpoint taken; 0 and '' when nothing had changed."""

    checkpoints: int = 0
    cases: int = 0
    last_number: int = 0
    last_hash: str = ""


class ReconcileResult(Value):
    """`drifts` holds the first of them; `mended` and `open_drifts` count all."""

    checked: int = 0
    mended: int = 0
    open_drifts: int = 0
    drifts: tuple[CaseDrift, ...] = ()
