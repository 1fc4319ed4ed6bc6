"""What an SMTP failure means for the one who wanted to send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiosmtplib

from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError

SYSTEM = "mail"
DEFERRED = "recipients-deferred"

# Permanent answers (5xx) to one of these are about this message. Any other, such as a refused login or a missing
# STARTTLS, is about our own settings: once an operator has mended them the same message goes out.
_ABOUT_THE_MESSAGE = (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)


def classify(error: Exception) -> OutsideError:
    """RefusedError when the server will never take this message, else TemporarilyUnavailableError."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        answers = error.recipients
        text = "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in answers)
        if all(_permanent(each.code) for each in answers):
            return RefusedError(SYSTEM, "recipients-refused", text)
        return TemporarilyUnavailableError(SYSTEM, DEFERRED, text)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"{error.code} {error.message}"
        if isinstance(error, _ABOUT_THE_MESSAGE) and _permanent(error.code):
            return RefusedError(SYSTEM, f"smtp-{error.code}", text)
        return TemporarilyUnavailableError(SYSTEM, f"smtp-{error.code}", text)
    return TemporarilyUnavailableError(SYSTEM, "unreachable", f"{type(error).__name__}: {error}")


def _permanent(code: int) -> bool:
    return 500 <= code < 600


@contextmanager
def translated() -> Iterator[None]:
    """Raise an SMTP failure inside as one of `domain.outside_errors`."""
    try:
        yield
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise classify(error) from error
