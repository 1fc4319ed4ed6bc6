"""Documents in PostgreSQL: originals by their hash, copies by case and version; neither is ever changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns, from_json
from domain.capture import CapturedDocument, InvoiceCopy, StatedTerms
from domain.outside_errors import RefusedError

SYSTEM = "document-store"

_COLUMNS = "sha256, media_type, name, size, channel, sender, received_at"
_KEEP = f"""
INSERT INTO documents ({_COLUMNS}, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sha256) DO NOTHING
"""  # noqa: S608 - the columns are the constant above
_DOCUMENT = f"SELECT {_COLUMNS} FROM documents WHERE sha256 = $1"  # noqa: S608 - as above
_CONTENT = "SELECT content FROM documents WHERE sha256 = $1"
_KEEP_COPY = """
INSERT INTO invoice_copies (case_id, version, document_sha256, made_by, made_at, body)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (case_id, version) DO NOTHING
"""
_COPY = """
SELECT body FROM invoice_copies WHERE case_id = $1 AND version = coalesce($2, version) ORDER BY version DESC LIMIT 1
"""
# JSON of PostgreSQL takes no U+0000, as some line may say; nothing that is read here can have one.
_TERMS = r"""
SELECT last.case_id, json_build_object(
    'issued_on', invoice.issued_on, 'payable', invoice.totals -> 'payable', 'terms', invoice.terms)::text AS stated
FROM unnest($1::text[]) AS wanted (case_id) CROSS JOIN LATERAL (
    SELECT case_id, body FROM invoice_copies WHERE invoice_copies.case_id = wanted.case_id
    ORDER BY version DESC LIMIT 1
) AS last CROSS JOIN LATERAL json_to_record(replace(last.body, '\u0000', '\ufffd')::json -> 'invoice')
    AS invoice (issued_on text, totals json, terms json)
"""
_COPIES = "SELECT body FROM invoice_copies WHERE case_id = $1 ORDER BY version"


class PostgresDocuments:
    """`domain.ports.documents.DocumentStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, document: CapturedDocument, content: bytes) -> CapturedDocument:
        if hashlib.sha256(content).hexdigest() != document.sha256:
            raise RefusedError(SYSTEM, "hash-differs", "the content does not have the hash that names it")
        values = document.model_dump(include=set(_COLUMNS.split(", ")))
        about = [_text(values[column]) for column in _COLUMNS.split(", ")]
        with translated(SYSTEM):
            await self._pool.execute(_KEEP, *about, content)
        return await self.document(document.sha256) or document

    async def document(self, sha256: str) -> CapturedDocument | None:
        with translated(SYSTEM):
            row = await self._pool.fetchrow(_DOCUMENT, sha256)
        return from_columns(CapturedDocument, dict(row), SYSTEM) if row else None

    async def content(self, sha256: str) -> bytes | None:
        with translated(SYSTEM):
            content: bytes | None = await self._pool.fetchval(_CONTENT, sha256)
        return content

    async def keep_copy(self, copy: InvoiceCopy) -> InvoiceCopy:
        body, original = copy.model_dump_json(), copy.document_sha256
        with translated(SYSTEM):
            try:
                done = await self._pool.execute(
                    _KEEP_COPY, copy.case_id, copy.version, original, _text(copy.by), copy.at, body
                )
            except asyncpg.ForeignKeyViolationError:
                message = "a copy needs its original, which is not kept"
                raise RefusedError(SYSTEM, "no-original", message) from None
        if done == "INSERT 0 1":
            return copy
        return await self.copy(copy.case_id, copy.version) or copy

    async def copy(self, case_id: str, version: int | None = None) -> InvoiceCopy | None:
        with translated(SYSTEM):
            body = await self._pool.fetchval(_COPY, case_id, version)
        return from_json(InvoiceCopy, body, SYSTEM) if body is not None else None

    async def copies(self, case_id: str) -> tuple[InvoiceCopy, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_COPIES, case_id)
        return tuple(from_json(InvoiceCopy, row["body"], SYSTEM) for row in rows)

    async def stated_terms(self, case_ids: Sequence[str]) -> Mapping[str, StatedTerms]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_TERMS, list(case_ids))
        return {row["case_id"]: from_json(StatedTerms, row["stated"], SYSTEM) for row in rows}


def _text(value: Any) -> Any:
    """PostgreSQL's text cannot hold U+0000, which a file's name may."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
