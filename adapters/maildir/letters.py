"""What a mail brings: its sender and its attachments, as far as they may be invoices. Nothing in it is believed."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import cast

from adapters.drop_folder.claims import text_of
from domain.capture import MAX_DOCUMENT_BYTES, DocumentFinding
from domain.model import Value
from domain.ports.invoice_sources import LeftDocument

MAX_LETTER_BYTES = 30_000_000
MAX_PARTS, MAX_DEPTH, MAX_DOCUMENTS = 200, 10, 20
MAX_HEADER, MAX_HEADERS = 5_000, 200_000
"""Bytes of one header that is read here, and of all of them: reading one takes time by the square of its length."""
_MAX_ADDRESS, _MAX_NAME = 254, 200
_TYPES = frozenset({"application/pdf", "application/xml", "text/xml"})
_UNTOLD = frozenset({"application/octet-stream", "binary/octet-stream", "application/x-download"})
_ENDINGS = (".pdf", ".xml")
_READ_HEADER = re.compile(
    rb"(?:\A|[\r\n])(?:from|authentication-results|content-[a-z-]{1,30}):[^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")


class UnusableLetterError(Exception):
    """Nothing of the mail can be taken; `sender` is set as far as it is known."""

    def __init__(self, rule: str, message: str, sender: str = "") -> None:
        self.fault, self.sender = DocumentFinding(rule=rule, message=message), sender
        super().__init__(message)


class Letter(Value):
    sender: str
    documents: tuple[LeftDocument, ...]


def letter_of(content: bytes, authenticator: str = "") -> Letter:
    """Read a mail. With an `authenticator`, the id of our own mail server, that server must have found DMARC to pass
    for the sender's domain (RFC 8601). Raises UnusableLetterError.
    """
    if content.lower().count(b"boundary=") > MAX_PARTS:  # reading takes time for each
        raise UnusableLetterError("too-many-parts", f"The mail has more than {MAX_PARTS} parts.")
    _require_short_headers(content)
    sender = ""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        sender = _sender(message)
        if authenticator:
            _require_authentic(message, authenticator, sender)
        return Letter(sender=sender, documents=tuple(_documents(message, sender)))
    except UnusableLetterError:
        raise
    except Exception as error:  # the parser raises a dozen kinds, and not all of them on purpose
        raise UnusableLetterError(
            "mail-unreadable", f"The mail cannot be read ({type(error).__name__}).", sender
        ) from error


def _require_short_headers(content: bytes) -> None:
    """Before the mail is parsed, which reads the headers of its parts."""
    total = 0
    for header in _READ_HEADER.finditer(content):
        total += len(header[0])
        if len(header[0]) > MAX_HEADER or total > MAX_HEADERS:
            most = f"{MAX_HEADER:,} bytes, or all of them more than {MAX_HEADERS:,}"
            raise UnusableLetterError("header-too-long", f"A header of the mail has more than {most}.")


def _sender(message: EmailMessage) -> str:
    headers = message.get_all("from") or []
    addresses = [address.addr_spec for header in headers for address in header.addresses]
    if len(headers) != 1 or len(addresses) != 1 or len(addresses[0]) > _MAX_ADDRESS:
        raise UnusableLetterError("sender-unclear", "The mail does not name one sender.")
    if not _ADDRESS.match(addresses[0]):
        raise UnusableLetterError("sender-unclear", "The sender is no mail address.")
    return str(addresses[0]).lower()


def _require_authentic(message: EmailMessage, authenticator: str, sender: str) -> None:
    """Only what our own server wrote counts, which is the first such header: others may come with the mail."""
    for header in message.get_all("authentication-results") or []:
        plain = _without_remarks(str(header))
        if not plain:  # it may be what our server wrote, and what comes below it may be forged
            break
        server, _, results = plain.partition(";")
        if server.split()[:1] != [authenticator]:
            continue
        for result in results.split(";"):
            words = result.lower().split()
            if words[:1] == ["dmarc=pass"] and f"header.from={sender.rpartition('@')[2]}" in words:
                return
        break
    message_ = f"{authenticator} did not find that the mail is from {sender} (DMARC)."
    raise UnusableLetterError("sender-not-authentic", message_, sender)


def _without_remarks(header: str) -> str:
    """The header without quoted strings and comments, in which others may have their say; empty when these are not
    closed.
    """
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', " ", header)
    while (inner := re.sub(r"\([^()]*\)", " ", plain)) != plain:
        plain = inner
    return "" if re.search(r'[()"\\]', plain) else plain


def _documents(message: EmailMessage, sender: str) -> Iterator[LeftDocument]:
    count = 0
    for part in _leaves(message, sender):
        name = _name(part)
        if not _is_document(part, name):
            continue
        count += 1
        if count > MAX_DOCUMENTS:
            raise UnusableLetterError("too-many-documents", f"Send at most {MAX_DOCUMENTS} in a mail.", sender)
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if len(content) > MAX_DOCUMENT_BYTES:
            text = f"The attachment {name} has more than {MAX_DOCUMENT_BYTES} bytes."
            raise UnusableLetterError("too-large", text, sender)
        yield LeftDocument(name=name, content=content)
    if not count:
        raise UnusableLetterError("no-attachment", "The mail has no attachment that is XML or PDF.", sender)


def _leaves(message: EmailMessage, sender: str) -> Iterator[EmailMessage]:
    """Parts that hold no others, in order, those of forwarded mails too."""
    waiting, seen = [(message, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > MAX_PARTS or depth > MAX_DEPTH:
            text = f"The mail has more than {MAX_PARTS} parts, or is nested more than {MAX_DEPTH} deep."
            raise UnusableLetterError("too-many-parts", text, sender)
        inner = part.get_payload() if part.is_multipart() else None
        if isinstance(inner, list):
            waiting += [(cast(EmailMessage, each), depth + 1) for each in reversed(inner)]
        else:
            yield part


def _is_document(part: EmailMessage, name: str) -> bool:
    kind = part.get_content_type()
    structured = kind.startswith("application/") and kind.endswith("+xml") and kind != "application/xhtml+xml"
    return kind in _TYPES or structured or (kind in _UNTOLD and name.lower().endswith(_ENDINGS))


def _name(part: EmailMessage) -> str:
    last = (part.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    return text_of(last.encode(errors="replace").decode())[:_MAX_NAME]
