"""Checkpoints over the evidence in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from adapters.memory.evidence import MemoryEvidence
from domain.checkpoints import Checkpoint, Head, Inclusion, end_faults, in_order, include, link_faults, own_faults, take
from domain.ports.checkpoints import CheckpointVerdict
from domain.ports.evidence import MAX_FAULTS, ChainFault
from domain.ports.signing import SignatureChecker, Signer


class MemoryCheckpoints:
    """A CheckpointStore. At most `limit` cases go into one checkpoint."""

    def __init__(
        self,
        evidence: MemoryEvidence,
        signer: Signer | None = None,
        checker: SignatureChecker | None = None,
        limit: int = 5000,
    ) -> None:
        self._evidence, self._signer, self._checker, self._limit = evidence, signer, checker, limit
        self.taken: list[tuple[Checkpoint, list[Head]]] = []

    async def seal(self, taken_at: datetime) -> Checkpoint | None:
        waiting = sorted(self._evidence.unsealed)[: self._limit]
        heads = [
            Head(case_id=case_id, position=head[0], hash=head[1])
            for case_id in waiting
            if (head := self._evidence.head(case_id))
        ]
        if not heads:
            return None
        previous = self.taken[-1][0] if self.taken else None
        checkpoint = take(previous, heads, taken_at, self._signer)
        self.taken.append((checkpoint, in_order(heads)))
        self._evidence.unsealed.difference_update(waiting)
        return checkpoint

    async def verify(self, case_id: str | None = None) -> CheckpointVerdict:
        wanted = [each for each in self.taken if case_id is None or _covers(each[1], case_id)]
        faults = [*self._of_checkpoints(case_id), *self._of_heads(case_id)]
        return CheckpointVerdict(
            checkpoints_read=len(wanted),
            last=wanted[-1][0] if wanted else None,
            signatures_checked=self._checker is not None,
            faults=tuple(faults[:MAX_FAULTS]),
        )

    def public_keys(self) -> Mapping[str, bytes]:
        return self._checker.public_keys() if self._checker else {}

    async def inclusions(self, case_id: str) -> tuple[Inclusion, ...]:
        return tuple(include(checkpoint, heads, case_id) for checkpoint, heads in self.taken if _covers(heads, case_id))

    def _of_checkpoints(self, case_id: str | None) -> Iterator[ChainFault]:
        previous: Checkpoint | None = None
        for checkpoint, heads in self.taken:
            links = link_faults(previous, checkpoint) if case_id is None else ()
            if case_id is None or _covers(heads, case_id):
                for message in (*links, *own_faults(checkpoint, heads, self._checker)):
                    yield ChainFault(table="checkpoints", case_id="", position=checkpoint.number, message=message)
            previous = checkpoint
        newest = self.taken[-1][0] if self.taken else None
        for message in end_faults(newest, self._checker):
            yield ChainFault(table="checkpoints", case_id="", position=self.taken[-1][0].number, message=message)

    def _of_heads(self, case_id: str | None) -> Iterator[ChainFault]:
        for checkpoint, heads in self.taken:
            for head in heads:
                if case_id not in (None, head.case_id):
                    continue
                message = self._head_fault(checkpoint.number, head)
                if message:
                    yield ChainFault(case_id=head.case_id, position=head.position, message=message)

    def _head_fault(self, number: int, head: Head) -> str | None:
        hashes = {row.position: row.hash for row in self._evidence.rows(head.case_id)}
        if head.position not in hashes:
            tombstone = self._evidence.tombstone(head.case_id)
            if tombstone and tombstone.position > head.position:
                return None
            return f"the entry that checkpoint {number} holds is missing"
        return f"checkpoint {number} holds another entry here" if hashes[head.position] != head.hash else None


def _covers(heads: list[Head], case_id: str) -> bool:
    return any(head.case_id == case_id for head in heads)
