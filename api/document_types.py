"""What kind of document some bytes are: what was declared must agree with how they begin."""

from __future__ import annotations

from email.message import Message

from adapters.invoice_documents import media_type_of
from api.problems import ProblemError
from domain.capture import MediaType

_DECLARED: dict[str, MediaType] = {
    "application/json": "application/json",
    "application/xml": "application/xml",
    "text/xml": "application/xml",
    "application/pdf": "application/pdf",
}
ACCEPTED = tuple(_DECLARED)
MULTIPART = "multipart/form-data"


def declared_type(content_type: str | None) -> str:
    """The media type alone, in small letters; empty when there is none."""
    message = Message()
    message["content-type"] = content_type or ""
    return message.get_content_type() if content_type else ""


def checked_type(content_type: str | None, content: bytes) -> MediaType:
    """Raises the 415 problem of a type that is not read here, or that these bytes are not."""
    declared = _DECLARED.get(declared_type(content_type))
    if declared is None:
        raise unsupported(f"Send one of: {', '.join(ACCEPTED)}; or one file as {MULTIPART}.")
    found = media_type_of(content)
    if found is not None and found != declared:
        raise unsupported(f"The document was declared as {declared} and is {found}.")
    return declared


def unsupported(detail: str) -> ProblemError:
    return ProblemError(
        415,
        "unsupported-media-type",
        "The document is of a type that is not read here",
        detail,
        headers={"Accept": ", ".join(ACCEPTED)},
    )
