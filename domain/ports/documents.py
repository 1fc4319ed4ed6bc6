"""Where documents are kept: originals by their hash, for ever as they came; working copies by case and version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.capture import CapturedDocument, InvoiceCopy, StatedTerms


class DocumentStore(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    async def keep(self, document: CapturedDocument, content: bytes) -> CapturedDocument:
        """Store an original, once for its hash; returns the first that was kept under it."""

    async def document(self, sha256: str) -> CapturedDocument | None: ...

    async def content(self, sha256: str) -> bytes | None: ...

    async def keep_copy(self, copy: InvoiceCopy) -> InvoiceCopy:
        """Store a version, once for its case and number; returns the one that is stored (a repeat changes nothing)."""

    async def copy(self, case_id: str, version: int | None = None) -> InvoiceCopy | None:
        """That version, or the last one."""

    async def copies(self, case_id: str) -> tuple[InvoiceCopy, ...]:
        """All versions, the first one first."""

    async def stated_terms(self, case_ids: Sequence[str]) -> Mapping[str, StatedTerms]:
        """By the last versions, by case; one of which there is no copy is left out."""
