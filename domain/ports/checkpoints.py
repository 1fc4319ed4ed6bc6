"""Checkpoints over the evidence of all cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import AwareDatetime

from domain.checkpoints import Checkpoint, Inclusion
from domain.model import Value
from domain.ports.evidence import ChainFault


class CheckpointVerdict(Value):
    """What the checkpoints say of the evidence. `last` is the latest of those read; `signatures_checked` is false when
    no public keys are set up. Of the faults it holds the first MAX_FAULTS.
    """

    checkpoints_read: int
    last: Checkpoint | None = None
    signatures_checked: bool = False
    faults: tuple[ChainFault, ...] = ()


class CheckpointStore(Protocol):
    """Methods raise the errors of `domain.outside_errors`."""

    async def seal(self, taken_at: AwareDatetime) -> Checkpoint | None:
        """Take one checkpoint over cases that changed since the last one; None when there are none.

        It covers a bounded number of cases: repeat it until the answer is None. `taken_at` is an instant in UTC.
        """

    async def verify(self, case_id: str | None = None) -> CheckpointVerdict:
        """Check the checkpoints, and the evidence against them: of one case, or everything."""

    def public_keys(self) -> Mapping[str, bytes]:
        """Raw Ed25519 public keys by key id, for others to check signatures with; empty when none are set up."""

    async def inclusions(self, case_id: str) -> tuple[Inclusion, ...]:
        """Proof for each checkpoint that covers the case, the oldest first."""
