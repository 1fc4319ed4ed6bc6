"""Which hires are under way for which persons, so that one person is hired once. Keys are digests: nobody can read a
name from them."""

from __future__ import annotations

from typing import Protocol

from domain.model import Value


class HireEntry(Value):
    """`person_keys` are digests of what identifies a person (see `domain.person_matching.person_keys`). `state` is
    'running' until the case ends; `worker_id` is empty until the HRIS knows the worker."""

    case_id: str
    facility: str
    number: str
    person_keys: tuple[str, ...]
    worker_id: str = ""
    state: str = "running"


class HireRegister(Protocol):
    async def enter(self, entry: HireEntry) -> tuple[HireEntry, ...]:
        """Enter or renew the case's entry, and return running entries of other cases that share a key. Of two cases
        that enter at once, exactly one is told of the other."""

    async def claim_worker(self, case_id: str, worker_id: str) -> str:
        """The case becomes the only one that writes for the worker; returns the case that is: this one, or an earlier
        one that runs."""

    async def leave(self, case_id: str, state: str) -> None:
        """The case ended: its person may be hired again."""
