"""One mail to an SMTP server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from adapters.mail.errors import SYSTEM, translated
from adapters.mail.settings import MailSettings
from domain.model import Value
from domain.outside_errors import RefusedError

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\s]+")
_ADDRESS = re.compile(r"^[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+$")
_LONGEST_SUBJECT = 180
# Header lines may have 998 characters (RFC 5322, 2.1.1). Broken at 78, a Message-ID and a long subject begin on the
# line after their name, which not every receiver reads: and by the Message-ID it knows a mail that comes twice.
_ON_THE_WIRE = SMTP.clone(max_line_length=200)


class Receipt(Value):
    """The server's answer to the message, and who of several recipients it did not take."""

    answer: str
    refused: tuple[str, ...] = ()


class MailClient:
    """Each mail is a session of its own: the volume is low, and a server that went away needs no care."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, message: EmailMessage, recipients: Sequence[str]) -> Receipt:
        """Raises RefusedError when the server refuses it for good, TemporarilyUnavailableError otherwise."""
        settings = self._settings
        with translated():
            refused, answer = await aiosmtplib.send(
                message.as_bytes(policy=_ON_THE_WIRE),
                sender=settings.sender,
                recipients=list(recipients),
                hostname=settings.host,
                port=settings.port,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                username=settings.username,
                password=settings.password.get_secret_value() if settings.password else None,
                timeout=settings.timeout_seconds,
            )
        return Receipt(
            answer=answer,
            refused=tuple(f"{name}: {reply.code} {reply.message}" for name, reply in sorted(refused.items())),
        )

    async def probe(self) -> None:
        """Come as far as a mail does before it is named (RFC 5321, NOOP), and send none. Raises
        TemporarilyUnavailableError."""
        settings = self._settings
        server = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            timeout=settings.timeout_seconds,
        )
        with translated():
            async with server:
                await server.noop()


def compose(settings: MailSettings, recipients: Sequence[str], subject: str, text: str, at: datetime) -> EmailMessage:
    """A plain text mail that says that a machine wrote it. Raises RefusedError for what is no mail address."""
    message = EmailMessage()
    message["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    message["To"] = [Address(addr_spec=checked_address(recipient)) for recipient in recipients]
    message["Subject"] = one_line(subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office answers stay away
    message.set_content(text)
    return message


def message_id(settings: MailSettings, kind: str, key: str) -> str:
    """The same for the same key, so that a mail sent twice is one mail for the receiver's server and reader."""
    digest = hashlib.sha256(f"{kind}\n{key}".encode()).hexdigest()[:40]
    return f"<{digest}.{kind}@{settings.domain}>"


def checked_address(address: str) -> str:
    if not address.isascii() or not _ADDRESS.match(address):
        raise RefusedError(SYSTEM, "no-address", f"{one_line(address)!r} is no mail address")
    return address


def one_line(text: str) -> str:
    """No line breaks or control characters: nothing that a header could be smuggled in with."""
    return _BREAKS.sub(" ", text).strip()
