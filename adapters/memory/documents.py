"""Documents in memory."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from domain.capture import CapturedDocument, InvoiceCopy, StatedTerms
from domain.outside_errors import RefusedError

SYSTEM = "document-store"


class MemoryDocuments:
    """`domain.ports.documents.DocumentStore`."""

    def __init__(self) -> None:
        self._originals: dict[str, tuple[CapturedDocument, bytes]] = {}
        self._copies: defaultdict[str, dict[int, InvoiceCopy]] = defaultdict(dict)

    async def keep(self, document: CapturedDocument, content: bytes) -> CapturedDocument:
        if hashlib.sha256(content).hexdigest() != document.sha256:
            raise RefusedError(SYSTEM, "hash-differs", "the content does not have the hash that names it")
        return self._originals.setdefault(document.sha256, (document, content))[0]

    async def document(self, sha256: str) -> CapturedDocument | None:
        kept = self._originals.get(sha256)
        return kept[0] if kept else None

    async def content(self, sha256: str) -> bytes | None:
        kept = self._originals.get(sha256)
        return kept[1] if kept else None

    async def keep_copy(self, copy: InvoiceCopy) -> InvoiceCopy:
        if copy.document_sha256 not in self._originals:
            raise RefusedError(SYSTEM, "no-original", "a copy needs its original, which is not kept")
        return self._copies[copy.case_id].setdefault(copy.version, copy)

    async def copy(self, case_id: str, version: int | None = None) -> InvoiceCopy | None:
        versions = self._copies.get(case_id, {})
        return versions.get(max(versions, default=0) if version is None else version)

    async def copies(self, case_id: str) -> tuple[InvoiceCopy, ...]:
        return tuple(copy for _, copy in sorted(self._copies.get(case_id, {}).items()))

    async def stated_terms(self, case_ids: Sequence[str]) -> Mapping[str, StatedTerms]:
        found = {case_id: await self.copy(case_id) for case_id in case_ids}
        return {case_id: StatedTerms.of(copy.invoice) for case_id, copy in found.items() if copy is not None}

    def forget(self, case_id: str) -> None:
        """Remove the case's copies, and the originals that no other case's copies were made of."""
        gone = {copy.document_sha256 for copy in self._copies.pop(case_id, {}).values()}
        still = {copy.document_sha256 for versions in self._copies.values() for copy in versions.values()}
        for sha256 in gone - still:
            del self._originals[sha256]

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        """Originals and copies are never changed: what they say goes with their case."""
