"""The document of a request: its raw body, or the one file of a form."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.document_types import MULTIPART, checked_type, declared_type, unsupported
from api.problems import ProblemDetail, ProblemError, invalid_request
from domain.capture import MAX_DOCUMENT_BYTES, MediaType

FORM_BYTES = 64_000
"""What a form may add to its file: boundaries and the heads of its parts."""
MAX_NAME = 200


@dataclass(frozen=True)
class PostedDocument:
    content: bytes
    media_type: MediaType
    name: str = ""


async def posted_document(request: Request) -> PostedDocument:
    """Raises the problems of a body that is no document: 400 (broken form), 413, 415 and 422 (nothing in it)."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise unsupported("Send the document without a content encoding.")
    content_type, name = request.headers.get("content-type"), ""
    if declared_type(content_type) == MULTIPART:
        content_type, name, content = await _only_file(request)
    else:
        content = await request.body()
    if not content:
        raise invalid_request((ProblemDetail(code="document-empty", message="There is no document in the body."),))
    if len(content) > MAX_DOCUMENT_BYTES:
        raise too_large()
    return PostedDocument(content, checked_type(content_type, content), name)


def too_large() -> ProblemError:
    return ProblemError(413, "body-too-large", "The document is too large", f"Send at most {MAX_DOCUMENT_BYTES} bytes.")


async def _only_file(request: Request) -> tuple[str | None, str, bytes]:
    """Content type, name and content of the form's file."""
    try:
        async with request.form(max_files=1, max_fields=0) as form:
            files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
            if len(files) != 1:
                raise _broken("Send one file in the form.")
            return files[0].content_type, safe_name(files[0].filename or ""), await files[0].read()
    except HTTPException as error:
        if isinstance(error, ProblemError):
            raise
        raise _broken(str(error.detail)) from None


def _broken(detail: str) -> ProblemError:
    return ProblemError(400, "malformed-form", "The form cannot be read", detail)


def safe_name(name: str) -> str:
    """The last part of a path, without what could end a header or a line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable() and each != '"')[:MAX_NAME]
