"""Where invoices are left for us: folders that are looked at from time to time."""

from __future__ import annotations

from typing import Protocol

from domain.capture import Channel, DocumentFinding
from domain.model import Value


class LeftDocument(Value):
    """One document of what was left. `facility` is set where the place says for whom it is."""

    name: str
    content: bytes
    facility: str | None = None


class Taken(Value):
    """What was taken under `key`, to be processed by nobody else meanwhile: a file, or a mail with its attachments.

    `faults` say why nothing in it can be used, and then there are no documents. `sender` is the mail address or the
    sub-folder that it came from.
    """

    key: str
    sender: str = ""
    documents: tuple[LeftDocument, ...] = ()
    faults: tuple[DocumentFinding, ...] = ()


class InvoiceSource(Protocol):
    """All methods touch files and are called in a thread. Whatever is taken ends with exactly one of `done`, `refused`
    and `put_back`; what a process left unfinished when it died is found waiting again. They raise OSError when the
    place cannot be read or written.
    """

    channel: Channel

    def waiting(self, limit: int) -> tuple[str, ...]:
        """Keys of what is complete and not taken, the oldest first."""

    def take(self, key: str) -> Taken | None:
        """None when somebody else has taken it, or it is gone."""

    def done(self, taken: Taken) -> None:
        """Its documents became cases."""

    def refused(self, taken: Taken, faults: tuple[DocumentFinding, ...]) -> None:
        """Put it aside where people find it, with what is wrong with it."""

    def put_back(self, taken: Taken) -> None:
        """Something outside is down: it is taken again at a later look."""
